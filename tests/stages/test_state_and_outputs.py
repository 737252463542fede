"""What a call leaves for the next one, and what decides about a result's dtype, is observed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from helpers.live_descriptions import watch, watch_name
from voxbind_build.probe.inputs.arguments import as_arguments
from voxbind_build.probe.inputs.images import SIZES

# --- states -------------------------------------------------------------------------------

OPERATORS = cycle([np.add, np.subtract])


def alternate(image, num_iter):
    """Use two operators in turn, and go on with the other one in the next call."""
    result = np.asarray(image, float)
    for _ in range(num_iter):
        result = next(OPERATORS)(ndimage.gaussian_filter(result, 1), 0.1)
    return result


def start_anew(image, num_iter):
    """Use two operators in turn, from the first one in each call."""
    result, operators = np.asarray(image, float), cycle([np.add, np.subtract])
    for _ in range(num_iter):
        result = next(operators)(ndimage.gaussian_filter(result, 1), 0.1)
    return result


def leave_unwritten(image):
    """Return memory that was never written."""
    return np.empty(np.shape(image))


def speckle(image, rng=None):
    """Add noise."""
    return image + np.random.default_rng(rng).random(np.shape(image))


@pytest.mark.parametrize(
    ("function", "keeps_state"),
    [(alternate, True), (start_anew, False), (leave_unwritten, False), (speckle, False)],
)
def test_a_function_whose_equal_calls_differ_keeps_a_state(
    function: Callable[..., Any], keeps_state: bool
) -> None:
    observation, verdict = watch(function)
    assert (observation.keeps_state, verdict.keeps_state) == (keeps_state, keeps_state)


@pytest.mark.parametrize(
    ("name", "keeps_state"),
    [
        ("skimage.segmentation.morphological_chan_vese", True),
        ("skimage.segmentation.morphological_geodesic_active_contour", True),
        ("skimage.filters.gaussian", False),
    ],
)
def test_states_of_real_functions_are_seen(name: str, keeps_state: bool) -> None:
    assert watch_name(name)[1].keeps_state is keeps_state


# --- outputs and dtypes -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        ("scipy.ndimage.morphological_gradient", ("output",)),
        ("scipy.ndimage.morphological_laplace", ("output",)),
        ("scipy.ndimage.binary_erosion", ("output",)),
        ("scipy.ndimage.gaussian_filter", ()),
        ("scipy.ndimage.white_tophat", ()),
        ("skimage.filters.gaussian", ()),
    ],
)
def test_outputs_whose_dtype_is_ignored_are_named(name: str, ignored: tuple[str, ...]) -> None:
    assert watch_name(name)[1].ignored_outputs == ignored


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("skimage.segmentation.watershed", "markers"),
        ("skimage.segmentation.random_walker", "labels"),
        ("skimage.util.map_array", "output_vals"),
        ("skimage.morphology.reconstruction", ""),  # integers give floats
        ("skimage.filters.apply_hysteresis_threshold", ""),
        ("scipy.ndimage.convolve", ""),
    ],
)
def test_the_array_whose_dtype_the_result_has_is_named(name: str, parameter: str) -> None:
    assert watch_name(name)[0].dtype_follows == parameter


def add_in_common(image, other):
    """Add two images in the dtype that they have in common."""
    return image + other


def test_a_dtype_in_common_follows_neither() -> None:
    assert watch(add_in_common, other="image")[0].dtype_follows == ""


def divide(image, flat):
    """Divide by an image of even light, one for all slices or one for each."""
    return image / (1.0 + np.asarray(flat, float) / np.mean(flat))


def divide_by_mean(image, flat):
    """Divide by an image of even light, and by the mean of all slices."""
    return divide(image, flat) / (1.0 + np.mean(image))


@pytest.mark.parametrize(
    ("function", "expected"), [(divide, True), (divide_by_mean, False), (alternate, False)]
)
def test_slices_beside_one_further_image_are_compared(
    function: Callable[..., Any], expected: bool
) -> None:
    roles = {} if function is alternate else {"flat": "map"}
    observation, verdict = watch(function, **roles)
    assert (observation.slices_with_one, verdict.slices_with_one) == (expected, expected)


# --- images that few functions need -------------------------------------------------------


def modulus(image):
    """Take complex numbers alone.

    Parameters
    ----------
    image : ndarray
    """
    if image.dtype.kind != "c":
        raise TypeError("complex numbers, please")
    return np.abs(image)


def transform(image):
    """Take lengths that have no other prime factors than 2, 3 and 5.

    Parameters
    ----------
    image : ndarray
    """
    for length in image.shape:
        while factor := next((prime for prime in (2, 3, 5) if length % prime == 0), 0):
            length //= factor
        if length > 1:
            raise ValueError("other prime factors")
    return np.abs(np.fft.fftn(image))


def test_a_function_of_complex_images_is_observed() -> None:
    observation, verdict = watch(modulus)
    assert (verdict.contract, verdict.evidence) == ("FLEXIBLE", "observed")
    assert {dtype: fact.dtype for dtype, fact in verdict.dtypes.items()} == {"complex64": "float32"}
    assert sorted(observation.refused) == sorted(
        ("bool", "uint8", "uint16", "int32", "float32", "float64")
    )


def test_labels_are_never_complex() -> None:
    observation, verdict = watch(modulus, image="labels")
    assert (verdict.contract, verdict.evidence) != ("FLEXIBLE", "observed")
    assert not any("complex" in call.dtype for call in observation.calls)


def test_a_function_of_few_lengths_is_observed() -> None:
    observation, verdict = watch(transform)
    assert (verdict.contract, verdict.evidence) == ("FLEXIBLE", "observed")
    shapes = {call.shape for call in observation.calls if call.outcome == "returned"}
    regular = (*SIZES["regular"].values(), *SIZES["regular second"].values())
    assert {*regular} <= shapes


@pytest.mark.parametrize("role", ["mask", None])
def test_a_word_stands_for_none_in_trial_values(role: str | None) -> None:
    assert as_arguments(["None", 3], role, "uint8") == [None, 3]
