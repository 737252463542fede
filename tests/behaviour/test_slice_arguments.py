"""Arguments for a whole volume, if the function runs on its slices. All facts are measured here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import skimage.feature
import skimage.filters
import skimage.morphology
import skimage.restoration
import skimage.segmentation
import skimage.transform
import skimage.util
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.generated_packages import Import, importing, write_package
from helpers.live_descriptions import describe_name, measure_library, watch_name
from voxbind_build.classify import find_types
from voxbind_build.model import Manifest

SKIMAGE = (
    *("skimage.exposure.adjust_gamma", "skimage.feature.canny", "skimage.filters.gaussian"),
    *("skimage.filters.threshold_li", "skimage.filters.threshold_mean"),
    *("skimage.filters.threshold_otsu", "skimage.measure.label", "skimage.morphology.erosion"),
    *("skimage.morphology.medial_axis", "skimage.restoration.richardson_lucy"),
    *("skimage.restoration.unwrap_phase", "skimage.segmentation.flood"),
    *("skimage.segmentation.quickshift", "skimage.transform.downscale_local_mean"),
    *("skimage.transform.rescale", "skimage.transform.resize", "skimage.transform.swirl"),
    *("skimage.transform.resize_local_mean", "skimage.transform.warp"),
    *("skimage.transform.rotate", "skimage.transform.warp_polar", "skimage.util.crop"),
    *("skimage.util.invert", "skimage.util.random_noise"),
)
SCIPY = (
    *("scipy.ndimage.affine_transform", "scipy.ndimage.convolve", "scipy.ndimage.correlate1d"),
    *("scipy.ndimage.distance_transform_edt", "scipy.ndimage.gaussian_filter"),
    *(
        "scipy.ndimage.gaussian_laplace",
        "scipy.ndimage.label",
        "scipy.ndimage.median_filter",
        "scipy.ndimage.shift",
    ),
    *("scipy.ndimage.uniform_filter", "scipy.ndimage.zoom"),
)

RANDOM = np.random.default_rng(0)
VOLUME = RANDOM.random((5, 12, 14))
COLOURS = RANDOM.random((5, 12, 14, 3))
MASK = VOLUME > 0.4
PSF = np.ones((3, 3)) / 9
TURN = np.array([[0.9, 0.1, 0.0], [-0.1, 0.9, 0.5], [0.0, 0.0, 1.0]])
TURN_3D = np.eye(4)
CUBE = np.ones((3, 3, 3))
LINES = [(np.ones((1, 3, 1)), 1), (np.ones((1, 1, 5)), 1)]


@pytest.fixture(scope="module")
def voxbind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Import]:
    libraries = {
        "skimage": measure_library("skimage", "scikit-image", *SKIMAGE),
        "scipy": measure_library("scipy", "scipy", *SCIPY),
    }
    folder = write_package(Manifest(libraries=libraries), tmp_path_factory.mktemp("measured"))
    with importing(folder) as load:
        yield load


def wrapper(voxbind: Import, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the wrapper of a library's function."""
    wrapped: Callable[..., Any] = getattr(
        voxbind(_name(function).rpartition(".")[0]), function.__name__
    )
    return wrapped


def _name(function: Callable[..., Any]) -> str:
    library = function.__module__.partition(".")[0]
    names = SKIMAGE if library == "skimage" else SCIPY
    return next(name for name in names if name.rpartition(".")[2] == function.__name__)


def by_slice(function: Callable[..., Any], volume: Any, *args: Any, **options: Any) -> Any:
    return np.stack([function(plane, *args, **options) for plane in volume])


def on_slices(function: Callable[..., Any]) -> dict[str, bool]:
    """Return the option that has a function of volumes run on slices."""
    two_dimensional = (
        "canny",
        "rotate",
        "medial_axis",
        "swirl",
        "warp",
        "warp_polar",
        "quickshift",
    )
    return {} if function.__name__ in two_dimensional else {"slice_by_slice": True}


# --- arguments that lose their first entry --------------------------------------------------

