"""JAX's arrays go in and come out, on the CPU: immutable, of 32 bits unless JAX keeps 64."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyclesperanto as cle
import pytest
import scipy.ndimage
import skimage.feature
import skimage.filters
import skimage.measure
import skimage.util
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import voxbind
from voxbind import native
from voxbind import pyclesperanto as wrapped_cle
from voxbind._dispatch import dispatch
from voxbind._dispatch.exchange import Exchange
from voxbind._memory.lookup import LibraryMemory, library_memory, memory_of
from voxbind._memory.routes import route
from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters, measure, util

jax = pytest.importorskip("jax", reason="JAX isn't installed")
jnp = jax.numpy

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.random((20, 24)).astype(np.float32)
VOLUME = RANDOM.random((4, 20, 24)).astype(np.float32)
DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32"]
DTYPES += ["complex64"]
WIDE = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}
SHAPES = [(3, 4), (2, 3, 4), (5,), (), (0, 3)]


def address(array: Any) -> int:
    """Return where an array's first element is, read without voxbind."""
    return int(
        array.ctypes.data if isinstance(array, np.ndarray) else array.unsafe_buffer_pointer()
    )


def aligned(shape: tuple[int, ...], dtype: str = "float32", offset: int = 0) -> Any:
    """Return an array of its own that begins at so many bytes behind a multiple of 64."""
    kept = []
    for _ in range(10_000):
        array = np.ones(shape, dtype)
        if array.ctypes.data % 64 == offset:
            return array
        kept.append(array)  # so that the next one is elsewhere
    raise AssertionError(f"no array begins {offset} bytes behind a multiple of 64")


def equal(result: Any, expected: Any) -> None:
    assert isinstance(result, jax.Array)
    assert result.shape == expected.shape
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(np.asarray(result), expected)


@pytest.fixture
def wide() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


# --- in and out ------------------------------------------------------------------------------


def test_images_masks_and_volumes_come_back_as_jaxs() -> None:
    image, volume = jnp.asarray(IMAGE), jnp.asarray(VOLUME)
    equal(filters.gaussian(image, sigma=2), skimage.filters.gaussian(IMAGE, sigma=2))
    equal(ndimage.gaussian_filter(volume, 1), scipy.ndimage.gaussian_filter(VOLUME, 1))
    equal(feature.canny(volume), np.stack([skimage.feature.canny(plane) for plane in VOLUME]))
    labels, count = measure.label(image > 0.5, return_num=True)
    expected, expected_count = skimage.measure.label(IMAGE > 0.5, return_num=True)
    equal(labels, expected)
    assert count == expected_count
    equal(native.max_projection(volume), VOLUME.max(0))


def test_a_scalar_stays_a_number_and_an_argument_may_be_jaxs() -> None:
    threshold = filters.threshold_otsu(jnp.asarray(IMAGE))
    assert threshold == skimage.filters.threshold_otsu(IMAGE)
    result = ndimage.convolve(IMAGE, jnp.ones((3, 3), jnp.float32))
    assert type(result) is np.ndarray  # the image decides
    np.testing.assert_array_equal(result, scipy.ndimage.convolve(IMAGE, np.ones((3, 3))))


def test_arrays_in_a_list_are_converted() -> None:
    images: Any = [IMAGE, IMAGE[::-1].copy()]
    with voxbind.trace() as log:
        arrays: Any = list(map(jnp.asarray, images))  # a list of images isn't in its types
        result = util.montage(arrays)
    equal(result, skimage.util.montage(images))
    assert sum(each.nbytes for each in log[0].conversions if each.argument != "result") == (
        2 * IMAGE.nbytes
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_shape_goes_there_and_back(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.ones(shape, dtype)
    value = jnp.asarray(array)
    exchange = Exchange()
    lowered = exchange.lower(value, "image")
    assert type(lowered) is np.ndarray
    assert lowered.flags.writeable
    assert lowered.dtype == dtype
    np.testing.assert_array_equal(lowered, array)
    equal(exchange.give_back(array, value), array)


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_layout_arrives_as_it_is_reported(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(DTYPES))
    array = data.draw(npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=3, min_side=0)))
    for axis in range(array.ndim):
        step = data.draw(st.sampled_from((1, -1, 2)))
        array = array[(slice(None),) * axis + (slice(None, None, step),)]
    array = array.T if data.draw(st.booleans()) else array
    array.flags.writeable = data.draw(st.booleans())
    like = jnp.zeros(1)
    memory = memory_of(like)
    assert memory is not None
    predicted = memory.arrives_shared(array, memory.device(like))
    result = Exchange().give_back(array, like)
    equal(result, array)
    if array.size:
        assert (address(result) == address(array)) == predicted


