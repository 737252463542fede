"""Lengths in micrometers are converted along each axis, or refused: `voxbind.over`."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import voxbind
from voxbind import registry
from voxbind._axes.lengths import length_of
from voxbind._axes.measured import measured

xr = pytest.importorskip("xarray")
ndimage: Any = import_module("voxbind.scipy.ndimage")
feature, filters, measure, morphology, restoration, segmentation = (
    import_module(f"voxbind.skimage.{name}")
    for name in ("feature", "filters", "measure", "morphology", "restoration", "segmentation")
)
cle: Any = import_module("voxbind.pyclesperanto")

RNG = np.random.default_rng(0)
MOVIE = RNG.random((2, 3, 6, 20, 24))
VOLUME = MOVIE[0, 0]
SCALE = (2.0, 0.5, 0.25)
MASK = VOLUME > 0.8


def image(values: np.ndarray = MOVIE, scale: Any = SCALE, unit: Any = "micrometer") -> Any:
    """Return an array of xarray with positions in a unit."""
    axes = "tczyx"[-values.ndim :]
    coordinates = {
        axis: (axis, 7 + np.arange(values.shape[axes.index(axis)]) * step, {"units": unit})
        for axis, step in zip("zyx", scale, strict=True)
        if axis in axes
    }
    return xr.DataArray(values, dims=[*axes], coords=coordinates)


def each(function: Any, values: np.ndarray, **arguments: Any) -> np.ndarray:
    return np.stack([[function(part, **arguments) for part in time] for time in values])


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("micrometer", 1), ("nanometer", 1000), ("um", 1), ("mm", 1e-3), ("inch", 1 / 25400)],
)
def test_a_length_is_converted_along_each_axis(unit: str, factor: float) -> None:
    expected = each(filters.gaussian, MOVIE, sigma=(0.5, 2, 4))
    blur = voxbind.over(filters.gaussian, micrometers="sigma")
    given = image(scale=[step * factor for step in SCALE], unit=unit)
    np.testing.assert_allclose(blur(given, sigma=1).values, expected, rtol=1e-12)
    np.testing.assert_allclose(blur(given, 1).values, expected, rtol=1e-12)


def test_the_scale_of_plain_arrays_is_given() -> None:
    blur = voxbind.over(filters.gaussian, "TCZYX", micrometers=["sigma"], scale=SCALE)
    np.testing.assert_array_equal(
        blur(MOVIE, sigma=1), each(filters.gaussian, MOVIE, sigma=(0.5, 2, 4))
    )
    edges = voxbind.over(feature.canny, "TCZYX", micrometers="sigma", scale=SCALE)
    slices = [[[feature.canny(z, sigma=(2, 4)) for z in c] for c in t] for t in MOVIE]
    np.testing.assert_array_equal(edges(MOVIE, sigma=1), np.array(slices))


@pytest.mark.parametrize("axes", ["TZX", "TZY", "TYX", "TZYX"])
def test_a_function_of_images_gets_the_scale_of_the_axes_that_it_takes(axes: str) -> None:
    spatial = [letter for letter in axes if letter in "ZYX"]
    by_letter = dict(zip("ZYX", SCALE, strict=True))
    movie = RNG.random([{"T": 2, "Z": 16, "Y": 20, "X": 24}[letter] for letter in axes])
    scale = tuple(by_letter[letter] for letter in spatial)
    sigma = tuple(1 / step for step in scale[-2:])
    planes = movie.reshape(-1, *movie.shape[-2:])
    expected = np.reshape([feature.canny(plane, sigma=sigma) for plane in planes], movie.shape)
    edges = voxbind.over(feature.canny, axes, micrometers="sigma", scale=scale)
    np.testing.assert_array_equal(edges(movie, sigma=1.0), expected)
    named = xr.DataArray(movie, dims=[*axes.lower()])
    by_name = voxbind.over(feature.canny, micrometers="sigma", scale=scale)
    np.testing.assert_array_equal(by_name(named, sigma=1.0).values, expected)


def test_a_length_for_each_axis_is_in_micrometers_too() -> None:
    blur = voxbind.over(ndimage.gaussian_filter, "ZYX", micrometers="sigma", scale=SCALE)
    np.testing.assert_array_equal(
        blur(VOLUME, sigma=(2, 1, 0.5)), ndimage.gaussian_filter(VOLUME, (1, 2, 2))
    )


def test_slices_get_the_scale_of_their_axes() -> None:
    blur = voxbind.over(filters.gaussian, micrometers="sigma")
    result = blur(image(VOLUME), sigma=1, slice_by_slice=True)
    expected = np.stack([filters.gaussian(plane, sigma=(2, 4)) for plane in VOLUME])
    np.testing.assert_array_equal(result.values, expected)


def test_cropped_and_thinned_images_keep_the_right_scale() -> None:
    blur = voxbind.over(filters.gaussian, micrometers="sigma")
    part = image()[:, :, ::2, 4:, ::3]
    expected = each(filters.gaussian, part.values, sigma=(1 / 4, 2, 1 / 0.75))
    np.testing.assert_allclose(blur(part, sigma=1).values, expected, rtol=1e-12)


def test_letters_that_are_given_count_more_than_names() -> None:
    moved = image(VOLUME).transpose("x", "y", "z")  # and called Z, Y, X
    blur = voxbind.over(filters.gaussian, "ZYX", micrometers="sigma")
    expected = filters.gaussian(moved.values, sigma=(4, 2, 0.5))
    np.testing.assert_array_equal(blur(moved, sigma=1).values, expected)


def test_an_unknown_dimension_is_reported_as_without_lengths() -> None:
    with pytest.raises(voxbind.DimensionError, match="'angle' is none of the names"):
        voxbind.over(filters.gaussian, micrometers="sigma")(image().rename(t="angle"), sigma=1)


def test_dask_arrays_stay_lazy() -> None:
    da = pytest.importorskip("dask.array")
    lazy = image(MOVIE).copy(data=da.from_array(MOVIE, chunks=(1, 1, 6, 20, 24)))
    result = voxbind.over(filters.gaussian, micrometers="sigma")(lazy, sigma=1)
    assert isinstance(result.data, da.Array)
    np.testing.assert_array_equal(result.values, each(filters.gaussian, MOVIE, sigma=(0.5, 2, 4)))


def test_a_spacing_is_filled_in() -> None:
    distance = voxbind.over(ndimage.distance_transform_edt, micrometers="sampling")
    np.testing.assert_array_equal(
        distance(image(MASK)).values, ndimage.distance_transform_edt(MASK, sampling=SCALE)
    )
    labels = measure.label(MASK)
    table = voxbind.over(measure.regionprops_table, micrometers="spacing")
    properties = ("area", "centroid")
    expected = measure.regionprops_table(labels, spacing=SCALE, properties=properties)
    for name, column in table(image(labels), properties=properties).items():
        np.testing.assert_array_equal(np.asarray(column), expected[name])


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [
        (segmentation.expand_labels, "distance", 1.1),
        (morphology.isotropic_dilation, "radius", 1.1),
        (morphology.isotropic_erosion, "radius", 0.3),
    ],
)
def test_lengths_beside_a_spacing_are_in_its_unit(function: Any, name: str, value: float) -> None:
    given = measure.label(MASK) if function is segmentation.expand_labels else MASK
    result = voxbind.over(function, "ZYX", micrometers=name, scale=SCALE)(given, **{name: value})
    np.testing.assert_array_equal(result, function(given, spacing=SCALE, **{name: value}))
    assert not np.array_equal(result, function(given, **{name: value}))


def test_slic_smooths_by_micrometers() -> None:
    call = voxbind.over(segmentation.slic, "ZYX", micrometers="sigma", scale=SCALE)
    same = segmentation.slic(VOLUME, spacing=SCALE, sigma=1, channel_axis=None, n_segments=8)
    np.testing.assert_array_equal(call(VOLUME, sigma=1, n_segments=8), same)
    effective = (0.5, 2, 4)
    by_axis = segmentation.slic(
        VOLUME, spacing=SCALE, sigma=effective, channel_axis=None, n_segments=8
    )
    np.testing.assert_array_equal(same, by_axis)


def test_whole_elements() -> None:
    call = voxbind.over(ndimage.uniform_filter, "ZYX", micrometers="size", scale=(1, 0.5, 0.1))
    np.testing.assert_array_equal(call(VOLUME, size=1), ndimage.uniform_filter(VOLUME, (1, 2, 10)))
    with pytest.raises(voxbind.ScaleError, match=r"0\.6 elements.*whole.*0 elements are 0 micro"):
        call(VOLUME, size=0.6)


def test_pyclesperanto_takes_lengths_by_axis() -> None:
    names = ("sigma_x", "sigma_y", "sigma_z")
    given = VOLUME.astype(np.float32)
    call = voxbind.over(cle.gaussian_blur, "ZYX", micrometers=names, scale=SCALE)
    result = call(given, sigma_x=1, sigma_y=1, sigma_z=1)
    expected = cle.gaussian_blur(given, sigma_x=4, sigma_y=2, sigma_z=0.5)
    np.testing.assert_array_equal(result, expected)


REFUSED: dict[str, tuple[Any, str, dict[str, Any], str]] = {
    "no such parameter": (filters.gaussian, "sgima", {}, "no parameter 'sgima'.*sigma can be"),
    "a threshold": (filters.threshold_otsu, "nbins", {}, "isn't a length"),
    "noise": (restoration.denoise_nl_means, "sigma", {}, "standard deviation of the values"),
    "a number of elements": (morphology.remove_small_objects, "max_size", {}, "isn't a length"),
    "one length for all axes": (
        feature.peak_local_max,
        "min_distance",
        {"min_distance": 1},
        "one length for all axes.*2 micrometers along Z, 0.5 micrometers along Y.*Resample",
    ),
    "missing": (filters.gaussian, "sigma", {}, "wasn't given. Its default, 1.0, would count"),
    "negative": (filters.gaussian, "sigma", {"sigma": -1}, "at least 0"),
    "no number": (filters.gaussian, "sigma", {"sigma": "1"}, "at least 0"),
    "of other axes": (filters.gaussian, "sigma", {"sigma": (1, 1)}, "one for each of these axes"),
    "a second spacing": (
        ndimage.distance_transform_edt,
        "sampling",
        {"sampling": 2},
        "Leave 'sampling' out",
    ),
    "chosen axes": (
        ndimage.gaussian_filter,
        "sigma",
        {"sigma": 1, "axes": (1, 2)},
        "Leave 'axes' out",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_converted_is_refused(case: str) -> None:
    function, name, arguments, message = REFUSED[case]
    with pytest.raises(voxbind.ScaleError, match=message):
        voxbind.over(function, "ZYX", micrometers=name, scale=SCALE)(VOLUME, **arguments)


UNKNOWN = {
    "no positions": (lambda: xr.DataArray(VOLUME, dims=["z", "y", "x"]), "no coordinate"),
    "no unit": (lambda: image(VOLUME, unit=""), "no attribute 'units'"),
    "no length": (lambda: image(VOLUME, unit="second"), "'second', which is no unit of length"),
    "unequal distances": (
        lambda: image(VOLUME).assign_coords(z=("z", [0, 1, 2, 3, 5, 6], {"units": "micrometer"})),
        "axis Z isn't known: its positions aren't",
    ),
    "one position": (lambda: image(VOLUME)[:1], "axis Z isn't known"),
    "one position, scale 0": (
        lambda: image(VOLUME)[:1].assign_coords(z=("z", [0], {"units": "micrometer", "scale": 0})),
        "axis Z isn't known",
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_unknown_scale_is_refused(case: str) -> None:
    given, message = UNKNOWN[case]
    with pytest.raises(voxbind.ScaleError, match=message):
        voxbind.over(filters.gaussian, micrometers="sigma")(given(), sigma=1)
    with pytest.raises(voxbind.ScaleError, match="Give a number of micrometers for each"):
        voxbind.over(filters.gaussian, "ZYX", micrometers="sigma", scale=(1, 1))(VOLUME, sigma=1)


SCALES: dict[str, tuple[Any, str]] = {
    "zero": ((0, 0.5), "finite numbers above 0"),
    "negative": ((2.0, -0.5), "finite numbers above 0"),
    "infinite": ((np.inf, 0.5), "finite numbers above 0"),
    "NaN": ((np.nan, 0.5), "finite numbers above 0"),
    "no sequence": (0.5, "along each spatial axis"),
    "words": (("half", "half"), "along each spatial axis"),
    "none": ((), "along each spatial axis"),
}


@pytest.mark.parametrize("axes", ["YX", None])
@pytest.mark.parametrize("case", SCALES)
def test_a_scale_that_is_no_length_is_refused_before_any_call(case: str, axes: Any) -> None:
    scale, message = SCALES[case]
    for function, name in (
        (filters.gaussian, "sigma"),
        (ndimage.distance_transform_edt, "sampling"),
    ):
        with pytest.raises(voxbind.ScaleError, match=message):
            voxbind.over(function, axes, micrometers=name, scale=scale)


@pytest.mark.parametrize("axes", ["YX", None])
def test_a_scale_without_lengths_in_micrometers_is_refused(axes: Any) -> None:
    with pytest.raises(voxbind.ScaleError, match=r'no parameter in micrometers.*micrometers="sig'):
        voxbind.over(filters.gaussian, axes, scale=(1, 1))


def test_a_scale_may_be_an_array() -> None:
    blur = voxbind.over(filters.gaussian, "ZYX", micrometers="sigma", scale=np.array(SCALE))
    np.testing.assert_array_equal(blur(VOLUME, sigma=1), filters.gaussian(VOLUME, (0.5, 2, 4)))


def test_without_axes_an_array_of_xarray_is_needed() -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=r"no axes.*TCZYX"):
        voxbind.over(filters.gaussian)(VOLUME)
    np.testing.assert_array_equal(
        voxbind.over(filters.gaussian)(image(), sigma=1).values, filters.gaussian(image(), 1).values
    )


def test_parameters_on_which_a_measured_reach_depends_are_known() -> None:
    seen, others = set(), set()
    for entry in registry.functions().values():
        formula = str((entry.reach or {}).get("formula", ""))
        if not formula or not entry.arrays or entry.contract is None:
            continue
        facts = measured(entry.func)
        for name in {*re.findall(r"[a-z_][a-z_0-9]*", formula)} & {*facts.signature.parameters}:
            try:
                length = length_of(facts, name)
            except voxbind.ScaleError:
                others.add(name)
                continue
            seen.add(name)
            if length.kind == "one" and not length.spacing:  # several were refused when measured
                assert name not in (entry.reach or {}).get("per_axis", ()), entry.name
    assert {"sigma", "size", "block_size", "radius_x", "distance"} <= seen
    called_so = {name for name in others if re.search("sigma|radius|size|distance|spacing", name)}
    assert called_so <= {"max_size"}  # counts the elements of an object
    assert {"truncate", "footprint", "origin"} <= others
