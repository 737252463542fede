"""Functions that need the entire image, in several passes over the chunks of a dask array."""

from __future__ import annotations

import pickle
import warnings
from functools import partial
from importlib import import_module
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voxbind

ndimage: Any = import_module("voxbind.scipy.ndimage")
exposure, filters, measure, util = (
    import_module(f"voxbind.skimage.{name}") for name in ("exposure", "filters", "measure", "util")
)
dask: Any = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in divide")

SHAPES = st.one_of(
    st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.tuples(st.integers(1, 40)),
)


@st.composite
def images(draw: Any, dtypes: tuple[str, ...]) -> tuple[Any, Any]:
    """Draw an image, and the same in chunks."""
    shape = draw(SHAPES)
    values = np.random.default_rng(draw(st.integers(0, 99))).random(shape)
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    if dtype.kind == "b":
        array = values < draw(st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0]))
    elif dtype.kind in "iu":
        lowest = -3 if dtype.kind == "i" else 0
        array = np.floor(values * draw(st.sampled_from([1, 4, 200]))).astype(dtype)
        array += np.array(lowest, dtype)
    else:
        array = values.astype(dtype)
    chunks = tuple(draw(st.integers(1, length)) for length in shape)
    return array, da.from_array(array, chunks=chunks)


def equal(lazy: Any, expected: Any, tolerance: float = 0) -> None:
    expected = np.asarray(expected)
    assert type(lazy) is da.Array
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    computed = np.asarray(lazy.compute(scheduler="synchronous"))
    assert (computed.shape, computed.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(computed, expected, rtol=tolerance, atol=0)


# --- labels ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(pair=images(("bool", "uint8", "int32")), full=st.booleans())
def test_scipys_labels_are_merged_across_chunks(pair: tuple[Any, Any], full: bool) -> None:
    array, lazy = pair
    structure = np.ones((3,) * array.ndim, int) if full else None
    labels, count = ndimage.label(lazy, structure=structure)
    expected, number = ndimage.label(array, structure=structure)
    equal(labels, expected)  # the numbers too, and not only the partition
    assert int(count) == number


@settings(max_examples=40, deadline=None)
@given(data=st.data(), pair=images(("bool", "uint8", "int32")))
def test_scikit_images_labels_are_merged_across_chunks(
    data: st.DataObject, pair: tuple[Any, Any]
) -> None:
    array, lazy = pair
    connectivity = data.draw(st.sampled_from([None, *range(1, array.ndim + 1)]))
    backgrounds = [None] if array.dtype == bool else [None, 1, -1]
    arguments = {
        "connectivity": connectivity,
        "background": data.draw(st.sampled_from(backgrounds)),
    }
    labels, count = measure.label(lazy, return_num=True, **arguments)
    expected, number = measure.label(array, return_num=True, **arguments)
    assert int(count) == number
    for lazy_labels in (labels, measure.label(lazy, **arguments)):
        if min(array.shape) > 1:
            equal(lazy_labels, expected)
        else:  # scikit-image numbers the components of a thin image in another order
            same_partition(lazy_labels, expected)


def same_partition(lazy: Any, expected: Any) -> None:
    computed = np.asarray(lazy.compute(scheduler="synchronous"))
    assert (computed.shape, computed.dtype) == (expected.shape, expected.dtype)
    pairs = {*zip(computed.ravel().tolist(), expected.ravel().tolist(), strict=True)}
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
    assert (computed == 0).tolist() == (expected == 0).tolist()


def snake(length: int) -> Any:
    """Return an image with one component, which turns from row to row."""
    image = np.zeros((2 * length - 1, length), bool)
    image[::2] = True
    image[1::4, -1] = image[3::4, 0] = True
    return image


@pytest.mark.parametrize("chunks", [1, 2, 3, (39, 1), (1, 20)])
def test_a_component_that_winds_through_all_chunks_has_one_label(chunks: Any) -> None:
    image = snake(20)
    labels, count = ndimage.label(da.from_array(image, chunks=chunks))
    equal(labels, image.astype(np.int32))
    assert int(count) == 1


def test_labels_have_the_dtype_that_was_asked_for() -> None:
    image = snake(5)
    labels, _ = ndimage.label(da.from_array(image, chunks=2), output=np.uint16)
    equal(labels, image.astype(np.uint16))


def test_labels_for_each_time_are_those_of_that_time() -> None:
    movie = np.random.default_rng(0).random((3, 12, 14)) > 0.5
    labelled = voxbind.over(measure.label, "TYX")
    equal(labelled(da.from_array(movie, chunks=(2, 5, 5))), labelled(movie))


def test_a_structure_of_another_shape_is_refused() -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=r"\(5, 5\).*\(3, 3\)"):
        ndimage.label(da.from_array(snake(5), chunks=2), structure=np.ones((5, 5)))


