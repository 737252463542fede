"""Arguments with an entry for each axis, seeds and masks are known by what calls show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
from msgspec.structs import replace

from helpers.live_descriptions import describe_function, describe_name, watch, watch_name
from voxbind_build.classify import classify, find_types
from voxbind_build.classify.from_twin import inferred, with_slice_facts
from voxbind_build.classify.return_types import Typed
from voxbind_build.classify.slice_types import with_slices
from voxbind_build.model import AxisArgument, Function, Observation, ProbeTask, Twin
from voxbind_build.probe.protocol.function_run import observe

# --- functions that differ in what they do with a row of numbers ------------------------------


def blur(image, widths=1.0):
    """Blur each axis by its own width.

    Parameters
    ----------
    image : ndarray
    widths : float or sequence of float, optional
    """
    return scipy.ndimage.gaussian_filter(np.asarray(image, float), widths)


def skewed_blur(image, sigma=1.0):
    """Blur each axis by its own width, and treat rows and columns differently.

    Parameters
    ----------
    image : ndarray
    sigma : float or sequence of float, optional
    """
    if np.ndim(image) != 2:
        raise ValueError("an image, please")
    return np.cumsum(blur(image, sigma), axis=1)


def weighted(image, spacing=None):
    """Weigh differences along each axis by the distance of pixels.

    Parameters
    ----------
    image : ndarray
    spacing : float or sequence of float, optional
    """
    image = np.asarray(image, float)
    steps = np.gradient(image, *np.broadcast_to(1 if spacing is None else spacing, image.ndim))
    return np.sqrt(sum(step**2 for step in steps))


def stretched(image, limits=(0.2, 0.6)):
    """Stretch the values between two limits.

    Parameters
    ----------
    image : ndarray
    limits : tuple of float, optional
    """
    low, high = limits
    return (np.asarray(image, float) - low) / (high - low)


def turned(image, center=None):
    """Turn an image about a position.

    Parameters
    ----------
    image : ndarray
    center : tuple of float, optional
    """
    if np.ndim(image) != 2:
        raise ValueError("an image, please")
    x, y = center or (2, 3)
    return scipy.ndimage.shift(scipy.ndimage.rotate(image, 20, reshape=False), (0.1 * y, -0.2 * x))


def cropped(image, output_shape):
    """Cut out a part of a shape.

    Parameters
    ----------
    image : ndarray
    output_shape : tuple of int
    """
    return np.asarray(image)[tuple(slice(length) for length in output_shape)]


def named_only(image, output_shape=None):
    """Ignore the shape.

    Parameters
    ----------
    image : ndarray
    output_shape : tuple of int, optional
    """
    return np.asarray(image) * 2.0


BY_AXIS: list[tuple[Callable[..., Any], dict[str, AxisArgument]]] = [
    (blur, {"widths": AxisArgument(kind="numbers", neutral=(0.0,))}),
    (skewed_blur, {"sigma": AxisArgument(kind="numbers", neutral=(0.0,))}),
    (weighted, {"spacing": AxisArgument(kind="property")}),
    (stretched, {}),
    (turned, {"center": AxisArgument(kind="numbers")}),
    (cropped, {"output_shape": AxisArgument(kind="shape")}),
    (named_only, {}),
]


@pytest.mark.parametrize(
    ("function", "expected"), BY_AXIS, ids=lambda case: getattr(case, "__name__", "")
)
def test_entries_belong_to_axes_if_calls_show_it(
    function: Callable[..., Any], expected: dict[str, AxisArgument]
) -> None:
    observation, verdict = watch(function)
    assert observation.axis_arguments == verdict.axis_arguments == expected


KNOWN = {
    "scipy.ndimage.affine_transform": "matrix transform, offset (0.0,), output_shape shape",
    "scipy.ndimage.convolve": "origin (0.0,), weights kernel",
    "scipy.ndimage.correlate1d": "",
    "scipy.ndimage.distance_transform_edt": "sampling property",
    "scipy.ndimage.gaussian_filter": "order (0.0,), radius (0.0,), sigma (0.0,)",
    "scipy.ndimage.shift": "shift (0.0,)",
    "scipy.ndimage.zoom": "zoom (1.0,)",
    "skimage.exposure.rescale_intensity": "",
    "skimage.feature.canny": "sigma (0.0,)",
    "skimage.filters.frangi": "",
    "skimage.filters.gaussian": "sigma (0.0,)",
    "skimage.morphology.erosion": "footprint kernel",
    "skimage.morphology.flood": "footprint kernel, seed_point ()",
    "skimage.transform.resize": "anti_aliasing_sigma (0.0,), output_shape shape",
    "skimage.transform.swirl": "center (), output_shape shape",
    "skimage.transform.warp": "inverse_map transform, output_shape shape",
}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known_arguments_with_an_entry_for_each_axis(name: str) -> None:
    found = watch_name(name)[1].axis_arguments
    words = (
        f"{key} {each.neutral if each.kind == 'numbers' else each.kind}"
        for key, each in found.items()
    )
    assert ", ".join(words) == KNOWN[name]


def test_a_word_for_each_axis_is_a_property() -> None:
    description = describe_name("scipy.ndimage.gaussian_filter")
    words: dict[str, tuple[str, ...]] = {"mode": ("constant", "nearest")}
    task = ProbeTask(description=description, memory_type="numpy", words=words)
    found = observe(task).axis_arguments or {}
    assert found["mode"] == AxisArgument(kind="property")


# --- seeds ------------------------------------------------------------------------------------


def noisy(image, rng=None):
    """Add noise.

    Parameters
    ----------
    image : ndarray
    rng : int, optional
    """
    return image + np.random.default_rng(rng).random(np.shape(image))


def noisy_unseeded(image, rng=None):
    """Add noise of NumPy's global generator.

    Parameters
    ----------
    image : ndarray
    rng : int, optional
    """
    return image + np.random.random(np.shape(image))


def shuffled_ties(image, rng=42):
    """Add noise that is the same by default.

    Parameters
    ----------
    image : ndarray
    rng : int, optional
    """
    return noisy(image, rng)


@pytest.mark.parametrize(
    ("function", "expected"),
    [(noisy, ("rng",)), (noisy_unseeded, ()), (shuffled_ties, ()), (blur, ())],
)
def test_a_seed_decides_random_results(
    function: Callable[..., Any], expected: tuple[str, ...]
) -> None:
    assert watch(function)[1].seeds == expected


# --- masks ------------------------------------------------------------------------------------


def average(image):
    """Average an image.

    Parameters
    ----------
    image : ndarray
    """
    return image.mean()


def average_of_all(image):
    """Average an image. A masked array is documented, and the mask ignored.

    Parameters
    ----------
    image : masked array
    """
    return np.asarray(image).mean()


def average_of_floats(image):
    """Average an image, and look at the mask of floats alone.

    Parameters
    ----------
    image : ndarray
    """
    return (image if image.dtype.kind == "f" else np.asarray(image)).mean()


def distinct(image):
    """Count the values; those below a mask are one more value.

    Parameters
    ----------
    image : ndarray
    """
    return len(np.unique(image))


def neighbours(image):
    """Look at the neighbours below a mask.

    Parameters
    ----------
    image : ndarray
    """
    return np.ma.array(np.roll(np.ma.getdata(image), 1, axis=0), mask=np.ma.getmask(image))


def doubled(image):
    """Double an image, which keeps its mask.

    Parameters
    ----------
    image : ndarray
    """
    return image * 2


def sized(image):
    """Look at no element.

    Parameters
    ----------
    image : ndarray
    """
    return float(image.size)


def dark(image):
    """Return the tenth percentile, which is 0 for images of objects, whatever their mask is.

    Parameters
    ----------
    image : ndarray
    """
    values = np.sort(np.ma.compressed(image))
    return float(values[len(values) // 10])


def masked_refused(image):
    """Refuse masked arrays.

    Parameters
    ----------
    image : ndarray
    """
    if np.ma.isMaskedArray(image):
        raise TypeError("no masks, please")
    return image.mean()


ALL = ("bool", "uint8", "uint16", "int32", "float32", "float64")
MASKS: list[tuple[Callable[..., Any], tuple[str, ...], dict[str, tuple[str, ...]]]] = [
    (average, ("image",), {}),
    (average_of_all, (), {}),
    (average_of_floats, ("image",), {"image": ("float32", "float64")}),
    (distinct, (), {}),
    (neighbours, (), {}),
    (doubled, ("image",), {}),
    (sized, (), {}),
    (dark, ("image",), {"image": ALL[1:]}),
    (masked_refused, (), {}),
]


@pytest.mark.parametrize(("function", "masked", "dtypes"), MASKS)
def test_a_mask_counts_if_what_is_below_it_does_not(
    function: Callable[..., Any], masked: tuple[str, ...], dtypes: dict[str, tuple[str, ...]]
) -> None:
    observation, verdict = watch(function)
    assert (verdict.masked, verdict.masked_dtypes) == (masked, dtypes)
    assert observation.masks.get("image", ()) == (dtypes.get("image", ALL) if masked else ())


@pytest.mark.parametrize(
    ("name", "masked", "dtypes"),
    [
        ("skimage.exposure.adjust_gamma", ("image",), "bool uint16 int32 float32 float64"),
        ("skimage.filters.gaussian", (), ""),
        ("skimage.filters.threshold_li", ("image",), "float32 float64"),
        ("skimage.filters.threshold_mean", ("image",), ""),
        ("skimage.filters.threshold_otsu", (), ""),
        ("skimage.measure.shannon_entropy", (), ""),
        ("skimage.restoration.unwrap_phase", ("image",), "bool float32 float64"),
    ],
)
def test_known_masks(name: str, masked: tuple[str, ...], dtypes: str) -> None:
    verdict = watch_name(name)[1]
    assert verdict.masked == masked
    assert verdict.masked_dtypes == ({"image": tuple(dtypes.split())} if dtypes else {})


def test_a_mask_that_was_not_measured_is_refused_whatever_is_documented() -> None:
    description = describe_function(average_of_all)
    unseen = Observation(definition="", fingerprint="", roles={"image": "image"}, image="image")
    assert classify(description, unseen, None).masked == ()


# --- a recording that doesn't hold these facts ------------------------------------------------


def test_a_recorded_function_has_the_arguments_of_its_twin() -> None:
    name = "skimage.transform.resize"
    description, (observation, verdict) = describe_name(name), watch_name(name)
    recorded = classify(description, replace(observation, axis_arguments=None, seeds=()), None)
    assert recorded.axis_arguments == {}
    pair = Twin(name=name, renamed={"order": "degree"})
    twin = _function(replace(verdict, seeds=("order", "rng")))
    renamed = replace(
        description,
        parameters=tuple(
            replace(entry, name="degree") if entry.name == "order" else entry
            for entry in description.parameters
            if entry.name != "anti_aliasing_sigma"
        ),
    )
    for own in (with_slice_facts(recorded, renamed, twin, pair), inferred(renamed, twin, pair)):
        assert own is not None
        assert own.axis_arguments == {"output_shape": AxisArgument(kind="shape")}
        assert own.seeds == ("degree",)


def _function(verdict: Any) -> Function:
    from helpers.handmade_manifest import function

    fields = {name: getattr(verdict, name) for name in verdict.__struct_fields__}
    return function("skimage.transform.resize", **fields)


# --- types of the results of slices -----------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "expected", "forms"),
    [
        (
            "tuple[Array, int]",
            "tuple[Array, int] | tuple[Array, Array]",
            {"False": "tuple[Array, int]", "True": "tuple[Array, Array]"},
        ),
        (
            "tuple[Array, int | None]",
            "tuple[Array, int | None] | tuple[Array, Array | None]",
            {"False": "tuple[Array, int | None]", "True": "tuple[Array, Array | None]"},
        ),
        ("tuple[Array, Array]", None, {}),
        ("Array", None, {}),
    ],
)
def test_numbers_of_slices_are_arrays(
    own: str, expected: str | None, forms: dict[str, str]
) -> None:
    description = describe_function(blur)
    returns = replace(description.returns, annotation=own)
    typed = with_slices(Typed(), replace(description, returns=returns))
    assert typed.annotation == expected
    assert {form.options["slice_by_slice"]: form.annotation for form in typed.forms} == forms


def test_each_form_with_numbers_has_one_for_slices() -> None:
    description = describe_name("skimage.measure.label")
    forms = find_types(description, watch_name("skimage.measure.label")[0]).forms
    assert [(form.options, form.annotation) for form in forms] == [
        ({"return_num": "False"}, "Array"),
        ({"return_num": "True", "slice_by_slice": "False"}, "tuple[Array, int]"),
        ({"return_num": "True", "slice_by_slice": "True"}, "tuple[Array, Array]"),
        ({"slice_by_slice": "False"}, "Array | tuple[Array, int]"),
        ({"slice_by_slice": "True"}, "Array | tuple[Array, Array]"),
    ]
