"""Each way in which arrays of two libraries are known to go wrong, and what is done about it.

The tests of NVIDIA GPUs are in ``tests/gpu``; ``test_routes.py`` looks at all layouts at once.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import array_api_strict
import numpy as np
import pyclesperanto as cle
import pytest
import scipy.ndimage
import scipy.sparse
import skimage.filters
import skimage.morphology
import skimage.util
import torch
from PIL import Image

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import, importing, write_package

README = Path(__file__).parents[2] / "README.md"
IMAGE = np.random.default_rng(0).random((6, 8)).astype(np.float32)
VOLUME = np.random.default_rng(1).random((3, 6, 8)).astype(np.float32)
ON_DEVICE = type(cle.empty((1, 1)))
COPYING = frozenset(("copy", "astype", "clone", "copy_", "contiguous", "tolist", "_write"))


@pytest.fixture(scope="module")
def voxbind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Import]:
    with importing(write_package(handmade.pyclesperanto(), tmp_path_factory.mktemp("traps"))) as it:
        yield it


@pytest.fixture
def exchange_in(voxbind: Import) -> Any:
    """Give an exchange with a library that works in a memory of this name."""
    memories, exchange = voxbind("_memory.lookup"), voxbind("_dispatch.exchange").Exchange
    devices = {"numpy": None, "torch": torch.device("cpu"), "pyclesperanto": cle.get_device()}
    return lambda name: exchange(memories.library_memory(name), devices[name])


@pytest.fixture
def direct(voxbind: Import) -> Any:
    """Give a way to run a function of one image."""

    def run(function: Any, image: Any, memory: str = "numpy", **facts: Any) -> Any:
        return voxbind("_dispatch.dispatch").call_as_is(
            function, {"image": image}, images=("image",), memory=memory, **facts
        )

    return run


@pytest.fixture
def refused(voxbind: Import) -> Any:
    """Give a way to see that an array is refused with these words before a byte is copied."""

    def look(call: Callable[[], Any], told: str, error: str = "MemoryTypeError") -> None:
        def run() -> None:
            with pytest.raises(getattr(voxbind("errors"), error), match=told):
                call()

        assert copies(run) == []

    return look


def copies(call: Callable[[], Any]) -> list[str]:
    """Name the copies of arrays, on the host and to a device or from it, that happen in a call."""
    seen = []

    def look(frame: FrameType, event: str, argument: Any) -> None:
        name = getattr(argument, "__name__", "") if event == "c_call" else ""
        owner = type(getattr(argument, "__self__", None))
        if (name in COPYING or name.startswith("_read_")) and owner not in (dict, list, set):
            seen.append(name)

    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(None)
    return seen


def host(array: Any) -> Any:
    """Read an array of any memory, without voxbind."""
    if isinstance(array, torch.Tensor):
        dtype = str(array.dtype).rpartition(".")[2]
        return np.array(array.detach().tolist(), dtype).reshape(array.shape)
    return np.asarray(array)


def same(result: Any, expected: Any) -> None:
    np.testing.assert_array_equal(host(result), host(expected))


def read_only(array: Any) -> Any:
    array = np.array(array)
    array.flags.writeable = False
    return array


def test_copies_are_seen() -> None:
    tensor = torch.from_numpy(IMAGE)
    assert copies(IMAGE.copy) == ["copy"]
    assert copies(lambda: IMAGE.astype(">f4")) == ["astype"]
    assert copies(tensor.clone) == ["clone"]
    assert "_write" in copies(lambda: cle.push(IMAGE))
    assert copies(lambda: torch.from_numpy(IMAGE).numpy()) == []


# --- read-only arrays ------------------------------------------------------------------------


def add_one(image: Any) -> Any:
    image += 1
    return image


def test_no_tensor_lets_a_library_write_into_a_read_only_array(direct: Any) -> None:
    image = read_only(IMAGE)
    result = direct(add_one, image, "torch")
    same(image, IMAGE)
    same(result, IMAGE + 1)


def test_a_read_only_array_goes_to_a_device_and_stays_as_it_is(voxbind: Import) -> None:
    image = read_only(IMAGE)
    same(voxbind("pyclesperanto").add_image_and_scalar(image, scalar=1), IMAGE + 1)
    same(image, IMAGE)


def test_a_read_only_array_makes_no_warning_on_the_way_to_a_tensor(exchange_in: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exchange_in("torch").lower(read_only(IMAGE), "image")
        exchange_in("numpy").give_back(read_only(IMAGE), torch.zeros(1))


@pytest.mark.parametrize(
    "kept", [read_only(IMAGE), np.broadcast_to(IMAGE[0], (4, 8)), read_only(IMAGE)[::2, ::-1]]
)
def test_a_read_only_result_can_be_written_by_nobody(direct: Any, kept: Any) -> None:
    before = kept.copy()
    result = direct(lambda image: kept, torch.zeros(2, 3))
    result += 1
    same(kept, before)
    same(result, before + 1)


def test_a_read_only_result_of_a_numpy_image_stays_read_only(direct: Any) -> None:
    kept = read_only(IMAGE)
    assert direct(lambda image: kept, IMAGE) is kept


# --- layouts ---------------------------------------------------------------------------------

ODD = np.lib.stride_tricks.as_strided(IMAGE, (1, 8), (-12345, 4))
LAYOUTS = {
    "negative strides": IMAGE[::-1, ::-1],
    "a negative stride": VOLUME[:, ::-1],
    "a negative stride of an axis of length 1": IMAGE[:1][::-1],
    "an axis of length 1 with any stride": ODD,
    "an axis of length 1 with an odd stride": np.lib.stride_tricks.as_strided(
        IMAGE, (1, 8), (13, 4)
    ),
    "foreign byte order": IMAGE.astype(">f4"),
    "foreign byte order of integers": (IMAGE * 999).astype(">u2"),
    "foreign byte order and negative strides": IMAGE.astype(">f4")[::-1],
    "one element for all": np.broadcast_to(np.float32(3), (4, 5)),
    "one row for all": np.broadcast_to(IMAGE[0], (4, 8)),
    "steps": IMAGE[::2, 1::3],
    "columns first": np.asfortranarray(IMAGE),
    "a field of records": np.rec.fromarrays([IMAGE[:, 0].astype("u1"), IMAGE[:, 1]])["f1"],
    "not aligned": np.frombuffer(b"\0" + IMAGE.tobytes(), np.float32, offset=1).reshape(6, 8),
}


@pytest.mark.parametrize("memory", ["numpy", "torch", "pyclesperanto"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_an_image(exchange_in: Any, memory: str, layout: str) -> None:
    image = LAYOUTS[layout]
    exchange = exchange_in(memory)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given = exchange.lower(image, "image")
    same(given, image)
    if memory == "numpy":
        assert given is image
    else:
        assert host(given).dtype == image.dtype.newbyteorder("=")
    same(exchange.give_back(given, image), image)


@pytest.mark.parametrize("like", [torch.zeros(1), cle.zeros((1, 1))], ids=["torch", "device"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_a_result(exchange_in: Any, layout: str, like: Any) -> None:
    result = exchange_in("numpy").give_back(LAYOUTS[layout], like)
    assert type(result) is type(like)
    same(result, LAYOUTS[layout])
    assert host(result).dtype == LAYOUTS[layout].dtype.newbyteorder("=")


# --- data types ------------------------------------------------------------------------------

HELD_BY_ALL = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32"]
SHARED = [*HELD_BY_ALL, "bool", "uint64", "int64", "float16", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("dtype", SHARED)
def test_a_tensor_of_every_dtype_that_numpy_has_comes_and_goes(direct: Any, dtype: str) -> None:
    array = (IMAGE * 100).astype(dtype)
    seen = []

    def look(image: Any) -> Any:
        seen.append(image.dtype)
        return image.copy()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = direct(look, torch.from_numpy(array))
    assert seen == [dtype]
    assert result.dtype == torch.from_numpy(array).dtype
    same(result.numpy(), array)


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
def test_what_torch_can_hardly_compute_with_goes_per_slice(voxbind: Import, dtype: str) -> None:
    volume = (VOLUME * 1000).astype(dtype)
    result = voxbind("scipy.ndimage").median_filter(
        torch.from_numpy(volume), 3, slice_by_slice=True
    )
    assert result.dtype == torch.from_numpy(volume).dtype
    same(result.numpy(), np.stack([scipy.ndimage.median_filter(plane, 3) for plane in volume]))


def test_later_slices_may_need_another_of_torchs_little_used_dtypes(voxbind: Import) -> None:
    def double(image: Any) -> Any:
        return image.to(torch.uint32) if bool(image.to(torch.int64).max()) else image

    volume = torch.from_numpy(np.stack([IMAGE * 0, IMAGE + 1]).astype(np.uint16))
    result = voxbind("_dispatch.dispatch").call_2d(
        double, {"image": volume}, images=("image",), memory="torch"
    )
    assert result.dtype == torch.uint32
    same(result.numpy(), volume.numpy())


@pytest.mark.parametrize("image", [IMAGE > 0.5, torch.from_numpy(IMAGE > 0.5)], ids=type)
def test_bool_goes_where_there_is_none_and_is_told_of_by_nobody(
    voxbind: Import, image: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = voxbind("pyclesperanto").copy(image)
    assert host(result).dtype == np.uint8
    same(result, host(image).astype(np.uint8))


def half_complex() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is experimental
        return torch.zeros(2, 3, dtype=torch.complex32)


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (torch.zeros(2, 3, dtype=torch.bfloat16), r"bfloat16.*image\.float\(\)"),
        (half_complex(), r"complex32.*torch\.complex64"),
        (torch.zeros(2, 3, device="meta"), "meta.*no data"),
    ],
    ids=["bfloat16", "complex32", "meta"],
)
@pytest.mark.parametrize("watched", [False, True], ids=["", "traced"])
def test_tensors_that_numpy_cannot_have_are_refused(
    voxbind: Import, refused: Any, image: Any, told: str, watched: bool
) -> None:
    def call() -> None:
        if not watched:
            voxbind("skimage.filters").gaussian(image)
        with voxbind("").trace():
            voxbind("skimage.filters").gaussian(image)

    refused(call, told)


@pytest.mark.parametrize("name", ["skimage.filters.gaussian", "pyclesperanto.copy"])
def test_a_sparse_tensor_is_refused_in_the_same_words_when_traced(
    voxbind: Import, refused: Any, name: str
) -> None:
    module, _, function = name.rpartition(".")
    image = torch.from_numpy(IMAGE).to_sparse()
    told = r"image' is of type torch\.Tensor.*image\.to_dense\(\)"
    refused(lambda: getattr(voxbind(module), function)(image), told)
    with voxbind("").trace():
        refused(lambda: getattr(voxbind(module), function)(image), told)


TOO_MUCH_FOR_A_DEVICE = [
    (np.zeros((2, 3), np.float16), r"float16.*astype\(numpy\.float32\)"),
    (torch.zeros(2, 3, dtype=torch.float16), r"float16.*to\(torch\.float32\)"),
    (torch.zeros(2, 3, dtype=torch.bfloat16), r"bfloat16.*to\(torch\.float32\)"),
    (np.zeros((2, 3), complex), r"complex128.*\.real"),
    (torch.zeros(2, 3, dtype=torch.complex64).conj(), r"complex64.*\.real"),
    (array_api_strict.zeros((2, 3), dtype=array_api_strict.complex64), r"complex64.*\.real"),
]


@pytest.mark.parametrize(("image", "told"), TOO_MUCH_FOR_A_DEVICE)
def test_what_a_device_does_not_have_is_refused(
    voxbind: Import, refused: Any, image: Any, told: str
) -> None:
    refused(lambda: voxbind("pyclesperanto").copy(image), told)


@pytest.mark.parametrize("dtype", ["float16", "complex64"])
def test_a_library_refuses_in_its_own_words_what_it_cannot_compute(
    voxbind: Import, dtype: str
) -> None:
    image = IMAGE.astype(dtype)
    with pytest.raises((TypeError, RuntimeError)) as expected:
        scipy.ndimage.median_filter(image, 3)
    with pytest.raises(expected.type) as raised:
        voxbind("scipy.ndimage").median_filter(torch.from_numpy(image), 3)
    assert str(raised.value) == str(expected.value)


@pytest.mark.parametrize("make", [np.zeros, torch.zeros, array_api_strict.zeros])
@pytest.mark.parametrize("shape", [(1, 2, 3, 4), (2, 1, 2, 1, 2)])
def test_a_fourth_axis_is_told_as_a_dimension_and_as_a_memory(
    voxbind: Import, refused: Any, make: Any, shape: tuple[int, ...]
) -> None:
    image = make(shape)
    for error in ("DimensionError", "MemoryTypeError"):
        refused(lambda: voxbind("pyclesperanto").copy(image), "at most 3 axes.*[Ll]oop", error)
    with pytest.raises(ValueError, match="at most 3"):
        voxbind("pyclesperanto").copy(image)
    with pytest.raises(TypeError, match="at most 3"):
        voxbind("pyclesperanto").copy(image)


@pytest.mark.parametrize(
    ("came", "to"), [("float64", "float32"), ("int64", "int32"), ("uint64", "uint32")]
)
def test_what_becomes_32_bits_is_told_once_for_each_array(
    voxbind: Import, came: str, to: str
) -> None:
    image = (IMAGE * 100).astype(came)
    kind = voxbind("errors").DtypeConversionWarning
    both = voxbind("pyclesperanto").add_images_weighted
    for first in (image, torch.from_numpy(image), Exporter(image)):
        with pytest.warns(kind, match=f"input_image0.*{came}.*{to}") as told:
            both(first, first)
        assert [each.category for each in told] == [kind]
        assert told[0].filename == __file__
    with pytest.warns(kind) as told:
        both(image, image.copy())
    assert [each.category for each in told] == [kind] * 2


def test_x_is_the_last_axis_on_a_device(voxbind: Import) -> None:
    point = np.zeros((5, 7, 9), np.float32)
    point[2, 3, 4] = 1
    for along, extent in (("sigma_x", [1, 1, 9]), ("sigma_y", [1, 7, 1]), ("sigma_z", [5, 1, 1])):
        result = voxbind("pyclesperanto").gaussian_blur(torch.from_numpy(point), **{along: 2})
        assert result.shape == point.shape
        places = np.nonzero(host(result) > 1e-9)
        assert [len(set(place.tolist())) for place in places] == extent


def test_one_copy_leads_from_a_tensor_to_a_device_and_one_back(exchange_in: Any) -> None:
    exchange, image = exchange_in("pyclesperanto"), torch.from_numpy(IMAGE)
    given: list[Any] = []
    moved = copies(lambda: given.append(exchange.lower(image, "image")))
    assert [name for name in moved if name.startswith("_")] == ["_write"]
    assert copies(lambda: exchange.give_back(given[0].copy(), image)).count("_read_float32") == 1


# --- no axes, no elements --------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (2, 0, 3), (1,), (1, 1)])
@pytest.mark.parametrize("memory", ["numpy", "torch"])
def test_no_axes_and_no_elements_come_and_go(
    direct: Any, memory: str, shape: tuple[int, ...]
) -> None:
    array = np.full(shape, 3, np.float32)
    for image in (array, torch.from_numpy(array), Exporter(array), DlpackExporter(array)):
        seen: list[Any] = []

        def look(image: Any, seen: list[Any] = seen) -> Any:
            seen.append(tuple(image.shape))
            return image * 2

        result = direct(look, image, memory)
        assert seen == [shape]
        if memory == "torch" or shape:  # of no axes NumPy makes a number
            kind = torch.Tensor if isinstance(image, torch.Tensor) else np.ndarray
            assert type(result) is kind
        assert tuple(result.shape) == shape
        same(result, array * 2)


@pytest.mark.parametrize("make", [np.zeros, torch.zeros, array_api_strict.zeros])
@pytest.mark.parametrize(
    ("shape", "told"), [((), r"without axes.*reshape\(1\)"), ((0, 3), "without elements")]
)
def test_a_device_has_no_arrays_without_axes_or_elements(
    voxbind: Import, refused: Any, make: Any, shape: tuple[int, ...], told: str
) -> None:
    refused(lambda: voxbind("pyclesperanto").copy(make(shape)), told, "DimensionError")


# --- gradients, conjugates -------------------------------------------------------------------


def test_gradients_do_not_flow_through_and_the_documentation_says_so(direct: Any) -> None:
    image = torch.from_numpy(IMAGE).clone().requires_grad_()
    derived = image * 2
    for tensor in (image, derived):
        result = direct(np.copy, tensor)
        assert not result.requires_grad
        same(result, tensor)
    assert "Gradients don't flow through" in README.read_text()


def test_an_output_that_requires_gradients_is_written(voxbind: Import) -> None:
    for library, function in (("scipy.ndimage", "gaussian_filter"), ("pyclesperanto", "copy")):
        out = torch.zeros(IMAGE.shape, requires_grad=True)
        more = {"sigma": 0} if library == "scipy.ndimage" else {}
        given = {"output" if more else "output_image": out}
        assert getattr(voxbind(library), function)(IMAGE, **more, **given) is out
        assert out.requires_grad
        assert out.is_leaf
        same(out, IMAGE)


COMPLEX = torch.tensor([[1 + 2j, 3 - 1j]], dtype=torch.complex64)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (COMPLEX.conj(), [[1 - 2j, 3 + 1j]]),
        (COMPLEX.mH, [[1 - 2j], [3 + 1j]]),
        (COMPLEX.conj().imag, [[-2, 1]]),
        (COMPLEX.clone().requires_grad_().conj(), [[1 - 2j, 3 + 1j]]),
    ],
    ids=["conj", "mH", "neg", "conj with gradients"],
)
def test_conjugates_and_negatives_are_what_they_say(direct: Any, image: Any, expected: Any) -> None:
    same(direct(np.copy, image).numpy(), expected)


def test_a_negative_view_goes_to_a_device_as_what_it_says(voxbind: Import) -> None:
    same(voxbind("pyclesperanto").copy(COMPLEX.conj().imag), [[-2, 1]])


# --- what exports an array -------------------------------------------------------------------


class Exporter:
    """An array of another library, known by NumPy's interface alone."""

    def __init__(self, array: Any) -> None:
        self.array = array

    @property
    def __array_interface__(self) -> Any:
        return self.array.__array_interface__


