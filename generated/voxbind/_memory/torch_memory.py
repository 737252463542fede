"""PyTorch's memory. A CPU tensor shares its buffer with an array; gradients don't flow through.

PyTorch is never imported here: a program that has a tensor has imported it already.
"""

from __future__ import annotations

# Class attributes fill in abstract properties of the interface, which pyright refuses.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from .._support.classes import class_of
from .._support.untyped import np
from ..errors import DeviceUnavailableError, MemoryTypeError, class_name
from .interface import CudaMemory, LibraryMemory, Place
from .numpy_memory import numpy_dtype, with_true_as_1

__all__ = ["TorchMemory"]

_CUDA = 2  # of DLPack


class TorchMemory(CudaMemory, LibraryMemory):
    """Tensors of PyTorch: see `voxbind._memory.interface.LibraryMemory`."""

    name = module = "torch"
    places = (Place("torch (CPU)", "host"), Place("torch (CUDA)", "cuda"))
    array_name = direct_class = "torch.Tensor"
    has_own_dtypes = True
    speaks_array_api = True

    def array_class(self, module: ModuleType) -> type:
        return module.Tensor  # type: ignore[no-any-return]

    def holds(self, value: Any) -> bool:
        torch = sys.modules.get("torch")
        if torch is None:
            return False
        kind, tensor = class_of(value), getattr(torch, "Tensor", None)
        return tensor is not None and (kind is tensor or issubclass(kind, tensor))

    def device(self, value: Any) -> Any:
        return value.device

    def place(self, device: Any) -> str:
        return f"torch ({device})"

    def gpu(self, device: Any) -> int | None:
        return device.index if device.type == "cuda" else None

    def device_of_gpu(self, number: int) -> Any:
        return sys.modules["torch"].device("cuda", number)

    def can_be_read_on_gpu(self, value: Any) -> bool:
        return str(value.layout) == "torch.strided"

    def is_its_buffer(self, value: Any) -> bool:
        return not value.is_conj() and not value.is_neg()

    def is_at(self, value: Any, device: Any) -> bool:
        return bool(value.device == device)

    def device_name(self, device: Any) -> str:
        return str(device)

    def device_of_call(self, arguments: Iterable[Any]) -> Any:
        """Return the device of the first tensor, or the GPU of CuPy's array; else the default."""
        torch, cupys = sys.modules["torch"], getattr(sys.modules.get("cupy"), "ndarray", None)
        for value in arguments:
            if self.holds(value):
                return value.device
            if cupys is not None and isinstance(value, cupys) and torch.cuda.is_available():
                return torch.device("cuda", value.device.id)
        return torch.get_default_device()

    def refuse(self, value: Any, name: str, cast: str) -> None:
        """Refuse a data type that PyTorch doesn't have."""
        dtype = None if self.holds(value) else numpy_dtype(value)
        # None is its own, or told by who converts it.
        if dtype is not None and not _has(dtype):
            raise MemoryTypeError(
                f"{name!r} is {dtype}, and PyTorch has no such dtype. "
                f"Give {cast.format('float32')}."
            )

    def leaves_shared(self, value: Any) -> bool:
        return bool(value.is_cpu and not value.is_conj() and not value.is_neg())

    def keeps_out(self, array: Any, device: Any) -> bool:
        return isinstance(array, np.ma.MaskedArray) or not _has(array.dtype)

    def arrives_shared(self, array: Any, device: Any) -> bool:
        if device.type != "cpu" or not (array.flags.writeable and array.dtype.isnative):
            return False
        size = array.itemsize or 1
        return all(stride >= 0 and stride % size == 0 for stride in array.strides)

    def to_host(self, value: Any, name: str) -> Any:
        """Return the tensor's buffer as an array; from a device, a copy."""
        if value.is_meta:
            raise MemoryTypeError(
                f"{name!r} is a tensor on the meta device, which has a shape but no data. Make it "
                f"on a real device, for example with torch.empty_like({name}, device='cpu')."
            )
        if not value.is_cpu and (advice := _advice(value, name)):
            raise _unreadable(value, name, advice)  # before it is copied from a device
        try:
            # That is detach, cpu, resolve_conj and resolve_neg, where they are needed.
            return with_true_as_1(value.numpy(force=True))
        except (TypeError, ValueError, RuntimeError, AssertionError) as error:
            advice = _advice(value, name)
            if not advice and value.device.type != "cpu":
                raise DeviceUnavailableError(
                    f"{name!r} is a tensor on {value.device}, and can't be copied from there: "
                    f"{error}. Check that PyTorch sees the device, or give {name}.cpu()."
                ) from error
            advice = f"{error}. {advice or 'Give a plain torch.Tensor or an array.'}"
            raise _unreadable(value, name, advice) from error

    def from_host(
        self,
        array: Any,
        device: Any,
        name: str = "",
        cast: str = "",
        *,
        overwritten: bool = False,
        plain: bool = False,
    ) -> Any:
        """Return a tensor, which shares the array's buffer if PyTorch supports that."""
        if type(array) is not np.ndarray and isinstance(array, np.ma.MaskedArray):
            return array
        if name:
            self.refuse(array, name, cast)
        from_numpy, original = sys.modules["torch"].from_numpy, array
        if not array.flags.writeable:
            # PyTorch would ignore that the array is read-only. It may only read it, to copy it.
            array = array.copy() if device.type == "cpu" else np.asarray(_Writable(array))
        try:
            tensor = from_numpy(array)
        except TypeError:  # a dtype that PyTorch doesn't have: text, times, objects, ...
            return original
        except ValueError:  # negative or odd strides, foreign byte order
            try:
                native = array.dtype.newbyteorder("=")
                tensor = from_numpy(array.astype(native, order="C", copy=True))
            except TypeError:
                return original
        return tensor if tensor.device == device else tensor.to(device)

    def from_device(self, value: Any, device: Any) -> Any:
        """Return an array on a GPU as a tensor, which shares its buffer on the same GPU."""
        torch = sys.modules["torch"]
        if self.holds(value):
            return value.to(device)
        if any(stride < 0 for stride in getattr(value, "strides", None) or ()):
            with value.device:
                value = value.copy()  # PyTorch has no such strides, and may end the process
        if hasattr(class_of(value), "__dlpack_device__"):
            kind, number = value.__dlpack_device__()
            if kind == _CUDA:
                # Each has its stream of the current device wait for the other's.
                with torch.cuda.device(int(number)):
                    return torch.from_dlpack(value).to(device)
        # PyTorch takes managed memory by this interface alone, and doesn't look at its stream.
        with torch.cuda.device(device):
            torch.cuda.synchronize()
            return torch.as_tensor(_CudaWritable(value), device="cuda")

    def wait(self, device: Any) -> None:
        sys.modules["torch"].cuda.current_stream(device).synchronize()

    def wait_for_borrower(self, borrower: CudaMemory, device: Any, lent: Any, value: Any) -> None:
        self.from_device(lent, value.device)  # has PyTorch's stream wait for the library's

    def as_numpy_dtype(self, value: Any, name: str) -> Any:
        """Return NumPy's data type for PyTorch's; any other value as it is."""
        torch = sys.modules.get("torch")
        if torch is None or type(value) is not getattr(torch, "dtype", None):
            return value
        try:
            return torch.empty(0, dtype=value).numpy().dtype
        except (TypeError, RuntimeError) as error:
            raise MemoryTypeError(
                f"{name!r} is {value}, and NumPy has no such dtype. Give one that it has, "
                "numpy.float32 or torch.float32 for example."
            ) from error

    def write(self, value: Any, array: Any) -> None:
        torch = sys.modules["torch"]
        with torch.no_grad():
            value.copy_(torch.from_numpy(array))

    def shares(self, value: Any, array: Any) -> bool:
        return bool(value.is_cpu and (array.ctypes.data == value.data_ptr() or not array.size))

    def cast(self, name: str, dtype: str) -> str:
        return f"{name}.to(torch.{dtype})"

    def copy(self, value: Any) -> Any:
        return value.clone()

    def empty(self, shape: tuple[int, ...], like: Any) -> Any:
        return sys.modules["torch"].empty(shape, dtype=like.dtype, device=like.device)

    def widened(self, stack: Any, plane: Any) -> Any:
        torch = sys.modules["torch"]
        try:
            wider = torch.promote_types(stack.dtype, plane.dtype)
        except RuntimeError:  # of uint16, uint32 and uint64 it knows none
            both = (torch.empty(0, dtype=each.dtype).numpy() for each in (stack, plane))
            wider = getattr(torch, np.result_type(*both).name)
        return stack.to(wider)


