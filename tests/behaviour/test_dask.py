"""Dask arrays: a wrapper returns a lazy one, with the values that an array in memory gives."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from inspect import signature
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voxbind
from voxbind import registry

# Without their types, which not all arrays here fit: these tests are about the run time.
ndimage: Any = import_module("voxbind.scipy.ndimage")
exposure, feature, filters, measure, morphology, restoration, segmentation, util = (
    import_module(f"voxbind.skimage.{name}")
    for name in (
        "exposure",
        "feature",
        "filters",
        "measure",
        "morphology",
        "restoration",
        "segmentation",
        "util",
    )
)
da = pytest.importorskip("dask.array")

RANDOM = np.random.default_rng(0)
VOLUME: Any = RANDOM.random((5, 22, 19))
IMAGE = VOLUME[0]
MASK = VOLUME > 0.4
BLOBS = ndimage.gaussian_filter(RANDOM.random((9, 26, 23)), 1.2)
RELATIVE = {"float32": 1e-6, "float64": 1e-9}
"""Rounding that depends on how an array is cut, relative to the range of the result."""


def chunked(array: Any, *sizes: int) -> Any:
    return da.from_array(array, chunks=sizes or tuple(-(-n // 2) for n in array.shape))


def same(lazy: Any, expected: Any) -> None:
    """Assert that a lazy array holds the expected values, and announced them as they are."""
    expected = np.asarray(expected)
    assert type(lazy) is da.Array
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    computed = np.asarray(lazy.compute(scheduler="synchronous"))
    assert (computed.shape, computed.dtype) == (expected.shape, expected.dtype)
    if expected.dtype.kind in "biu":
        np.testing.assert_array_equal(computed, expected)
        return
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    tolerance = RELATIVE[str(expected.dtype)] * scale
    np.testing.assert_allclose(computed, expected, rtol=0, atol=tolerance)


# --- the same values, for every chunking -------------------------------------------------------


class Local(NamedTuple):
    """A function whose reach follows from its arguments."""

    function: Any
    arguments: st.SearchStrategy[dict[str, Any]]
    reach: Callable[[Mapping[str, Any]], int]


MODES = st.sampled_from(["reflect", "nearest", "mirror", "wrap", "constant"])
ODD = st.sampled_from([1, 3, 5])
LOCAL = {
    "gaussian": Local(
        filters.gaussian,
        st.fixed_dictionaries(
            {
                "sigma": st.sampled_from([0.5, 1, 1.5]),
                "mode": st.sampled_from(["nearest", "mirror"]),
            }
        ),
        lambda given: int(4 * given["sigma"] + 0.5),
    ),
    "gaussian_filter": Local(
        ndimage.gaussian_filter,
        st.fixed_dictionaries({"sigma": st.sampled_from([0.5, 1, 2]), "truncate": st.just(2)}),
        lambda given: int(2 * given["sigma"] + 0.5),
    ),
    "median_filter": Local(
        ndimage.median_filter,
        st.fixed_dictionaries({"size": ODD, "mode": st.sampled_from(["reflect", "constant"])}),
        lambda given: given["size"] // 2,
    ),
    "sobel": Local(filters.sobel, st.just({}), lambda _: 1),
    "erosion": Local(morphology.erosion, st.just({}), lambda _: 1),
    "opening": Local(morphology.opening, st.just({}), lambda _: 2),
    "unsharp_mask": Local(
        filters.unsharp_mask,
        st.fixed_dictionaries({"radius": st.sampled_from([0.5, 1])}),
        lambda given: int(4 * given["radius"] + 0.5),
    ),
    "adjust_gamma": Local(
        exposure.adjust_gamma,
        st.fixed_dictionaries({"gamma": st.sampled_from([0.5, 2])}),
        lambda _: 0,
    ),
}
DTYPES = ("uint8", "uint16", "float32", "float64")


def chunks_of(length: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Ways to cut an axis, also into chunks of one element."""

    def cut(places: set[int]) -> tuple[int, ...]:
        edges = [0, *sorted(places), length]
        return tuple(stop - start for start, stop in pairwise(edges))

    return st.sets(st.integers(1, max(length - 1, 1)), max_size=4).map(
        lambda places: cut({place for place in places if place < length})
    )