t, n = skimage.transform, scipy.ndimage
SHORTENED: list[tuple[Callable[..., Any], dict[str, Any], dict[str, Any]]] = [
    (t.warp, {"inverse_map": TURN, "output_shape": VOLUME.shape}, {"output_shape": (12, 14)}),
    (t.warp, {"inverse_map": TURN, "output_shape": (5, 9, 8)}, {"output_shape": (9, 8)}),
    (t.warp, {"inverse_map": TURN, "output_shape": (9, 8)}, {"output_shape": (9, 8)}),
    (t.warp, {"inverse_map": TURN, "output_shape": [5, 9, 8]}, {"output_shape": (9, 8)}),
    (t.warp, {"inverse_map": TURN, "output_shape": np.array([5, 9, 8])}, {"output_shape": (9, 8)}),
    (t.swirl, {"output_shape": VOLUME.shape}, {"output_shape": (12, 14)}),
    (t.warp_polar, {"output_shape": (5, 20, 9)}, {"output_shape": (20, 9)}),
    (t.resize, {"output_shape": (5, 20, 9)}, {"output_shape": (20, 9)}),
    (t.resize, {"output_shape": torch.Size((5, 20, 9))}, {"output_shape": (20, 9)}),
    (
        t.resize,
        {"output_shape": (5, 6, 9), "anti_aliasing_sigma": (0, 1, 2)},
        {"output_shape": (6, 9), "anti_aliasing_sigma": (1, 2)},
    ),
    (t.resize_local_mean, {"output_shape": (5, 6, 7)}, {"output_shape": (6, 7)}),
    (t.rescale, {"scale": (1, 2, 0.5)}, {"scale": (2, 0.5)}),
    (t.rescale, {"scale": 2}, {"scale": 2}),
    (t.downscale_local_mean, {"factors": (1, 3, 2)}, {"factors": (3, 2)}),
    (skimage.filters.gaussian, {"sigma": (0, 2, 1)}, {"sigma": (2, 1)}),
    (skimage.filters.gaussian, {"sigma": [0.0, 2, 1]}, {"sigma": (2, 1)}),
    (skimage.filters.gaussian, {"sigma": np.array([0, 2, 1])}, {"sigma": (2, 1)}),
    (skimage.filters.gaussian, {"sigma": (2, 1)}, {"sigma": (2, 1)}),
    (skimage.feature.canny, {"sigma": (0, 2, 1)}, {"sigma": (2, 1)}),
    (skimage.morphology.erosion, {"footprint": np.ones((1, 3, 5))}, {"footprint": np.ones((3, 5))}),
    (skimage.morphology.erosion, {"footprint": LINES}, {"footprint": np.ones((3, 5))}),
    (skimage.restoration.richardson_lucy, {"psf": PSF[None]}, {"psf": PSF}),
    (skimage.util.crop, {"crop_width": ((0, 0), (1, 2), (3, 4))}, {"crop_width": ((1, 2), (3, 4))}),
    (n.affine_transform, {"matrix": TURN, "output_shape": (5, 9, 8)}, {"output_shape": (9, 8)}),
    (n.affine_transform, {"matrix": (1, 0.8, 0.9)}, {"matrix": (0.8, 0.9)}),
    (n.affine_transform, {"matrix": (0.8, 0.9), "offset": (0, 1, 2)}, {"offset": (1, 2)}),
    (n.convolve, {"weights": PSF[None]}, {"weights": PSF}),
    (
        n.convolve,
        {"weights": PSF[None].tolist(), "origin": (0, 1, -1)},
        {"weights": PSF, "origin": (1, -1)},
    ),
    (n.correlate1d, {"weights": [1, 2, 3]}, {"weights": [1, 2, 3]}),
    (n.distance_transform_edt, {"sampling": (3, 1, 2)}, {"sampling": (1, 2)}),
    (n.gaussian_filter, {"sigma": 2, "order": (0, 1, 0)}, {"order": (1, 0)}),
    (n.gaussian_filter, {"sigma": 1, "radius": (0, 2, 1)}, {"radius": (2, 1)}),
    (n.gaussian_laplace, {"sigma": (0, 2, 1)}, {"sigma": (2, 1)}),
    (n.median_filter, {"size": (1, 3, 5)}, {"size": (3, 5)}),
    (n.median_filter, {"footprint": np.ones((1, 3, 5))}, {"footprint": np.ones((3, 5))}),
    (n.shift, {"shift": (0, 1.5, 2)}, {"shift": (1.5, 2)}),
    (n.uniform_filter, {"size": range(1, 4)}, {"size": (2, 3)}),
    (n.zoom, {"zoom": (1, 2, 1.5)}, {"zoom": (2, 1.5)}),
]  # fmt: skip


