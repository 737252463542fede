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
from voxbind_build.probe.protocol.reach.cropping import varies
from voxbind_build.probe.protocol.reach.scenes import SHAPES, cuts

# --- functions of which the reach is known ----------------------------------------------

DISK = skimage.morphology.disk
KNOWN: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("skimage.filters.gaussian", {"sigma": 2}, (8, 8)),
    ("skimage.filters.gaussian", {"sigma": (0.5, 2), "truncate": 3}, (2, 6)),
    ("skimage.filters.median", {"footprint": DISK(5)}, (5, 5)),
    ("skimage.filters.median", {"footprint": np.ones((7, 3), np.uint8)}, (3, 1)),
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
        # It clips to [-1, 1] if any element of the image is negative, else to [0, 1].
        "skimage.filters.unsharp_mask",
        # Where nothing is set, they look at a place beside the first corner.
        "skimage.morphology.isotropic_closing",
        "skimage.morphology.isotropic_opening",
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
        ("skimage.filters.gaussian", {"channel_axis": 0}),
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


def clips_like_the_darkest(image):
    """Blur, and clip to positive numbers unless an element is negative.

    Parameters
    ----------
    image : ndarray
    """
    image = np.asarray(image, float)
    least = -1 if image.min() < 0 else 0
    return np.clip(2 * image - scipy.ndimage.uniform_filter(image, 3), least, 1)


def looks_further_in_signed_integers(image):
    """Blur a little, and signed integers more.

    Parameters
    ----------
    image : ndarray
    """
    return scipy.ndimage.uniform_filter(image, 9 if np.asarray(image).dtype.kind == "i" else 3)


def scaled_by_another_image(image1, image2):
    """Multiply by what the second image has on average more than the first.

    Parameters
    ----------
    image1, image2 : ndarray
    """
    one, other = np.asarray(image1, float), np.asarray(image2, float)
    return one * np.mean(other - one)


def relative_to_a_third(image1, image2, image3):
    """Divide the differences of images by their mean, if the last two differ.

    Parameters
    ----------
    image1, image2, image3 : ndarray
    """
    one, two, three = (np.asarray(image, float) for image in (image1, image2, image3))
    return one if np.array_equal(two, three) else one / np.mean(np.abs(two - three))


def darkest_of_each_object(image, labels):
    """Replace each element by the darkest one of its object.

    Parameters
    ----------
    image : ndarray
    labels : ndarray of int
    """
    image, labels = np.asarray(image, float), np.asarray(labels)
    result = np.zeros(image.shape)
    for label in np.unique(labels):
        result[labels == label] = image[labels == label].min()
    return result


def mean_below_a_mask(image, mask=None):
    """Subtract the mean of those elements that a mask selects.

    Parameters
    ----------
    image : ndarray
    mask : ndarray of bool, optional
    """
    image = np.asarray(image, float)
    return image if mask is None else image - image[mask].mean()


def fills_what_is_empty(image):
    """Set the first element of an image without any structure.

    Parameters
    ----------
    image : ndarray
    """
    result = np.array(image)
    result[(0,) * result.ndim] += np.ptp(result) == 0
    return result


@pytest.mark.parametrize(
    ("function", "kind", "formula"),
    [
        (clips_like_the_darkest, "everything", ""),
        (looks_further_in_signed_integers, "unknown", ""),
        (scaled_by_another_image, "everything", ""),
        (relative_to_a_third, "everything", ""),
        (darkest_of_each_object, "everything", ""),
        (fills_what_is_empty, "everything", ""),
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


def test_a_mask_that_makes_a_function_look_at_everything_isnt_part_of_its_reach() -> None:
    reach = watch(mean_below_a_mask)[1].reach
    assert reach is not None
    assert (reach.kind, reach.images) == ("pointwise", ("image",))


def test_the_parts_of_an_axis_are_equally_long_and_one_starts_at_an_odd_place() -> None:
    for length in (*SHAPES[2], *SHAPES[3]):
        end, start = cuts(length)
        assert (end, start % 2) == (length - start, 1)
        assert 0 < end < start < length


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
    ("skimage.filters.prewitt", skimage.filters.prewitt, {}),
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


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (np.full((3, 3), np.nan), False),
        (np.array([[1.0, np.nan]]), True),
        (np.array([[np.nan, 1.0]]), True),
        (np.ones((2, 2), np.int32), False),
        (np.array([[True, False]]), True),
        (np.empty((0, 3)), False),
    ],
)
def test_a_result_of_nan_alone_is_constant_and_shows_no_reach(
    result: np.ndarray[Any, Any], expected: bool
) -> None:
    assert varies(result) is expected