class ArrayExporter:
    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


class DlpackExporter:
    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


class UnversionedExporter(DlpackExporter):
    """As libraries were before DLPack 1.0: what they export arrives read-only in NumPy."""

    def __dlpack__(self, stream: Any = None) -> Any:  # type: ignore[override]  # it lacks options
        return self.array.__dlpack__()


class TellingExporter(Exporter):
    """As xarray's and others', which tell their shape and data type as well."""

    @property
    def shape(self) -> Any:
        return self.array.shape

    @property
    def dtype(self) -> Any:
        return self.array.dtype


EXPORTERS = [Exporter, ArrayExporter, DlpackExporter, UnversionedExporter, TellingExporter]
AS_STRICT = array_api_strict.asarray


@pytest.mark.parametrize("memory", ["numpy", "torch", "pyclesperanto"])
@pytest.mark.parametrize("kind", [*EXPORTERS, AS_STRICT, Image.fromarray])
def test_what_exports_an_array_is_an_image_in_every_memory(
    direct: Any, kind: Any, memory: str
) -> None:
    image = kind(IMAGE)
    result = direct(
        lambda image: image.clone() if memory == "torch" else image.copy(), image, memory
    )
    assert type(result) is (type(image) if kind is AS_STRICT else np.ndarray)
    same(result, IMAGE)