@pytest.mark.parametrize(("function", "given", "of_slice"), SHORTENED)
@pytest.mark.parametrize("memory", [np.asarray, torch.from_numpy])
def test_an_argument_for_a_volume_loses_the_entry_for_z(
    voxbind: Import,
    memory: Callable[[Any], Any],
    function: Callable[..., Any],
    given: dict[str, Any],
    of_slice: dict[str, Any],
) -> None:
    volume = MASK if function is scipy.ndimage.distance_transform_edt else VOLUME
    result = wrapper(voxbind, function)(memory(volume), **given, **on_slices(function))
    np.testing.assert_array_equal(result, by_slice(function, volume, **{**given, **of_slice}))


@pytest.mark.parametrize("shape", [(5, 9, 8, 3), (5, 9, 8), (9, 8, 3), (9, 8)])
def test_a_shape_with_or_without_z_and_channels(voxbind: Import, shape: tuple[int, ...]) -> None:
    result = voxbind("skimage.transform").warp(COLOURS, TURN, output_shape=shape)
    expected = by_slice(skimage.transform.warp, COLOURS, TURN, output_shape=(9, 8))
    np.testing.assert_array_equal(result, expected)


def test_an_iterator_of_lengths_serves_all_slices(voxbind: Import) -> None:
    lengths = (length for length in (5, 20, 9))
    resized = voxbind("skimage.transform").resize(VOLUME, lengths, slice_by_slice=True)
    np.testing.assert_array_equal(resized, by_slice(skimage.transform.resize, VOLUME, (20, 9)))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_neutral_first_number_is_the_3d_result_too(voxbind: Import, data: st.DataObject) -> None:
    function, option, neutral, numbers = data.draw(
        st.sampled_from(
            (
                (scipy.ndimage.gaussian_filter, "sigma", 0, st.floats(0.3, 3)),
                (scipy.ndimage.median_filter, "size", 1, st.integers(1, 5)),
                (scipy.ndimage.zoom, "zoom", 1, st.floats(0.5, 2)),
                (scipy.ndimage.shift, "shift", 0, st.floats(-3, 3)),
                (skimage.transform.downscale_local_mean, "factors", 1, st.integers(1, 4)),
            )
        )
    )
    entries = (neutral, data.draw(numbers), data.draw(numbers))
    wrapped = wrapper(voxbind, function)
    sliced = wrapped(VOLUME, **{option: entries}, slice_by_slice=True)
    np.testing.assert_allclose(sliced, function(VOLUME, **{option: entries}), atol=1e-12)


# --- arguments that are refused -------------------------------------------------------------

REFUSED: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (t.warp, {"inverse_map": TURN, "output_shape": (10, 9, 8)}, "for a volume of 5 slices"),
    (t.swirl, {"output_shape": (10, 9, 8)}, r"output_shape=\(9, 8\)"),
    (t.resize, {"output_shape": (10, 9, 8)}, "leave slice_by_slice out"),
    (t.resize, {"output_shape": (2, 10, 9, 8)}, r"output_shape=\(9, 8\)"),
    (t.warp, {"inverse_map": TURN_3D}, "ndimage.affine_transform"),
    (t.warp, {"inverse_map": TURN_3D[:3]}, "ndimage.affine_transform"),
    (t.warp, {"inverse_map": TURN_3D.tolist()}, "ndimage.affine_transform"),
    (t.warp, {"inverse_map": t.AffineTransform(dimensionality=3)}, "ndimage.affine_transform"),
    (t.warp, {"inverse_map": t.EuclideanTransform(dimensionality=3)}, "ndimage.affine_transform"),
    (n.affine_transform, {"matrix": TURN_3D}, "leave slice_by_slice out"),
    (n.affine_transform, {"matrix": (2, 1, 1)}, "leave slice_by_slice out"),
    (t.rescale, {"scale": (2, 2, 2)}, r"scale=\(2, 2\)"),
    (skimage.filters.gaussian, {"sigma": (1, 2, 2)}, r"for three axes.*sigma=\(2, 2\)"),
    (skimage.feature.canny, {"sigma": (1, 2, 2)}, r"sigma=\(2, 2\)"),
    (skimage.morphology.erosion, {"footprint": CUBE}, r"\(3, 3, 3\).*footprint with two axes"),
    (skimage.morphology.erosion, {"footprint": ((CUBE, 2),)}, "footprint with two axes"),
    (skimage.restoration.richardson_lucy, {"psf": CUBE}, "psf with two axes"),
    (skimage.segmentation.flood, {"seed_point": (1, 2, 3)}, r"seed_point=\(2, 3\)"),
    (skimage.util.crop, {"crop_width": ((1, 0), (1, 2), (3, 4))}, r"=\(\(1, 2\), \(3, 4\)\)"),
    (t.rotate, {"angle": 30, "center": (2, 5, 6)}, r"center=\(5, 6\)"),
    (n.convolve, {"weights": CUBE.tolist()}, "weights with two axes"),
    (n.median_filter, {"size": (3, 3, 3)}, r"size=\(3, 3\)"),
    (n.shift, {"shift": np.array([1.0, 2, 3])}, r"shift=\(2.0, 3.0\)"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "given", "message"), REFUSED)
