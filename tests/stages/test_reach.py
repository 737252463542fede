"""How far functions look is measured, and a formula for it is found, or it is unknown."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import skimage.filters
import skimage.morphology
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import to_builtins

from helpers.live_descriptions import watch, watch_name
from voxbind._reach.calls import CallReach, reach_of_call
from voxbind._reach.formula import Axis, FormulaError, evaluate
from voxbind_build.classify.reach_forms import Kernel, Quantity, grouped, terms, terms_of_two
from voxbind_build.model import Reach

# --- functions of which the reach is known ----------------------------------------------

DISK = skimage.morphology.disk
KNOWN: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("skimage.filters.gaussian", {"sigma": 2}, (8, 8)),
    ("skimage.filters.gaussian", {"sigma": (0.5, 2), "truncate": 3}, (2, 6)),
    ("skimage.filters.median", {"footprint": DISK(5)}, (5, 5)),
    ("skimage.filters.unsharp_mask", {"radius": 3, "amount": 2.5}, (12, 12)),
    ("skimage.filters.sobel", {}, (1, 1)),
    ("skimage.morphology.opening", {}, (2, 2)),
    ("skimage.morphology.opening", {"footprint": DISK(4)}, (8, 8)),
    ("skimage.morphology.erosion", {"footprint": np.ones((3, 9))}, (1, 4)),
    ("scipy.ndimage.binary_erosion", {"iterations": 6}, (6, 6)),
    ("scipy.ndimage.binary_erosion", {"structure": np.ones((5, 3)), "iterations": 3}, (6, 3)),
    ("scipy.ndimage.binary_closing", {"iterations": 3}, (6, 6)),
    ("scipy.ndimage.uniform_filter", {"size": 8}, (4, 4)),
    ("scipy.ndimage.uniform_filter", {"size": (3, 9), "origin": -1}, (2, 5)),
    ("scipy.ndimage.median_filter", {"size": 5}, (2, 2)),
    ("scipy.ndimage.median_filter", {"footprint": np.ones((3, 7))}, (1, 3)),
    ("scipy.ndimage.laplace", {}, (1, 1)),
    ("scipy.ndimage.convolve", {"weights": np.ones((4, 5))}, (2, 2)),
    ("skimage.exposure.adjust_gamma", {"gamma": 0.4, "gain": 2}, (0, 0)),
    ("skimage.util.invert", {}, (0, 0)),
]


def call_reach(name: str, arguments: Mapping[str, Any], ndim: int = 2) -> CallReach:
    """Return the reach of a call, as the run time has it from the manifest."""
    observation, verdict = watch_name(name)
    module, _, attribute = name.rpartition(".")
    function = getattr(__import__(module, fromlist=[attribute]), attribute)
    defaults = {
        each.name: each.default
        for each in inspect.signature(function).parameters.values()
        if each.default is not each.empty
    }
    image = {observation.image: None}
    return reach_of_call(
        None if verdict.reach is None else to_builtins(verdict.reach),
        {**image, **arguments},
        ndim,
        observation.image,
        defaults,
    )


@pytest.mark.parametrize(("name", "arguments", "elements"), KNOWN)
def test_the_reach_of_a_call_is_the_known_one(
    name: str, arguments: dict[str, Any], elements: tuple[int, ...]
) -> None:
    reach = call_reach(name, arguments)
    assert reach.elements == elements, reach.why
    assert reach.kind == ("local" if any(elements) else "pointwise")


@pytest.mark.parametrize(
    "name",
    [
        "scipy.ndimage.distance_transform_edt",
        "scipy.ndimage.distance_transform_cdt",
        "scipy.ndimage.label",
        "scipy.ndimage.binary_fill_holes",
        "skimage.restoration.rolling_ball",
        "skimage.morphology.skeletonize",
        "skimage.morphology.local_maxima",
        "skimage.morphology.h_maxima",
        "skimage.morphology.remove_small_objects",
        "skimage.filters.threshold_otsu",
        "skimage.filters.apply_hysteresis_threshold",
        "skimage.feature.canny",
        "skimage.exposure.equalize_hist",
        "skimage.exposure.rescale_intensity",
        "skimage.measure.label",
        "skimage.transform.rotate",
    ],
)
def test_functions_that_look_at_the_entire_image_are_not_local(name: str) -> None:
    assert call_reach(name, {}).kind in ("everything", "unknown")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("skimage.filters.gaussian", {"mode": "wrap"}),
        ("scipy.ndimage.gaussian_filter", {"sigma": 1, "radius": 9}),
        ("scipy.ndimage.binary_erosion", {"iterations": 0}),
        ("scipy.ndimage.median_filter", {"axes": (0,), "size": 3}),
        ("skimage.filters.unsharp_mask", {"channel_axis": 0}),
    ],
)
def test_other_arguments_than_those_measured_make_the_reach_unknown(
    name: str, arguments: dict[str, Any]
) -> None:
    assert call_reach(name, arguments).kind == "unknown"


# --- functions made to mislead ----------------------------------------------------------


def smooth(image, sigma=1.0, gain=1.0):
    """Blur an image.

    Parameters
    ----------
    image : ndarray
    sigma : float, optional
    gain : float, optional
    """
    return gain * scipy.ndimage.gaussian_filter(np.asarray(image, float), sigma, truncate=3)


def row_sums(image):
    """Replace each element by the sum of its row.

    Parameters
    ----------
    image : ndarray
    """
    return np.asarray(image, float) + np.sum(np.asarray(image, float), axis=-1, keepdims=True)


def darker_than_brightest(image):
    """Compare with the brightest element.

    Parameters
    ----------
    image : ndarray
    """
    return np.asarray(image) < np.max(image)


def odd_columns(image):
    """Set every second column to zero.

    Parameters
    ----------
    image : ndarray
    """
    result = np.array(image)
    result[..., 1::2] = 0
    return result


def threshold_decides(image, threshold=2.0):
    """Blur, or subtract the mean if a threshold is low.

    Parameters
    ----------
    image : ndarray
    threshold : float, optional
    """
    image = np.asarray(image, float)
    return image - image.mean() if 1 < threshold < 2 else scipy.ndimage.uniform_filter(image, 3)


def looks_right(image, size=3):
    """Take the element some places to the right.

    Parameters
    ----------
    image : ndarray
    size : int, optional
    """
    image = np.asarray(image, float)
    return np.concatenate([image[..., size:], np.zeros((*image.shape[:-1], size))], axis=-1)


def other_for_bytes(image):
    """Blur a little, and integers more.

    Parameters
    ----------
    image : ndarray
    """
    return scipy.ndimage.uniform_filter(image, 9 if np.asarray(image).dtype.kind == "u" else 3)


@pytest.mark.parametrize(
    ("function", "kind", "formula"),
    [
        (smooth, "local", "int(3 * sigma + 0.5)"),
        (row_sums, "everything", ""),
        (darker_than_brightest, "everything", ""),
        (odd_columns, "everything", ""),
        (threshold_decides, "unknown", ""),
        (other_for_bytes, "unknown", ""),
        (looks_right, "local", "size"),
    ],
)
def test_a_function_that_misleads_is_not_local(function: Any, kind: str, formula: str) -> None:
    reach = watch(function)[1].reach
    assert reach is not None
    assert (reach.kind, reach.formula) == (kind, formula), reach


def test_a_reach_has_the_arguments_that_it_is_valid_for() -> None:
    reach = watch(smooth)[1].reach
    assert reach == Reach(
        kind="local",
        formula="int(3 * sigma + 0.5)",
        free=("gain",),
        least={"gain": 0.0},
        images=("image",),
        per_axis=("sigma",),
        evidence="observed",
    )


def test_equal_measurements_give_equal_records() -> None:
    assert watch(smooth)[0].reach == watch(smooth)[0].reach


# --- the texts of terms -----------------------------------------------------------------


@pytest.mark.parametrize("is_optional", [True, False])
def test_the_text_of_a_term_means_what_the_term_does(is_optional: bool) -> None:
    number, other = Quantity(("size",), False), Quantity(("sigma",), False)
    axes, kernel = Quantity(("d_z", "d_y", "d_x"), False), Quantity(("footprint",), True)
    candidates = [
        *(
            term
            for quantity in (number, axes, kernel)
            for term in terms(quantity, is_optional=False)
        ),
        *terms_of_two(number, other, is_optional=False),
        *terms_of_two(kernel, number, is_optional=is_optional),
        *terms_of_two(number, kernel, is_optional=is_optional),
    ]
    assert len(candidates) > 500
    for size, sigma, shape in ((3, 1.5, (3, 7)), (4, 0.8, (6, 5)), (7, 2.3, (1, 1))):
        given = {"size": size, "sigma": sigma, "d_z": 9, "d_y": 2, "d_x": 5}
        for footprint in (shape, None):
            own = {**given, "ndim": 2, "footprint": footprint and Kernel(footprint)}
            theirs = {**given, "footprint": None if footprint is None else np.ones(footprint)}
            for term in candidates:
                for axis in range(2):
                    try:
                        expected = term.value(own, axis)
                    except TypeError:
                        with pytest.raises(FormulaError):
                            evaluate(term.text, theirs, Axis(axis, 2))
                    else:
                        assert evaluate(term.text, theirs, Axis(axis, 2)) == expected, term.text


def test_parameters_for_x_y_and_z_are_one_quantity() -> None:
    names = ["sigma_x", "sigma_y", "sigma_z", "size", "index_of_x"]
    assert grouped(names) == [("sigma_z", "sigma_y", "sigma_x"), ("size",), ("index_of_x",)]


# --- what a reach promises --------------------------------------------------------------

LOCAL = [
    ("skimage.filters.gaussian", skimage.filters.gaussian, {"sigma": st.floats(0.1, 2.5)}),
    ("skimage.filters.unsharp_mask", skimage.filters.unsharp_mask, {"radius": st.floats(0.1, 2)}),
    ("scipy.ndimage.uniform_filter", scipy.ndimage.uniform_filter, {"size": st.integers(1, 9)}),
    ("scipy.ndimage.median_filter", scipy.ndimage.median_filter, {"size": st.integers(1, 7)}),
    ("skimage.morphology.opening", skimage.morphology.opening, {}),
    ("scipy.ndimage.laplace", scipy.ndimage.laplace, {}),
]


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(LOCAL), st.data())
def test_a_part_of_the_result_is_the_result_of_a_part(
    case: tuple[str, Any, dict[str, Any]], data: st.DataObject
) -> None:
    name, function, drawn = case
    arguments = {key: data.draw(values, key) for key, values in drawn.items()}
    reach = call_reach(name, arguments).elements
    assert reach is not None
    shape = data.draw(st.tuples(st.integers(5, 60), st.integers(5, 60)), "shape")
    image = np.random.default_rng(data.draw(st.integers(0, 99), "seed")).random(shape)
    starts = [data.draw(st.integers(0, length - 1), "start") for length in shape]
    stops = [
        data.draw(st.integers(start + 1, length), "stop")
        for start, length in zip(starts, shape, strict=True)
    ]
    outer = tuple(
        slice(max(0, start - far), min(length, stop + far))
        for start, stop, far, length in zip(starts, stops, reach, shape, strict=True)
    )
    inner = tuple(
        slice(start - crop.start, stop - crop.start)
        for start, stop, crop in zip(starts, stops, outer, strict=True)
    )
    block = tuple(map(slice, starts, stops))
    np.testing.assert_allclose(
        function(image[outer], **arguments)[inner], function(image, **arguments)[block], atol=1e-12
    )
