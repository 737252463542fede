"""What is seen of a function is what it does."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from helpers.live_descriptions import describe_function, describe_name, watch, watch_name
from voxbind_build.classify import find_types
from voxbind_build.model import ProbeTask
from voxbind_build.probe.inputs.images import DTYPES, SIZES, colour_image, image
from voxbind_build.probe.inputs.roles import image_parameters, main_parameter
from voxbind_build.probe.invoke import describe_result, scrub, value_range
from voxbind_build.probe.protocol.function_run import observe

# --- images -----------------------------------------------------------------------------

SHAPES = sorted({shape for pair in SIZES.values() for shape in pair.values()})
CONTENTS = ("grey", "two phases", "phase", "labels", "mask", "edges", "markers", "seed")


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_images_have_no_symmetry_and_no_constant_slice(
    shape: tuple[int, ...], content: str
) -> None:
    made = image(shape, content)
    for axis in range(made.ndim):
        assert not np.array_equal(made, np.flip(made, axis))
    if len(shape) == 3:
        assert all(np.ptp(plane) > 0 for plane in made)
    if content not in ("markers", "edges"):
        assert not np.array_equal(made, image(shape, content, variant=1))


@pytest.mark.parametrize("size", sorted(SIZES))
def test_no_length_is_taken_for_a_number_of_colours(size: str) -> None:
    for shape in SIZES[size].values():
        assert min(shape) > 4
        if not size.startswith("square"):
            assert len(set(shape)) == len(shape)


@pytest.mark.parametrize("dtype", DTYPES)
def test_grey_images_span_their_dtype(dtype: str) -> None:
    made = image((30, 34), "grey", dtype)
    assert made.dtype == dtype
    ends = {"uint8": (0, 255), "uint16": (0, 65535), "int32": (0, 255)}.get(dtype, (0, 1))
    assert (made.min(), made.max()) == ends


def test_a_seed_lies_below_its_image_and_colours_differ() -> None:
    assert np.all(image((30, 34), "seed") <= image((30, 34), "grey"))
    colours = colour_image((30, 34))
    assert not np.array_equal(colours[..., 0], colours[..., 1])


# --- functions of our own, one for each relation ------------------------------------------


def blur(image: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    for axis in axes:
        image = (np.roll(image, 1, axis) + image) / 2
    return image


def gamma(image):
    """Raise to a power.

    Parameters
    ----------
    image : ndarray
    """
    return np.asarray(image, float) ** 2


def volume_blur(image):
    """Blur along every axis."""
    return blur(np.asarray(image, float), tuple(range(np.ndim(image))))


def slice_blur(image):
    """Blur each slice by itself."""
    return blur(np.asarray(image, float), (-1, -2))


def channel_blur(image):
    """Blur the first two axes, whatever comes behind them."""
    return blur(np.asarray(image, float), (0, 1))


def coupled_channels(image):
    """Blur the first two axes, then weigh the channels against each other."""
    blurred = blur(np.asarray(image, float), (0, 1))
    return blurred / (1 + blurred.sum(axis=-1, keepdims=True)) if blurred.ndim == 3 else blurred


def grey_of_channels(image):
    """Average the channels, if there are any."""
    image = np.asarray(image, float)
    return image.mean(axis=-1) if image.ndim == 3 else image


def roughness(image):
    """Return the largest step between two rows."""
    return float(np.abs(np.diff(np.asarray(image, float), axis=-2)).max())


def roughness_of_channels(image):
    """Return the mean of the channels' roughness."""
    image = np.asarray(image, float)
    channels = np.moveaxis(image, -1, 0) if image.ndim == 3 else image[np.newaxis]
    return float(np.mean([roughness(channel) + roughness(channel.T) for channel in channels]))


def roughness_of_slices(image):
    """Return the mean of the slices' roughness."""
    image = np.asarray(image, float)
    return float(np.mean([roughness(plane) for plane in image.reshape(-1, *image.shape[-2:])]))


def plane_only(image):
    """Blur an image."""
    if np.ndim(image) != 2:
        raise ValueError("only two dimensions, please")
    return volume_blur(image)