SHAPES = st.one_of(
    st.tuples(st.integers(1, 6), st.integers(5, 24), st.integers(5, 24)),
    st.tuples(st.integers(5, 24), st.integers(5, 24)),
)


def of_dtype(array: Any, dtype: str) -> Any:
    return array.astype(dtype) if dtype.startswith("float") else (array * 200).astype(dtype)


def drawn(data: st.DataObject, dtypes: Any = DTYPES) -> tuple[Any, Any]:
    """Draw an image, and the same in chunks."""
    shape = data.draw(SHAPES, "shape")
    array = np.random.default_rng(data.draw(st.integers(0, 9), "seed")).random(shape)
    array = of_dtype(array, data.draw(st.sampled_from(dtypes), "dtype"))
    chunks = tuple(data.draw(chunks_of(length), "chunks") for length in shape)
    return array, da.from_array(array, chunks=chunks)


@pytest.mark.parametrize("name", LOCAL)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_local_function_gives_the_same_in_blocks(name: str, data: st.DataObject) -> None:
    local = LOCAL[name]
    arguments = data.draw(local.arguments, "arguments")
    array, lazy = drawn(data)
    axes = "ZYX"[-array.ndim :]
    function = voxbind.over(local.function, axes, reach=local.reach(arguments), verify=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", da.PerformanceWarning)  # small images become one chunk
        same(function(lazy, **arguments), local.function(array, **arguments))


MEASURED = [
    entry
    for entry in registry.functions().values()
    if entry.memory_type == "numpy"
    and entry.reach is not None
    and entry.reach["kind"] in ("pointwise", "local")
    and entry.result in ("image", "mask", "labels")
    and not entry.random
]
"""The functions of which a build has measured the reach."""


def takes_image_alone(entry: Any) -> bool:
    """Whether a function can be called with an image and nothing else."""
    first, *others = signature(entry.func).parameters.values()
    return first.default is first.empty and all(
        parameter.default is not parameter.empty for parameter in others
    )


def dtypes_of(entry: Any) -> list[str]:
    return [dtype for dtype in DTYPES if entry.dtypes.get(dtype, {}).get("dtype")]


@pytest.mark.parametrize("entry", MEASURED, ids=[entry.name for entry in MEASURED])
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_a_function_of_measured_reach_gives_the_same_in_blocks(
    entry: Any, data: st.DataObject
) -> None:
    if not takes_image_alone(entry) or not dtypes_of(entry) or entry.needs_channels:
        pytest.skip("needs more than an image")
    array, lazy = drawn(data, dtypes_of(entry))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = entry.func(array)
        except Exception:
            return  # the function doesn't take the image, whatever holds it
        is_narrowed = array.dtype == np.uint16 and expected.dtype in (np.uint8, np.int16)
        is_local = entry.reach["kind"] == "local"
        if is_narrowed and is_local and entry.result != "mask" and lazy.npartitions > 1:
            with pytest.raises(voxbind.MemoryTypeError, match="depend on the largest element"):
                entry.func(lazy)
            return
        if np.shape(expected) != array.shape:  # an axis of colours is added, for example
            with pytest.raises(voxbind.MemoryTypeError, match="adds an axis of colours"):
                entry.func(lazy)
            return
        same(entry.func(lazy), expected)


SQUARE = np.ones((3, 3), np.uint8)
RISING = np.linspace(0, 60000, IMAGE.size).reshape(IMAGE.shape)
DEPENDENT: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "integers are scaled before a filter if the largest doesn't fit": (
        filters.rank.mean,
        "int32",
        {"footprint": SQUARE},
    ),
    "or before a filter that makes a mask": (
        filters.rank.threshold,
        "int32",
        {"footprint": SQUARE},
    ),
    "negative elements change the range of all": (filters.unsharp_mask, "float64", {}),
    "the mean of an image counts": (
        import_module("voxbind.native").flat_field_correction,
        "float64",
        {"flat": IMAGE + 1},
    ),
    "coordinates are rounded": (
        feature.local_binary_pattern,
        "uint8",
        {"P": 8, "R": 2.3},
    ),
}