def test_an_argument_that_slices_would_ignore_in_part_is_refused(
    voxbind: Import, function: Callable[..., Any], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(voxbind("").DimensionError, match=message) as caught:
        wrapper(voxbind, function)(VOLUME, **given, **on_slices(function))
    assert "it runs on each slice, which has two axes" in str(caught.value)


def test_objects_and_functions_that_map_coordinates_are_passed_on(voxbind: Import) -> None:
    transform = skimage.transform
    for inverse_map in (transform.AffineTransform(TURN), lambda points: points + 1.5):
        result = voxbind("skimage.transform").warp(VOLUME, inverse_map)
        np.testing.assert_array_equal(result, by_slice(transform.warp, VOLUME, inverse_map))


def test_a_3d_call_keeps_its_arguments(voxbind: Import) -> None:
    resized = voxbind("skimage.transform").resize(VOLUME, (10, 9, 8))
    np.testing.assert_array_equal(resized, skimage.transform.resize(VOLUME, (10, 9, 8)))
    blurred = voxbind("skimage.filters").gaussian(torch.from_numpy(VOLUME), sigma=(1, 2, 2))
    np.testing.assert_array_equal(blurred, skimage.filters.gaussian(VOLUME, sigma=(1, 2, 2)))


# --- seeds ----------------------------------------------------------------------------------

SEEDS = (3, np.int64(3), [3, 4], np.random.SeedSequence(3))


@pytest.mark.parametrize("seed", SEEDS, ids=repr)
def test_a_seed_gives_each_slice_noise_of_its_own(voxbind: Import, seed: Any) -> None:
    flat = np.full((6, 30, 31), 0.5)

    def noisy() -> Any:
        return voxbind("skimage.util").random_noise(flat, rng=seed, slice_by_slice=True)

    first = noisy()
    np.testing.assert_array_equal(first[0], skimage.util.random_noise(flat[0], rng=seed))
    assert len({plane.tobytes() for plane in first}) == len(flat)
    np.testing.assert_array_equal(first, noisy())
    with voxbind("").workers(2):
        np.testing.assert_array_equal(first, noisy())
    other = voxbind("skimage.util").random_noise(flat, rng=4, slice_by_slice=True)
    assert not any(np.array_equal(*planes) for planes in zip(first, other, strict=True))


def test_a_generator_runs_on_from_slice_to_slice(voxbind: Import) -> None:
    result = voxbind("skimage.util").random_noise(
        VOLUME, rng=np.random.default_rng(3), slice_by_slice=True
    )
    generator = np.random.default_rng(3)
    expected = [skimage.util.random_noise(plane, rng=generator) for plane in VOLUME]
    np.testing.assert_array_equal(result, expected)


def test_the_fixed_seed_of_a_function_without_noise_stays(voxbind: Import) -> None:
    options = {"convert2lab": False, "kernel_size": 2, "max_dist": 4}
    result = voxbind("skimage.segmentation").quickshift(COLOURS[:2], rng=7, **options)
    expected = by_slice(skimage.segmentation.quickshift, COLOURS[:2], rng=7, **options)
    np.testing.assert_array_equal(result, expected)


# --- numbers beside an image ----------------------------------------------------------------


@pytest.mark.parametrize("memory", [np.asarray, torch.from_numpy])
@pytest.mark.parametrize("slice_by_slice", [False, True])
@pytest.mark.parametrize(
    ("function", "options"),
    [
        (scipy.ndimage.label, {"output": None}),
        (skimage.measure.label, {"return_num": False}),
        (skimage.measure.label, {"return_num": True}),
    ],
)
def test_numbers_come_back_as_they_are_typed(
    voxbind: Import,
    memory: Callable[[Any], Any],
    slice_by_slice: bool,
    function: Callable[..., Any],
    options: dict[str, Any],
) -> None:
    options = {**options, "slice_by_slice": slice_by_slice}
    result = wrapper(voxbind, function)(memory(MASK), **options)
    name = _name(function)
    forms = find_types(describe_name(name), watch_name(name)[0]).forms
    form = next(
        form
        for form in forms
        if all(literal == repr(options[option]) for option, literal in form.options.items())
    )
    members = result if isinstance(result, tuple) else (result,)
    types = {type(memory(MASK)): "Array", int: "int", np.int32: "int", np.int64: "int"}
    typed = ", ".join(types[type(member)] for member in members)
    assert form.annotation == (f"tuple[{typed}]" if isinstance(result, tuple) else typed)
    if slice_by_slice and len(members) == 2:
        del options["slice_by_slice"]
        counts = [function(plane, **options)[1] for plane in MASK]
        np.testing.assert_array_equal(members[1], counts)


# --- masks ----------------------------------------------------------------------------------

MASKED = np.ma.masked_greater(VOLUME, 0.8)
READ = (
    (skimage.filters.threshold_mean, MASKED),
    (skimage.filters.threshold_mean, (MASKED * 255).astype(np.uint8)),
    (skimage.filters.threshold_li, MASKED),
    (skimage.filters.threshold_li, MASKED[0]),
    (skimage.exposure.adjust_gamma, MASKED),
    (skimage.util.invert, MASKED),
    (skimage.restoration.unwrap_phase, MASKED),
)


@pytest.mark.parametrize(("function", "masked"), READ)
def test_a_mask_that_the_library_looks_at_is_accepted(
    voxbind: Import, function: Callable[..., Any], masked: Any
) -> None:
    result, expected = wrapper(voxbind, function)(masked), function(masked)
    assert type(result) is type(expected)
    np.testing.assert_array_equal(np.ma.getmaskarray(result), np.ma.getmaskarray(expected))
    np.testing.assert_array_equal(np.ma.filled(result, 0), np.ma.filled(expected, 0))


@pytest.mark.parametrize("first", [0, 1])
def test_masks_of_slices_are_stacked(voxbind: Import, first: int) -> None:
    masked = np.ma.array(VOLUME, mask=False)
    masked[1 - first] = np.ma.masked
    result = voxbind("skimage.util").invert(masked, slice_by_slice=True)
    np.testing.assert_array_equal(result.mask, masked.mask)


@pytest.mark.parametrize(
    ("function", "masked", "message"),
    [
        (skimage.filters.threshold_otsu, MASKED, r"doesn't look at its mask.*image\.filled"),
        (skimage.filters.gaussian, MASKED, "doesn't look at its mask"),
        (scipy.ndimage.median_filter, MASKED, "doesn't look at its mask"),
        (
            skimage.filters.threshold_li,
            (MASKED * 255).astype(np.uint8),
            r"dtype uint8.*float32, float64.*image\.astype\(numpy\.float64\)",
        ),
        (skimage.exposure.adjust_gamma, (MASKED * 255).astype(np.uint8), "dtype uint8"),
    ],
)
def test_a_mask_that_would_be_ignored_is_refused(
    voxbind: Import, function: Callable[..., Any], masked: Any, message: str
) -> None:
    options = {"size": 3} if function is scipy.ndimage.median_filter else {}
    with pytest.raises(voxbind("").MemoryTypeError, match=message):
        wrapper(voxbind, function)(masked, **options)
