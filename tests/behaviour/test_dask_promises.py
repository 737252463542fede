"""What a lazy array announces, its shape and dtype, and which calls are refused instead."""

from __future__ import annotations

from importlib import import_module
from inspect import Parameter, signature
from random import Random
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.drawn_calls import Drawn, drawn_call
from voxbind import registry

ndimage: Any = import_module("voxbind.scipy.ndimage")
native: Any = import_module("voxbind.native")
color, exposure, filters, measure, metrics, segmentation, transform, util = (
    import_module(f"voxbind.skimage.{name}")
    for name in (
        "color",
        "exposure",
        "filters",
        "measure",
        "metrics",
        "segmentation",
        "transform",
        "util",
    )
)
da = pytest.importorskip("dask.array")

RANDOM = np.random.default_rng(0)
IMAGE = (RANDOM.random((12, 13)) * 200).astype(np.uint8)
MOVIE = np.stack([IMAGE, IMAGE[::-1]])
COLOURS = RANDOM.random((4, 9, 10, 3))


def same(lazy: Any, expected: Any) -> None:
    """Assert that a lazy array holds the expected values, and announced them as they are."""
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    computed = lazy.compute(scheduler="synchronous")
    assert (computed.shape, computed.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(computed, expected)


# --- dtypes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [None, 2, "slice"])
@pytest.mark.parametrize("flat_dtype", ["uint8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int16", "int32", "float32"])
def test_a_flat_field_of_another_dtype_decides_about_the_results(
    dtype: str, flat_dtype: str, dark: Any
) -> None:
    volume = (RANDOM.random((5, 6, 7)) * 99).astype(dtype)
    flat = (RANDOM.random((6, 7)) * 99 + 1).astype(flat_dtype)
    dark = flat // 2 if dark == "slice" else dark
    expected = native.flat_field_correction(volume, flat, dark)
    lazy = da.from_array(volume, chunks=(2, 4, 4))
    same(native.flat_field_correction(lazy, flat, dark), expected)
    same(native.flat_field_correction(lazy, da.from_array(flat, chunks=3), dark), expected)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "float32"])
@pytest.mark.parametrize("out_range", [(0, 1), "uint8", np.uint16, "float", "dtype", "image"])
def test_intensities_have_the_dtype_of_the_range_that_they_are_scaled_to(
    out_range: Any, dtype: str
) -> None:
    image = (IMAGE / 255).astype(dtype) if dtype == "float32" else IMAGE.astype(dtype)
    expected = exposure.rescale_intensity(image, out_range=out_range)
    same(exposure.rescale_intensity(da.from_array(image, chunks=5), out_range=out_range), expected)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "int64"])
def test_a_watershed_has_the_dtype_of_its_markers(dtype: str) -> None:
    markers = np.zeros(MOVIE.shape, dtype)
    markers[:, 2, 3], markers[:, 8, 9] = 1, 2
    watershed = voxbind.over(segmentation.watershed, "TYX")
    same(watershed(da.from_array(MOVIE, chunks=(1, 5, 5)), markers), watershed(MOVIE, markers))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_a_random_walk_has_the_dtype_of_its_markers(dtype: str) -> None:
    markers = np.zeros(MOVIE.shape, dtype)
    markers[:, 2, 3], markers[:, 8, 9] = 1, 2
    walk = voxbind.over(segmentation.random_walker, "TYX")
    same(walk(da.from_array(MOVIE, chunks=(1, 5, 5)), markers), walk(MOVIE, markers))


def test_mapped_labels_have_the_dtype_of_their_new_values() -> None:
    labels, values = np.arange(200), (np.arange(200) / 2).astype(np.float32)
    pointwise = voxbind.over(util.map_array, "YX", reach=0)
    lazy = pointwise(da.from_array(IMAGE, chunks=5), labels, values)
    same(lazy, util.map_array(IMAGE, labels, values))


def test_a_dtype_among_the_arguments_is_that_of_the_result() -> None:
    integral = voxbind.over(transform.integral_image, "TYX")
    lazy = da.from_array(MOVIE, chunks=(1, 5, 5))
    same(integral(lazy, dtype=np.float32), integral(MOVIE, dtype=np.float32))