@pytest.mark.parametrize("case", DEPENDENT.values(), ids=DEPENDENT)
def test_a_function_that_may_depend_on_elements_far_away_is_refused(case: Any) -> None:
    function, dtype, arguments = case
    image = RISING.astype(dtype)
    function(image, **arguments)
    with pytest.raises(voxbind.MemoryTypeError, match="depend"):
        function(chunked(image), **arguments)


@pytest.mark.parametrize("decomposition", ["separable", "sequence"])
@pytest.mark.parametrize("function", [morphology.erosion, morphology.white_tophat])
def test_the_reach_of_footprints_in_a_sequence_is_unknown(
    function: Any, decomposition: str
) -> None:
    footprint = morphology.footprint_rectangle((7, 7), decomposition=decomposition)
    function(IMAGE, footprint=footprint)
    with pytest.raises(voxbind.MemoryTypeError, match="footprint isn't an array with 2 axes"):
        function(chunked(IMAGE, 5, 5), footprint=footprint)


@pytest.mark.parametrize("shift", ["shift_x", "shift_y", "shift_z"])
def test_a_shifted_window_is_as_far_away_in_volumes(shift: str) -> None:
    volume = (VOLUME * 255).astype("uint8")
    arguments = {"footprint": np.ones((3, 5, 3), np.uint8), shift: -1}
    same(
        filters.rank.pop(chunked(volume, 2, 7, 6), **arguments),
        filters.rank.pop(volume, **arguments),
    )


def test_integers_that_keep_their_dtype_are_filtered_by_block() -> None:
    image = RISING.astype("uint16")
    same(
        filters.rank.mean(chunked(image, 5, 7), footprint=SQUARE),
        filters.rank.mean(image, footprint=SQUARE),
    )


GAUSSIAN = {
    "kind": "local",
    "formula": "int(truncate * sigma + 0.5)",
    "parameters": {"mode": ("mirror",)},
    "per_axis": ("sigma",),
    "evidence": "observed",
}