def volume_only(volume):
    """Blur a volume.

    Parameters
    ----------
    volume : (M, N, P) ndarray
    """
    if np.ndim(volume) != 3:
        raise ValueError("only three dimensions, please")
    return volume_blur(volume)


def projection(image):
    """Take the maximum along the first axis."""
    return np.max(image, axis=0)


def volume_projection(volume):
    """Take the maximum of a volume along Z."""
    if np.ndim(volume) != 3:
        raise ValueError("no volume")
    return np.max(volume, axis=0)


def turn(image, axes=(0, 1)):
    """Turn by 90 degrees in a plane of the caller's choice."""
    return np.rot90(image, axes=axes)


def scatter(image):
    """Second moments of the coordinates: (ndim, ndim)."""
    return np.cov(np.argwhere(np.asarray(image) > 0.5), rowvar=False)


def bright_points(image):
    """Coordinates of bright pixels."""
    return np.argwhere(np.asarray(image) > 0.8)


def flat_points(image):
    """Rows and columns of bright pixels of the first plane of the last axis."""
    image = np.asarray(image)
    return np.argwhere((image[..., 0] if image.ndim == 3 else image) > 0.3)


def bytes_only(image):
    """Blur bytes.

    Parameters
    ----------
    image : ndarray
    """
    if np.asarray(image).dtype != np.uint8:
        raise TypeError("only uint8")
    return volume_blur(image)


def needs_room(image):
    """Blur large images."""
    if min(np.shape(image)) < 40:
        raise ValueError("the image is too small")
    return volume_blur(image)


RELATIONS: tuple[tuple[Callable[..., Any], str, Any, dict[str, bool]], ...] = (
    (gamma, "FLEXIBLE", "image", {"per_slice": True, "last_axis": True}),
    (volume_blur, "FLEXIBLE", "image", {"per_slice": False, "last_axis": False}),
    (slice_blur, "FLEXIBLE", "image", {"per_slice": True, "last_axis": False}),
    (channel_blur, "PURE_2D", "image", {"per_slice": False, "last_axis": True}),
    (coupled_channels, "PURE_2D", "image", {"shuffle_rows": False, "shuffle_last": True}),
    (grey_of_channels, "PURE_2D", "image", {"last_axis_gone": True}),
    (roughness, "FLEXIBLE", "scalar", {"mean_of_planes": False}),
    (roughness_of_channels, "PURE_2D", "scalar", {"mean_of_planes": True}),
    (roughness_of_slices, "FLEXIBLE", "scalar", {"mean_of_planes": False}),
    (plane_only, "PURE_2D", "image", {}),
    (volume_only, "PURE_3D", "image", {}),
    (projection, "VOLUMETRIC_TO_SLICE", "other", {}),
    (volume_projection, "VOLUMETRIC_TO_SLICE", "image", {}),
    (turn, "FLEXIBLE", "resized", {"last_axis": True, "caller_chooses_axes": True}),
    (scatter, "FLEXIBLE", "table", {}),
    (bright_points, "FLEXIBLE", "points", {}),
    (flat_points, "PURE_2D", "points", {}),
    (bytes_only, "FLEXIBLE", "image", {"per_slice": False}),
    (needs_room, "FLEXIBLE", "image", {"per_slice": False}),
)


@pytest.mark.parametrize(
    ("function", "contract", "result", "relations"),
    RELATIONS,
    ids=[case[0].__name__ for case in RELATIONS],
)
def test_each_relation_and_each_misreading_is_seen(
    function: Callable[..., Any], contract: str, result: str, relations: dict[str, bool]
) -> None:
    seen, verdict = watch(function)
    assert relations.items() <= seen.relations.items()
    assert (verdict.contract, verdict.evidence) == (contract, "observed"), verdict.reason
    if result != "other":
        assert verdict.result == result


@pytest.mark.parametrize("function", [gamma, volume_blur, needs_room, volume_only])
def test_no_verdict_rests_on_one_shape(function: Callable[..., Any]) -> None:
    seen, _ = watch(function)
    shapes = {call.shape for call in seen.calls if call.case.startswith("volume") and call.result}
    assert len(shapes) >= 2