OUTPUTS = [
    entry
    for entry in registry.find(library="scipy")
    if "output" in entry.outputs and entry.result in ("image", "mask")
]


@pytest.mark.parametrize("entry", OUTPUTS, ids=[entry.name for entry in OUTPUTS])
def test_a_dtype_as_output_is_that_of_the_result_unless_the_function_ignores_it(entry: Any) -> None:
    image = RANDOM.random((14, 15)).astype(np.float32)
    call = next(filter(None, (drawn_call(Random(seed), entry) for seed in range(20))), None)
    needed = [
        name
        for name, parameter in signature(entry.func).parameters.items()
        if parameter.default is Parameter.empty and name != entry.arrays[0]
    ]
    if call is None or any(name not in call.arguments for name in needed):
        pytest.skip("a parameter needs a value that isn't known here")
    arguments = {name: call.arguments[name] for name in needed}
    arguments |= {"size": 3} if "size" in signature(entry.func).parameters else {}
    try:
        expected = entry.func(image, **arguments, output=np.float64)
    except Exception:
        pytest.skip("SciPy doesn't take these arguments")
    try:
        lazy = entry.func(da.from_array(image, chunks=7), **arguments, output=np.float64)
    except voxbind.MemoryTypeError:
        return  # its reach isn't known
    assert lazy.dtype == expected.dtype == lazy.compute(scheduler="synchronous").dtype


# --- shapes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunks", [(2, 5, 5, 3), (1, 9, 4, 1)])
@pytest.mark.parametrize("function", [color.rgb2gray, color.deltaE_cie76])
def test_a_result_without_colours_has_no_axis_of_colours(function: Any, chunks: Any) -> None:
    images = (COLOURS, COLOURS[::-1]) if function is color.deltaE_cie76 else (COLOURS,)
    lazy = [da.from_array(image, chunks=chunks) for image in images]
    same(function(*lazy), function(*images))
    over = voxbind.over(function, "TYXC")
    same(over(*lazy), over(*images))


