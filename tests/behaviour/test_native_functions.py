"""The native functions: the same values and dtypes in every memory, and nothing converted.

NumPy's own formulas are what they are held against. array-api-strict has nothing but the standard,
so that what runs there needs nothing else of a library.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import array_api_strict
import numpy as np
import pytest
import scipy.ndimage
import skimage.measure
import skimage.util
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

TEMPLATES = Path(__file__).parents[2] / "templates"
DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "int64"]
DTYPES += ["float32", "float64"]
SMALL = ["bool", "uint8", "int8", "uint16", "int16", "float16", "float32"]
MEMORIES: dict[str, tuple[type, Callable[[Any], Any]]] = {
    "numpy": (np.ndarray, np.asarray),
    "torch": (torch.Tensor, torch.from_numpy),
    "strict": (type(array_api_strict.zeros(1)), array_api_strict.asarray),
}
RNG = np.random.default_rng(0)
VOLUME = RNG.integers(0, 1000, (5, 6, 7)).astype("uint16")
IMAGE, FLAT = VOLUME[0], RNG.integers(200, 300, (6, 7)).astype("uint16")
CONTRACTS: dict[str, str | None] = {
    "best_focus_slice": "VOLUMETRIC_TO_SLICE",
    "bin_image": "FLEXIBLE",
    "composite": None,
    "crop": "FLEXIBLE",
    "flat_field_correction": "FLEXIBLE",
    "focus_measure": "PURE_2D",
    "max_projection": "VOLUMETRIC_TO_SLICE",
    "mean_projection": "VOLUMETRIC_TO_SLICE",
    "min_projection": "VOLUMETRIC_TO_SLICE",
    "normalize_percentile": "FLEXIBLE",
    "normalize_percentile_per_slice": "PURE_2D",
    "std_projection": "VOLUMETRIC_TO_SLICE",
    "sum_projection": "VOLUMETRIC_TO_SLICE",
}
CALLS: dict[str, list[tuple[Any, ...]]] = {
    "PURE_2D": [(IMAGE,)],
    "FLEXIBLE": [(IMAGE,), (VOLUME,)],
    "VOLUMETRIC_TO_SLICE": [(VOLUME,)],
    "composite": [(VOLUME,), (np.stack([VOLUME] * 2),)],
    "crop": [(IMAGE, 1), (VOLUME, ((1, 2), (0, 1), (2, 0)))],
    "flat_field_correction": [(IMAGE, FLAT), (VOLUME, FLAT, FLAT // 2), (VOLUME, VOLUME, 9.5)],
}
"""Arguments by function, or by contract where a function has no others."""
EXAMPLES = [
    pytest.param(name, arguments, id=f"{name}-{index}")
    for name, contract in CONTRACTS.items()
    for index, arguments in enumerate(CALLS.get(name) or CALLS[str(contract)])
]


@pytest.fixture(scope="module")
def native() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(TEMPLATES)
        yield importlib.import_module("native")


@pytest.fixture(scope="module", params=MEMORIES)
def run(request: pytest.FixtureRequest, native: ModuleType) -> Any:
    """Give a function that calls another in a memory, and brings its result from there."""
    kind, put = MEMORIES[request.param]

    def call(name: str, *arguments: Any, **options: Any) -> Any:
        given = [put(each.copy()) if isinstance(each, np.ndarray) else each for each in arguments]
        result = getattr(native, name)(*given, **options)
        assert isinstance(result, kind)
        for before, after in zip(arguments, given, strict=True):
            np.testing.assert_array_equal(np.asarray(after), before)
        return np.asarray(result)

    call.memory = request.param  # type: ignore[attr-defined]
    return call


def arrays(ndim: int, dtypes: list[str] = DTYPES, shortest: int = 1) -> st.SearchStrategy[Any]:
    """Give arrays of any values that can be added up without overflow in float32."""
    return st.sampled_from(dtypes).flatmap(
        lambda dtype: npst.arrays(
            dtype,
            npst.array_shapes(min_dims=ndim, max_dims=ndim, min_side=shortest, max_side=7),
            elements={"min_value": -1e4, "max_value": 1e4}
            if dtype.startswith("float")
            else {"min_value": -(2**40), "max_value": 2**40}
            if dtype == "int64"
            else None,
        )
    )


def as_tensors(arguments: Any, device: str = "cpu") -> list[Any]:
    return [
        torch.from_numpy(each).to(device) if isinstance(each, np.ndarray) else each
        for each in arguments
    ]


def float_dtype(dtype: Any) -> str:
    return "float32" if str(dtype) in SMALL else "float64"


def assert_near(result: Any, expected: Any, size: float = 0.0) -> None:
    """Hold a result against one that was computed in float64, to some roundings of its dtype."""
    step = np.finfo(result.dtype).eps
    largest = np.abs(expected).max(initial=size)
    np.testing.assert_allclose(result, expected, rtol=16 * step, atol=16 * step * largest)


# --- all of them ------------------------------------------------------------------------


def test_what_is_public_is_what_is_tested(native: ModuleType) -> None:
    assert native.__all__ == sorted(CONTRACTS)
    found = {
        name: getattr(getattr(native, name), "__voxbind_contract__", None) for name in CONTRACTS
    }
    assert found == CONTRACTS


@pytest.mark.parametrize("name", [*CONTRACTS, "declare"])
def test_examples_give_what_they_show(
    native: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = ModuleType("voxbind")
    package.__dict__.update(native=native, declare=native.declaring.declare)
    monkeypatch.setitem(sys.modules, "voxbind", package)
    (test,) = doctest.DocTestFinder().find(
        getattr(native, name, native.declaring.declare), name, globs={}
    )
    assert test.examples[0].source.startswith("from voxbind import ")
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("name", CONTRACTS)
def test_documents_have_every_section(native: ModuleType, name: str) -> None:
    document = inspect.getdoc(getattr(native, name)) or ""
    for section in ("Parameters", "Returns", "Raises", "Notes", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in document
    assert "Runs where the array" in document


@pytest.mark.parametrize(("name", "arguments"), EXAMPLES)
def test_memories_agree(native: ModuleType, run: Any, name: str, arguments: Any) -> None:
    result, expected = run(name, *arguments), np.asarray(getattr(native, name)(*arguments))
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("name", "arguments"), EXAMPLES)
def test_a_tensor_is_neither_converted_nor_waited_for(
    native: ModuleType, name: str, arguments: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors = [
        torch.from_numpy(each) if isinstance(each, np.ndarray) else each for each in arguments
    ]
    with monkeypatch.context() as patch:
        for way_out in (
            *("numpy", "cpu", "tolist", "item", "__array__", "__dlpack__"),
            *("__bool__", "__float__", "__int__", "__index__", "__iter__"),
        ):
            patch.setattr(torch.Tensor, way_out, lambda *_: pytest.fail("left its memory"))
        result = getattr(native, name)(*tensors)
    assert type(result) is torch.Tensor


@pytest.mark.parametrize(("name", "arguments"), EXAMPLES)
def test_results_are_on_the_device_of_the_image(
    native: ModuleType, name: str, arguments: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PyTorch's device without data: what needs values fails there, and so does a second device.
    for module in ("_shared", "flat_field"):  # they refuse it, since it has no data
        where = sys.modules[f"{native.__name__}.{module}"]
        monkeypatch.setattr(where, "check_array", lambda value: None)
    tensors = [
        torch.from_numpy(each) if isinstance(each, np.ndarray) else each for each in arguments
    ]
    away = as_tensors(arguments, "meta")
    here, there = getattr(native, name)(*tensors), getattr(native, name)(*away)
    assert there.device.type == "meta"
    assert (there.shape, there.dtype) == (here.shape, here.dtype)


@pytest.mark.parametrize(("name", "arguments"), EXAMPLES)
def test_strides_make_no_difference(native: ModuleType, name: str, arguments: Any) -> None:
    function = getattr(native, name)
    strided = [
        np.repeat(each, 2, -1)[..., ::2] if isinstance(each, np.ndarray) else each
        for each in arguments
    ]
    np.testing.assert_array_equal(function(*strided), function(*arguments))


@pytest.mark.parametrize("name", CONTRACTS)
def test_no_elements_are_refused(run: Any, name: str) -> None:
    shape = (0, 5) if CONTRACTS[name] == "PURE_2D" else (0, 5, 5)
    arguments = {"crop": (1,), "flat_field_correction": (np.ones((5, 5)),)}.get(name, ())
    with pytest.raises(ValueError, match="Pass"):
        run(name, np.zeros(shape), *arguments)


@pytest.mark.parametrize("name", [name for name in CONTRACTS if name not in ("crop",)])
def test_complex_numbers_are_refused_where_they_are_computed_with(run: Any, name: str) -> None:
    shape = (5, 5) if CONTRACTS[name] == "PURE_2D" else (5, 5, 5)
    arguments = {"flat_field_correction": (np.ones((5, 5)),)}.get(name, ())
    with pytest.raises(ValueError, match="complex64"):
        run(name, np.zeros(shape, "complex64"), *arguments)


def test_memories_are_not_mixed(native: ModuleType) -> None:
    with pytest.raises(TypeError, match="namespace"):
        native.flat_field_correction(torch.ones(5, 5), np.ones((5, 5)))


# --- declare ----------------------------------------------------------------------------


def test_declare_gives_the_same_function(native: ModuleType) -> None:
    from voxbind import ProcessingContract

    def function() -> None: ...

    for contract in ProcessingContract:
        assert native.declaring.declare(contract)(function) is function
        assert type(function.__voxbind_contract__) is str
        assert function.__voxbind_contract__ == contract.name


def test_declare_refuses_what_is_no_contract(native: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"'PURE_4D'.*PURE_2D, PURE_3D, FLEXIBLE, VOLUMETRIC"):
        native.declaring.declare("PURE_4D")


# --- projections ------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(volume=arrays(3), axis=st.integers(0, 2))
def test_projections_are_those_of_numpy(run: Any, volume: Any, axis: int) -> None:
    wide = volume.astype("float64")
    largest = np.abs(wide).max()
    for name, reduce in (("max_projection", np.max), ("min_projection", np.min)):
        result = run(name, volume, axis)
        assert result.dtype == volume.dtype
        np.testing.assert_array_equal(result, reduce(volume, axis))
    result = run("sum_projection", volume, axis)
    if volume.dtype.kind == "f":
        assert result.dtype == volume.dtype
        assert_near(result, wide.sum(axis), largest)
    else:
        assert result.dtype == "int64"
        np.testing.assert_array_equal(result, volume.sum(axis, dtype="int64"))
    averages: dict[str, Any] = {"mean_projection": np.mean, "std_projection": np.std}
    for name, reduce in averages.items():
        result = run(name, volume, axis)
        assert result.dtype == float_dtype(volume.dtype)
        assert_near(result, reduce(wide, axis), largest)


def test_integers_are_averaged_without_rounding_their_sum(run: Any) -> None:
    volume = np.full((1001, 2, 2), 65535, "uint16")
    assert np.unique(run("mean_projection", volume)) == 65535
    assert not run("std_projection", volume).any()


def test_half_floats_become_single_ones_where_they_are_added(run: Any) -> None:
    if run.memory == "strict":
        pytest.skip("the standard has no half floats")
    volume = np.full((3, 2, 2), 60000, "float16")
    assert run("max_projection", volume).dtype == "float16"
    for name in ("sum_projection", "mean_projection"):
        result = run(name, volume)
        assert result.dtype == "float32"
        assert np.isfinite(result).all()


@pytest.mark.parametrize("axis", [3, -4, 0.5, None])
def test_a_volume_has_three_axes_to_project_along(run: Any, axis: Any) -> None:
    np.testing.assert_array_equal(run("max_projection", VOLUME, -1), VOLUME.max(-1))
    with pytest.raises(ValueError, match=rf"axis={axis}.*0, 1 and 2.*Pass 0"):
        run("max_projection", VOLUME, axis)


@pytest.mark.parametrize("name", [name for name in CONTRACTS if name.endswith("projection")])
@pytest.mark.parametrize("shape", [(5, 6), (2, 5, 6, 7)])
def test_projections_take_volumes_alone(run: Any, name: str, shape: Any) -> None:
    with pytest.raises(ValueError, match=r"volume has the shape .*\(Z, Y, X\) is required. Pass"):
        run(name, np.zeros(shape))


# --- normalize --------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    image=arrays(2) | arrays(3),
    low=st.floats(0, 49),
    high=st.floats(51, 100),
    clip=st.booleans(),
)
def test_percentiles_are_those_of_numpy(
    run: Any, image: Any, low: float, high: float, clip: bool
) -> None:
    wide = image.astype("float64")
    dark, bright = np.percentile(wide, [low, high])
    span = bright - dark
    result = run("normalize_percentile", image, low, high, clip=clip)
    assert result.dtype == float_dtype(image.dtype)
    assert result.shape == image.shape
    step = np.finfo(result.dtype).eps
    if 0 < span <= 64 * step * np.abs(wide).max():
        return  # nothing but rounding is left of such a span
    expected = (wide - dark) / span if span else np.zeros(image.shape)
    expected = np.clip(expected, 0, 1) if clip else expected
    # Rounding the percentiles moves what they scale.
    error = 16 * step * (1 + np.abs(expected)) * (1 + np.abs(wide).max() / (span or 1))
    assert (np.abs(result - expected) <= error).all()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("value", [0, 1, 200])
def test_a_constant_image_becomes_zeros(run: Any, dtype: str, value: int) -> None:
    image = np.full((4, 5), value, dtype)
    with np.errstate(all="raise"):
        for name in ("normalize_percentile", "normalize_percentile_per_slice"):
            np.testing.assert_array_equal(run(name, image), np.zeros((4, 5)))


def test_an_image_without_a_scale_becomes_zeros(run: Any) -> None:
    image = np.zeros((40, 40), "uint8")
    image[3, 4] = 255  # above both percentiles
    assert not run("normalize_percentile", image).any()


@pytest.mark.parametrize("clip", [False, True])
def test_nan_in_the_image_is_nan_everywhere(run: Any, clip: bool) -> None:
    image = np.array([[1, 2], [np.nan, 4]])
    assert np.isnan(np.percentile(image, 1))
    assert np.isnan(run("normalize_percentile", image, clip=clip)).all()


def test_a_stack_has_one_pair_of_percentiles(run: Any) -> None:
    stack = np.stack([IMAGE, IMAGE // 2])
    result = run("normalize_percentile", stack, 0, 100)
    assert (result[0].max(), result[1].max() < 0.6) == (1, True)
    assert run("normalize_percentile_per_slice", stack[1], 0, 100).max() == 1
    with pytest.raises(ValueError, match=r"\(Y, X\) is required. Pass one image at a time"):
        run("normalize_percentile_per_slice", stack)


@pytest.mark.parametrize(("low", "high"), [(-1, 99), (1, 101), (5, 5), (99, 1), (np.nan, 99)])
def test_percentiles_are_in_order(run: Any, low: float, high: float) -> None:
    with pytest.raises(ValueError, match=rf"low={low}.*high={high}.*0 to 100.*Pass"):
        run("normalize_percentile", IMAGE, low, high)


# --- flat field -------------------------------------------------------------------------


@pytest.mark.parametrize("flat", [FLAT, VOLUME + 1], ids=["slice", "stack"])
@pytest.mark.parametrize("dark", [None, 7, 7.5, FLAT[0, 0] // 9, FLAT // 9, VOLUME // 2], ids=type)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_flat_field_is_the_formula(run: Any, flat: Any, dark: Any, dtype: str) -> None:
    image = VOLUME.astype(dtype)
    result = run("flat_field_correction", image, flat, dark)
    gain = flat.astype(float) - (0 if dark is None else dark)
    signal = image.astype(float) - (0 if dark is None else dark)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(gain == 0, 0, signal / gain * gain.mean())
    assert result.dtype == float_dtype(dtype)
    assert_near(result, expected)


def test_what_is_darker_than_the_dark_image_does_not_wrap_around(run: Any) -> None:
    image, flat, dark = (np.full((3, 3), value, "uint8") for value in (90, 200, 100))
    np.testing.assert_allclose(run("flat_field_correction", image, flat, dark), -10, rtol=1e-6)


def test_a_pixel_that_sees_no_light_becomes_zero(run: Any) -> None:
    flat = np.array([[100, 200], [300, 100]], "uint16")
    with np.errstate(all="raise"):
        result = run("flat_field_correction", flat, flat, 100)
    np.testing.assert_allclose(result, [[0, 75], [75, 0]])


def test_a_wide_flat_makes_a_wide_result(run: Any) -> None:
    assert run("flat_field_correction", IMAGE, FLAT.astype(float)).dtype == "float64"


@pytest.mark.parametrize("shape", [(7, 6), (5, 6), (1, 6, 7), (7,)])
def test_a_flat_that_does_not_fit_is_refused(run: Any, shape: Any) -> None:
    told = r"(flat|dark) has the shape .*\(5, 6, 7\)\. Pass .*\(6, 7\)"
    for arguments in ((np.ones(shape),), (FLAT, np.ones(shape))):
        with pytest.raises(ValueError, match=told):
            run("flat_field_correction", VOLUME, *arguments)


# --- focus ------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(image=arrays(2, shortest=3))
def test_focus_is_the_variance_of_the_laplacian(run: Any, image: Any) -> None:
    wide = image.astype("float64")
    laplacian = scipy.ndimage.laplace(wide)[1:-1, 1:-1]
    result = run("focus_measure", image)
    assert (result.shape, result.dtype) == ((), float_dtype(image.dtype))
    assert_near(result, laplacian.var(), 8 * np.abs(wide).max() ** 2)


@pytest.mark.parametrize("best", range(5))
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_the_sharpest_slice_is_found(run: Any, best: int, dtype: str) -> None:
    sharp = RNG.integers(0, 250, (20, 20))
    slices = [scipy.ndimage.gaussian_filter(sharp, abs(z - best) / 2) for z in range(5)]
    volume = np.stack(slices).astype(dtype)
    result = run("best_focus_slice", volume)
    assert result.dtype == volume.dtype
    np.testing.assert_array_equal(result, volume[best])


def test_a_slice_is_a_copy_and_the_first_of_equals(native: ModuleType) -> None:
    volume = np.stack([IMAGE, IMAGE, IMAGE // 2])
    result = native.best_focus_slice(volume)
    assert not np.shares_memory(result, volume)
    np.testing.assert_array_equal(result, IMAGE)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("focus_measure", (2, 9)),
        ("focus_measure", (4, 5, 6)),
        ("best_focus_slice", (4, 5, 2)),
        ("best_focus_slice", (5, 6)),
    ],
)
def test_focus_refuses_what_has_no_inside(run: Any, name: str, shape: Any) -> None:
    with pytest.raises(ValueError, match=r"has the shape \(.* (is required|3 x 3 pixels)\. Pass"):
        run(name, np.zeros(shape))


# --- crop and bin -----------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(data=st.data(), image=arrays(2, shortest=3) | arrays(3, shortest=3))
def test_crop_is_that_of_skimage(run: Any, data: st.DataObject, image: Any) -> None:
    number = st.integers(0, 1)
    pair = st.tuples(number, number)
    pairs = st.tuples(*[pair] * image.ndim)
    margin = data.draw(number | pair | pairs | pairs.map(list))
    np.testing.assert_array_equal(run("crop", image, margin), skimage.util.crop(image, margin))


def test_crop_takes_the_integers_of_numpy(run: Any) -> None:
    expected = IMAGE[2:-2, 2:-2]
    np.testing.assert_array_equal(run("crop", IMAGE, np.int64(2)), expected)
    np.testing.assert_array_equal(run("crop", IMAGE, [(np.uint8(2), 2)] * 2), expected)


def test_crop_gives_a_view(native: ModuleType) -> None:
    image = VOLUME.copy()
    assert np.shares_memory(native.crop(image, 1), image)
    tensor = torch.from_numpy(image)
    assert native.crop(tensor, 1).data_ptr() == tensor[1, 1, 1].data_ptr()


@pytest.mark.parametrize(
    "margin", [-1, 0.5, "1", None, (1, 2, 3), ((1, 2),), ((1, 2), 3), (1,), ((1, 2), (-1, 0))]
)
def test_crop_refuses_other_margins(run: Any, margin: Any) -> None:
    with pytest.raises(ValueError, match=r"margin=.* 2 axes, .* are required\. Pass one number"):
        run("crop", IMAGE, margin)


@pytest.mark.parametrize("margin", [3, (6, 0), ((0, 0), (4, 3))])
def test_crop_leaves_something(run: Any, margin: Any) -> None:
    with pytest.raises(ValueError, match=r"margin=.* leaves nothing .*\(6, 7\).*Pass smaller"):
        run("crop", IMAGE, margin)


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    image=arrays(2) | arrays(3),
    reduce=st.sampled_from(["mean", "sum", "max", "min"]),
)
def test_binning_is_block_reduce_of_whole_blocks(
    run: Any, data: st.DataObject, image: Any, reduce: str
) -> None:
    each = st.tuples(*(st.integers(1, length) for length in image.shape))
    factor = data.draw(st.integers(1, min(image.shape)) | each)
    factors = factor if isinstance(factor, tuple) else (factor,) * image.ndim
    whole = tuple(slice(n // f * f) for n, f in zip(image.shape, factors, strict=True))
    wide = image if reduce in ("max", "min") else image.astype("float64")
    expected = skimage.measure.block_reduce(wide[whole], factors, getattr(np, reduce))
    result = run("bin_image", image, factor, reduce=reduce)
    assert result.shape == expected.shape
    if reduce in ("max", "min"):
        assert result.dtype == image.dtype
        np.testing.assert_array_equal(result, expected)
    elif reduce == "sum" and image.dtype.kind != "f":
        assert result.dtype == "int64"
        np.testing.assert_array_equal(result, expected)
    else:
        assert result.dtype == float_dtype(image.dtype)
        assert_near(result, expected, np.abs(wide).max())


def test_binning_takes_pairs_by_default(run: Any) -> None:
    assert run("bin_image", VOLUME).shape == (2, 3, 3)
    np.testing.assert_array_equal(
        run("bin_image", VOLUME, (1, 2, 2), reduce="max")[4],
        run("bin_image", VOLUME[4], reduce="max"),
    )


@pytest.mark.parametrize("factor", [0, -1, 1.5, None, "2", (2,), (2, 2, 2), (2, 8), 7, (0, 1)])
def test_binning_refuses_other_factors(run: Any, factor: Any) -> None:
    with pytest.raises(ValueError, match=r"factor=.*\(6, 7\).* are required\. Pass one number"):
        run("bin_image", IMAGE, factor)


def test_binning_refuses_other_reductions(run: Any) -> None:
    with pytest.raises(ValueError, match=r"reduce='median'.*'mean', 'sum', 'max', 'min'.*Pass"):
        run("bin_image", IMAGE, reduce="median")


# --- composite --------------------------------------------------------------------------


def test_channels_have_their_own_colors(run: Any) -> None:
    channels = np.zeros((6, 1, 6), "uint8")
    channels[range(6), 0, range(6)] = [1, 2, 4, 8, 16, 255]
    colors = [[1, 0, 1], [0, 1, 0], [0, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 1]]
    np.testing.assert_array_equal(run("composite", channels)[0], colors)
    given = [(0.5, 0.25, 0)] * 6
    np.testing.assert_array_equal(run("composite", channels, given)[0], given)


@pytest.mark.parametrize("shape", [(2, 6, 7), (2, 5, 6, 7)])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_composite_adds_colors_up(run: Any, shape: Any, axis: int) -> None:
    channels = RNG.random(shape)
    first, second = channels / channels.max(tuple(range(1, len(shape))), keepdims=True)
    expected = np.clip(first[..., None] * [1, 0.5, 0] + second[..., None] * [0, 1, 0.2], 0, 1)
    result = run(
        "composite",
        np.moveaxis(channels, 0, axis),
        [(1, 0.5, 0), (0, 1, 0.2)],
        channel_axis=axis,
    )
    assert result.dtype == "float64"
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_channels_are_taken_as_they_are_if_asked(run: Any) -> None:
    channels = np.array([[[-1, 0.25, 2]], [[0, 0.5, 0]]], "float32")
    result = run("composite", channels, rescale=False)
    assert result.dtype == "float32"
    np.testing.assert_array_equal(result, [[[0, 0, 0], [0.25, 0.5, 0.25], [1, 0, 1]]])


@pytest.mark.parametrize("value", [0, -3])
def test_a_channel_without_light_stays_black(run: Any, value: int) -> None:
    with np.errstate(all="raise"):
        assert not run("composite", np.full((1, 4, 5), value, "int16")).any()


@pytest.mark.parametrize(
    ("shape", "arguments", "told"),
    [
        ((4, 5), {}, r"\(4, 5\).*\(C, Y, X\).*Pass"),
        ((7, 4, 5), {}, "There are 7 channels but 6 colors. Pass"),
        ((2, 4, 5), {"colors": [(1, 0, 0)]}, "There are 2 channels but 1 colors. Pass"),
        ((1, 4, 5), {"colors": [(255, 0, 0)]}, "255.*from 0 to 1.*Divide"),
        ((1, 4, 5), {"colors": [(1, 0)]}, "three numbers"),
        ((1, 4, 5), {"channel_axis": 3}, r"channel_axis=3 .*\(1, 4, 5\).*Pass 0"),
    ],
)
def test_composite_refuses(run: Any, shape: Any, arguments: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        run("composite", np.ones(shape), **arguments)
