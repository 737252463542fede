"""Arrays of xarray: wrappers loop over time and channel by name, and give arrays of xarray back."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import skimage.color
import skimage.exposure
import skimage.feature
import skimage.filters
import skimage.measure
import skimage.metrics
import skimage.segmentation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skimage import data as samples

import voxbind
from helpers.axis_loops import LENGTHS, array_of, looped

# Without their types: whether a number comes back is up to the names of the dimensions.
ndimage: Any = import_module("voxbind.scipy.ndimage")
native: Any = import_module("voxbind.native")
auto: Any = import_module("voxbind.auto.filters")
color, exposure, feature, filters, measure, metrics, morphology, segmentation, transform, util = (
    import_module(f"voxbind.skimage.{name}")
    for name in (
        *("color", "exposure", "feature", "filters", "measure", "metrics", "morphology"),
        *("segmentation", "transform", "util"),
    )
)
xarray = pytest.importorskip("xarray")

STYLES = {
    "OME": dict(zip("TCZYXS", "tczyxs", strict=True)),
    "upper case": dict(zip("TCZYXS", "TCZYXS", strict=True)),
    "words": dict(zip("TCZYXS", ("time", "channel", "plane", "row", "col", "rgb"), strict=True)),
    "maps": dict(zip("TCZYXS", ("time", "band", "z", "lat", "lon", "sample"), strict=True)),
}
COORDINATES = {"T": [0.0, 0.5, 1.0], "C": ["DAPI", "GFP"], "Y": np.arange(14) * 0.2}


def image_of(axes: str, dtype: Any = float, style: str = "OME", lengths: Any = LENGTHS) -> Any:
    """Return an array of xarray with coordinates on some axes, and two that span others."""
    names = STYLES[style]
    dims = [names[letter] for letter in axes]
    image = xarray.DataArray(
        array_of(axes, dtype, lengths),
        dims=dims,
        coords={names[k]: (names[k], v) for k, v in COORDINATES.items() if k in axes},
        name="nuclei",
        attrs={"pixel_size": 0.2, "unit": "um"},
    ).assign_coords(stage=7.5)
    if "Y" in axes and "X" in axes:
        image = image.assign_coords(
            depth=((names["Y"], names["X"]), np.arange(14 * 17).reshape(14, 17))
        )
    return image


CASES: dict[str, tuple[Any, Any, str, str, dict[str, Any], tuple[Any, ...]]] = {
    "2-D": (feature.canny, skimage.feature.canny, "YX", "YX", {"sigma": 1}, (float, np.uint8)),
    "both": (
        filters.gaussian,
        skimage.filters.gaussian,
        "ZYX",
        "ZYX",
        {"sigma": 1},
        (float, np.float32),
    ),
    "labels": (measure.label, skimage.measure.label, "ZYX", "ZYX", {}, (bool,)),
    "scipy": (ndimage.sobel, scipy.ndimage.sobel, "ZYX", "ZYX", {}, (float, np.uint8)),
    "resized": (ndimage.zoom, scipy.ndimage.zoom, "ZYX", "ZYX", {"zoom": 0.5}, (float,)),
    "a slice": (native.max_projection, partial(np.max, axis=0), "ZYX", "YX", {}, (float,)),
    "a number": (filters.threshold_otsu, skimage.filters.threshold_otsu, "ZYX", "", {}, (float,)),
    "auto": (auto.sobel, skimage.filters.sobel, "ZYX", "ZYX", {}, (float,)),
}
ALL_AXES = sorted(
    {
        "".join(order)
        for letters in ("YX", "ZYX", "TYX", "TCYX", "TZYX", "TCZYX")
        for order in permutations(letters)
    }
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_results_are_those_of_a_plain_loop_with_names(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CASES)))
    wrapper, upstream, kept, result, options, dtypes = CASES[name]
    axes = data.draw(st.sampled_from(ALL_AXES))
    style = data.draw(st.sampled_from(sorted(STYLES)))
    if name == "a slice" and "Z" not in axes:
        axes += "Z"
    image = image_of(axes, data.draw(st.sampled_from(dtypes)), style)
    kept = "".join(letter for letter in kept if letter in axes)
    result = "".join(letter for letter in result if letter in axes)
    expected = looped(partial(upstream, **options), image.data, axes, kept, result)
    before = image.copy(deep=True)
    with voxbind.workers(data.draw(st.sampled_from([1, 2]))):
        returned = wrapper(image, **options)
    xarray.testing.assert_identical(image, before)
    if not expected.ndim:
        assert isinstance(returned, float)
        assert returned == expected
        return
    assert type(returned) is xarray.DataArray
    names = STYLES[style]
    have = [letter for letter in axes if letter not in kept or letter in result]
    assert returned.dims == tuple(names[letter] for letter in have)
    assert returned.dtype == expected.dtype
    np.testing.assert_array_equal(returned.data, expected)
    assert (returned.name, returned.attrs) == ("nuclei", image.attrs)
    for coordinate in image.coords.values():
        holds = {*coordinate.dims} <= {*returned.dims}
        if name == "resized":
            holds = holds and not {*coordinate.dims} & {names[letter] for letter in "ZYX"}
        assert (coordinate.name in returned.coords) == holds
        if holds:
            xarray.testing.assert_equal(
                coordinate.variable, returned.coords[coordinate.name].variable
            )


def test_the_result_has_attributes_of_its_own() -> None:
    image = image_of("YX")
    result = filters.sobel(image)
    result.attrs["unit"] = "gradient"
    assert image.attrs["unit"] == "um"


def test_a_call_without_a_loop_gives_the_library_the_arrays_own_buffer() -> None:
    image = image_of("ZYX")
    with voxbind.trace() as log, voxbind.transfers("forbid"):
        filters.gaussian(image)
    assert [(call.function, call.conversions) for call in log] == [("skimage.filters.gaussian", ())]


def test_a_volume_of_slices_is_looped_over_by_voxbind_or_by_name_alike() -> None:
    image = image_of("TZYX")
    by_name = filters.gaussian(image, 1, slice_by_slice=True)
    expected = looped(partial(skimage.filters.gaussian, sigma=1), image.data, "TZYX", "YX", "YX")
    np.testing.assert_array_equal(by_name.data, expected)
    assert by_name.dims == image.dims
    assert filters.threshold_otsu(image, slice_by_slice=True).dims == ("t", "z")
    table = measure.regionprops_table(measure.label(image > 0.5), slice_by_slice=True)
    assert [*table][:2] == ["t", "z"]
    np.testing.assert_array_equal(
        voxbind.over(filters.gaussian, "TZYX")(image.data, 1, slice_by_slice=True), expected
    )


def test_members_of_a_tuple_come_back_one_by_one() -> None:
    image = image_of("TCYX", bool)
    labels, counts = ndimage.label(image)
    assert labels.dims == ("t", "c", "y", "x")
    assert counts.dims == ("t", "c")
    assert counts.coords["c"].values.tolist() == ["DAPI", "GFP"]
    assert counts.sel(c="GFP").values.tolist() == [
        scipy.ndimage.label(plane)[1] for plane in image.data[:, 1]
    ]
    labels, count = ndimage.label(image[0, 0])
    assert labels.dims == ("y", "x")
    assert type(count) is int
    labels, count = measure.label(image[0, 0], return_num=True)
    assert labels.dims == ("y", "x")


def test_tables_have_the_coordinates_of_looped_axes_as_columns() -> None:
    image = image_of("TCYX", bool)
    labels = measure.label(image)
    table = measure.regionprops_table(labels, properties=("label", "area"))
    assert [*table] == ["t", "c", "label", "area"]
    rows = [
        (0.5 * t, name, *map(int, row))
        for t, planes in enumerate(labels.data)
        for name, plane in zip(["DAPI", "GFP"], planes, strict=True)
        for row in zip(
            *skimage.measure.regionprops_table(plane, properties=("label", "area")).values(),
            strict=True,
        )
    ]
    assert [*zip(*(column.values.tolist() for column in table.values()), strict=True)] == rows
    without = measure.regionprops_table(labels[0, 0], properties=("label", "area"))
    assert [*without] == ["label", "area"]


def test_points_and_objects_are_a_list_or_stay_as_they_are() -> None:
    image = image_of("TYX")
    peaks: Any = feature.peak_local_max(image)
    assert type(peaks) is list
    for points, plane in zip(
        [*peaks, feature.peak_local_max(image[0])], [*image.data, image.data[0]], strict=True
    ):
        assert type(points) is xarray.DataArray
        assert (points.dims, points.name, points.attrs) == (("dim_0", "dim_1"), None, {})
        np.testing.assert_array_equal(points, skimage.feature.peak_local_max(plane))
    elements = feature.hessian_matrix(image[0], use_gaussian_derivatives=False)
    assert [element.dims for element in elements] == [("y", "x")] * 3
    pyramid = [*transform.pyramid_gaussian(image[0], max_layer=2)]
    assert [type(level) for level in pyramid] == [xarray.DataArray] * 3
    assert pyramid[0].dims == ("y", "x")
    regions: Any = measure.regionprops(measure.label(image > 0.5))
    assert [len(each) for each in regions] == [
        skimage.measure.label(plane > 0.5).max() for plane in image.data
    ]


def test_an_array_whose_axes_are_not_the_images_has_none_of_its_names() -> None:
    image = image_of("TYX")
    where = np.zeros((2, 14))
    line = ndimage.map_coordinates(image, where)
    assert line.dims == ("t", "dim_1")
    counts, centers = exposure.histogram(image[0])
    assert counts.dims == centers.dims == ("dim_0",)
    table = measure.regionprops_table(measure.label(image > 0.5))
    assert {type(column) for column in table.values()} == {xarray.DataArray}
    frame = pytest.importorskip("pandas").DataFrame(table)
    assert next(iter(frame)) == "t"
    assert len(frame) == len(table["t"])


# --- further images ----------------------------------------------------------------------


def test_further_images_are_matched_by_name() -> None:
    image = image_of("TCYX")
    labels = measure.label(image.isel(c=0, drop=True) > 0.5).transpose("x", "t", "y")
    labels = labels.transpose("t", "y", "x")
    intensities = image.transpose("y", "c", "x", "t")
    table = measure.regionprops_table(labels, intensities, properties=("label", "mean_intensity"))
    assert [*table][:2] == ["t", "c"]
    expected = [
        value
        for t in range(3)
        for c in range(2)
        for value in skimage.measure.regionprops_table(
            labels.data[t], image.data[t, c], properties=("mean_intensity",)
        )["mean_intensity"]
    ]
    assert table["mean_intensity"].values.tolist() == expected
    assert {*table["c"].values} == {"DAPI", "GFP"}
    means = ndimage.mean(image, labels)
    assert means.dims == ("t", "c")
    np.testing.assert_array_equal(
        means.data,
        [[scipy.ndimage.mean(image.data[t, c], labels.data[t]) for c in (0, 1)] for t in range(3)],
    )


def test_a_mask_without_names_belongs_to_each_part_or_to_the_image() -> None:
    image = image_of("TYX")
    mask = array_of("TYX", bool)
    np.testing.assert_array_equal(
        filters.sobel(image, mask=mask).data,
        np.stack([skimage.filters.sobel(p, mask=m) for p, m in zip(image.data, mask, strict=True)]),
    )
    np.testing.assert_array_equal(
        filters.sobel(image, mask=mask[0]).data,
        np.stack([skimage.filters.sobel(plane, mask=mask[0]) for plane in image.data]),
    )


def test_an_array_with_names_that_isnt_the_image_is_read_as_an_array() -> None:
    image = array_of("YX")
    mask = xarray.DataArray(array_of("YX", bool), dims=["y", "x"])
    result = filters.sobel(image, mask=mask)
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, skimage.filters.sobel(image, mask=mask.data))
    footprint = xarray.DataArray(np.ones((3, 3), bool), dims=["a", "b"])
    named = xarray.DataArray(image, dims=["y", "x"])
    np.testing.assert_array_equal(
        morphology.erosion(named, footprint).data, morphology.erosion(image, footprint.data)
    )


def test_an_output_is_written_if_the_image_is_processed_at_once() -> None:
    image = image_of("YX")
    out = np.empty(image.shape)
    ndimage.gaussian_filter(image, 1, output=out)
    np.testing.assert_array_equal(out, scipy.ndimage.gaussian_filter(image.data, 1))
    named = xarray.zeros_like(image)
    ndimage.gaussian_filter(image, 1, output=named)
    np.testing.assert_array_equal(named.data, out)
    single = ndimage.gaussian_filter(image_of("TYX"), 1, output=np.float32)
    assert single.dtype == np.float32


# --- colours -----------------------------------------------------------------------------


@pytest.mark.parametrize("axes", ["YXS", "SYX", "TYXS", "SZTYX"])
def test_samples_are_colours(axes: str) -> None:
    image = image_of(axes)
    grey = color.rgb2gray(image)
    kept = "".join(letter for letter in "ZYXS" if letter in axes)
    assert grey.dims == tuple(dim for dim in image.dims if dim != "s")
    np.testing.assert_array_equal(
        grey.data, looped(skimage.color.rgb2gray, image.data, axes, kept, kept[:-1])
    )
    smooth = filters.gaussian(image, 1)
    assert smooth.dims == image.dims
    blur = partial(skimage.filters.gaussian, sigma=1, channel_axis=-1)
    np.testing.assert_array_equal(smooth.data, looped(blur, image.data, axes, kept, kept))


def test_channels_that_are_given_as_colours_are() -> None:
    image = image_of("CYX", lengths=LENGTHS | {"C": 2})
    smooth = filters.gaussian(image, 1, channel_axis=0)
    np.testing.assert_array_equal(
        smooth.data, skimage.filters.gaussian(image.data, 1, channel_axis=0)
    )
    assert smooth.dims == ("c", "y", "x")
    astronaut = xarray.DataArray(samples.astronaut()[::8, ::8], dims=["y", "x", "c"])
    labels = segmentation.slic(astronaut, n_segments=9)
    assert labels.dims == ("y", "x")
    np.testing.assert_array_equal(
        labels.data, skimage.segmentation.slic(astronaut.data, n_segments=9)
    )
    volume = image_of("ZYX")
    np.testing.assert_array_equal(
        segmentation.slic(volume, n_segments=5).data,
        skimage.segmentation.slic(volume.data, n_segments=5, channel_axis=None),
    )


def test_an_image_in_colours_has_a_dimension_for_them() -> None:
    image = image_of("TYX")
    assert color.gray2rgb(image).dims == ("t", "y", "x", "s")


# --- memories ----------------------------------------------------------------------------


def test_a_lazy_array_stays_lazy_with_its_names() -> None:
    pytest.importorskip("dask.array")
    image = image_of("TYX")
    lazy = image.chunk({"t": 1, "y": 5})
    with voxbind.trace() as log, voxbind.transfers("forbid"):
        result = filters.sobel(lazy)
    assert type(result.data) is type(lazy.data)
    assert [(row["path"], row["bytes_copied"]) for row in log.rows()] == [("graph", 0)]
    xarray.testing.assert_identical(result.compute(), filters.sobel(image))
    thresholds = filters.threshold_otsu(lazy)
    assert type(thresholds.data) is type(lazy.data)
    xarray.testing.assert_identical(thresholds.compute(), filters.threshold_otsu(image))
    kept = exposure.rescale_intensity(lazy[0], out_range=(0, 2))
    assert type(kept.data) is type(lazy.data)
    np.testing.assert_allclose(
        kept.values, skimage.exposure.rescale_intensity(image.data[0], out_range=(0, 2))
    )


def test_pyclesperanto_takes_it_too() -> None:
    cle = pytest.importorskip("voxbind.pyclesperanto")
    raw = pytest.importorskip("pyclesperanto")
    image = image_of("TYX", np.float32)
    blurred = cle.gaussian_blur(image, sigma_x=1, sigma_y=1)
    assert (type(blurred), blurred.dims) == (xarray.DataArray, ("t", "y", "x"))
    np.testing.assert_array_equal(
        blurred.data,
        np.stack(
            [np.asarray(raw.gaussian_blur(raw.push(p), sigma_x=1, sigma_y=1)) for p in image.data]
        ),
    )
    # Of a volume with equal lengths too, the remaining dimensions are known.
    for lengths in (LENGTHS, LENGTHS | {"Z": 14}, LENGTHS | {"Z": 14, "X": 14}):
        volume = xarray.DataArray(
            array_of("TZYX", np.float32, lengths), dims=["time", "z", "y", "x"]
        )
        for axis in "xyz":
            projected = getattr(cle, f"maximum_{axis}_projection")(volume)
            expected = volume.max(axis).transpose(*projected.dims)
            xarray.testing.assert_equal(projected, expected)


def test_a_montage_is_an_image_without_the_coordinates_of_its_slices() -> None:
    image = image_of("TZYX")
    result = util.montage(image)
    assert result.dims == ("t", "y", "x")
    assert {*result.coords} == {"t", "stage"}


def test_numbers_for_each_time_and_channel_are_matched_by_name() -> None:
    image = image_of("YTXC")
    low = filters.threshold_otsu(image) * 0.9
    high = low.transpose() + 0.1
    masks = filters.apply_hysteresis_threshold(image, low, high)
    edges = feature.canny(image, low_threshold=low * 0.1, high_threshold=high * 0.2)
    assert masks.dims == edges.dims == image.dims
    for t, c in np.ndindex(3, 2):
        plane, least, most = image.data[:, t, :, c], low.data[t, c], high.data[c, t]
        np.testing.assert_array_equal(
            masks.data[:, t, :, c],
            skimage.filters.apply_hysteresis_threshold(plane, least, most),
        )
        np.testing.assert_array_equal(
            edges.data[:, t, :, c],
            skimage.feature.canny(plane, low_threshold=least * 0.1, high_threshold=most * 0.2),
        )


def test_over_names_the_axes_of_an_array_whose_dimensions_have_other_names() -> None:
    image = xarray.DataArray(array_of("TYX"), dims=["shot", "u", "v"], attrs={"unit": "um"})
    result = voxbind.over(filters.sobel, "TYX")(image)
    assert (result.dims, result.attrs) == (image.dims, image.attrs)
    np.testing.assert_array_equal(result.data, voxbind.over(filters.sobel, "TYX")(image.data))
    assert voxbind.over(filters.threshold_otsu, "TYX")(image).dims == ("shot",)


def test_xarray_is_not_imported() -> None:
    program = (
        "import sys, numpy as np, voxbind\n"
        "from voxbind.skimage import feature\n"
        "feature.canny(np.zeros((3, 8, 8)))\n"
        "voxbind.over(feature.canny, 'TYX')(np.zeros((3, 8, 8)))\n"
        "assert 'xarray' not in sys.modules and 'tqdm' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# --- what is refused ---------------------------------------------------------------------


def named(*dims: str) -> Any:
    return xarray.DataArray(np.ones([6] * len(dims)), dims=dims)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no spatial name": (
        lambda: filters.gaussian(named("a", "b")),
        r"filters\.gaussian.*'a', 'b', none of which is known to be spatial.*"
        r'voxbind\.over\(filters\.gaussian, "YX"\)\(image\)',
    ),
    "names that xarray gives": (
        lambda: feature.canny(xarray.DataArray(np.ones((6, 6)))),
        r"'dim_0', 'dim_1', none of which is known to be spatial",
    ),
    "no dimension": (
        lambda: filters.gaussian(named()),
        r"a DataArray without dimensions, which is a number\. Give an image with named axes",
    ),
    "time and channel alone": (
        lambda: filters.gaussian(named("t", "c")),
        r"none of which is known to be spatial",
    ),
    "an unknown name": (
        lambda: filters.gaussian(named("well", "y", "x")),
        r"'well' is none of the names.*t, time, frame",
    ),
    "one axis twice": (
        lambda: filters.gaussian(named("z", "plane", "y", "x")),
        r"'z' and 'plane' both stand for the axis Z",
    ),
    "one spatial axis for a 2-D function": (
        lambda: feature.canny(named("t", "x")),
        r"takes a \(Y, X\) image.*only X is spatial",
    ),
    "an empty axis": (
        lambda: filters.gaussian(named("t", "y", "x")[:0]),
        r"axis T is empty",
    ),
    "an axis that is counted": (
        lambda: ndimage.gaussian_filter1d(named("t", "y", "x"), 1, axis=0),
        r"axis=0.*could count the axes of the image or those of a part.*"
        r'voxbind\.over\(ndimage\.gaussian_filter1d, "TYX"\)\(image\.data, axis=0\)',
    ),
    "axes that are counted in an array": (
        lambda: ndimage.gaussian_filter(named("t", "y", "x"), 1, axes=np.array([1, 2])),
        r"could count the axes of the image or those of a part",
    ),
    "a number for each axis in an uncertain order": (
        lambda: filters.gaussian(named("x", "y"), sigma=(1, 2)),
        r"isn't certain which element of 'sigma'.*transpose",
    ),
    "an output for several images": (
        lambda: ndimage.gaussian_filter(named("t", "y", "x"), 1, output=np.empty((6, 6, 6))),
        r"given 'output'",
    ),
    "different coordinates": (
        lambda: filters.sobel(
            named("t", "y", "x").assign_coords(t=np.arange(6)),
            mask=(named("t", "y", "x") > 0).assign_coords(t=np.arange(6) + 1),
        ),
        r"different coordinates on the dimension 't'.*xarray\.align",
    ),
    "no colours": (
        lambda: color.rgb2gray(named("t", "y", "x")),
        r"needs an axis of colours",
    ),
    "space as colours": (
        lambda: filters.gaussian(named("z", "y", "x"), channel_axis=-1),
        r"channel_axis=-1.*Name the axis of colours S",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_before_the_library_is_called(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, message = REFUSED[name]
    with voxbind.trace() as log, pytest.raises(voxbind.DimensionError) as error:
        call()
    assert re.search(message, str(error.value), re.DOTALL), error.value
    assert list(log) == []


def test_metrics_and_resized_images_have_the_names_that_hold() -> None:
    movie = image_of("TYX")
    errors = metrics.mean_squared_error(movie, movie[::-1].assign_coords(t=movie.t))
    assert errors.dims == ("t",)
    small = transform.resize(movie, (7, 8))
    assert (small.dims, small.shape) == (("t", "y", "x"), (3, 7, 8))
    assert {*small.coords} == {"t", "stage"}
    assert util.invert(movie).dims == movie.dims