REFUSED: dict[str, tuple[Any, str]] = {
    "colours that are added": (
        lambda lazy: color.label2rgb(lazy),
        r"adds an axis of colours.*label\.compute\(\)",
    ),
    "several results": (
        lambda lazy: voxbind.over(metrics.structural_similarity, "TYX")(lazy, lazy, full=True),
        r"other results with full=True.*im1\.compute\(\)",
    ),
    "a number for each label": (
        lambda lazy: voxbind.over(ndimage.sum, "TYX")(lazy, lazy, [1, 2]),
        r"other results with index=\[1, 2\]",
    ),
    "labels and their number": (
        lambda lazy: voxbind.over(measure.label, "TYX")(lazy, return_num=True),
        r"other results with return_num=True",
    ),
    "several thresholds": (
        lambda lazy: filters.threshold_isodata(lazy, return_all=True),
        r"other results with return_all=True",
    ),
    "operators in turn": (
        lambda lazy: voxbind.over(segmentation.morphological_chan_vese, "TYX")(lazy, 1),
        r"keeps a state from call to call.*image\.compute\(\)",
    ),
    "another shape": (
        lambda lazy: voxbind.over(transform.swirl, "TYX")(lazy, output_shape=(8, 8)),
        r"another shape with output_shape=\(8, 8\)",
    ),
    "a boundary between elements": (
        lambda lazy: voxbind.over(segmentation.find_boundaries, "TYX")(lazy, mode="subpixel"),
        r"another shape with mode='subpixel'",
    ),
    "a probability for each label": (
        lambda lazy: voxbind.over(segmentation.random_walker, "TYX")(
            lazy, MOVIE, return_full_prob=True
        ),
        r"another shape with return_full_prob=True",
    ),
    "a shape that follows from the angle": (
        lambda lazy: voxbind.over(transform.rotate, "TYX")(lazy, 30, resize=True),
        r"another shape with resize=True",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_result_that_cannot_be_joined_is_refused_before_anything_runs(name: str) -> None:
    call, sentence = REFUSED[name]
    with pytest.raises(voxbind.MemoryTypeError, match=sentence):
        call(da.from_array(MOVIE, chunks=(1, 5, 5)))


@pytest.mark.parametrize(
    ("shape", "chunks", "sentence"),
    [
        ((6,), 3, "at least 5 elements along its last axis"),
        ((4, 6), (4, 2), "at least 5 elements along its last axis"),
    ],
)
def test_the_warning_about_a_single_chunk_gives_the_reason(
    shape: Any, chunks: Any, sentence: str
) -> None:
    with pytest.warns(da.PerformanceWarning, match=sentence):
        util.invert(da.ones(shape, chunks=chunks))


def test_the_warning_about_a_single_chunk_names_the_axes() -> None:
    with pytest.warns(da.PerformanceWarning, match="each block needs all of axes 1 and 2"):
        exposure.equalize_adapthist(da.ones((1, 8, 8), chunks=4), slice_by_slice=True)


def test_chunks_without_elements_are_left_out() -> None:
    lazy = da.from_array(IMAGE, chunks=(5, 7)).rechunk(((0, 5, 0, 7), (6, 7, 0)))
    same(measure.label(lazy > 90), measure.label(IMAGE > 90))
    same(filters.gaussian(lazy, 1), filters.gaussian(IMAGE, 1))


# --- arguments ---------------------------------------------------------------------------------

ENTRIES = [
    entry
    for entry in registry.functions().values()
    if entry.memory_type in ("numpy", "array_api") and entry.contract is not None
]
UNKNOWN = "compute_chunk_sizes"


def drawn_image(entry: Any) -> Drawn | None:
    """Return a call with an image of two axes, and one more for colours."""
    for seed in range(30):
        call = drawn_call(Random(seed), entry)
        if call is None or call.arguments[call.images[0]].ndim == 2 + entry.needs_channels:
            return call
    return None


def of_unknown_size(array: Any) -> Any:
    lazy = da.from_array(np.asarray(array), chunks=5)
    chunks = tuple((np.nan,) * len(sizes) for sizes in lazy.chunks)
    return lazy.map_blocks(lambda block: block, dtype=lazy.dtype, chunks=chunks, meta=lazy._meta)


@pytest.mark.parametrize("contract", voxbind.ProcessingContract)
def test_unfit_arrays_are_refused_by_every_function_before_anything_runs(contract: Any) -> None:
    calls = [(entry, drawn_image(entry)) for entry in ENTRIES if entry.contract is contract]
    drawn = [(entry, call) for entry, call in calls if call is not None]
    assert len(drawn) > len(calls) / 2
    for entry, call in drawn:
        arguments, (first, *others) = call.arguments, call.images
        with pytest.raises(voxbind.DimensionError, match=UNKNOWN):
            entry.func(**{**arguments, first: of_unknown_size(arguments[first])})
        lazy = da.from_array(arguments[first], chunks=5)
        for other in others:
            further = da.from_array(np.asarray(arguments[other]), chunks=5)
            with pytest.raises(voxbind.MemoryTypeError, match=rf"from_array\({first}.*{other}"):
                entry.func(**{**arguments, other: further})
            unknown = of_unknown_size(arguments[other])
            with pytest.raises(voxbind.DimensionError, match=UNKNOWN):
                entry.func(**{**arguments, first: lazy, other: unknown})


@pytest.mark.parametrize("function", [filters.gaussian, measure.label, filters.threshold_otsu])
def test_a_lazy_number_is_no_image(function: Any) -> None:
    with pytest.raises(voxbind.DimensionError, match=r"without axes.*\.compute\(\)"):
        function(da.asarray(3.0))


def test_a_lazy_number_beside_an_image_in_memory_is_to_be_computed() -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=r"low', a lazy number.*low\.compute\(\)"):
        filters.apply_hysteresis_threshold(IMAGE, da.asarray(20), da.asarray(90))
