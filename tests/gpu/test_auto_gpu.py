"""voxbind.auto on a GPU: there where the data is, and from the host where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.gpu_libraries import IMAGE, VOLUME, Library
from voxbind._settings.context import MIN_BYTES
from voxbind.auto import (
    exposure,
    feature,
    filters,
    measure,
    metrics,
    morphology,
    ndimage,
    transform,
)

pytestmark = pytest.mark.gpu

LABELS = np.asarray(IMAGE > 0.5)
CALLS: dict[str, tuple[Callable[..., Any], Callable[[Callable[..., Any], Any], Any], Any]] = {
    "image": (filters.gaussian, lambda f, x: f(x, 2), IMAGE),
    "volume at once": (filters.gaussian, lambda f, x: f(x), VOLUME),
    "slices": (filters.gaussian, lambda f, x: f(x, slice_by_slice=True), VOLUME),
    "volume per slice": (feature.canny, lambda f, x: f(x), VOLUME),
    "clip, which differs": (transform.resize, lambda f, x: f(x, (16, 20), order=3), IMAGE),
    "a footprint from the host": (
        morphology.dilation,
        lambda f, x: f(x, morphology.disk(2)),
        IMAGE,
    ),
    "another library": (ndimage.uniform_filter, lambda f, x: f(x, 3), IMAGE),
    "renamed": (ndimage.distance_transform_edt, lambda f, x: f(x), LABELS),
    "several results": (measure.label, lambda f, x: f(x, return_num=True), LABELS),
    "number": (filters.threshold_otsu, lambda f, x: f(x), IMAGE),
    "truth": (exposure.is_low_contrast, lambda f, x: f(x), IMAGE),
    "number of two images": (metrics.mean_squared_error, lambda f, x: f(x, x), IMAGE),
    "coordinates": (ndimage.center_of_mass, lambda f, x: f(x), IMAGE),
}
"""What is called, how, and on what."""
ONLY_ON_CPU: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no twin": (lambda image: feature.hog(image, pixels_per_cell=(4, 4)), "has no twin"),
    "parameter": (
        lambda image: ndimage.gaussian_filter1d(image, 1, radius=2),
        "has no parameter 'radius'",
    ),
    "function": (lambda image: ndimage.generic_filter(image, np.max, 3), "no Python function"),
    "other results": (
        lambda image: filters.sobel(image, mode="constant", cval=0.5),
        "results of cucim.skimage.filters.sobel with mode and cval",
    ),
    "object": (
        lambda image: transform.warp(image, transform.AffineTransform(translation=(2, 1))),
        "doesn't take skimage.transform",
    ),
}


@pytest.fixture(autouse=True)
def _needs_the_twins(cupy: Any) -> None:
    reason = "cuCIM isn't installed"
    pytest.importorskip("cucim.skimage", reason=reason, exc_type=ImportError)


def close(result: Any, expected: Any, fetch: Callable[[Any], Any]) -> None:
    if isinstance(expected, (tuple, list)):
        assert type(result) is type(expected)
        for one, other in zip(result, expected, strict=True):
            close(one, other, fetch)
    elif isinstance(expected, np.ndarray):
        fetched = fetch(result)
        assert fetched.shape == expected.shape
        np.testing.assert_allclose(fetched, expected, rtol=1e-3, atol=1e-3)
    else:
        assert isinstance(result, bool | int | float | np.generic)  # on the host
        assert result == pytest.approx(expected, rel=1e-3)


def cpus(function: Callable[..., Any]) -> Any:
    top = "scipy" if function.__module__.endswith("ndimage") else "skimage"
    module = function.__module__.replace("voxbind.auto", f"voxbind.{top}")
    return getattr(import_module(module), function.__name__)


@pytest.mark.parametrize("case", CALLS)
def test_what_is_on_a_gpu_is_worked_on_there(library: Library, gpu: int, case: str) -> None:
    function, call, array = CALLS[case]
    expected = call(cpus(function), array)
    with voxbind.trace() as log:
        result = call(function, library.send(array, gpu))
    close(result, expected, library.fetch)
    assert log[0].function.startswith(("cucim.", "cupyx."))
    assert (log[0].device, log[0].reason) == (f"cuda:{gpu}", f"the image is on cuda:{gpu}")
    moved = [each for each in log[0].conversions if not each.shared]
    assert [each.argument for each in moved] in ([], ["footprint"])


@pytest.mark.parametrize("case", CALLS)
def test_what_is_on_the_host_goes_there_and_back_once_where_that_is_asked_for(case: str) -> None:
    function, call, array = CALLS[case]
    expected = call(cpus(function), array)
    with voxbind.prefer("gpu", min_bytes=0), voxbind.trace() as log:
        result = call(function, array)
    close(result, expected, np.asarray)
    assert log[0].function.startswith(("cucim.", "cupyx."))
    assert log[0].reason == "voxbind.prefer('gpu') is set"
    up = [each.argument for each in log[0].conversions if each.target.startswith("cupy")]
    down = [each.argument for each in log[0].conversions if each.target == "numpy"]
    assert len(up) == len({*up})
    assert len(down) <= (2 if isinstance(expected, tuple) else 1)
    with voxbind.trace() as log:
        call(function, array)
    assert log[0].device == "cpu"


@pytest.mark.parametrize("case", ONLY_ON_CPU)
def test_what_only_the_cpus_does_is_done_there_and_comes_back(
    library: Library, gpu: int, case: str
) -> None:
    call, reason = ONLY_ON_CPU[case]
    expected = call(IMAGE)
    with voxbind.trace() as log:
        result = call(library.send(IMAGE, gpu))
    assert library.gpu(result) == gpu
    np.testing.assert_allclose(library.fetch(result), expected, rtol=1e-6)
    assert log[0].device == "cpu"
    assert reason in log[0].reason
    with (
        voxbind.transfers("forbid"),
        pytest.raises(voxbind.TransferForbiddenError, match="would be copied") as refused,
    ):
        call(library.send(IMAGE, gpu))
    assert reason in str(refused.value)
    with voxbind.prefer("gpu", min_bytes=0), voxbind.transfers("forbid"):
        np.testing.assert_allclose(call(IMAGE), expected)  # nothing moves


def test_a_number_is_no_forbidden_copy(library: Library, gpu: int) -> None:
    with voxbind.transfers("forbid"):
        result = filters.threshold_otsu(library.send(IMAGE, gpu))
    assert isinstance(result, float | np.floating)


def test_small_images_stay_on_the_host() -> None:
    large = np.zeros((MIN_BYTES // 4096, 1024), np.float32)
    assert large.nbytes == MIN_BYTES
    with voxbind.prefer("gpu"), voxbind.trace() as log:
        filters.gaussian(large)
        filters.gaussian(large[:-1])
    assert [call.device.partition(":")[0] for call in log] == ["cuda", "cpu"]


def test_objects_stay_where_their_arrays_are(library: Library, gpu: int) -> None:
    labels = measure.label(library.send(LABELS, gpu))
    [first, *_] = measure.regionprops(labels)
    assert type(first).__module__.startswith("cucim.")
    with voxbind.prefer("gpu", min_bytes=0):
        [first, *_] = measure.regionprops(measure.label(LABELS))
    assert type(first).__module__.startswith("skimage.")


def test_what_is_on_a_gpu_stays_there_where_the_cpu_is_preferred(
    library: Library, gpu: int
) -> None:
    with voxbind.prefer("cpu"), voxbind.trace() as log:
        filters.gaussian(library.send(IMAGE, gpu))
    assert log[0].device == f"cuda:{gpu}"