def test_the_librarys_own_refusal_is_kept() -> None:
    seen, verdict = watch(plane_only)
    assert "ValueError: only two dimensions, please" in {call.error for call in seen.calls}
    assert "only two dimensions, please" in verdict.reason


# --- what a function does beside giving a result ------------------------------------------


def darken(image):
    """Halve the image where it is."""
    image //= 2 if image.dtype.kind in "iu" else 1
    image[0] = 0
    return image


def speckle(image, rng=None):
    """Add noise."""
    return image + np.random.default_rng(rng).random(np.shape(image))


def global_speckle(image):
    """Add noise of the global generator."""
    return image + np.random.random(np.shape(image))


def fixed_speckle(image, rng=42):
    """Add the same noise always."""
    return image + np.random.default_rng(rng).random(np.shape(image))


def leave(image):
    """Leave the interpreter."""
    sys.exit(3)


def complain(image):
    """Raise with what differs between machines."""
    raise OSError(f"can't read /home/someone/data/{id(image):#x} at {hex(id(image))}")


def warn(image):
    """Warn and copy."""
    warnings.warn("soon gone", DeprecationWarning, stacklevel=2)
    return np.array(image)


def levels(image) -> Iterator[np.ndarray]:
    """Give ever smaller images."""
    while True:
        yield image
        image = image[::2, ::2]


def test_changed_arguments_are_named() -> None:
    assert watch(darken)[0].mutates == ("image",)
    assert watch(volume_blur)[0].mutates == ()


@pytest.mark.parametrize(
    ("function", "random"),
    [(speckle, True), (global_speckle, True), (fixed_speckle, False), (gamma, False)],
)
def test_randomness_is_what_the_generator_decides(
    function: Callable[..., Any], random: bool
) -> None:
    assert watch(function)[0].random is random


def test_leaving_the_interpreter_costs_the_call_alone() -> None:
    seen, verdict = watch(leave)
    assert {call.outcome for call in seen.calls} == {"raised"}
    assert (seen.failure, seen.inconclusive) == ("no call was taken", {})
    assert verdict.evidence == "unobserved"


def test_errors_hold_nothing_of_this_machine() -> None:
    seen, _ = watch(complain)
    errors = {call.error for call in seen.calls}
    assert errors == {"OSError: can't read <path> at <address>"}


def test_warnings_are_kept() -> None:
    seen, _ = watch(warn)
    assert seen.calls[0].warnings == ("DeprecationWarning: soon gone",)


def test_an_endless_generator_is_cut_short() -> None:
    seen, verdict = watch(levels)
    assert seen.calls[0].result is not None
    assert seen.calls[0].result.type == "iterator"
    assert verdict.result == "other"
    assert find_types(describe_function(levels), seen).returns == "Iterator[Array]"


@pytest.mark.parametrize(
    ("value", "kind", "keys"),
    [
        ({"area": np.zeros(2), "label": 1}, "dict", "str"),
        ({1: "one", 2: "two"}, "dict", "int"),
        ({np.int64(1): "one", 2: "two"}, "dict", "int"),
        ({1: "one", "two": 2}, "dict", ""),
        ({}, "dict", ""),
        ([np.zeros(2)], "list", ""),
        ("text", "builtins.str", ""),
        (len, "builtins.builtin_function_or_method", ""),
        # A class is named by the module nearest to the top that shows it.
        (np.polynomial.Polynomial([1]), "numpy.polynomial.Polynomial", ""),
    ],
    ids=str,
)
def test_results_are_told_by_their_class(value: Any, kind: str, keys: str) -> None:
    told = describe_result(value)
    assert (told.type, told.keys) == (kind, keys)


def test_what_can_not_be_imported_is_told() -> None:
    description = describe_function(gamma, "no_such_package.gamma")
    seen = observe(ProbeTask(description=description, memory_type="numpy"))
    assert seen.failure.startswith("can't be imported: ModuleNotFoundError")


