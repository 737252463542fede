"""Dask arrays with NaN and infinite elements: the values in memory, or an error."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from threading import Barrier, Lock
from typing import Any

import numpy as np
import pytest

import voxbind

ndimage: Any = import_module("voxbind.scipy.ndimage")
filters: Any = import_module("voxbind.skimage.filters")
da = pytest.importorskip("dask.array")
block: Any = import_module("voxbind._lazy.block")

RANDOM = np.random.default_rng(0)
IMAGE: Any = RANDOM.random((40, 40))
IMAGE[10, 10] = IMAGE[19, 20] = np.nan
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)


@pytest.fixture(autouse=True)
def nothing_tried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start each test without the results of trials."""
    monkeypatch.setattr(block, "_STAYS", {})
    monkeypatch.setattr(block, "_TRIALS", {})
    yield


def outcome(function: Any, image: Any, **arguments: Any) -> Any:
    """Return the result for chunks; None if it is refused because of NaN."""
    try:
        return function(da.from_array(image, chunks=20), **arguments).compute()
    except ValueError as error:
        assert "NaN elements" in str(error)
        return None


FOOTPRINTS = {"cross": CROSS, "square": np.ones((3, 3), bool)}


@pytest.mark.parametrize("order", [("cross", "square"), ("square", "cross")])
def test_a_trial_counts_only_for_the_same_footprint(order: tuple[str, ...]) -> None:
    function = voxbind.over(ndimage.minimum_filter, "YX", reach=1)
    results = {name: outcome(function, IMAGE, footprint=FOOTPRINTS[name]) for name in order}
    assert results["square"] is None  # SciPy computes it with a running minimum
    expected = ndimage.minimum_filter(IMAGE, footprint=CROSS)
    np.testing.assert_array_equal(results["cross"], expected)


def test_a_trial_counts_only_for_the_same_reach() -> None:
    image = np.where(RANDOM.random((40, 40)) < 0.1, np.nan, IMAGE)
    for reach in (4, 1):
        function = voxbind.over(ndimage.median_filter, "YX", reach=reach)
        outcome(function, image, size=3)
    assert len(block._STAYS) == 2


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_a_running_sum_is_refused_for_each_dtype_with_nan(dtype: str) -> None:
    assert outcome(ndimage.uniform_filter, IMAGE.astype(dtype), size=3) is None
    finite = np.nan_to_num(IMAGE).astype(dtype)
    result = outcome(ndimage.uniform_filter, finite, size=3)
    np.testing.assert_allclose(result, ndimage.uniform_filter(finite, 3), rtol=1e-4)


@pytest.mark.parametrize("shape", [(40, 1), (1, 40)])
def test_a_mask_of_length_1_is_used_for_all_in_a_trial_too(shape: tuple[int, ...]) -> None:
    mask = np.ones(shape, bool)
    sobel = partial(voxbind.over(filters.sobel, "YX", reach=1), mask=mask)
    np.testing.assert_array_equal(outcome(sobel, IMAGE), filters.sobel(IMAGE, mask=mask))
    assert [*block._STAYS.values()] == [True]


def test_a_trial_that_raises_an_error_is_reported_and_the_result_computed() -> None:
    @voxbind.declare("FLEXIBLE")
    def doubled(image: Any) -> Any:
        if max(image.shape) > 22:  # blocks are smaller
            raise RuntimeError("only blocks of this image")
        return image * 2

    function = voxbind.over(doubled, "YX", reach=1, dtype="float64")
    lazy = function(da.from_array(IMAGE, chunks=20))
    with pytest.warns(RuntimeWarning, match=r"doubled .* NaN .*couldn't be tried.*only blocks"):
        result = lazy.compute(scheduler="synchronous")
    np.testing.assert_array_equal(result, IMAGE * 2)
    assert [*block._STAYS.values()] == [None]


def test_one_thread_tries_a_call_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    trials, lock, barrier = [], Lock(), Barrier(4)
    real = block.stays_in_reach

    def counted(*arguments: Any) -> Any:
        with lock:
            trials.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(block, "stays_in_reach", counted)
    image = np.where(RANDOM.random((40, 40)) < 0.1, np.nan, IMAGE)
    lazy = voxbind.over(filters.sobel, "YX", reach=1)(da.from_array(image, chunks=20))

    def compute() -> Any:
        barrier.wait()
        return lazy.compute(scheduler="synchronous")

    with ThreadPoolExecutor(4) as pool:
        results = [future.result() for future in [pool.submit(compute) for _ in range(4)]]
    for result in results:
        np.testing.assert_array_equal(result, filters.sobel(image))
    assert len(trials) == 1