# --- thresholds --------------------------------------------------------------------------------

BY_HISTOGRAM = [filters.threshold_otsu, filters.threshold_yen, filters.threshold_isodata]


@pytest.mark.parametrize("function", BY_HISTOGRAM, ids=lambda function: function.__name__)
@settings(max_examples=12, deadline=None)
@given(pair=images(("uint8", "uint16", "int32", "float32", "float64")))
def test_a_threshold_follows_from_the_histogram_of_all_chunks(
    function: Any, pair: tuple[Any, Any]
) -> None:
    array, lazy = pair
    threshold = function(lazy)
    assert threshold.ndim == 0
    try:
        expected = function(array)
    except Exception as error:  # of an image of one value, for example
        with pytest.raises(type(error)):
            threshold.compute(scheduler="synchronous")
        return
    assert threshold.compute(scheduler="synchronous") == expected


def test_a_threshold_takes_the_number_of_bins() -> None:
    image = np.random.default_rng(0).random((30, 31))
    lazy = da.from_array(image, chunks=7)
    for bins in (8, 100):
        equal(filters.threshold_otsu(lazy, bins), filters.threshold_otsu(image, bins))


def test_an_image_with_values_that_are_not_finite_is_refused_as_in_memory() -> None:
    image = np.full((8, 8), np.nan)
    with pytest.raises(ValueError, match="finite"):
        filters.threshold_yen(image)
    with pytest.raises(ValueError, match="finite"):
        filters.threshold_yen(da.from_array(image, chunks=3)).compute()


# --- reductions --------------------------------------------------------------------------------

REDUCTIONS = [
    ndimage.minimum,
    ndimage.maximum,
    ndimage.sum,
    ndimage.sum_labels,
    ndimage.mean,
    ndimage.variance,
    ndimage.standard_deviation,
]
INDICES = [(), (None,), (1,), ([1],), ([1, 3, 2, 7],)]


@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda function: function.__name__)
@settings(max_examples=12, deadline=None)
@given(data=st.data(), pair=images(("uint8", "int16", "uint32", "int32", "float32", "float64")))
def test_a_reduction_is_that_of_all_chunks(
    function: Any, data: st.DataObject, pair: tuple[Any, Any]
) -> None:
    array, lazy = pair
    tolerance = 1e-5 if array.dtype == np.float32 else 1e-12
    equal(function(lazy), function(array), tolerance)
    labels = np.random.default_rng(1).integers(0, 5, array.shape)
    labels.flat[0] = 1
    index = data.draw(st.sampled_from(INDICES))
    expected = function(array, labels, *index)
    for given_labels in (labels, da.from_array(labels, chunks=lazy.chunks), da.from_array(labels)):
        equal(function(lazy, given_labels, *index), expected, tolerance)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda function: function.__name__)
def test_a_reduction_of_complex_elements_is_that_of_all_chunks_or_refused(
    function: Any, dtype: str
) -> None:
    random = np.random.default_rng(0)
    array = (random.random((8, 9)) + 1j * random.random((8, 9))).astype(dtype)
    lazy = da.from_array(array, chunks=4)
    if function in (ndimage.minimum, ndimage.maximum):
        equal(function(lazy), function(array))
        return
    with pytest.raises(voxbind.MemoryTypeError, match=rf"{dtype}.*input\.compute\(\)"):
        function(lazy)


