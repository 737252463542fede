"""What the ways between memories cost is what is said of them: shared, copied, told, forbidden."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NamedTuple

import array_api_strict
import jax
import numpy as np
import pyclesperanto as cle
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import, importing, write_package

CPU = torch.device("cpu")
IMAGE = np.arange(12, dtype=np.float32).reshape(3, 4)
ROUNDED = {"float64": "float32", "int64": "int32", "uint64": "uint32", "bool": "uint8"}
REFUSED = ("float16", "complex64", "complex128")
LIBRARIES = ["numpy", "torch", "pyclesperanto"]
CHECKS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
pytestmark = pytest.mark.filterwarnings("ignore:.*which pyclesperanto doesn't have:UserWarning")


@pytest.fixture(autouse=True)
def _wide_numbers() -> Iterator[None]:
    """Let JAX keep 64 bits, as the other libraries do."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def voxbind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Import]:
    with importing(
        write_package(handmade.pyclesperanto(), tmp_path_factory.mktemp("routes"))
    ) as it:
        yield it


# --- arrays of all memories ------------------------------------------------------------------


class Exporter:
    """An array of another library, known by NumPy's interface alone."""

    def __init__(self, array: Any) -> None:
        self.array = array

    @property
    def __array_interface__(self) -> Any:
        return self.array.__array_interface__


class DlpackExporter:
    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


DTYPES = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.unsigned_integer_dtypes(endianness="?"),
    npst.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    npst.complex_number_dtypes(endianness="?", sizes=(64, 128)),
)