def with_reach(monkeypatch: pytest.MonkeyPatch, reach: Mapping[str, Any]) -> None:
    """Let each function have a reach, whatever a build has measured."""
    lazy_call = import_module("voxbind._dispatch.lazy_call")
    real = lazy_call.measured
    monkeypatch.setattr(lazy_call, "measured", lambda wrapper: real(wrapper)._replace(reach=reach))


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"sigma": 0.5},
        {"sigma": (0, 1, 2), "truncate": 2},
        {"sigma": 1, "mode": "mirror"},
        {"sigma": 1, "truncate": 2, "slice_by_slice": True},
    ],
    ids=str,
)
def test_the_reach_follows_from_the_arguments_of_the_call(
    arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_reach(monkeypatch, GAUSSIAN)
    lazy = chunked(VOLUME, 3, 11, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = filters.gaussian(lazy, **arguments)
    assert result.npartitions > 1
    same(result, filters.gaussian(VOLUME, **arguments))


def test_an_argument_that_was_not_measured_makes_the_reach_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_reach(monkeypatch, GAUSSIAN)
    with pytest.raises(voxbind.MemoryTypeError, match=r"isn't known: .*mode.*reach=4"):
        filters.gaussian(chunked(VOLUME), mode="wrap")
    same(  # slice by slice, rows and columns are merged
        filters.gaussian(chunked(VOLUME), mode="wrap", slice_by_slice=True),
        filters.gaussian(VOLUME, mode="wrap", slice_by_slice=True),
    )


def test_a_pointwise_function_keeps_all_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    with_reach(monkeypatch, {"kind": "pointwise", "free": ("gamma",)})
    lazy = chunked(VOLUME, 1, 7, 10)
    result = exposure.adjust_gamma(lazy, 2)
    assert result.chunks == lazy.chunks
    same(result, exposure.adjust_gamma(VOLUME, 2))


SLICES = [
    entry
    for entry in registry.functions().values()
    if entry.contract is voxbind.ProcessingContract.PURE_2D
    and entry.memory_type == "numpy"
    and entry.result in ("image", "mask", "labels")
    and entry.dtypes.get("uint8", {}).get("dtype")
    and not entry.random
    and not entry.needs_channels
]


@pytest.mark.parametrize("entry", SLICES, ids=[entry.name for entry in SLICES])
def test_a_function_of_images_is_called_for_each_slice(entry: Any) -> None:
    if not takes_image_alone(entry):
        pytest.skip("needs more than an image")
    volume = (RANDOM.random((5, 20, 24)) * 255).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = entry.func(volume)
        except Exception:
            pytest.skip("refuses the image")
        if np.shape(expected) != volume.shape:
            pytest.skip("returns another shape")
        same(entry.func(chunked(volume, 2, 9, 11)), expected)


@pytest.mark.parametrize("axes", ["TYX", "TZYX", "YXT", "CTYX"])
@pytest.mark.parametrize(
    "function",
    [filters.gaussian, feature.canny, filters.threshold_otsu, morphology.label],
    ids=lambda function: function.__name__,
)
def test_times_and_channels_are_looped_over(function: Any, axes: str) -> None:
    lengths = {"T": 3, "C": 2, "Z": 4, "Y": 18, "X": 16}
    array: Any = np.random.default_rng(1).random([lengths[axis] for axis in axes])
    if function is morphology.label:
        array = array > 0.7
    lazy = chunked(array)
    looped = voxbind.over(function, axes)
    same(looped(lazy), looped(array))


def test_slices_are_computed_by_chunk_if_they_are_asked_for() -> None:
    lazy = chunked(VOLUME, 2, 11, 10)
    for function in (filters.gaussian, morphology.h_maxima, segmentation.find_boundaries):
        given = (VOLUME * 9).astype(np.uint8)
        arguments = {"h": 2} if function is morphology.h_maxima else {}
        result = function(lazy_of(given, lazy), slice_by_slice=True, **arguments)
        assert result.chunks[0] == (2, 2, 1)
        same(result, function(given, slice_by_slice=True, **arguments))


def lazy_of(array: Any, like: Any) -> Any:
    return da.from_array(array, chunks=like.chunks)


def test_chunks_along_slices_stay_and_those_of_rows_and_columns_are_merged() -> None:
    result = feature.canny(chunked(VOLUME, 2, 11, 10))
    assert result.chunks == ((2, 2, 1), (22,), (19,))


def test_an_image_in_colours_keeps_its_colours_in_one_chunk() -> None:
    image = RANDOM.random((20, 24, 3))
    function = voxbind.over(filters.gaussian, "YXS", reach=8)
    same(function(chunked(image, 10, 12, 1), sigma=2), filters.gaussian(image, 2, channel_axis=-1))


def test_a_narrow_chunk_is_not_taken_for_colours() -> None:
    volume = RANDOM.random((4, 16, 15))
    same(feature.canny(chunked(volume, 2, 8, 3)), feature.canny(volume))
    function = voxbind.over(filters.median, "ZYX", reach=1)
    same(function(chunked(volume, 2, 8, 4)), filters.median(volume))


# --- further arguments -------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [MASK, chunked(MASK, 5, 4, 3)], ids=type)
def test_a_mask_is_cut_like_the_image(mask: Any) -> None:
    function = voxbind.over(filters.sobel, "ZYX", reach=1)
    expected = filters.sobel(VOLUME, mask=MASK)
    same(function(chunked(VOLUME, 2, 11, 10), mask=mask), expected)


def test_a_second_image_is_cut_like_the_first() -> None:
    other = VOLUME[::-1].copy()
    function = voxbind.over(util.compare_images, "ZYX", reach=0)
    result = function(chunked(VOLUME, 2, 11, 10), chunked(other, 3, 5, 19), method="diff")
    same(result, util.compare_images(VOLUME, other, method="diff"))


def test_a_mask_of_one_slice_is_used_for_all() -> None:
    mask = IMAGE > 0.3
    lazy = chunked(VOLUME, 2, 11, 10)
    same(feature.canny(lazy, mask=mask), feature.canny(VOLUME, mask=mask))
    same(feature.canny(lazy, mask=chunked(mask)), feature.canny(VOLUME, mask=mask))


def test_a_lazy_threshold_stays_lazy() -> None:
    image = (BLOBS * 60000).astype(np.uint16)
    lazy = chunked(image)
    threshold = filters.threshold_otsu(lazy)
    function = voxbind.over(filters.apply_hysteresis_threshold, "ZYX", reach=30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", da.PerformanceWarning)
        result = function(lazy, threshold * 0.9, threshold)
    high = filters.threshold_otsu(image)
    same(result, filters.apply_hysteresis_threshold(image, high * 0.9, high))


def test_a_dtype_named_by_an_output_argument_is_the_results() -> None:
    function = voxbind.over(ndimage.gaussian_filter, "ZYX", reach=4)
    image = (VOLUME * 255).astype(np.uint8)
    result = function(chunked(image), 1, output=np.float32)
    same(result, ndimage.gaussian_filter(image, 1, output=np.float32))


def test_a_partial_function_is_computed_in_blocks() -> None:
    function = voxbind.over(partial(filters.gaussian, sigma=1), "ZYX", reach=4)
    same(function(chunked(VOLUME)), filters.gaussian(VOLUME, sigma=1))


def test_a_function_of_ones_own_is_computed_in_blocks_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VOXBIND_VERIFY", raising=False)  # it computes blocks a second time
    called: list[tuple[int, ...]] = []

    @voxbind.declare("FLEXIBLE")
    def brighter(image: Any) -> Any:
        called.append(image.shape)
        assert image.flags.writeable and image.dtype.isnative
        return image.astype(np.float32) * 2

    image = VOLUME.astype(">f8")
    image.flags.writeable = False
    result = voxbind.over(brighter, "ZYX", reach=0, dtype="float32")(chunked(image, 5, 11, 10))
    assert called == []
    same(result, image.astype(np.float32) * 2)
    assert sorted(called) == [(5, 11, 9), (5, 11, 9), (5, 11, 10), (5, 11, 10)]


def test_the_callers_array_is_never_modified() -> None:
    labels = np.asarray(measure.label(BLOBS > 0.5))
    before = labels.copy()
    modifying = [
        entry
        for entry in registry.functions().values()
        if entry.mutates and entry.memory_type == "numpy" and takes_image_alone(entry)
    ]
    for entry in modifying:
        function = voxbind.over(entry.func, "ZYX", reach=0, dtype=labels.dtype)
        with suppress(Exception):  # a function may refuse labels
            function(chunked(labels)).compute()
        np.testing.assert_array_equal(labels, before)


# --- the seams ---------------------------------------------------------------------------------


@pytest.mark.parametrize("verify", [True, 1, 50])
def test_too_small_a_reach_is_reported_at_a_seam(verify: Any) -> None:
    lazy = chunked(VOLUME, 5, 11, 10)
    for reach in (0, 1):
        function = voxbind.over(filters.gaussian, "ZYX", reach=reach, verify=verify)
        sentence = rf"filters\.gaussian .* seams of block .* the reach \(0, {reach}, {reach}\) than"
        with pytest.raises(ValueError, match=sentence):
            function(lazy, sigma=2).compute()


PLANTED: dict[str, Any] = {
    "erosion": lambda image: morphology.erosion(image, np.ones((7, 7))),
    "gaussian_filter": lambda image: ndimage.gaussian_filter(image, 2),
    "gaussian_laplace": lambda image: ndimage.gaussian_laplace(image, 1),
    "grey_opening": lambda image: ndimage.grey_opening(image, size=5),
    "median": lambda image: filters.median(image, np.ones((9, 9))),
    "sobel": filters.sobel,
    "uniform_filter": lambda image: ndimage.uniform_filter(image, 9),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_measured_reach_that_is_too_small_is_reported_in_tests(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    halo = import_module("voxbind._lazy.halo")
    building = import_module("voxbind._lazy.building")
    image = RANDOM.random((80, 84))
    lazy = chunked(image, 40, 42)
    same(PLANTED[name](lazy), PLANTED[name](image))

    def halved(*arguments: Any) -> Any:
        true = halo.halo_of_call(*arguments)
        return true._replace(elements=tuple(reach // 2 for reach in true.elements))

    monkeypatch.setattr(building, "halo_of_call", halved)
    with pytest.raises(ValueError, match=r"other values at the seams of block"):
        PLANTED[name](lazy).compute(scheduler="synchronous")


@pytest.mark.parametrize("value", ["true", "-1", "1.5", "two"])
def test_a_number_of_seams_that_is_no_number_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOXBIND_VERIFY", value)
    with pytest.raises(ValueError, match=f"VOXBIND_VERIFY is '{value}'.*integers of at least 0"):
        filters.sobel(chunked(IMAGE))


@pytest.mark.parametrize(("value", "fails"), [("", False), ("0", False), ("4", True)])
def test_the_environment_says_how_many_seams_are_checked(
    value: str, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOXBIND_VERIFY", value)
    lazy = voxbind.over(filters.gaussian, "YX", reach=1)(chunked(IMAGE), sigma=2)
    if fails:
        with pytest.raises(ValueError, match="seams of block"):
            lazy.compute()
    else:
        lazy.compute()


def test_a_large_enough_reach_passes_at_all_seams() -> None:
    function = voxbind.over(ndimage.grey_opening, "YX", reach=2, verify=100)
    image = (RANDOM.random((40, 44)) * 255).astype(np.uint8)
    same(function(chunked(image, 10, 11), size=3), ndimage.grey_opening(image, size=3))


def test_a_graph_that_makes_one_chunk_of_all_says_so() -> None:
    function = voxbind.over(filters.gaussian, "ZYX", reach=20)
    with pytest.warns(da.PerformanceWarning, match=r"8 chunks of 'image' as a single one.*20"):
        result = function(chunked(VOLUME), sigma=5)
    same(result, filters.gaussian(VOLUME, sigma=5))


def test_one_chunk_is_computed_as_it_is() -> None:
    same(filters.threshold_li(da.from_array(IMAGE)), filters.threshold_li(IMAGE))
    same(exposure.equalize_hist(da.from_array(IMAGE)), exposure.equalize_hist(IMAGE))


# --- errors ------------------------------------------------------------------------------------


class Bad(NamedTuple):
    """A call that raises an error before anything is computed."""

    call: Callable[[], Any]
    error: type[Exception]
    sentence: str


LAZY = chunked(VOLUME, 2, 11, 10)
UNKNOWN = LAZY[LAZY[:, 0, 0] > -1]
FAR: Any = "far"
BAD = {
    "chunks of unknown size": Bad(
        lambda: feature.canny(UNKNOWN), voxbind.DimensionError, "compute_chunk_sizes"
    ),
    "chunks of unknown size, axes by name": Bad(
        lambda: voxbind.over(feature.canny, "TYX")(UNKNOWN),
        voxbind.DimensionError,
        "compute_chunk_sizes",
    ),
    "an empty axis": Bad(
        lambda: feature.canny(LAZY[:0]), voxbind.DimensionError, "at least one element"
    ),
    "masked arrays": Bad(
        lambda: filters.gaussian(da.from_array(np.ma.masked_less(IMAGE, 0.5), chunks=10)),
        voxbind.MemoryTypeError,
        r"'image'.*masked array.*filled",
    ),
    "objects": Bad(
        lambda: filters.gaussian(LAZY.map_blocks(list, dtype=float, meta=[])),
        Exception,
        ".",
    ),
    "the entire image": Bad(
        lambda: exposure.equalize_adapthist(LAZY),
        voxbind.MemoryTypeError,
        r"12 chunks.*image\.compute\(\).*over\(exposure\.equalize_adapthist, \"ZYX\", reach=4\)",
    ),
    "a number": Bad(
        lambda: filters.threshold_li(LAZY),
        voxbind.MemoryTypeError,
        r"a number for the entire image.*image\.compute\(\)\.$",
    ),
    "a table": Bad(
        lambda: measure.moments(LAZY[0]),
        voxbind.MemoryTypeError,
        r"a table.*image\.compute\(\)",
    ),
    "random numbers": Bad(
        lambda: util.random_noise(LAZY), voxbind.MemoryTypeError, "random numbers"
    ),
    "an output array": Bad(
        lambda: filters.gaussian(LAZY, out=np.empty(VOLUME.shape)),
        voxbind.MemoryTypeError,
        r"'out'.*leave 'out' out.*to_zarr",
    ),
    "a mask of dask, and an image in memory": Bad(
        lambda: filters.sobel(VOLUME, mask=LAZY > 0),
        voxbind.MemoryTypeError,
        r"'image' of type numpy\.ndarray and 'mask', a dask array.*from_array\(image, chunks=mask",
    ),
    "the same, axes by name": Bad(
        lambda: voxbind.over(filters.sobel, "TYX")(VOLUME, mask=LAZY > 0),
        voxbind.MemoryTypeError,
        r"'image' of type numpy\.ndarray and 'mask', a dask array.*from_array\(image, chunks=mask",
    ),
    "a mask of another shape": Bad(
        lambda: feature.canny(LAZY, mask=np.ones((3, 3), bool)),
        voxbind.DimensionError,
        r"'mask' of shape \(3, 3\).*\(5, 22, 19\) or \(22, 19\)",
    ),
    "a footprint of dask": Bad(
        lambda: morphology.erosion(LAZY, da.ones((3, 3, 3))),
        voxbind.MemoryTypeError,
        r"'footprint', a dask array of shape \(3, 3, 3\).*footprint\.compute\(\)",
    ),
    "a dtype that wasn't measured": Bad(
        lambda: voxbind.over(filters.gaussian, "ZYX", reach=1)(LAZY.astype("complex64")),
        voxbind.MemoryTypeError,
        r"dtype complex64.*dtype=\"float64\"",
    ),
    "too many axes": Bad(
        lambda: feature.canny(LAZY[None]), voxbind.DimensionError, r"voxbind\.over"
    ),
    "a wrong number of reaches": Bad(
        lambda: voxbind.over(filters.gaussian, "ZYX", reach=(1, 2))(LAZY),
        voxbind.DimensionError,
        r"reach=\(1, 2\) has 2 entries.*3 spatial axes",
    ),
    "a negative reach": Bad(
        lambda: voxbind.over(filters.gaussian, "ZYX", reach=-1), ValueError, "at least 0"
    ),
    "a reach in words": Bad(
        lambda: voxbind.over(filters.gaussian, "ZYX", reach=FAR),
        TypeError,
        "reach='far'",
    ),
    "a number of seams in words": Bad(
        lambda: voxbind.over(filters.gaussian, "ZYX", verify=FAR),
        TypeError,
        "verify='far'",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_computed_in_blocks_is_refused_before_anything_runs(name: str) -> None:
    with pytest.raises(BAD[name].error, match=BAD[name].sentence):
        BAD[name].call()


def test_another_dtype_than_the_measured_one_is_an_error_that_says_how_to_go_on() -> None:
    image = (VOLUME * 255).astype(np.uint8)
    function = voxbind.over(filters.gaussian, "ZYX", reach=4, dtype="float32")
    with pytest.raises(voxbind.MemoryTypeError, match=r'float64.*expected.*dtype="float64"'):
        function(chunked(image)).compute()
    again = voxbind.over(filters.gaussian, "ZYX", reach=4, dtype="float64")
    same(again(chunked(image)), filters.gaussian(image))


def test_a_failing_block_names_itself_the_function_and_the_arguments() -> None:
    function = voxbind.over(ndimage.gaussian_filter, "ZYX", reach=4)
    lazy = function(chunked(VOLUME), sigma=1, mode="sideways").blocks[0, 1, 1]
    with pytest.raises(RuntimeError) as info:
        lazy.compute(scheduler="synchronous")
    (note,) = (note for note in info.value.__notes__ if "block" in note)
    assert note == (
        "ndimage.gaussian_filter was called for block (0, 1, 1) of (1, 2, 2), with sigma=1, "
        "mode='sideways'."
    )


def test_copies_stay_forbidden_in_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOXBIND_VERIFY", raising=False)  # the function flips, so seams differ
    torch = pytest.importorskip("torch")

    @voxbind.declare("FLEXIBLE")
    def through_torch(image: Any) -> Any:
        return np.asarray(filters.sobel(torch.from_numpy(image).flip(0)))

    function = voxbind.over(through_torch, "YX", reach=1, dtype="float64")
    with voxbind.transfers("forbid"):
        lazy = function(chunked(IMAGE))
    lazy.compute()  # NumPy and PyTorch share their memory on the CPU


# --- what a graph is ---------------------------------------------------------------------------


def test_nothing_of_dask_is_imported_before_an_array_of_dask_comes() -> None:
    program = (
        "import sys, numpy, voxbind\n"
        "from voxbind.skimage import filters\n"
        "filters.gaussian(numpy.ones((9, 9)))\n"
        "voxbind.over(filters.gaussian, 'TYX')(numpy.ones((2, 9, 9)))\n"
        "names = [name for name in sys.modules if name.split('.')[0] in ('dask', 'distributed')]\n"
        "lazy = [name for name in sys.modules if name.startswith('voxbind._lazy')]\n"
        "assert not lazy, lazy\n"
        "assert 'dask.array' not in names and 'distributed' not in names, names\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_graph_can_be_pickled() -> None:
    lazy = voxbind.over(filters.gaussian, "TZYX", reach=4)(chunked(VOLUME[None]), sigma=1)
    for array, expected in [
        (lazy, filters.gaussian(VOLUME, 1)[None]),
        (feature.canny(LAZY), feature.canny(VOLUME)),
        (measure.label(LAZY > 0.5), measure.label(VOLUME > 0.5)),
    ]:
        same(pickle.loads(pickle.dumps(array)), expected)


def test_the_same_call_has_the_same_keys() -> None:
    one, other = (feature.canny(LAZY, sigma=2) for _ in range(2))
    assert one.name == other.name != feature.canny(LAZY, sigma=1).name
    assert one.name.startswith("canny-")


def test_a_lazy_call_copies_nothing() -> None:
    with voxbind.trace() as log, voxbind.transfers("forbid"):
        feature.canny(LAZY)
        voxbind.over(filters.gaussian, "TYX")(LAZY)
    rows = log.rows()
    assert [row["path"] for row in rows] == ["graph", "graph"]
    assert [row["bytes_copied"] for row in rows] == [0, 0]
    assert [row["function"] for row in rows] == [
        "skimage.feature.canny",
        "skimage.filters.gaussian",
    ]


FORMS: dict[str, Callable[[Any], Any]] = {
    "skimage.filters.threshold_otsu": filters.threshold_otsu,
    "skimage.measure.label": measure.label,
    "skimage.measure.regionprops_table": partial(
        measure.regionprops_table, properties=("label", "area")
    ),
    "scipy.ndimage.label": lambda image: ndimage.label(image)[0],
    "scipy.ndimage.maximum": ndimage.maximum,
    "scipy.ndimage.median": ndimage.median,
    "scipy.ndimage.variance": ndimage.variance,
    "skimage.exposure.equalize_hist": exposure.equalize_hist,
    "skimage.exposure.rescale_intensity": exposure.rescale_intensity,
}
"""Calls of functions that pass over the chunks several times."""


@pytest.mark.parametrize("name", FORMS)
def test_a_lazy_call_is_one_row_of_a_trace_also_while_it_is_computed(name: str) -> None:
    image = (BLOBS > 0.5).astype(np.uint8)
    with voxbind.trace() as log:
        lazy = FORMS[name](chunked(image))
        import_module("dask").compute(lazy, scheduler="synchronous")
    assert [(call.function, call.path) for call in log] == [(name, "graph")]
    assert [called.function for called in log.functions] == [name]


@pytest.mark.parametrize(
    "call",
    [
        lambda: exposure.equalize_adapthist(LAZY),
        lambda: feature.canny(LAZY, mask=np.ones((3, 3), bool)),
        lambda: ndimage.mean(LAZY, np.ones((3, 3), int), [1]),
        lambda: voxbind.over(filters.gaussian, "ZYX", reach=1)(LAZY.astype("complex64")),
    ],
    ids=["by block", "slice by slice", "in several passes", "axes by name"],
)
def test_a_call_that_builds_no_graph_leaves_no_row(call: Callable[[], Any]) -> None:
    with voxbind.trace() as log, pytest.raises(voxbind.VoxbindError):
        call()
    assert (len(log), log.functions) == (0, [])
