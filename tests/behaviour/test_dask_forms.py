"""Functions that need the entire image, in several passes over the chunks of a dask array."""

from __future__ import annotations

import pickle
from importlib import import_module
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voxbind

ndimage: Any = import_module("voxbind.scipy.ndimage")
filters, measure = (import_module(f"voxbind.skimage.{name}") for name in ("filters", "measure"))
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

REDUCTIONS = [ndimage.minimum, ndimage.maximum, ndimage.sum, ndimage.sum_labels, ndimage.mean]
INDICES = [(), (None,), (1,), ([1],), ([1, 3, 2, 7],)]


@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda function: function.__name__)
@settings(max_examples=12, deadline=None)
@given(data=st.data(), pair=images(("uint8", "int32", "float32", "float64")))
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
