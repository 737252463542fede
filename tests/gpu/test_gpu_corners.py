"""Odd arrays on a GPU: every dtype, no axes, no elements, views, and what only exports itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import voxbind
from helpers.gpu_libraries import IMAGE, PAIRS, Library
from voxbind import native
from voxbind._dispatch.dispatch import call_as_is
from voxbind._dispatch.exchange import Exchange
from voxbind._memory.lookup import library_memory
from voxbind.scipy import ndimage
from voxbind.skimage import filters

pytestmark = pytest.mark.gpu

both_ways = pytest.mark.parametrize(("own", "other"), PAIRS, ids=map(" to ".join, PAIRS))
DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
DTYPES += ["float16", "float32", "float64", "complex64", "complex128"]
VIEWS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda array: array.T,
    "every other": lambda array: array[1:, ::2],
    "one row": lambda array: array[3],
    "one pixel": lambda array: array[3:4, 5:6],
    "nothing": lambda array: array[:0],
}
FLAT = IMAGE + 1


def exchange_of(library: Library, gpu: int) -> Exchange:
    memory = library_memory(library.name)
    assert memory is not None
    return Exchange(memory, library.device(gpu))


@both_ways
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtype_is_kept_both_ways(
    libraries: dict[str, Library], gpu: int, own: str, other: str, dtype: str
) -> None:
    source, target = libraries[own], libraries[other]
    host = (IMAGE * 100).astype(dtype)
    array, exchange = source.send(host, gpu), exchange_of(target, gpu)
    given = exchange.lower(array, "image")
    assert target.pointer(given) == source.pointer(array)
    np.testing.assert_array_equal(target.fetch(given), host, strict=True)
    back = exchange.give_back(target.send(host, gpu), array)
    np.testing.assert_array_equal(source.fetch(back), host, strict=True)


@both_ways
@pytest.mark.parametrize("shape", [(), (1,), (0,), (0, 3), (3, 0, 2), (1, 1, 1)])
def test_shape_is_kept_both_ways(
    libraries: dict[str, Library], gpu: int, own: str, other: str, shape: tuple[int, ...]
) -> None:
    source, target = libraries[own], libraries[other]
    array, exchange = source.send(np.ones(shape, np.float32), gpu), exchange_of(target, gpu)
    given = exchange.lower(array, "image")
    assert type(given) is target.kind
    assert target.gpu(given) == gpu
    assert tuple(given.shape) == shape
    back = exchange.give_back(target.send(np.ones(shape, np.float32), gpu), array)
    assert type(back) is source.kind
    assert source.gpu(back) == gpu
    np.testing.assert_array_equal(source.fetch(back), np.ones(shape, np.float32), strict=True)


@both_ways
@pytest.mark.parametrize("view", VIEWS)
def test_view_is_shared_as_it_is(
    libraries: dict[str, Library], gpu: int, own: str, other: str, view: str
) -> None:
    source, target, cut = libraries[own], libraries[other], VIEWS[view]
    array = cut(source.send(IMAGE, gpu))
    given = exchange_of(target, gpu).lower(array, "image")
    if cut(IMAGE).size:
        assert target.pointer(given) == source.pointer(array)
    np.testing.assert_array_equal(target.fetch(given), cut(IMAGE), strict=True)


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "nothing"])
def test_view_goes_through_a_library_on_the_host(library: Library, gpu: int, view: str) -> None:
    cut = VIEWS[view]
    result = ndimage.uniform_filter(cut(library.send(IMAGE, gpu)))
    assert library.gpu(result) == gpu
    np.testing.assert_array_equal(library.fetch(result), ndimage.uniform_filter(cut(IMAGE)))


@both_ways
def test_broadcast_array_is_read_as_one(
    libraries: dict[str, Library], cupy: Any, gpu: int, own: str, other: str
) -> None:
    source, target = libraries[own], libraries[other]
    broadcast = cupy.broadcast_to if own == "cupy" else torch.broadcast_to
    array = broadcast(source.send(IMAGE[0], gpu), IMAGE.shape)
    given = exchange_of(target, gpu).lower(array, "image")
    np.testing.assert_array_equal(target.fetch(given), np.broadcast_to(IMAGE[0], IMAGE.shape))


@pytest.mark.usefixtures("cupy")
def test_reversed_array_of_cupy_is_copied_for_pytorch() -> None:
    # In a process of its own: PyTorch may end the one in which it meets a negative stride.
    script = (
        "import cupy, torch\n"
        "from voxbind import native, transfers\n"
        "flat = (cupy.arange(12, dtype='f4').reshape(3, 4) + 1)[::-1]\n"
        "image = torch.ones(3, 4, device='cuda')\n"
        "result = native.flat_field_correction(image, flat)\n"
        "expected = native.flat_field_correction(cupy.ones((3, 4), 'f4'), flat)\n"
        "assert abs(cupy.asarray(result) - expected).max() < 1e-5\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]


def test_tensor_with_gradients_comes_to_cupy(libraries: dict[str, Library], gpu: int) -> None:
    image = libraries["cupy"].send(IMAGE, gpu)
    flat = libraries["torch"].send(FLAT, gpu).requires_grad_()
    with voxbind.transfers("forbid"):
        result = native.flat_field_correction(image, flat)
    expected = native.flat_field_correction(IMAGE, FLAT)
    np.testing.assert_allclose(libraries["cupy"].fetch(result), expected, rtol=2e-5)


LAZY: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "conjugate": lambda tensor: tensor.conj(),
    "negative": lambda tensor: tensor.conj().imag,
}
"""Tensors that say of their buffer that it means something else."""


@pytest.mark.parametrize("kind", LAZY)
def test_lazy_tensor_is_resolved_for_cupy(
    libraries: dict[str, Library], gpu: int, kind: str
) -> None:
    tensor = LAZY[kind](torch.full((3, 4), 1 + 2j, device=f"cuda:{gpu}"))
    given = exchange_of(libraries["cupy"], gpu).lower(tensor, "image")
    np.testing.assert_array_equal(
        libraries["cupy"].fetch(given), tensor.cpu().resolve_neg().numpy(force=True)
    )


@pytest.mark.parametrize("kind", LAZY)
def test_lazy_tensor_is_told_as_copied(libraries: dict[str, Library], gpu: int, kind: str) -> None:
    tensor = LAZY[kind](torch.full((3, 4), 1 + 2j, device=f"cuda:{gpu}"))
    image = libraries["cupy"].send(np.zeros((3, 4), np.complex64), gpu)
    with voxbind.trace() as log:
        call_as_is(
            lambda image, mask: image + mask,
            {"image": image, "mask": tensor},
            images=("image", "mask"),
            n_required=2,
            memory="cupy",
        )
    assert [each.shared for each in log[0].conversions] == [False]


@pytest.mark.parametrize("kind", LAZY)
def test_lazy_tensor_is_written_as_an_output_of_cupy(
    libraries: dict[str, Library], gpu: int, kind: str
) -> None:
    out = LAZY[kind](torch.zeros((3, 4), dtype=torch.complex64, device=f"cuda:{gpu}"))

    def fill(image: Any, out: Any) -> Any:
        out[...] = image
        return out

    arguments = {"image": libraries["cupy"].send(np.ones((3, 4), np.float32), gpu), "out": out}
    call_as_is(fill, arguments, images=("image",), outputs=("out",), memory="cupy")
    assert (out == 1).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.complex32, torch.float8_e4m3fn])
def test_dtype_that_cupy_lacks_is_refused_before_a_copy(
    libraries: dict[str, Library], gpu: int, dtype: torch.dtype
) -> None:
    exchange, tensor = (
        exchange_of(libraries["cupy"], gpu),
        torch.zeros((64, 64), device=f"cuda:{gpu}").to(dtype),
    )
    torch.cuda.reset_peak_memory_stats(gpu)
    before = torch.cuda.memory_allocated(gpu)
    name = str(dtype).rpartition(".")[2]
    with pytest.raises(voxbind.MemoryTypeError, match=rf"'flat' is {name}.*float32"):
        exchange.lower(tensor, "flat")
    assert torch.cuda.max_memory_allocated(gpu) == before


@pytest.mark.parametrize("made", ["longdouble", "text"])
def test_result_that_cupy_cant_hold_stays_numpys(cupy: Any, made: str) -> None:
    results = {"longdouble": np.ones(3, np.longdouble), "text": np.array(["a", "b"])}
    back = Exchange().give_back(results[made], cupy.zeros(3))
    assert type(back) is np.ndarray


@pytest.mark.parametrize("dtype", [">f4", ">u2", "<f8"])
def test_byte_order_of_a_host_array_doesnt_matter(library: Library, gpu: int, dtype: str) -> None:
    image = library.send(IMAGE, gpu)
    flat = FLAT.astype(dtype)
    result = native.flat_field_correction(image, flat)
    expected = native.flat_field_correction(IMAGE, flat.astype(flat.dtype.newbyteorder("=")))
    np.testing.assert_allclose(library.fetch(result), expected, rtol=2e-5)


HOST_VIEWS: dict[str, Callable[[Any], Any]] = {
    "reversed": lambda array: array[::-1, ::-1],
    "read-only": lambda array: np.broadcast_to(array, array.shape),
    "broadcast": lambda array: np.broadcast_to(array[0], array.shape),
    "Fortran order": np.asfortranarray,
}


@pytest.mark.parametrize("view", HOST_VIEWS)
def test_view_on_the_host_serves_an_image_on_a_gpu(library: Library, gpu: int, view: str) -> None:
    flat = HOST_VIEWS[view](FLAT)
    result = native.flat_field_correction(library.send(IMAGE, gpu), flat)
    expected = native.flat_field_correction(IMAGE, flat)
    np.testing.assert_allclose(library.fetch(result), expected, rtol=2e-5)


def test_masked_array_beside_an_image_on_a_gpu_is_refused(library: Library, gpu: int) -> None:
    masked = np.ma.masked_less(FLAT, 1.2)
    with pytest.raises(voxbind.MemoryTypeError, match="'flat' is a masked array"):
        native.flat_field_correction(library.send(IMAGE, gpu), masked)


class _Exporter:
    """What is known of an array, whatever it exports."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor
        self.shape, self.ndim = tuple(tensor.shape), tensor.ndim
        self.dtype = np.dtype(str(tensor.dtype).rpartition(".")[2])