# --- dtypes and ranges ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "dtype", "expected", "ends"),
    [
        ("skimage.util.img_as_float", "uint8", "float64", (0.0, 1.0)),
        ("skimage.util.img_as_float", "uint16", "float64", (0.0, 1.0)),
        ("skimage.transform.rescale", "uint16", "float64", (0.007936, 0.9232)),
        ("skimage.color.rgb2gray", "uint16", "float64", (0.003174, 0.9529)),
        ("skimage.util.img_as_ubyte", "float64", "uint8", (0.0, 255.0)),
        ("skimage.util.invert", "uint8", "uint8", (0.0, 255.0)),
        ("skimage.util.invert", "bool", "bool", (0.0, 1.0)),
        ("skimage.filters.gaussian", "float32", "float32", None),
        ("scipy.ndimage.gaussian_filter", "uint8", "uint8", None),
        ("skimage.exposure.rescale_intensity", "uint16", "uint16", (0.0, 65535.0)),
        ("skimage.morphology.local_maxima", "uint8", "bool", (0.0, 1.0)),
        ("skimage.measure.label", "bool", "int32", None),
    ],
)
def test_output_dtype_and_range_by_input_dtype(
    name: str, dtype: str, expected: str, ends: tuple[float, float] | None
) -> None:
    fact = watch_name(name)[1].dtypes[dtype]
    assert fact.dtype == expected
    assert ends is None or fact.range == ends


def test_a_dtype_that_is_refused_is_left_out() -> None:
    _, verdict = watch(bytes_only)
    assert sorted(verdict.dtypes) == ["uint8"]


def dilate_alike(image, footprint):
    """Dilate with a footprint of the image's dtype."""
    if footprint.dtype != image.dtype:
        raise TypeError("image and footprint must have one dtype")
    return ndimage.maximum_filter(image, footprint=footprint != 0)


def few_levels(image):
    """Double an image of few levels."""
    if len(np.unique(image)) > 10:
        raise ValueError("too many levels")
    return image * 2


@pytest.mark.parametrize("function", [dilate_alike, few_levels])
def test_no_dtype_is_refused_for_the_argument_beside_it_or_its_values(
    function: Callable[..., Any],
) -> None:
    observation, _ = watch(function)
    assert sorted(observation.dtypes) == sorted(DTYPES)
    assert not observation.refused


@given(st.floats(-1e6, 1e6), st.floats(-1e-13, 1e-13))
def test_ranges_bear_a_difference_in_the_last_bits(value: float, relative: float) -> None:
    low, high = 0.5, 1.5
    first = value_range(np.array([low, high, value]))
    second = value_range(np.array([low, high, value]) * (1 + relative))
    assert first is not None and second is not None
    assert np.allclose(first, second, rtol=1.1e-3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 1.0], (0.0, 1.0)),
        ([0.12344, 1.0], (0.1234, 1.0)),
        ([0.12345, 0.12344999999999], (0.1235, 0.1235)),
        ([1e-17, 1.0], (0.0, 1.0)),
        ([-3e-16, 2e-16], (0.0, 0.0)),
        ([np.nan, 2.0, np.inf], (2.0, 2.0)),
    ],
)
def test_ranges_keep_four_digits(values: list[float], expected: tuple[float, float]) -> None:
    assert value_range(np.array(values)) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("first\nsecond", "first"),
        ("<f at 0x7f1c2a>", "<f at <address>>"),
        ("see /usr/lib/python3/x.py", "see <path>"),
        ("shapes (3,4) and/or (4,5)", "shapes (3,4) and/or (4,5)"),
    ],
)
def test_messages_are_scrubbed(message: str, expected: str) -> None:
    assert scrub(message) == expected