@pytest.mark.parametrize("library", ["skimage.filters.gaussian", "pyclesperanto.copy"])
@pytest.mark.parametrize("kind", [*EXPORTERS, AS_STRICT])
def test_what_exports_an_array_can_be_traced(voxbind: Import, kind: Any, library: str) -> None:
    module, _, name = library.rpartition(".")
    with voxbind("").trace() as log:
        getattr(voxbind(module), name)(kind(IMAGE))
    assert log[0].error == ""
    assert log[0].conversions[0].nbytes == IMAGE.nbytes


@pytest.mark.parametrize("dtype", [">f4", ">u2", ">i4"])
@pytest.mark.parametrize("kind", [Exporter, ArrayExporter, TellingExporter])
@pytest.mark.parametrize("memory", ["numpy", "torch", "pyclesperanto"])
def test_foreign_byte_order_is_exported_to_every_memory(
    exchange_in: Any, kind: Any, dtype: str, memory: str
) -> None:
    array = (IMAGE * 100).astype(dtype)
    same(exchange_in(memory).lower(kind(array), "image"), array)


@pytest.mark.parametrize("kind", [each for each in EXPORTERS if each is not UnversionedExporter])
def test_what_is_exported_read_only_is_written_by_nobody(direct: Any, kind: Any) -> None:
    image = read_only(IMAGE)
    same(direct(add_one, kind(image), "torch"), IMAGE + 1)
    same(image, IMAGE)
    result = direct(add_one, kind(image), modified=("image",))
    same(result, IMAGE + 1)
    same(image, IMAGE)