def _has(dtype: Any) -> bool:
    """Whether PyTorch has a data type of NumPy's, in whatever byte order."""
    try:
        sys.modules["torch"].from_numpy(np.empty(0, dtype.newbyteorder("=")))
    except TypeError:
        return False
    return True


class _Writable:
    """A read-only array's buffer, marked as writable for code that only reads it."""

    def __init__(self, array: Any) -> None:
        self._array = array  # keeps the buffer
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


class _CudaWritable:
    """The same on a GPU: PyTorch refuses what says that it may only be read."""

    def __init__(self, array: Any) -> None:
        self._array = array  # keeps the buffer
        interface = array.__cuda_array_interface__
        self.__cuda_array_interface__ = {**interface, "data": (interface["data"][0], False)}


def _unreadable(tensor: Any, name: str, advice: str) -> MemoryTypeError:
    return MemoryTypeError(
        f"{name!r} is of type {class_name(tensor)} and dtype {tensor.dtype}, and can't be shared "
        f"with NumPy: {advice}"
    )


def _advice(tensor: Any, name: str) -> str:
    torch = sys.modules["torch"]
    if tensor.is_quantized:
        return f"Give {name}.dequantize()."
    if tensor.is_nested:
        return f"Give the members of {name}.unbind() one by one."
    if tensor.layout is not torch.strided:
        return f"Give {name}.to_dense()."
    if tensor.dtype is torch.complex32:
        return f"NumPy has no such dtype; give {name}.to(torch.complex64)."
    if tensor.dtype.is_floating_point and tensor.dtype not in (
        *(torch.float16, torch.float32, torch.float64),
    ):
        return f"NumPy has no such dtype; give {name}.float()."
    return ""