@settings(max_examples=12, deadline=None)
@given(data=st.data(), pair=images(("uint8", "int16", "int32")))
def test_a_median_of_integers_is_that_of_all_chunks(
    data: st.DataObject, pair: tuple[Any, Any]
) -> None:
    array, lazy = pair
    equal(ndimage.median(lazy), ndimage.median(array))
    labels = np.random.default_rng(1).integers(0, 5, array.shape)
    labels.flat[0] = 1
    index = data.draw(st.sampled_from([(), (1,), ([1],), (np.unique(labels),)]))
    equal(ndimage.median(lazy, labels, *index), ndimage.median(array, labels, *index))


def test_a_label_that_does_not_occur_has_no_median() -> None:
    lazy = da.ones((4, 4), chunks=2, dtype=np.uint8)
    with pytest.raises(ValueError, match=r"\[7\].*intersect1d\(index, labels\)"):
        ndimage.median(lazy, np.ones((4, 4), int), [1, 7]).compute()


@settings(max_examples=12, deadline=None)
@given(pair=images(("bool", "uint8", "int32", "float64")))
def test_the_threshold_of_the_mean_is_that_of_all_chunks(pair: tuple[Any, Any]) -> None:
    array, lazy = pair
    equal(filters.threshold_mean(lazy), filters.threshold_mean(array), 1e-12)


def test_labels_of_another_shape_are_refused() -> None:
    lazy = da.ones((4, 4), chunks=2)
    with pytest.raises(voxbind.DimensionError, match=r"'labels' of shape \(3, 3\)"):
        ndimage.mean(lazy, np.ones((3, 3), int), [1])


# --- all of them -------------------------------------------------------------------------------


def test_every_form_can_be_pickled_and_computes_nothing_before() -> None:
    image = (np.random.default_rng(0).random((9, 10)) * 9).astype(np.uint8)

    def refuse(block: Any) -> Any:
        raise AssertionError("computed")

    lazy = da.from_array(image, chunks=4)
    unread = lazy.map_blocks(refuse, dtype=image.dtype, meta=image[:0, :0])
    for function in chain(BY_HISTOGRAM, REDUCTIONS, [measure.label]):
        function(unread)
        equal(pickle.loads(pickle.dumps(function(lazy))), function(image), 1e-12)


# --- histograms --------------------------------------------------------------------------------

MANY = ("bool", "uint8", "uint16", "int16", "int32", "float32", "float64")
FROM_HISTOGRAM: dict[str, Any] = {
    "threshold_li": filters.threshold_li,
    "threshold_triangle": filters.threshold_triangle,
    "threshold_multiotsu": filters.threshold_multiotsu,
    "four classes": partial(filters.threshold_multiotsu, classes=4),
    "equalize_hist": exposure.equalize_hist,
    "few bins": partial(exposure.equalize_hist, nbins=20),
    "cumulative_distribution": exposure.cumulative_distribution,
    "histogram": exposure.histogram,
    "shares": partial(exposure.histogram, normalize=True),
}