@pytest.mark.parametrize("kind", [Exporter, ArrayExporter, TellingExporter])
def test_a_read_only_output_that_is_exported_is_refused(voxbind: Import, kind: Any) -> None:
    out = kind(read_only(IMAGE))
    for call in (
        lambda: voxbind("scipy.ndimage").gaussian_filter(IMAGE, 1, output=out),
        lambda: voxbind("pyclesperanto").copy(IMAGE, output_image=out),
    ):
        with pytest.raises((voxbind("errors").MemoryTypeError, ValueError), match="read-only"):
            call()
    same(out.array, IMAGE)


@pytest.mark.parametrize("kind", [Exporter, ArrayExporter, DlpackExporter, TellingExporter])
def test_an_output_that_is_exported_is_written(voxbind: Import, kind: Any) -> None:
    for library, function, more in (
        ("scipy.ndimage", "gaussian_filter", {"sigma": 0, "output": 0}),
        ("pyclesperanto", "copy", {"output_image": 0}),
    ):
        array = np.zeros_like(IMAGE)
        given = {name: kind(array) if "output" in name else 0 for name in more}
        getattr(voxbind(library), function)(IMAGE, **given)
        same(array, IMAGE)


class CopyExporter(ArrayExporter):
    """As a lazy array's: nothing that is written into what it gives is in the array too."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array.copy()


def test_an_output_that_exports_copies_is_not_left_unwritten_in_silence(voxbind: Import) -> None:
    out = CopyExporter(np.zeros_like(IMAGE))
    with pytest.raises(voxbind("errors").MemoryTypeError, match="output"):
        voxbind("scipy.ndimage").gaussian_filter(IMAGE, 0, output=out)


def test_what_is_changed_for_good_and_exports_copies_is_told(direct: Any, voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").MemoryTypeError, match="image"):
        direct(scribble_for_good, CopyExporter(IMAGE.copy()), modified=("image",))


def test_an_array_of_the_standard_comes_back_as_its_own_kind(voxbind: Import) -> None:
    image = array_api_strict.asarray(IMAGE)
    result = voxbind("skimage.filters").gaussian(image)
    assert type(result) is type(image)
    assert result.device == image.device
    same(result, skimage.filters.gaussian(IMAGE))
    edges = voxbind("skimage.filters").sobel_h(array_api_strict.asarray(VOLUME))
    assert type(edges) is type(image)
    same(edges, np.stack([skimage.filters.sobel_h(plane) for plane in VOLUME]))
    image = array_api_strict.asarray(IMAGE, device=array_api_strict.Device("device1"))
    assert voxbind("skimage.filters").gaussian(image).device == image.device


def test_a_result_that_the_standard_has_no_dtype_for_stays_numpys(direct: Any) -> None:
    image = array_api_strict.asarray(IMAGE)
    result = direct(lambda image: image.astype(np.float16), image)
    assert type(result) is np.ndarray


def test_a_result_of_foreign_byte_order_is_one_of_the_standard(direct: Any) -> None:
    image = array_api_strict.asarray(IMAGE)
    result = direct(lambda image: image.astype(">f4"), image)
    assert type(result) is type(image)
    same(result, IMAGE)


# --- what is no array ------------------------------------------------------------------------

NO_ARRAYS = [
    (scipy.sparse.csr_matrix(IMAGE), r"csr_matrix.*\.toarray\(\)"),
    (scipy.sparse.coo_array(IMAGE), r"coo_array.*\.toarray\(\)"),
    ("image.png", "str.*[Rr]ead the file"),
    (b"II*\0", "bytes.*[Rr]ead the file"),
    (Path("image.png"), "[Rr]ead the file"),
    ({"image": IMAGE}, "dict.*one of its values"),
    ({1, 2}, "set"),
    (None, "None"),
    (IMAGE.__iter__, "method"),
    (np.ma.masked_less(IMAGE, 0.5), r"masked.*\.filled\(value\)"),
]


@pytest.mark.parametrize(("value", "told"), NO_ARRAYS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    "name",
    [
        *("skimage.filters.gaussian", "skimage.filters.sobel_h", "scipy.ndimage.label"),
        *("pyclesperanto.copy", "pyclesperanto.sobel", "pyclesperanto.maximum_z_projection"),
    ],
)
def test_what_is_no_array_is_refused_with_what_to_do(
    voxbind: Import, refused: Any, name: str, value: Any, told: str
) -> None:
    if name.startswith("scipy") and isinstance(value, np.ma.MaskedArray):
        told = ""  # the class is NumPy's, and the function the library's to judge
    module, _, function = name.rpartition(".")
    if told:
        refused(lambda: getattr(voxbind(module), function)(value), told)
        with voxbind("").trace():
            refused(lambda: getattr(voxbind(module), function)(value), told)


def test_masked_arrays_are_no_tensors(exchange_in: Any, voxbind: Import) -> None:
    masked = np.ma.masked_less(IMAGE, 0.5)
    for memory in ("torch", "pyclesperanto"):
        with pytest.raises(voxbind("errors").MemoryTypeError, match=r"image\.filled"):
            exchange_in(memory).lower(masked, "image")
    for like in (torch.zeros(1), cle.zeros((1, 1))):
        assert exchange_in("numpy").give_back(masked, like) is masked


def test_nested_lists_are_what_the_documentation_says(voxbind: Import) -> None:
    result = voxbind("scipy.ndimage").gaussian_filter(IMAGE.tolist(), 1)
    assert type(result) is np.ndarray
    same(result, scipy.ndimage.gaussian_filter(IMAGE.tolist(), 1))
    with pytest.raises(voxbind("errors").MemoryTypeError, match=r"list.*numpy\.asarray"):
        voxbind("skimage.filters").gaussian(IMAGE.tolist())
    assert "Nested lists and numbers are accepted if the library documents" in README.read_text()


# --- outputs and views -----------------------------------------------------------------------

MAKE = {
    "numpy": np.array,
    "a view of NumPy's": lambda array: np.array(array)[::-1][::-1],
    "torch": lambda array: torch.from_numpy(np.array(array)),
    "a tensor of any layout": lambda array: torch.from_numpy(np.array(array.T)).T,
    "a tensor with gradients": lambda array: torch.from_numpy(np.array(array)).requires_grad_(),
    "pyclesperanto": lambda array: cle.push(array),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("memory", ["numpy", "torch", "pyclesperanto"])
def test_an_image_may_be_its_own_output(voxbind: Import, memory: str, make: Any) -> None:
    seen = []

    def double(image: Any, out: Any = None) -> Any:
        seen.append(image is out)
        if memory == "pyclesperanto":
            return cle.add_image_and_scalar(image, out, scalar=1)
        with torch.no_grad():
            out += 1
        return out

    image = make(IMAGE)
    facts: Any = {"images": ("image",), "outputs": ("out",), "memory": memory}
    result = voxbind("_dispatch.dispatch").call_as_is(
        double, {"image": image, "out": image}, **facts
    )
    assert seen == [True]
    assert result is image
    same(image, IMAGE + 1)


@pytest.mark.parametrize("memory", ["numpy", "torch"])
@pytest.mark.parametrize("make", [MAKE["numpy"], MAKE["torch"]], ids=["numpy", "torch"])
def test_an_output_that_shares_its_buffer_is_not_written_twice(
    voxbind: Import, memory: str, make: Any
) -> None:
    def write(image: Any, out: Any = None) -> Any:
        out[...] = image
        return out

    image, out = make(IMAGE), make(IMAGE * 0)
    facts: Any = {"images": ("image",), "outputs": ("out",), "memory": memory}
    with voxbind("").trace() as log:
        assert (
            voxbind("_dispatch.dispatch").call_as_is(write, {"image": image, "out": out}, **facts)
            is out
        )
    same(out, IMAGE)
    assert all(each.shared for each in log[0].conversions)
    with voxbind("").transfers("forbid"):
        assert (
            voxbind("_dispatch.dispatch").call_as_is(write, {"image": image, "out": out}, **facts)
            is out
        )


VIEWS: dict[str, Callable[[Any], Any]] = {
    "view_as_windows": lambda image: skimage.util.view_as_windows(image, 3),
    "view_as_blocks": lambda image: skimage.util.view_as_blocks(image, (2, 2)),
    "crop": lambda image: skimage.util.crop(image, 1),
    "transposed": lambda image: image.T,
    "the image itself": lambda image: image,
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_stays_a_view(direct: Any, view: Any) -> None:
    array = IMAGE.copy()
    tensor = torch.from_numpy(array)
    for image in (array, tensor):
        result = direct(view, image)
        assert type(result) is type(image)
        assert np.shares_memory(np.asarray(result), array)
        result[(0,) * result.ndim] += 5
        same(result, view(array))
    assert direct(lambda image: image, tensor) is tensor


def test_what_a_library_gives_back_of_a_shared_exporter_is_a_view_too(direct: Any) -> None:
    array = IMAGE.copy()
    for image in (Exporter(array), AS_STRICT(array)):
        assert np.shares_memory(np.asarray(direct(VIEWS["crop"], image)), array)


# --- a library that changes what it should only read -----------------------------------------

TO_HOST = {
    "torch": MAKE["torch"],
    "exporter": Exporter,
    "exporter by a method": ArrayExporter,
    "strict": AS_STRICT,
}
"""Arrays whose buffer is shared with a library of NumPy."""


def scribble(image: Any) -> Any:
    image[...] = 7
    return image.sum()


def scribble_and_return(image: Any) -> Any:
    image[...] = 7
    return image


def scribble_for_good(image: Any) -> None:
    image[...] = 7


LIFTED = pytest.mark.parametrize("contract", ["call_as_is", "call_2d", "call_2d_or_3d"])


def lift(voxbind: Import, contract: str, function: Any, image: Any, **facts: Any) -> Any:
    arguments = {"image": image}
    if contract == "call_2d_or_3d":
        arguments["slice_by_slice"] = True
    run = getattr(voxbind("_dispatch.dispatch"), contract)
    return run(function, arguments, images=("image",), modified=("image",), **facts)


@LIFTED
@pytest.mark.parametrize("kind", TO_HOST.values(), ids=TO_HOST)
@pytest.mark.parametrize("function", [scribble, scribble_and_return])
def test_no_library_scribbles_over_what_comes_from_another_memory(
    voxbind: Import, contract: str, kind: Any, function: Any
) -> None:
    image = kind(VOLUME.copy())
    result = lift(voxbind, contract, function, image)
    assert result is not image
    same(getattr(image, "array", image), VOLUME)
    if function is scribble_and_return:
        same(result, np.full_like(VOLUME, 7))


@LIFTED
@pytest.mark.parametrize("kind", [*TO_HOST.values(), np.array], ids=[*TO_HOST, "numpy"])
def test_what_is_changed_for_good_is_brought_back(
    voxbind: Import, contract: str, kind: Any
) -> None:
    image = kind(VOLUME.copy())
    assert lift(voxbind, contract, scribble_for_good, image) is None
    same(getattr(image, "array", image), np.full_like(VOLUME, 7))


@pytest.mark.parametrize("function", [scribble, scribble_and_return])
def test_numpys_own_array_is_the_librarys_to_change_as_it_does_without_us(
    voxbind: Import, function: Any
) -> None:
    for contract in ("call_as_is", "call_2d"):
        image = VOLUME.copy()
        result = lift(voxbind, contract, function, image)
        same(image, np.full_like(VOLUME, 7))
        assert function is scribble or result is image


@LIFTED
def test_a_library_of_tensors_does_not_scribble_over_numpys_array(
    voxbind: Import, contract: str
) -> None:
    image = VOLUME.copy()
    lift(voxbind, contract, scribble_and_return, image, memory="torch")
    same(image, VOLUME)
    assert lift(voxbind, contract, scribble_for_good, image, memory="torch") is None
    same(image, np.full_like(VOLUME, 7))


def test_one_tensor_in_two_places_of_which_one_is_changed(voxbind: Import) -> None:
    def change(image: Any, labels: Any) -> Any:
        labels[...] = 7
        return image.sum()

    for images in (("image", "labels"), ("labels", "image")):
        tensor = torch.from_numpy(IMAGE.copy())
        arguments = {"image": tensor, "labels": tensor}
        facts: Any = {"images": images, "n_required": 2, "modified": ("labels",)}
        voxbind("_dispatch.dispatch").call_as_is(change, arguments, **facts)
        same(tensor, IMAGE)


def test_an_output_that_is_changed_too_is_written(voxbind: Import) -> None:
    def change(image: Any, out: Any = None) -> Any:
        image += 1
        return out

    tensor = torch.from_numpy(IMAGE.copy())
    facts: Any = {"images": ("image",), "outputs": ("out",), "modified": ("image",)}
    result = voxbind("_dispatch.dispatch").call_as_is(
        change, {"image": tensor, "out": tensor}, **facts
    )
    assert result is tensor
    same(tensor, IMAGE + 1)


def test_a_copy_against_scribbling_is_told_and_can_be_forbidden(voxbind: Import) -> None:
    image = torch.from_numpy(VOLUME.copy())
    with voxbind("").trace() as log:
        lift(voxbind, "call_as_is", scribble, image)
    assert [each.shared for each in log[0].conversions] == [False]
    with (
        voxbind("").transfers("forbid"),
        pytest.raises(voxbind("errors").TransferForbiddenError, match="'image' would be copied"),
    ):
        lift(voxbind, "call_as_is", scribble_for_good, image)
    same(image, VOLUME)


# --- what the library says -------------------------------------------------------------------


def speak(image: Any) -> Any:
    warnings.warn("one", FutureWarning, stacklevel=2)
    warnings.warn("two", DeprecationWarning, stacklevel=2)
    return image


@pytest.mark.parametrize("make", [*MAKE.values(), AS_STRICT], ids=[*MAKE, "strict"])
def test_warnings_are_neither_doubled_nor_swallowed_nor_added(direct: Any, make: Any) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        direct(speak, make(IMAGE))
    assert [str(each.message) for each in told] == ["one", "two"]


def test_a_warning_points_one_frame_from_where_it_would_without_us(voxbind: Import) -> None:
    colours = np.zeros((4, 4, 3))
    with warnings.catch_warnings(record=True) as upstream:
        warnings.simplefilter("always")
        skimage.filters.threshold_otsu(colours)
    with warnings.catch_warnings(record=True) as ours:
        warnings.simplefilter("always")
        voxbind("skimage.filters").threshold_otsu(colours)
    assert [str(each.message) for each in ours] == [str(each.message) for each in upstream]
    assert [each.filename for each in upstream] == [__file__]
    wrapper = voxbind("skimage.filters").__file__
    assert [each.filename for each in ours] == [wrapper]


@pytest.mark.parametrize("kind", [KeyError, ValueError, TypeError, MemoryError, KeyboardInterrupt])
@pytest.mark.parametrize("make", [*MAKE.values(), AS_STRICT], ids=[*MAKE, "strict"])
def test_exceptions_pass_through_unchanged(direct: Any, make: Any, kind: Any) -> None:
    error = kind("mine")

    def fail(image: Any) -> Any:
        raise error

    with pytest.raises(kind) as raised:
        direct(fail, make(IMAGE))
    assert raised.value is error
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize("make", [np.array, MAKE["torch"], Exporter], ids=["numpy", "torch", "it"])
@pytest.mark.parametrize("shape", [(7,), (2, 3, 4, 5)])
def test_a_library_is_refused_no_axes_that_it_takes(
    voxbind: Import, make: Any, shape: tuple[int, ...]
) -> None:
    array = np.random.default_rng(2).random(shape)
    result = voxbind("scipy.ndimage").gaussian_filter(make(array), 1)
    same(result, scipy.ndimage.gaussian_filter(array, 1))
    result = voxbind("skimage.filters").gaussian(make(array), 1)
    same(result, skimage.filters.gaussian(array, 1))