class CudaInterface(_Exporter):
    """Exports the CUDA array interface and nothing else."""

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return self._tensor.__cuda_array_interface__


class ReadOnlyInterface(CudaInterface):
    """Says that nobody may write into it."""

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        interface = self._tensor.__cuda_array_interface__
        return {**interface, "data": (interface["data"][0], True)}


class Dlpack(_Exporter):
    """Exports DLPack and nothing else."""

    def __dlpack__(self, **options: Any) -> Any:
        return self._tensor.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._tensor.__dlpack_device__()


EXPORTERS = [CudaInterface, ReadOnlyInterface, Dlpack]


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_exporter_comes_to_a_library_on_the_host(gpu: int, exporter: Any) -> None:
    result = filters.gaussian(exporter(torch.from_numpy(IMAGE).to(f"cuda:{gpu}")))
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, filters.gaussian(IMAGE))


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_exporter_stays_on_its_gpu(library: Library, gpu: int, exporter: Any) -> None:
    flat = exporter(torch.from_numpy(FLAT).to(f"cuda:{gpu}"))
    with voxbind.transfers("forbid"), voxbind.trace() as log:
        result = native.flat_field_correction(library.send(IMAGE, gpu), flat)
    assert library.gpu(result) == gpu
    expected = native.flat_field_correction(IMAGE, FLAT)
    np.testing.assert_allclose(library.fetch(result), expected, rtol=2e-5)
    (way,) = log[0].conversions
    assert (way.argument, way.target, way.shared) == ("flat", library.place(gpu), True)


@pytest.mark.parametrize("exporter", [CudaInterface, Dlpack])
def test_exporter_is_written_as_an_output_of_the_host(gpu: int, exporter: Any) -> None:
    tensor = torch.zeros(IMAGE.shape, device=f"cuda:{gpu}")
    ndimage.uniform_filter(IMAGE, output=exporter(tensor))
    np.testing.assert_array_equal(tensor.cpu().numpy(), ndimage.uniform_filter(IMAGE))


@pytest.mark.parametrize("exporter", [CudaInterface, Dlpack])
def test_exporter_is_written_as_an_output_on_its_gpu(
    library: Library, gpu: int, exporter: Any
) -> None:
    tensor = torch.zeros(IMAGE.shape, device=f"cuda:{gpu}")

    def double(image: Any, out: Any) -> Any:
        out[...] = image * 2
        return out

    arguments = {"image": library.send(IMAGE, gpu), "out": exporter(tensor)}
    with voxbind.transfers("forbid"):
        call_as_is(double, arguments, images=("image",), outputs=("out",), memory=library.name)
    torch.cuda.synchronize(gpu)
    np.testing.assert_array_equal(tensor.cpu().numpy(), IMAGE * 2)