def outcome(function: Any, *arguments: Any) -> Any:
    """Return the result, or the type of the error that is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*arguments)
        except Exception as error:
            return type(error)


def same_outcome(function: Any, array: Any, lazy: Any) -> None:
    """Assert that a function gives for chunks what it gives in memory, bit by bit, or refuses."""
    expected = outcome(function, array)
    try:
        results = function(lazy)
    except voxbind.MemoryTypeError as error:
        assert any(advice in str(error) for advice in (".compute()", ".astype("))
        return
    computed = outcome(lambda: dask.compute(results, scheduler="synchronous")[0])
    if isinstance(expected, type):
        assert computed is expected
        return
    several = isinstance(expected, tuple)
    for one, other, announced in zip(
        computed if several else [computed],
        expected if several else [expected],
        results if several else [results],
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
        assert np.asarray(one).dtype == announced.dtype
        if announced.ndim:  # of an image of one value, a threshold is an element of it
            assert announced.dtype == np.asarray(other).dtype


@pytest.mark.parametrize("name", FROM_HISTOGRAM)
@settings(max_examples=12, deadline=None)
@given(pair=images(MANY))
def test_what_follows_from_the_histogram_is_that_of_all_chunks(
    name: str, pair: tuple[Any, Any]
) -> None:
    array, lazy = pair
    same_outcome(FROM_HISTOGRAM[name], array, lazy)


@settings(max_examples=12, deadline=None)
@given(pair=images(("uint8", "int16", "float32")), lazily=st.booleans())
def test_only_the_elements_in_the_mask_are_counted(pair: tuple[Any, Any], lazily: bool) -> None:
    array, lazy = pair
    mask = np.random.default_rng(1).random(array.shape) < 0.6
    mask.flat[0] = True
    given_mask = da.from_array(mask, chunks=2) if lazily else mask
    equal(exposure.equalize_hist(lazy, mask=given_mask), exposure.equalize_hist(array, mask=mask))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_the_mask_may_leave_most_chunks_without_an_element(dtype: str) -> None:
    array = np.arange(400).reshape(20, 20).astype(dtype)
    mask = np.zeros(array.shape, bool)
    mask[-2:, -3:] = True
    lazy = exposure.equalize_hist(da.from_array(array, chunks=2), mask=mask)
    equal(lazy, exposure.equalize_hist(array, mask=mask))


def test_thresholds_of_floats_that_need_several_passes_are_refused() -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=r"image\.compute\(\)"):
        filters.threshold_li(da.ones((8, 8), chunks=4))


# --- extremes ----------------------------------------------------------------------------------

BY_EXTREMES: dict[str, Any] = {
    "rescale_intensity": exposure.rescale_intensity,
    "to the range of the image": partial(exposure.rescale_intensity, out_range="image"),
    "from a range": partial(exposure.rescale_intensity, in_range=(1, 3)),
    "img_as_ubyte": util.img_as_ubyte,
    "img_as_int": util.img_as_int,
    "img_as_uint": util.img_as_uint,
    "adjust_log": exposure.adjust_log,
}


@pytest.mark.parametrize("name", BY_EXTREMES)
@settings(max_examples=12, deadline=None)
@given(pair=images(MANY))
def test_intensities_are_scaled_by_the_extremes_of_all_chunks(
    name: str, pair: tuple[Any, Any]
) -> None:
    same_outcome(BY_EXTREMES[name], *pair)


# --- regions -----------------------------------------------------------------------------------

PROPERTIES = [
    "label",
    "area",
    "area_bbox",
    "area_filled",
    "bbox",
    "centroid",
    "centroid_local",
    "centroid_weighted",
    "coords",
    "coords_scaled",
    "equivalent_diameter_area",
    "euler_number",
    "extent",
    "image",
    "inertia_tensor",
    "inertia_tensor_eigvals",
    "intensity_max",
    "intensity_mean",
    "intensity_median",
    "intensity_min",
    "intensity_std",
    "moments",
    "moments_central",
    "moments_weighted",
    "num_pixels",
]


def same_table(lazy: Any, expected: Any) -> None:
    assert list(lazy) == list(expected)
    (computed,) = dask.compute(lazy, scheduler="synchronous")
    for name, column in expected.items():
        assert computed[name].dtype == column.dtype == lazy[name].dtype
        for one, other in zip(computed[name], column, strict=True):
            np.testing.assert_array_equal(one, other)


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_regions_are_measured_across_chunks(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([(9, 11), (4, 7, 6)]))
    random = np.random.default_rng(data.draw(st.integers(0, 9)))
    labels = random.integers(0, data.draw(st.sampled_from([2, 4])), shape) * 3  # scattered
    image = (random.random(shape) * 200).astype(data.draw(st.sampled_from(["uint8", "float32"])))
    chunks = tuple(data.draw(st.integers(1, length)) for length in shape)
    lazy = da.from_array(labels, chunks=chunks)
    spacing = data.draw(st.sampled_from([None, (1.3, 0.7, 2.1)[: len(shape)]]))
    names = data.draw(st.lists(st.sampled_from(PROPERTIES), min_size=1, unique=True))
    arguments: dict[str, Any] = {"properties": names, "spacing": spacing}
    expected = measure.regionprops_table(labels, image, **arguments)
    for given_image in (image, da.from_array(image, chunks=3)):
        same_table(measure.regionprops_table(lazy, given_image, **arguments), expected)


def test_a_property_of_ones_own_is_measured_across_chunks() -> None:
    labels = measure.label(snake(9))
    image = np.random.default_rng(0).random(labels.shape)

    def spread(mask: Any, intensity: Any) -> Any:
        return np.ptp(intensity[mask])

    arguments: dict[str, Any] = {"properties": ("label",), "extra_properties": (spread,)}
    lazy = measure.regionprops_table(da.from_array(labels, chunks=4), image, **arguments)
    same_table(lazy, measure.regionprops_table(labels, image, **arguments))


def test_an_image_without_regions_gives_empty_columns() -> None:
    labels = np.zeros((9, 8), int)
    lazy = measure.regionprops_table(da.from_array(labels, chunks=4), properties=PROPERTIES[:5])
    same_table(lazy, measure.regionprops_table(labels, properties=PROPERTIES[:5]))


@pytest.mark.parametrize(
    ("labels", "properties", "sentence"),
    [
        (da.ones((6, 6), chunks=3, dtype=int), ["slice"], r"'slice'.*Accepted are area, .*bbox"),
        (da.ones((6, 6), chunks=3, dtype=bool), ["area"], r"dtype bool.*measure\.label"),
    ],
    ids=["a property of the entire image", "booleans"],
)
def test_regions_that_cannot_be_measured_in_chunks_are_refused(
    labels: Any, properties: Any, sentence: str
) -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=sentence):
        measure.regionprops_table(labels, properties=properties)


def test_intensities_that_are_not_finite_are_refused_if_regions_are_weighted_with_them() -> None:
    labels = da.ones((6, 6), chunks=3, dtype=int)
    table = measure.regionprops_table(labels, np.full((6, 6), np.nan), ["moments_weighted"])
    with pytest.raises(ValueError, match="aren't finite"):
        dask.compute(table, scheduler="synchronous")


def test_a_chunk_that_fails_is_named_with_the_function() -> None:
    labels = da.ones((6, 6), chunks=3, dtype=int)
    table = measure.regionprops_table(labels, np.full((6, 6), np.nan), ["moments_weighted"])
    with pytest.raises(ValueError, match="finite") as info:
        dask.compute(table, scheduler="synchronous")
    assert any(
        note.startswith("measure.regionprops_table was called for block (")
        and note.endswith(
            " of (2, 2), with intensity_image=an array of shape (6, 6), "
            "properties=['moments_weighted']."
        )
        for note in info.value.__notes__
    )


# --- Fourier space -----------------------------------------------------------------------------

FOURIER = {
    "gaussian": (ndimage.fourier_gaussian, 1.5),
    "gaussian along axes": (ndimage.fourier_gaussian, [1, 2, 3]),
    "shift": (ndimage.fourier_shift, 0.7),
    "uniform": (ndimage.fourier_uniform, 3),
}


@pytest.mark.parametrize("options", [{}, {"n": 12}, {"n": 12, "axis": 0}])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "float32", "float64", "complex64"])
@pytest.mark.parametrize("name", FOURIER)
def test_a_filter_in_fourier_space_knows_the_place_of_each_chunk(
    name: str, dtype: str, options: dict[str, int]
) -> None:
    function, size = FOURIER[name]
    image = (np.random.default_rng(0).random((4, 5, 6)) * 9).astype(dtype)
    expected = function(image, size, **options)
    lazy = function(da.from_array(image, chunks=(1, 3, 4)), size, **options)
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    tolerance = 1e-5 if lazy.dtype in ("float32", "complex64") else 1e-12
    computed = lazy.compute(scheduler="synchronous")
    assert computed.dtype == expected.dtype
    np.testing.assert_allclose(computed, expected, rtol=tolerance, atol=tolerance)


def test_the_dtype_of_a_filter_in_fourier_space_is_converted_later() -> None:
    lazy = da.ones((4, 6), chunks=3)
    with pytest.raises(voxbind.MemoryTypeError, match=r"'output' out.*result\.astype"):
        ndimage.fourier_gaussian(lazy, 1, output=np.float32)
