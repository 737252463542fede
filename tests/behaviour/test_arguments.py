"""Arguments beside the image, held against the library: old names, nothing, data types, axes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import skimage.transform
import torch

from voxbind.errors import DimensionError, MemoryTypeError
from voxbind.scipy import ndimage
from voxbind.skimage import (
    color,
    feature,
    filters,
    measure,
    morphology,
    restoration,
    segmentation,
    transform,
)

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.random((24, 28))
VOLUME = RANDOM.random((5, 12, 14))
COLOURS = RANDOM.random((12, 14, 3))
BLOBS = IMAGE > 0.6


def outcome(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Give a result or the exception, and the warnings."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            result = function(*arguments, **options)
        except Exception as error:
            result = type(error), str(error)
    return result, [(each.category, str(each.message)) for each in told]


def as_upstream(name: str, *arguments: Any, **options: Any) -> Any:
    """Call a wrapper and what it wraps; they must agree."""
    module, _, attribute = name.rpartition(".")
    result, told = outcome(
        getattr(import_module(f"voxbind.{module}"), attribute), *arguments, **options
    )
    expected, expected_told = outcome(
        getattr(import_module(module), attribute), *arguments, **options
    )
    assert told == expected_told
    assert type(result) is type(expected)
    np.testing.assert_equal(result, expected)
    return result, told


# --- old names ---------------------------------------------------------------------------------

OLD_NAMES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("skimage.morphology.remove_small_objects", (BLOBS, 3), {}),
    ("skimage.morphology.remove_small_objects", (BLOBS,), {"min_size": 3}),
    ("skimage.morphology.remove_small_objects", (BLOBS,), {"min_size": 3, "connectivity": 2}),
    ("skimage.morphology.remove_small_objects", (BLOBS,), {"min_size": 3, "max_size": 9}),
    ("skimage.morphology.remove_small_holes", (BLOBS,), {"area_threshold": 3}),
    ("skimage.restoration.rolling_ball", (IMAGE,), {"radius": 3, "num_threads": 1}),
    (
        "skimage.restoration.cycle_spin",
        (IMAGE, np.negative),
        {"max_shifts": 1, "num_workers": 1},
    ),
]


@pytest.mark.parametrize(("name", "arguments", "options"), OLD_NAMES)
def test_a_deprecated_parameter_still_works_and_warns(
    name: str, arguments: tuple[Any, ...], options: dict[str, Any]
) -> None:
    _, told = as_upstream(name, *arguments, **options)
    assert [category for category, _ in told] == [FutureWarning]


def test_an_image_in_another_memory_does_not_use_the_deprecated_parameter() -> None:
    result, told = outcome(morphology.remove_small_objects, torch.from_numpy(BLOBS), max_size=3)
    expected = skimage.morphology.remove_small_objects(BLOBS, max_size=3)
    np.testing.assert_array_equal(result.numpy(), expected)
    assert not told


# --- nothing where an image may be --------------------------------------------------------------

HISTOGRAM = np.histogram(np.concatenate([IMAGE.ravel() ** 3, 1 - IMAGE.ravel() ** 3]), 32)
COUNTS = (HISTOGRAM[0], HISTOGRAM[1][1:])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("skimage.filters.threshold_otsu", {"hist": COUNTS}),
        ("skimage.filters.threshold_yen", {"hist": COUNTS}),
        ("skimage.filters.threshold_isodata", {"hist": COUNTS}),
        ("skimage.filters.threshold_minimum", {"hist": COUNTS}),
        ("skimage.filters.threshold_multiotsu", {"hist": COUNTS, "classes": 2}),
        ("skimage.filters.threshold_otsu", {}),
        ("skimage.metrics.adapted_rand_error", {"table": scipy.sparse.csr_array(np.eye(3))}),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_image_that_may_be_left_out_is_the_librarys_to_miss(
    name: str, options: dict[str, Any]
) -> None:
    as_upstream(name, **options)


# --- axes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("memory", [np.asarray, torch.from_numpy])
def test_coordinates_for_all_axes_of_a_volume_are_for_the_volume(memory: Any) -> None:
    coordinates = np.indices(VOLUME.shape) * 0.8
    result = transform.warp(memory(VOLUME), memory(coordinates))
    np.testing.assert_array_equal(result, skimage.transform.warp(VOLUME, coordinates))


def test_coordinates_for_an_image_are_for_each_slice() -> None:
    coordinates = np.indices(VOLUME.shape[1:]) * 0.8
    result = transform.warp(VOLUME, coordinates)
    expected = [skimage.transform.warp(plane, coordinates) for plane in VOLUME]
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("skimage.feature.canny", ()),
        ("skimage.filters.sobel_h", ()),
        ("skimage.feature.hog", ()),
        ("skimage.measure.find_contours", ()),
        ("skimage.transform.rotate", (30,)),
        ("skimage.transform.swirl", ()),
        ("skimage.segmentation.felzenszwalb", ()),
    ],
)
@pytest.mark.parametrize("channels", [3, 4])
def test_what_looks_like_colours_is_the_librarys_to_judge(
    name: str, arguments: tuple[Any, ...], channels: int
) -> None:
    as_upstream(name, RANDOM.random((12, 14, channels)), *arguments)


def test_a_stack_of_colour_images_is_processed_slice_by_slice() -> None:
    result = transform.rotate(np.stack([COLOURS, COLOURS[::-1]]), 30)
    expected = [skimage.transform.rotate(image, 30) for image in (COLOURS, COLOURS[::-1])]
    np.testing.assert_array_equal(result, expected)


def test_three_axes_with_channels_have_no_slices() -> None:
    with pytest.raises(DimensionError, match=r"channel_axis=-1.*Give channel_axis=None"):
        segmentation.slic(VOLUME, n_segments=4, slice_by_slice=True)
    result = segmentation.slic(VOLUME, n_segments=4, channel_axis=None, slice_by_slice=True)
    assert result.shape == VOLUME.shape
    grey = color.rgb2gray(COLOURS, slice_by_slice=True)
    np.testing.assert_array_equal(grey, skimage.color.rgb2gray(COLOURS))


# --- data types ----------------------------------------------------------------------------------


def with_a_dtype(dtype: Any) -> list[Any]:
    tensor = torch.from_numpy(IMAGE)
    return [
        ndimage.gaussian_filter(tensor, 1, output=dtype),
        ndimage.gaussian_filter(IMAGE, 1, output=dtype),
        transform.integral_image(tensor, dtype=dtype),
        morphology.disk(2, dtype=dtype),
    ]


def test_data_types_of_torch_are_taken() -> None:
    for result, expected in zip(with_a_dtype(torch.float32), with_a_dtype(np.float32), strict=True):
        assert type(result) is type(expected)
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(result, expected)


def test_data_types_that_numpy_does_not_have_are_refused() -> None:
    with pytest.raises(MemoryTypeError, match=r"'output' is torch\.bfloat16.*torch\.float32"):
        ndimage.gaussian_filter(torch.from_numpy(IMAGE), 1, output=torch.bfloat16)


# --- results that come one by one ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["pyramid_gaussian", "pyramid_laplacian"])
def test_generators_of_images_give_each_in_the_images_memory(name: str) -> None:
    levels = getattr(transform, name)(torch.from_numpy(IMAGE), max_layer=2)
    expected = list(getattr(skimage.transform, name)(IMAGE, max_layer=2))
    assert next(levels).shape == IMAGE.shape
    for level, array in zip(levels, expected[1:], strict=True):
        assert type(level) is torch.Tensor
        np.testing.assert_array_equal(level.numpy(), array)


# --- the direct call -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        (segmentation, "watershed", (IMAGE,)),
        (segmentation, "chan_vese", (IMAGE,)),
        (segmentation, "morphological_chan_vese", (IMAGE, 1)),
        (color, "label2rgb", (BLOBS.astype(int),)),
        (color, "rgba2rgb", (RANDOM.random((4, 5, 4)),)),
        (filters, "wiener", (IMAGE, lambda row, column: row + column + 1.0)),
        (measure, "block_reduce", (IMAGE,)),
        (morphology, "remove_small_objects", (BLOBS,)),
        (restoration, "rolling_ball", (IMAGE,)),
        (feature, "canny", (IMAGE,)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_defaults_do_not_keep_an_image_from_the_direct_call(
    module: Any, name: str, arguments: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for lifting in ("call_2d", "call_2d_or_3d", "call_3d"):
        monkeypatch.delattr(module, lifting, raising=False)
    getattr(module, name)(*arguments)