def test_a_library_writes_into_a_copy() -> None:
    value = jnp.asarray(IMAGE)
    before = np.array(value)

    def spoil(image: Any) -> Any:
        image[...] = 0
        return image

    result = dispatch.call_as_is(spoil, {"image": value}, images=("image",))
    equal(result, np.zeros_like(IMAGE))
    np.testing.assert_array_equal(np.asarray(value), before)


# --- what is shared --------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0, 16, 32])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_result_is_shared_if_jax_takes_its_buffer_and_the_trace_says_so(
    dtype: str, offset: int
) -> None:
    made = aligned((6, 7), dtype, offset)
    with voxbind.trace() as log:
        result = dispatch.call_as_is(lambda image: made, {"image": jnp.ones(3)}, images=("image",))
    equal(result, made)
    came, went = log[0].conversions
    assert (came.source, came.target, came.shared) == ("jax (cpu:0)", "numpy", False)
    assert (went.source, went.target) == ("numpy", "jax (cpu:0)")
    assert went.shared == (offset == 0) == (address(result) == address(made))


VIEWS = [lambda a: a[:], lambda a: a[1:], lambda a: a.T]


@pytest.mark.parametrize("change", VIEWS)
def test_a_view_is_not_shared_since_its_base_may_be_written_into(
    change: Callable[[Any], Any],
) -> None:
    base = aligned((16, 16))
    view = change(base)
    result = Exchange().give_back(view, jnp.zeros(1))
    expected = np.array(view)
    base[...] = 5
    equal(result, expected)


def test_the_table_of_routes_is_what_happens() -> None:
    value = jnp.asarray(IMAGE)
    memories = {"numpy": "numpy", "torch (CPU)": "torch", "pyclesperanto": "pyclesperanto"}
    devices = {"numpy": None, "torch": torch.device("cpu"), "pyclesperanto": cle.get_device()}
    assert route("jax (CPU)", "jax (CPU)") == "same"
    for place, name in memories.items():
        library = library_memory(name)
        assert library is not None
        _assert_copied_both_ways(value, library, devices[name])
        ways = {route("jax (CPU)", place), route(place, "jax (CPU)")}
        assert ways == {"copy, copy" if name == "pyclesperanto" else "copy"}


def _assert_copied_both_ways(value: Any, library: LibraryMemory, device: Any) -> None:
    exchange = Exchange(library, device)
    there = exchange.lower(value, "image")
    assert library.holds(there)
    host = library.to_host(there, "")
    np.testing.assert_array_equal(host, IMAGE)
    assert address(host) != address(value)
    back = exchange.give_back(library.copy(there), value)
    equal(back, IMAGE)


def test_a_copy_is_forbidden_before_it_is_made() -> None:
    value = jnp.asarray(IMAGE)
    with (
        voxbind.transfers("forbid"),
        pytest.raises(voxbind.TransferForbiddenError, match=r"jax \(cpu:0\)"),
    ):
        filters.gaussian(value, sigma=2)


def test_pyclesperanto_takes_and_gives_jaxs_arrays() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = wrapped_cle.gaussian_blur(jnp.asarray(IMAGE), sigma_x=1, sigma_y=1)
    equal(result, cle.pull(cle.gaussian_blur(cle.push(IMAGE), sigma_x=1, sigma_y=1)))


