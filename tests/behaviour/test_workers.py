"""Slices in several threads: the same result, in order, and no more threads than asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import voxbind
from voxbind._dispatch import dispatch as lifting
from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters, util

VOLUME = np.random.default_rng(1).random((9, 24, 31)).astype(np.float32)


@pytest.mark.parametrize("give", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
@pytest.mark.parametrize(
    "run",
    [
        feature.canny,
        filters.sobel_h,
        lambda volume: filters.median(volume, slice_by_slice=True),
        lambda volume: ndimage.gaussian_filter(volume, 1, slice_by_slice=True),
        lambda volume: filters.gabor(volume, frequency=0.3),
        lambda volume: ndimage.label(volume > 0.5, slice_by_slice=True),
    ],
    ids=["canny", "sobel_h", "median", "gaussian_filter", "two images", "labels and numbers"],
)
def test_the_result_is_the_same_as_of_one_slice_at_a_time(give: Any, run: Any) -> None:
    expected = run(give(VOLUME))
    with voxbind.workers(3):
        result = run(give(VOLUME))
    for one, other in zip(
        result if isinstance(result, tuple) else [result],
        expected if isinstance(expected, tuple) else [expected],
        strict=True,
    ):
        assert type(one) is type(other)
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def per_slice(function: Any, **facts: Any) -> Any:
    return lifting.call_2d(function, {"image": VOLUME}, images=("image",), **facts)


def noting_threads(threads: set[threading.Thread]) -> Callable[[Any], Any]:
    """Return a function that gives its image back and adds the thread that it runs in."""

    def plane(image: Any) -> Any:
        threads.add(threading.current_thread())
        return image

    return plane


def test_as_many_threads_as_asked_for_and_no_more() -> None:
    threads: set[threading.Thread] = set()
    together = threading.Barrier(2, timeout=30)

    def plane(image: Any) -> Any:
        threads.add(threading.current_thread())
        if len(threads) > 1:  # the first slice runs in the caller's thread
            together.wait()
        return image

    with voxbind.workers(2):
        per_slice(lambda image: plane(image))
    assert len(threads) == 3
    threads.clear()
    per_slice(noting_threads(threads))
    assert threads == {threading.current_thread()}


def test_all_processors_are_asked_for_with_zero() -> None:
    from voxbind._settings.context import current

    with voxbind.workers(0):
        assert current().workers >= 1


def test_the_first_slice_that_fails_ends_the_call() -> None:
    def failing(image: Any) -> Any:
        if image is not None and float(image[0, 0]) == float(VOLUME[4, 0, 0]):
            raise RuntimeError("slice 4")
        return image

    before = set(threading.enumerate())
    with voxbind.workers(2), pytest.raises(RuntimeError, match="slice 4"):
        per_slice(lambda image: failing(image))
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("count", [1, 2])
def test_no_exception_is_taken_for_the_end(count: int) -> None:
    def plane(image: Any) -> Any:
        return next(iter(())) if image[0, 0] == VOLUME[4, 0, 0] else image

    with voxbind.workers(count), pytest.raises(StopIteration):
        per_slice(lambda image: plane(image))


def test_what_is_random_runs_one_slice_after_the_other() -> None:
    expected = util.random_noise(VOLUME[:, :, :24], rng=np.random.default_rng(3))
    with voxbind.workers(4):
        result = util.random_noise(VOLUME[:, :, :24], rng=np.random.default_rng(3))
    np.testing.assert_array_equal(result, expected)
    threads: set[threading.Thread] = set()
    with voxbind.workers(4):
        per_slice(noting_threads(threads), sequential=True)
    assert threads == {threading.current_thread()}


def test_threads_have_the_callers_context() -> None:
    def divide(image: Any) -> Any:
        return image / (image - image[0, 0] if image[0, 0] == VOLUME[3, 0, 0] else 1)

    with voxbind.workers(2), np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        per_slice(lambda image: divide(image))