# --- roles --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "image_parameter", "roles"),
    [
        ("skimage.feature.canny", "image", {"mask": "mask"}),
        ("skimage.morphology.reconstruction", "seed", {"seed": "seed", "mask": "ceiling"}),
        ("skimage.segmentation.watershed", "image", {"markers": "markers", "mask": "mask"}),
        ("skimage.segmentation.random_walker", "data", {"labels": "markers"}),
        ("skimage.measure.regionprops", "label_image", {"intensity_image": "image"}),
        ("skimage.feature.corner_orientations", "image", {"mask": "footprint"}),
        ("skimage.util.apply_parallel", "array", {"function": "denoiser"}),
        ("skimage.transform.hough_ellipse", "image", {"image": "edges"}),
        ("skimage.color.rgb2gray", "rgb", {"rgb": "colour image"}),
        ("scipy.ndimage.distance_transform_edt", "input", {"distances": "output"}),
        ("scipy.ndimage.binary_erosion", "input", {"structure": "footprint", "output": "output"}),
        ("skimage.filters.threshold_otsu", "image", {"hist": "histogram"}),
        ("skimage.measure.approximate_polygon", None, {"coords": "points"}),
        ("skimage.measure.moments_hu", None, {"nu": "moments"}),
        ("skimage.morphology.star", None, {}),
    ],
)
def test_roles_are_told_from_names_and_documentation(
    name: str, image_parameter: str | None, roles: dict[str, str]
) -> None:
    description = describe_name(name)
    found = image_parameters(description, {})
    assert main_parameter(description, found) == image_parameter
    assert roles.items() <= found.items()


def test_a_librarys_own_roles_come_first() -> None:
    def smooth(image, thing):
        """Smooth with a thing."""
        assert thing.shape == (3,) * image.ndim
        return volume_blur(image)

    description = describe_function(volume_blur)
    assert image_parameters(description, {"image": "points"}) == {"image": "points"}
    assert main_parameter(description, {"image": "points"}) is None


def noise_free(image, noise_mask=None, return_mask=False):
    """Find pixels without noise.

    Parameters
    ----------
    image : ndarray
        The image.
    noise_mask : ndarray, optional
        Where to look.
    return_mask : bool
        If True, return a mask too.
    """


def test_a_flag_is_no_array_whatever_its_name() -> None:
    found = image_parameters(describe_function(noise_free), {})
    assert found == {"image": "image", "noise_mask": "mask"}


def band(image, short, long):
    """Subtract a wide mean from a narrow one.

    Parameters
    ----------
    image : ndarray
        The image.
    short : int
        Length of the narrow window.
    long : int
        Length of the wide window.
    """
    if long % 2 == 0 or long <= short:
        raise ValueError("the wide window must be of odd length, and longer than the narrow one")
    return ndimage.uniform_filter(image, short) - ndimage.uniform_filter(image, long)


def test_lengths_that_must_be_odd_or_longer_than_others_are_tried() -> None:
    _, verdict = watch(band)
    assert (verdict.contract, verdict.evidence) == ("FLEXIBLE", "observed")


# --- the same again -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "skimage.filters.gaussian",
        "skimage.morphology.medial_axis",
        "skimage.restoration.unwrap_phase",
        "skimage.restoration.unsupervised_wiener",
        "skimage.segmentation.slic",
        "skimage.util.random_noise",
        "scipy.ndimage.generic_filter",
    ],
)
def test_two_observations_are_equal(name: str) -> None:
    task = ProbeTask(description=describe_name(name), memory_type="numpy")
    assert observe(task) == observe(task)


# --- options that do nothing, results that tell nothing ----------------------------------


def idle_blur(image, radius_x=0):
    """Blur along the last axis, by default not at all."""
    return blur(np.asarray(image, float), (-1,) * int(radius_x))


def relabel(image):
    """Number labels anew; grey values come out empty."""
    whole = image.dtype.kind in "iu" and image.max() < 200
    return np.searchsorted(np.unique(image), image) if whole else np.zeros(image.shape, int)


def test_an_option_whose_default_does_nothing_is_given() -> None:
    observation, _ = watch(idle_blur)
    assert {call.arguments.get("radius_x") for call in observation.calls} == {"1"}
    assert observation.relations["per_slice"]
    assert not observation.relations["last_axis"]


def test_a_result_of_one_value_is_not_the_last_word() -> None:
    observation, _ = watch(relabel)
    returned = [call.case for call in observation.calls if call.outcome == "returned"]
    assert returned[0] == "image of grey"
    assert "volume of labels" in returned