# --- 64 bits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_a_result_that_jax_rounds_is_reported(dtype: str) -> None:
    made = np.array([0.1, 0.2], dtype)
    with pytest.warns(voxbind.DtypeConversionWarning, match="jax_enable_x64") as caught:
        result = Exchange().give_back(made, jnp.zeros(1))
    equal(result, made.astype(WIDE[dtype]))
    assert f"the result is {dtype}, and JAX rounds it to {WIDE[dtype]}" in str(caught[0].message)


def test_the_warning_points_at_the_line_of_the_call() -> None:
    with pytest.warns(voxbind.DtypeConversionWarning) as caught:
        filters.gaussian(jnp.asarray((IMAGE * 255).astype(np.uint8)), sigma=2)
    assert [each.filename for each in caught] == [__file__]


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_integers_that_fit_are_narrowed_as_jax_does_and_others_are_refused(dtype: str) -> None:
    fits = np.array([0, np.iinfo(WIDE[dtype]).max], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        equal(Exchange().give_back(fits, jnp.zeros(1)), fits.astype(WIDE[dtype]))
        empty = np.zeros((0, 2), dtype)
        equal(Exchange().give_back(empty, jnp.zeros(1)), empty.astype(WIDE[dtype]))
    problem = f"which JAX would wrap round to {WIDE[dtype]}"
    with pytest.raises(voxbind.MemoryTypeError, match=problem):
        Exchange().give_back(fits + 1, jnp.zeros(1))


@pytest.mark.parametrize("dtype", WIDE)
def test_jax_keeps_64_bits_if_it_is_told_to(wide: None, dtype: str) -> None:
    made = np.array([1, 2, 3], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        equal(Exchange().give_back(made, jnp.zeros(1)), made)
        value = jnp.asarray(made)
        assert Exchange().lower(value, "image").dtype == dtype
        smooth = filters.gaussian(jnp.asarray(IMAGE, "float64"), sigma=2)
    equal(smooth, skimage.filters.gaussian(IMAGE.astype("float64"), sigma=2))


@pytest.mark.parametrize(
    "made",
    [
        np.array(["a"]),
        np.array([object()]),
        np.zeros(2, np.longdouble),
        np.ma.masked_array([1.0, 2.0], [True, False]),
    ],
    ids=lambda made: str(made.dtype),
)
def test_a_result_that_jax_has_no_dtype_for_stays_numpys(made: Any) -> None:
    assert Exchange().give_back(made, jnp.zeros(1)) is made


def test_a_result_in_foreign_byte_order_is_converted() -> None:
    equal(Exchange().give_back(np.array([1, 2], ">i4"), jnp.zeros(1)), np.array([1, 2], "int32"))


# --- devices ---------------------------------------------------------------------------------


def test_a_result_is_committed_if_the_image_is() -> None:
    (device, *_) = jax.devices("cpu")
    image = jnp.asarray(IMAGE)
    assert not image.committed
    assert not filters.gaussian(image, sigma=1).committed
    result = filters.gaussian(jax.device_put(image, device), sigma=1)
    assert result.committed
    assert result.devices() == {device}


SEVERAL_DEVICES = """
import jax, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from voxbind.scipy import ndimage
image = np.ones((4, 4), np.float32)
first, second = jax.devices("cpu")
for device in (first, second):
    result = ndimage.gaussian_filter(jax.device_put(image, device), 1)
    assert result.committed and result.devices() == {device}
with jax.default_device(second):
    free = jax.numpy.asarray(image)
assert not free.committed and free.devices() == {second}
result = ndimage.gaussian_filter(free, 1)
assert not result.committed and result.devices() == {second}
sharded = jax.device_put(image, NamedSharding(Mesh([first, second], "x"), PartitionSpec("x")))
result = ndimage.gaussian_filter(sharded, 1)
assert result.devices() == {first}
np.testing.assert_allclose(result, image)
"""


def test_a_result_is_on_the_images_device_and_of_several_on_the_first() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL_DEVICES],
        env={**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# --- what is refused -------------------------------------------------------------------------


def smoothed(image: Any) -> Any:
    return filters.gaussian(image, sigma=1)


TRANSFORMED = {
    "jit": lambda: jax.jit(smoothed)(jnp.asarray(IMAGE)),
    "vmap": lambda: jax.vmap(smoothed)(jnp.asarray(VOLUME)),
    "grad": lambda: jax.grad(lambda image: smoothed(image).sum())(jnp.asarray(IMAGE)),
}


@pytest.mark.parametrize("traced", [False, True], ids=["", "with a trace"])
@pytest.mark.parametrize("name", TRANSFORMED)
def test_an_array_that_jax_traces_is_refused_and_pure_callback_is_named(
    name: str, traced: bool
) -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=r"'image' is .*jax\.pure_callback"):
        if traced:
            with voxbind.trace():
                TRANSFORMED[name]()
        else:
            TRANSFORMED[name]()


def test_pure_callback_runs_a_wrapper_within_jit() -> None:
    @jax.jit  # type: ignore[untyped-decorator]  # JAX declares no types
    def run(image: Any) -> Any:
        shape = jax.ShapeDtypeStruct(image.shape, image.dtype)
        return jax.pure_callback(smoothed, shape, image) * 2

    expected = skimage.filters.gaussian(IMAGE, sigma=1) * 2
    np.testing.assert_allclose(np.asarray(run(jnp.asarray(IMAGE))), expected, rtol=1e-6)


def deleted() -> Any:
    value = jnp.ones((3, 4))
    value.delete()
    return value


REFUSED = {
    "bfloat16": (lambda: jnp.ones((3, 4), jnp.bfloat16), r"give image\.astype\('float32'\)"),
    "float8": (lambda: jnp.ones((3, 4), jnp.float8_e4m3fn), r"give image\.astype\('float32'\)"),
    "int4": (lambda: jnp.ones((3, 4), jnp.int4), r"give image\.astype\('int32'\)"),
    "random keys": (lambda: jax.random.key(0), r"jax\.random\.key_data\(image\)"),
    "deleted": (deleted, "deleted"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_numpy_cannot_read_is_refused_with_what_to_pass(name: str) -> None:
    make, advice = REFUSED[name]
    with pytest.raises(voxbind.MemoryTypeError, match=f"'image' is .*{advice}"):
        Exchange().lower(make(), "image")
    if name != "random keys":  # no array of axes
        with pytest.raises(voxbind.MemoryTypeError, match=f"'image' is .*{advice}"):
            filters.gaussian(make(), sigma=1)


def test_an_output_cannot_be_jaxs() -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=r"'output' is .* immutable.*numpy\.ndarray"):
        ndimage.gaussian_filter(IMAGE, 1, output=jnp.zeros_like(IMAGE))
    image = jnp.asarray(IMAGE)
    output = np.zeros_like(IMAGE)
    assert ndimage.gaussian_filter(image, 1, output=output) is output


def test_a_function_that_only_changes_its_image_is_refused() -> None:
    def fill(image: Any) -> None:
        image[...] = 1

    with pytest.raises(voxbind.MemoryTypeError, match="immutable"):
        dispatch.call_as_is(fill, {"image": jnp.zeros(3)}, images=("image",), modified=("image",))


# --- imports ---------------------------------------------------------------------------------


def test_jax_is_not_imported_to_recognise_an_array() -> None:
    code = (
        "import sys, torch; from voxbind.skimage import filters\n"
        "filters.gaussian(torch.ones(5, 5), sigma=1)\n"
        "try: filters.gaussian(object())\n"
        "except TypeError: pass\n"
        "assert 'jax' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


TYPED = """
import jax
from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters, measure
image = jax.numpy.zeros((3, 4))
smooth: jax.Array = filters.gaussian(image)
edges: jax.Array = feature.canny(image)
filtered: jax.Array = ndimage.gaussian_filter(image, 1)
labels: tuple[jax.Array, int] = measure.label(image, return_num=True)
reveal_type((smooth, filters.gaussian(image)))
"""


def test_a_checker_knows_that_jaxs_array_comes_back() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "-c", TYPED],
        env={**os.environ, "MYPYPATH": str(Path(voxbind.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("jax._src.basearray.Array") == 2  # and not Any
