"""CuPy's memory: arrays on an NVIDIA GPU, which PyTorch's CUDA tensors share.

CuPy is never imported here: a program that has one of its arrays, or calls a library that works on
them, has imported it already.
"""

from __future__ import annotations

# Class attributes fill in abstract properties of the interface, which pyright refuses.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

from .._support.classes import class_of
from .._support.untyped import np
from ..errors import DeviceUnavailableError, MemoryTypeError
from .interface import CudaMemory, LibraryMemory, Place
from .numpy_memory import numpy_dtype

__all__ = ["CupyMemory", "is_held"]

_NUMBERS = "biufc"


def is_held(dtype: Any) -> bool:
    """Whether CuPy has a data type of NumPy's."""
    return dtype is not None and dtype.kind in _NUMBERS and dtype.char not in "gG"


class CupyMemory(CudaMemory, LibraryMemory):
    """Arrays of CuPy: see `voxbind._memory.interface.LibraryMemory`. A device is its number."""

    name = module = "cupy"
    places = (Place("cupy", "cuda"),)
    array_name = "cupy.ndarray"
    speaks_array_api = True
    reads_colours = True
    works_on_current_device = True

    def array_class(self, module: ModuleType) -> type:
        return module.ndarray  # type: ignore[no-any-return]

    def lack_before_import(self, wrapped: str, installed_by: str, package: str) -> str:
        from .._support.nvidia import wanting  # CuPy can be imported without a GPU to work on

        return wanting(wrapped, installed_by, (self.module, package))

    def holds(self, value: Any) -> bool:
        kind = getattr(sys.modules.get("cupy"), "ndarray", None)
        return kind is not None and isinstance(value, kind)

    def device(self, value: Any) -> Any:
        return value.device.id

    def place(self, device: Any) -> str:
        return f"cupy ({self.device_name(device)})"

    def gpu(self, device: Any) -> int | None:
        return int(device)

    def device_of_gpu(self, number: int) -> Any:
        return number

    def is_at(self, value: Any, device: Any) -> bool:
        return bool(value.device.id == device)

    def device_name(self, device: Any) -> str:
        return f"cuda:{device}"

    def device_of_call(self, arguments: Iterable[Any]) -> Any:
        """Return the device of the first array on one, else the current one."""
        for value in arguments:
            if self.holds(value):
                return value.device.id
            if getattr(value, "is_cuda", False):
                return value.device.index
        try:
            return sys.modules["cupy"].cuda.Device().id
        except Exception as error:
            raise DeviceUnavailableError(
                f"CuPy finds no NVIDIA GPU to work on: {error}. `voxbind doctor` tells what is "
                "missing."
            ) from error

    def working_on(self, device: Any) -> AbstractContextManager[Any]:
        """Return a context in which CuPy works on a GPU: else it is the current one."""
        return sys.modules["cupy"].cuda.Device(device)  # type: ignore[no-any-return, unused-ignore]

    def refuse(self, value: Any, name: str, cast: str) -> None:
        """Refuse a data type that CuPy doesn't have."""
        if hasattr(value, "dtype") and not is_held(numpy_dtype(value)):
            dtype = str(value.dtype).rpartition(".")[2]
            raise MemoryTypeError(
                f"{name!r} is {dtype}, and CuPy has no such dtype. Give {cast.format('float32')}."
            )

    def leaves_shared(self, value: Any) -> bool:
        return False

    def keeps_out(self, array: Any, device: Any) -> bool:
        return isinstance(array, np.ma.MaskedArray) or not is_held(array.dtype)

    def arrives_shared(self, array: Any, device: Any) -> bool:
        return False

    def to_host(self, value: Any, name: str) -> Any:
        with value.device:
            return value.get()  # on the current stream, as CuPy works, and waits for it

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
        """Return a copy on a device; a result of a data type that CuPy lacks stays NumPy's."""
        if isinstance(array, np.ma.MaskedArray):
            return array
        if name:
            self.refuse(array, name, cast)
        elif not is_held(array.dtype):
            return array
        cupy = sys.modules["cupy"]
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        with cupy.cuda.Device(device):
            return cupy.asarray(native, blocking=True)  # pinned memory may change after the call

    def from_device(self, value: Any, device: Any) -> Any:
        """Return an array on a GPU as one of CuPy, which shares its buffer on the same GPU."""
        cupy = sys.modules["cupy"]
        if hasattr(value, "resolve_conj"):  # a tensor, which exports neither of these
            # Between GPUs PyTorch has both streams wait, and takes any strides.
            value = value.detach().resolve_conj().resolve_neg().to(f"cuda:{device}")
        # Both have CuPy's current stream wait for the work that made the array.
        with cupy.cuda.Device(device):
            speaks = hasattr(class_of(value), "__dlpack__")
            array = cupy.from_dlpack(value) if speaks else cupy.asarray(value)
            if array.device.id == device:
                return array
            with array.device:
                array = cupy.ascontiguousarray(array)  # all that CuPy copies between GPUs
                cupy.cuda.get_current_stream().synchronize()
            return cupy.asarray(array)

    def wait(self, device: Any) -> None:
        cupy = sys.modules["cupy"]
        with cupy.cuda.Device(device):
            cupy.cuda.get_current_stream().synchronize()

    def wait_for_borrower(self, borrower: CudaMemory, device: Any, lent: Any, value: Any) -> None:
        self.from_device(lent, value.device.id)  # has CuPy's stream wait for the library's

    def write(self, value: Any, array: Any) -> None:
        with value.device:
            value[...] = sys.modules["cupy"].asarray(array)

    def shares(self, value: Any, array: Any) -> bool:
        return value is array

    def cast(self, name: str, dtype: str) -> str:
        return f"{name}.astype(cupy.{dtype})"

    def copy(self, value: Any) -> Any:
        with value.device:  # else the copy is on the current one
            return value.copy()

    def put(self, volume: Any, z: int, plane: Any) -> None:
        with volume.device:
            volume[z] = plane

    def empty(self, shape: tuple[int, ...], like: Any) -> Any:
        with like.device:
            return sys.modules["cupy"].empty(shape, like.dtype)

    def widened(self, stack: Any, plane: Any) -> Any:
        with stack.device:
            return stack.astype(np.result_type(stack.dtype, plane.dtype), copy=False)
