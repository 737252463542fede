"""Extremes, positions, centres and histograms of labels, over the chunks of a dask array."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voxbind

ndimage: Any = import_module("voxbind.scipy.ndimage")
dask: Any = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
pytestmark = pytest.mark.filterwarnings(
    "ignore:invalid value encountered", "ignore:overflow encountered"
)

DTYPES = ("bool", "uint8", "int16", "uint16", "uint32", "int64", "float32", "float64")
INDICES: tuple[Any, ...] = (None, 2, [1, 2], [3, 1, 9], np.array([0, 1, 2]))
FUNCTIONS: dict[str, Any] = {
    name: getattr(ndimage, name)
    for name in (
        "center_of_mass",
        "extrema",
        "maximum",
        "maximum_position",
        "mean",
        "minimum",
        "minimum_position",
        "sum",
        "sum_labels",
    )
}


def cut(random: Any, array: Any) -> Any:
    """Return an array in uneven chunks, of which some may be empty."""
    chunks = []
    for length in array.shape:
        ends = np.sort(random.integers(0, length + 1, size=random.integers(4)))
        chunks.append(tuple(np.diff([0, *ends, length]).tolist()))
    whole = da.from_array(array, chunks=tuple(tuple(filter(None, sizes)) for sizes in chunks))
    return whole.rechunk(tuple(chunks))


@st.composite
def calls(draw: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Draw an image, the same in chunks, labels, the same in chunks or not, and an index."""
    shape = draw(st.sampled_from([(11, 9), (9,), (4, 5, 6), (1, 7)]))
    random = np.random.default_rng(draw(st.integers(0, 9999)))
    dtype = draw(st.sampled_from(DTYPES))
    values = random.permutation(np.prod(shape)).reshape(shape) - 20.0  # no two are equal
    array = (values > 0) if dtype == "bool" else (values + 20 * (dtype[0] == "u")).astype(dtype)
    if dtype[0] == "f" and draw(st.booleans()):
        array.flat[random.integers(array.size, size=2)] = draw(st.sampled_from([np.nan, np.inf]))
    labels = random.integers(0, 4, shape).astype(draw(st.sampled_from(["int64", "uint8"])))
    labels.flat[:2] = (1, 2)
    if draw(st.booleans()):
        labels = None
    lazy_labels = labels if labels is None or draw(st.booleans()) else cut(random, labels)
    index = None if labels is None else draw(st.sampled_from(INDICES))
    return array, cut(random, array), labels, lazy_labels, index


def members(result: Any, function: Any) -> list[Any]:
    return list(result) if function is ndimage.extrema else [result]


def has_one_of_each(array: Any) -> bool:
    """Tell whether no two elements are equal; not-a-numbers count as equal, as in a sort."""
    return bool(array.dtype != bool and np.isfinite(array).all())


def outcome(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except (ValueError, IndexError) as error:  # no element has the label, or all are NaN
        return type(error)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=30, deadline=None)
@given(call=calls())
def test_a_measurement_of_labels_is_that_of_all_chunks(name: str, call: Any) -> None:
    array, lazy, labels, lazy_labels, index = call
    function = FUNCTIONS[name]
    expected = outcome(function, array, labels, index)
    results = function(lazy, lazy_labels, index)
    computed = outcome(lambda: dask.compute(results, scheduler="synchronous")[0])
    if isinstance(expected, type):
        assert computed is expected
        return
    many = [members(result, function) for result in (results, computed, expected)]
    for number, (announced, one, other) in enumerate(zip(*many, strict=True)):
        wanted, value = np.asarray(other), np.asarray(one)
        assert announced.shape == value.shape == wanted.shape
        assert announced.dtype == value.dtype == wanted.dtype
        place = number > 1 or name.endswith("position")
        if place and index is not None and not has_one_of_each(array):
            # SciPy sorts the elements and returns the place of any of those that are equal.
            np.testing.assert_array_equal(array[tuple(value.T)], array[tuple(wanted.T)])
            continue
        tolerance = 1e-5 if array.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=0)


@settings(max_examples=30, deadline=None)
@given(call=calls(), bins=st.sampled_from([1, 7]))
def test_a_histogram_of_labels_is_that_of_all_chunks(call: Any, bins: int) -> None:
    array, lazy, labels, lazy_labels, index = call
    expected = ndimage.histogram(array, 0, 50, bins, labels, index)
    result = ndimage.histogram(lazy, 0, 50, bins, lazy_labels, index)
    computed = result.compute(scheduler="synchronous")
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    assert (computed.shape, computed.dtype) == (expected.shape, expected.dtype)
    if expected.dtype != object:
        np.testing.assert_array_equal(computed, expected)
        return
    for one, other in zip(computed, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_of_equal_elements_the_position_is_that_of_the_first() -> None:
    image = np.zeros((6, 6), np.uint8)
    image[[1, 4, 4], [5, 0, 3]] = 9
    lazy = da.from_array(image, chunks=2)
    assert ndimage.maximum_position(lazy).compute().tolist() == [1, 5]
    labels = np.ones(image.shape, int)
    labels[1] = 2
    positions = ndimage.maximum_position(lazy, labels, [1, 2])
    assert positions.compute().tolist() == [[4, 0], [1, 5]]


@pytest.mark.parametrize("name", ["center_of_mass", "extrema", "maximum_position"])
def test_labels_to_measure_are_given_in_one_axis(name: str) -> None:
    with pytest.raises(voxbind.DimensionError, match=r"'index' of shape \(1, 2\).*ravel\(index\)"):
        FUNCTIONS[name](da.ones((4, 4), chunks=2), np.ones((4, 4), int), [[1, 2]])


def test_a_centre_of_mass_can_be_unpacked() -> None:
    row, column = ndimage.center_of_mass(da.ones((5, 9), chunks=(2, 4)))
    assert (float(row), float(column)) == (2.0, 4.0)


def test_a_function_of_ones_own_for_each_label_is_refused() -> None:
    lazy = da.ones((4, 4), chunks=2)
    with pytest.raises(voxbind.MemoryTypeError, match=r"labeled_comprehension.*input\.compute\(\)"):
        ndimage.labeled_comprehension(lazy, np.ones((4, 4), int), [1], np.mean, float, 0)


@pytest.mark.parametrize("name", ["maximum", "minimum_position", "sum", "center_of_mass"])
def test_a_measurement_that_fails_names_the_function_the_block_and_the_arguments(name: str) -> None:
    lazy = da.ones((4, 4), chunks=2)
    labels = da.ones((4, 4), chunks=2, dtype=int)
    broken = labels.map_blocks(lambda block: block[:1], dtype=int, meta=labels._meta)
    result = FUNCTIONS[name](lazy, broken, [1])
    with pytest.raises(Exception) as info:  # the labels of a chunk aren't as many as its elements
        result.compute(scheduler="synchronous")
    assert any(
        note.startswith(f"ndimage.{name} was called for block (")
        and note.endswith(" of (2, 2), with labels=an array of shape (4, 4), index=[1].")
        for note in info.value.__notes__
    )


def test_a_measurement_that_fails_after_all_blocks_names_the_function() -> None:
    lazy = da.ones((4, 4), chunks=2, dtype=np.uint8)
    result = ndimage.median(lazy, np.ones((4, 4), int), [7])
    with pytest.raises(ValueError, match=r"\[7\]") as info:
        result.compute(scheduler="synchronous")
    assert info.value.__notes__ == [
        "ndimage.median was called for all blocks, with labels=an array of shape (4, 4), index=[7]."
    ]