@st.composite
def arrays(draw: st.DrawFn, *, native: bool = False, flips: bool = True) -> Any:
    """Give NumPy's arrays of any layout: order, steps, flips, one row for all, read-only."""
    dtype = draw(DTYPES)
    if native:
        dtype = dtype.newbyteorder("=")
    shape = draw(npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    numbers = np.arange(1, 1 + int(np.prod(shape, initial=1))) % 120
    array = np.array(numbers.reshape(shape), dtype, order=draw(st.sampled_from("CF")))
    array = np.transpose(array, draw(st.permutations(range(array.ndim))))
    steps = (-1, 2, -2) if flips else (2, 3)
    for axis in range(array.ndim):
        step = draw(st.sampled_from((1, 1, 1, *steps)))
        array = array[(slice(None),) * axis + (slice(None, None, step),)]
    if draw(st.sampled_from((False, False, True))) and array.ndim and array.shape[0]:
        row = array[:1]
        array = np.lib.stride_tricks.as_strided(row, array.shape, (0, *row.strides[1:]))
    if draw(st.sampled_from((False, False, True))):
        array.flags.writeable = False
    return array


@st.composite
def tensors(draw: st.DrawFn) -> Any:
    """Give tensors of any layout, with gradients, conjugated and negated ones among them."""
    array = draw(arrays(native=True, flips=False))
    array = array if array.flags.writeable else array.copy(order="K")
    tensor = torch.from_numpy(array)
    more = ["", "gradients"] if tensor.is_floating_point() or tensor.is_complex() else [""]
    more += ["conj", "neg"] if tensor.is_complex() else []
    what = draw(st.sampled_from(more))
    if what == "gradients":
        return tensor.requires_grad_()
    return tensor.conj() if what == "conj" else tensor.conj().imag if what == "neg" else tensor


def on_device() -> st.SearchStrategy[Any]:
    def is_held(array: Any) -> bool:
        return 0 < array.ndim < 4 and array.size > 0 and array.dtype.name not in REFUSED

    def push(array: Any) -> Any:
        dtype = array.dtype.newbyteorder("=").name
        return cle.push(array.astype(ROUNDED.get(dtype, dtype)))

    return arrays().filter(is_held).map(push)


def of_the_standard() -> st.SearchStrategy[Any]:
    return (
        arrays(native=True)
        .filter(lambda array: array.dtype != "float16")
        .map(array_api_strict.asarray)
    )


def of_jax() -> st.SearchStrategy[Any]:
    return arrays(native=True).map(jax.numpy.asarray)


class Kind(NamedTuple):
    """A memory that arrays come from."""

    strategy: st.SearchStrategy[Any]
    like: Any
    """One of its arrays."""


KINDS = {
    "numpy": Kind(arrays(), IMAGE),
    "torch": Kind(tensors(), torch.from_numpy(IMAGE)),
    "pyclesperanto": Kind(on_device(), cle.push(IMAGE)),
    "jax": Kind(of_jax(), jax.numpy.asarray(IMAGE)),
    "standard": Kind(of_the_standard(), array_api_strict.asarray(IMAGE)),
    "exporter": Kind(arrays().map(Exporter), Exporter(IMAGE)),
    "dlpack": Kind(arrays(native=True).map(DlpackExporter), DlpackExporter(IMAGE)),
}
FROM = pytest.mark.parametrize("kind", KINDS)
INTO = pytest.mark.parametrize("library", LIBRARIES)


def address(value: Any) -> int | None:
    """Return where an array's first element is on the host, read without voxbind."""
    if isinstance(value, torch.Tensor):
        # A conjugate has a buffer, and another array's content is in it.
        return None if value.is_conj() or value.is_neg() else value.data_ptr()
    if isinstance(value, (Exporter, DlpackExporter)):
        value = value.array
    if isinstance(value, array_api_strict.asarray(0).__class__):
        value = np.asarray(value)
    if isinstance(value, jax.Array):
        return int(value.unsafe_buffer_pointer())
    return value.ctypes.data if isinstance(value, np.ndarray) else None


def is_shared(value: Any, other: Any) -> bool:
    return address(value) is not None and address(value) == address(other)


def plain(value: Any) -> Any:
    """Return the content as NumPy's array with a buffer of its own, without voxbind."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().resolve_conj().resolve_neg().numpy()
    if isinstance(value, (Exporter, DlpackExporter)):
        value = value.array
    return np.array(value)


def equal(result: Any, expected: Any) -> None:
    found = plain(result)
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected.astype(found.dtype))


def is_refused(array: Any, library: str) -> bool:
    """Whether a device has no such array."""
    few_axes = 0 < array.ndim < 4 and array.size > 0
    return library == "pyclesperanto" and (not few_axes or array.dtype.name in REFUSED)


def held(array: Any, library: str) -> str:
    """Name the data type that a library gets, whatever the byte order."""
    name = array.dtype.newbyteorder("=").name
    return ROUNDED.get(name, name) if library == "pyclesperanto" else name


def device_of(library: str) -> Any:
    return {"numpy": None, "torch": CPU, "pyclesperanto": cle.get_device()}[library]


def copies(call: Callable[[], Any]) -> list[str]:
    """Name the copies between device and host that happen in a call."""
    seen = []

    def look(frame: FrameType, event: str, argument: Any) -> None:
        name = getattr(argument, "__name__", "") if event == "c_call" else ""
        if name.startswith("_read_") or name == "_write":
            seen.append(name)

    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(None)
    return seen


# --- the documented table --------------------------------------------------------------------

HERE = {"numpy": "numpy", "torch (CPU)": "torch", "pyclesperanto": "pyclesperanto"}


@pytest.mark.parametrize("target", HERE)
@pytest.mark.parametrize("source", HERE)
def test_the_table_of_routes_is_what_happens(voxbind: Import, source: str, target: str) -> None:
    kind, library = HERE[source], HERE[target]
    memories, exchange_of = voxbind("_memory.lookup"), voxbind("_dispatch.exchange").Exchange
    route = voxbind("_memory.routes").route(source, target)
    image = plain(IMAGE)
    value = {"numpy": lambda: image, "torch": lambda: torch.from_numpy(image)}.get(
        kind, lambda: cle.push(image)
    )()
    exchange = exchange_of(memories.library_memory(library), device_of(library))
    arrived: list[Any] = []
    moved = copies(lambda: arrived.append(exchange.lower(value, "image")))
    there = arrived[0]
    equal(there, IMAGE)
    assert (there is value) == (route == "same")
    if source != "pyclesperanto" and target != "pyclesperanto":
        assert is_shared(value, there) == (route in ("same", "share"))
        assert moved == []
    else:
        assert len([name for name in moved if name == "_write"]) == (
            route == "copy" and target == "pyclesperanto"
        )
        assert len(moved) == route.count("copy")
    # And back: a new result of that library, in the memory of the image.
    result = there.clone() if library == "torch" else there.copy()
    back = exchange.give_back(result, value)
    equal(back, IMAGE)
    backwards = voxbind("_memory.routes").route(target, source)
    assert type(back) is type(value)
    assert (back is result) == (backwards == "same")
    if source != "pyclesperanto" and target != "pyclesperanto":
        assert is_shared(back, result) == (backwards in ("same", "share"))


def test_the_table_is_whole_and_the_same_in_both_directions(voxbind: Import) -> None:
    routes = voxbind("_memory.routes")
    assert set(HERE) < set(routes.PLACES)
    for source in routes.PLACES:
        for target in routes.PLACES:
            route = routes.route(source, target)
            assert route in ("same", "share", "copy", "copy, copy")
            assert (route == "same") == (source == target)
            assert route == routes.route(target, source)


# --- predictions -----------------------------------------------------------------------------


@FROM
@INTO
@CHECKS
@given(data=st.data())
def test_what_comes_is_shared_as_it_is_said(
    voxbind: Import, kind: str, library: str, data: st.DataObject
) -> None:
    value = data.draw(KINDS[kind].strategy)
    memories, tracing = voxbind("_memory.lookup"), voxbind("_settings.tracing")
    memory, device = memories.library_memory(library), device_of(library)
    home = memories.memory_of(value)
    expected = plain(value)
    log = tracing.TraceLog()
    watch = tracing.Watch(voxbind("_settings.context").Settings(logs=(log,)), {})
    exchange = voxbind("_dispatch.exchange").Exchange(memory, device, watch)
    if home is not memory and is_refused(expected, library):
        with pytest.raises((voxbind("errors").MemoryTypeError, voxbind("errors").DimensionError)):
            watch.run(lambda: exchange.lower(value, "image"), library)
        return
    arrived = watch.run(lambda: exchange.lower(value, "image"), library)
    equal(arrived, expected)
    equal(value, expected)
    assert plain(arrived).dtype.newbyteorder("=") == held(expected, library)
    if home is memory:
        assert arrived is value
        assert log[0].conversions == ()
        return
    (moved,) = log[0].conversions
    assert moved.nbytes == expected.nbytes
    assert moved.argument == "image"
    assert moved.source.partition(" ")[0].rpartition(".")[2] in (kind, type(value).__name__)
    assert moved.target.partition(" ")[0] == library
    if expected.size:  # what has no elements has no address
        shared = is_shared(value, arrived)
        assert moved.shared == shared
        assert voxbind("_memory.routes").shares(value, home, memory, device) == shared
        assert home.leaves_shared(value) == is_shared(value, home.to_host(value, "image"))
    if library == "torch" and not memories.to_host(value, "image").flags.writeable:
        assert not is_shared(value, arrived)


@pytest.mark.parametrize("kind", ["numpy", "torch", "pyclesperanto", "jax", "standard"])
@INTO
@CHECKS
@given(data=st.data())
def test_what_goes_back_is_shared_as_it_is_said(
    voxbind: Import, kind: str, library: str, data: st.DataObject
) -> None:
    result = data.draw(KINDS[library].strategy)
    like = KINDS[kind].like
    memories, tracing = voxbind("_memory.lookup"), voxbind("_settings.tracing")
    memory = memories.library_memory(library)
    target = memories.memory_of(like)
    expected = plain(result)
    log = tracing.TraceLog()
    watch = tracing.Watch(voxbind("_settings.context").Settings(logs=(log,)), {})
    exchange = voxbind("_dispatch.exchange").Exchange(memory, device_of(library), watch)

    def run() -> Any:
        return watch.run(lambda: exchange.give_back(result, like), library)

    numbers = expected.ndim > 0 and expected.size > 0
    if kind == "pyclesperanto" and numbers and is_refused(expected, kind) and library != kind:
        with pytest.raises((voxbind("errors").MemoryTypeError, voxbind("errors").DimensionError)):
            run()
        return
    back = run()
    equal(back, expected)
    stays = (kind == "pyclesperanto" and not numbers) or (
        kind == "standard" and expected.dtype.name == "float16"
    )
    assert type(back) is (np.ndarray if stays and library != kind else type(like))
    if target is memory:
        assert back is result
    if back is result:
        assert log[0].conversions == ()
        return
    (moved,) = log[0].conversions
    assert moved.nbytes == expected.nbytes
    assert moved.argument == "result"
    if expected.size:
        shared = is_shared(result, back)
        assert moved.shared == shared
        device = target.device(like)
        if stays:
            assert moved.target == "numpy"
            return
        assert voxbind("_memory.routes").shares(result, memory, target, device) == shared
        host = memory.to_host(result, "")
        assert target.arrives_shared(host, device) == is_shared(
            host, target.from_host(host, device)
        )


# --- the whole way ---------------------------------------------------------------------------


def copy_of(image: Any) -> Any:
    """Copy an image in whatever memory it is."""
    if isinstance(image, torch.Tensor):
        return image.clone()
    return image.copy()


@FROM
@pytest.mark.parametrize("library", [*LIBRARIES, "array_api"])
@CHECKS
@given(data=st.data())
def test_exactly_the_calls_that_copy_are_forbidden_and_that_before_they_do(
    voxbind: Import, kind: str, library: str, data: st.DataObject
) -> None:
    value = data.draw(KINDS[kind].strategy)
    expected = plain(value)
    errors, seen = voxbind("errors"), []
    works_in = library if library != "array_api" else "torch" if kind == "torch" else "numpy"
    is_here = kind == works_in
    if not is_here and is_refused(expected, works_in):
        return

    def run(image: Any) -> Any:
        seen.append(image)
        return copy_of(image)

    def call() -> Any:
        return voxbind("_dispatch.dispatch").call_as_is(
            run, {"image": value}, images=("image",), memory=library
        )

    with voxbind("").trace() as log:
        result = call()
    equal(result, expected)
    if KINDS[kind].like is not None and kind not in ("exporter", "dlpack", "standard"):
        assert type(result) is type(KINDS[kind].like)
    moved = log[0].conversions
    assert [each.argument for each in moved if each.argument == "image"] == ["image"] * (
        not is_here
    )
    if not is_here and expected.size:
        assert moved[0].shared == is_shared(value, seen[0])
    row = log.rows()[0]
    assert row["bytes_copied"] == sum(each.nbytes for each in moved if not each.shared)
    assert row["bytes_shared"] == sum(each.nbytes for each in moved if each.shared)

    copied = [each for each in moved if not each.shared]
    seen.clear()
    with voxbind("").transfers("forbid"):
        if not copied:
            equal(call(), expected)
            return
        forbidden = copies(lambda: _forbidden(call, errors, copied[0]))
    came_first = copied[0].argument == "image"
    assert len(seen) == (not came_first)  # the library isn't called for nothing
    if came_first:
        assert forbidden == []
    equal(value, expected)


def _forbidden(call: Callable[[], Any], errors: Any, copied: Any) -> None:
    with pytest.raises(errors.TransferForbiddenError) as raised:
        call()
    for told in (copied.argument, copied.source, copied.target, f"{copied.nbytes:,} bytes"):
        assert told in str(raised.value)


@pytest.mark.parametrize("make", [torch.from_numpy, cle.push, array_api_strict.asarray])
def test_wrappers_tell_the_same_of_a_volume_that_goes_slice_by_slice(
    voxbind: Import, make: Any
) -> None:
    volume = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    with voxbind("").trace() as log:
        result = voxbind("skimage.filters").sobel_h(make(volume))
    assert type(result) is type(make(volume))
    came, went = log[0].conversions
    assert (came.argument, went.argument) == ("image", "result")
    assert came.nbytes == went.nbytes == volume.nbytes
    assert came.shared == went.shared == (make is not cle.push)


# --- results that don't move -----------------------------------------------------------------

STAYING = {
    "text": np.array(["a", "b"]),
    "an object": np.array([object()]),
    "records": np.zeros(2, [("a", "f8")]),
    "empty records": np.zeros(2, np.dtype([])),
    "long doubles": np.zeros(2, np.longdouble),
    "masked": np.ma.masked_array([1.0, 2.0], [True, False]),
    "no elements": np.zeros((0, 2)),
    "no axes": np.array(2.0),
}


# A device refuses a result of numbers that it doesn't have; the others have arrays of any shape.
CASES = [
    (kind, what)
    for kind in ("torch", "pyclesperanto", "jax", "standard")
    for what in STAYING
    if what not in (("long doubles",) if kind == "pyclesperanto" else ("no elements", "no axes"))
]


@pytest.mark.parametrize("writeable", [True, False], ids=["", "read-only"])
@pytest.mark.parametrize(("kind", "what"), CASES)
def test_a_result_that_stays_numpys_does_not_move_and_is_not_forbidden(
    voxbind: Import, kind: str, what: str, writeable: bool
) -> None:
    kept = STAYING[what].view()
    kept.flags.writeable = writeable
    exchange = voxbind("_dispatch.exchange").Exchange()
    assert exchange.give_back(kept, KINDS[kind].like) is kept
    tracing, log = voxbind("_settings.tracing"), voxbind("_settings.tracing").TraceLog()
    asked = voxbind("_settings.context").Settings(transfers="forbid", logs=(log,))
    watch = tracing.Watch(asked, {})
    exchange = voxbind("_dispatch.exchange").Exchange(watch=watch)
    assert watch.run(lambda: exchange.give_back(kept, KINDS[kind].like), "numpy") is kept
    assert log[0].conversions == ()


def test_an_image_file_that_exports_a_copy_is_told_as_copied(voxbind: Import) -> None:
    image = Image.fromarray(IMAGE)
    assert not np.shares_memory(np.asarray(image), np.asarray(image))
    with voxbind("").trace() as log:
        voxbind("skimage.filters").gaussian(image)
    assert not log[0].conversions[0].shared
