"""What is an array by what it exports: DLPack, the array interfaces of NumPy and CUDA.

An array that follows the array API standard comes back as one of its own kind; of anything
else (a PIL image, a dask array beside the image) the result is NumPy's. A library is given it
writable, in native byte order and with booleans of 0 and 1: a copy, if the export is anything else.
"""

from __future__ import annotations

# Class attributes fill in abstract properties of the interface, which pyright refuses.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false
import sys
from array import array as pyarray
from importlib import import_module
from typing import Any

from .._support.classes import class_of
from .._support.untyped import np
from ..errors import DeviceUnavailableError, MemoryTypeError, class_name
from .interface import CudaMemory, Memory
from .numpy_memory import with_true_as_1

__all__ = [
    "ExporterMemory",
    "as_libraries_read_it",
    "gpu_of",
    "is_dask_array",
    "is_lazy",
    "makes_its_kind",
    "not_writable",
]

_INTERFACES = ("__array_interface__", "__array_struct__")
_EXPORTS = (*_INTERFACES, "__array__", "__dlpack__", "__cuda_array_interface__")
_BUFFERS = (memoryview, pyarray)
_NEVER = (str, bytes, bytearray, dict, type(None), type)
_UNITS = (("units", "magnitude"), ("unit", "value"), ("units", "value"))
"""What the classes of quantities call the unit and the number: pint's, astropy's and unyt's."""
# Device types of DLPack: https://dmlc.github.io/dlpack/latest/c_api.html
_CPU, _CUDA, _CUDA_HOST, _CUDA_MANAGED = 1, 2, 3, 13


def gpu_of(value: Any) -> int | None:
    """Return the number of the NVIDIA GPU that an array is on; None if it is on none."""
    if hasattr(class_of(value), "__dlpack_device__"):
        kind, number = value.__dlpack_device__()
        return int(number) if kind in (_CUDA, _CUDA_MANAGED) else None
    if not hasattr(class_of(value), "__cuda_array_interface__"):
        return None
    # Only the driver knows, and PyTorch doesn't ask it.
    cupy, (pointer, _) = sys.modules.get("cupy"), value.__cuda_array_interface__["data"]
    if cupy is None or not pointer:
        return 0
    return int(cupy.cuda.runtime.pointerGetAttributes(pointer).device)


def is_lazy(value: Any) -> bool:
    """Whether reading an array computes it: a dask array, or an object that holds one."""
    return hasattr(class_of(value), "__dask_graph__") and value.__dask_graph__() is not None


def is_dask_array(value: Any) -> bool:
    """Whether `value` is dask's own array, which a few functions accept and keep lazy."""
    return class_of(value).__module__.startswith("dask.array.")


def makes_its_kind(value: Any) -> bool:
    """Whether a result can be made an array of this kind: the array API standard says how."""
    is_numpys = isinstance(value, np.ndarray)  # whose standard function makes no subclass
    return hasattr(class_of(value), "__array_namespace__") and not is_numpys


def not_writable(value: Any, name: str) -> str:
    """Say why nothing can be written into an array on the host; empty if it can be written."""
    if is_lazy(value):
        return "is computed each time it is read"
    first, second = (_exported(value, name) for _ in range(2))
    if first.size and not np.may_share_memory(first, second):
        return "exports copies of itself"
    return "" if first.flags.writeable else "exports read-only memory"


READERS_OF_GPUS: list[CudaMemory] = []
"""The memories that can read an array on a GPU; `voxbind._memory.registry` puts them here."""


class ExporterMemory(Memory):
    """Arrays of any other library: see `voxbind._memory.interface.Memory`."""

    name = "exporter"
    places = ()
    array_name = "what exports an array (__array__, DLPack, __cuda_array_interface__, a memoryview)"
    is_open = True
    always_converts = False

    def holds(self, value: Any) -> bool:
        if isinstance(value, (*_NEVER, np.generic)):
            return False
        return issubclass(class_of(value), _BUFFERS) or any(
            _has(value, export) for export in _EXPORTS
        )

    def device(self, value: Any) -> Any:
        """Return the array itself: only it can say how one like it is made."""
        return value

    def place(self, device: Any) -> str:
        computed = " (computed)" if is_lazy(device) else ""
        return class_name(device) + computed

    def gpu_of(self, value: Any) -> int | None:
        return gpu_of(value)

    def makes_arrays_like(self, value: Any) -> bool:
        return makes_its_kind(value)

    def write_refusal(self, value: Any, name: str) -> str:
        return "" if gpu_of(value) is not None else not_writable(value, name)

    def leaves_shared(self, value: Any) -> bool:
        """Whether NumPy can share the buffer; what ``__array__`` does can't be known."""
        if not _exports_its_buffer(value):
            return False
        try:
            exported = _exported(value, "")
        except MemoryTypeError:  # `to_host` says why, with the parameter's name
            return False
        return as_libraries_read_it(exported) is exported

    def keeps_out(self, array: Any, device: Any) -> bool:
        if isinstance(array, np.ma.MaskedArray):
            return True
        try:
            _of_its_kind(np.empty(0, array.dtype), device)
        except (TypeError, ValueError, NotImplementedError):  # a dtype that it doesn't have
            return True
        return False

    def arrives_shared(self, array: Any, device: Any) -> bool:
        try:
            # The standard has that be an error where it would copy.
            _of_its_kind(array, device, copy=False)
        except Exception:
            return False
        return bool(array.dtype.isnative)

    def to_host(self, value: Any, name: str) -> Any:
        """Return the exported array: its own buffer, if that is on the host and writable."""
        return as_libraries_read_it(_exported(value, name))

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
        """Return an array of the same kind as `device`, if the array API standard can make one."""
        return array if self.keeps_out(array, device) else _of_its_kind(array, device)

    def write(self, value: Any, array: Any) -> None:
        if gpu_of(value) is None:
            np.copyto(_exported(value, ""), array, casting="unsafe")
            return
        memory, device = _gpu_memory(value, "")
        memory.write(memory.from_device(value, device), array)
        memory.wait(device)

    def shares(self, value: Any, array: Any) -> bool:
        if gpu_of(value) is not None or is_lazy(value):
            return False
        return not array.size or np.may_share_memory(self.to_host(value, ""), array)

    def cast(self, name: str, dtype: str) -> str:
        return f"numpy.asarray({name}).astype(numpy.{dtype})"


def _has(value: Any, export: str) -> bool:
    """Whether an object's class exports an array that way; an interface may be the object's own."""
    if hasattr(class_of(value), export):
        return True
    return export in _INTERFACES and export in getattr(value, "__dict__", ())


def _exports_its_buffer(value: Any) -> bool:
    """Whether an array's protocol hands out the buffer on the host, and not a copy of it."""
    if issubclass(class_of(value), _BUFFERS):
        return True
    if hasattr(class_of(value), "__dlpack_device__"):
        return value.__dlpack_device__()[0] in (_CPU, _CUDA_HOST)
    if _has(value, "__array_interface__"):
        # An image file's has bytes, made for whoever asks.
        return isinstance(value.__array_interface__.get("data"), tuple)
    return _has(value, "__array_struct__")


def _exported(value: Any, name: str) -> Any:
    """Return NumPy's array as it is exported: it may be read-only, or of foreign byte order."""
    _refuse_units(value, name)
    try:
        if issubclass(class_of(value), _BUFFERS) or any(_has(value, i) for i in _INTERFACES):
            return np.asarray(value)
        if gpu_of(value) is not None:
            memory, device = _gpu_memory(value, name)
            return memory.to_host(memory.from_device(value, device), name)
        if not hasattr(class_of(value), "__array__"):
            return np.from_dlpack(value)
        # What `__array__` gives may be a copy; DLPack says that it shares. Dask's drops a mask.
        array = value.compute() if is_dask_array(value) else value
        array = _by_dlpack(value) if _exports_its_buffer(value) else np.asanyarray(array)
    except DeviceUnavailableError:
        raise
    except Exception as error:
        raise MemoryTypeError(
            f"{name!r} is of type {class_name(value)}, and NumPy can't read it: {error}. "
            f"Give a numpy.ndarray or a torch.Tensor."
        ) from error
    if isinstance(array, np.ma.MaskedArray):
        raise MemoryTypeError(
            f"{name!r} is of type {class_name(value)} and gives a masked array, whose mask would "
            "be lost. Give an array without a mask, filled with a value of your choice."
        )
    return np.asarray(array)


def _refuse_units(value: Any, name: str) -> None:
    """Refuse a quantity: libraries compute with its numbers, and the unit would be lost."""
    for unit, number in _UNITS:
        if all(hasattr(class_of(value), attribute) for attribute in (unit, number)):
            raise MemoryTypeError(
                f"{name!r} is of type {class_name(value)} with the unit "
                f"{str(getattr(value, unit))!r}, which the result would lose. Give {name}.{number} "
                "in the unit that you want, and put the unit of the result back yourself."
            )


def as_libraries_read_it(array: Any) -> Any:
    """Return an array writable, in native byte order, with booleans of 0 and 1: itself, if it is.

    Compiled code may refuse a read-only buffer, and reads a boolean's byte as a number.
    """
    array = with_true_as_1(array)
    if array.flags.writeable and array.dtype.isnative:
        return array
    return array.astype(array.dtype.newbyteorder("="))


def _by_dlpack(value: Any) -> Any:
    try:
        return np.from_dlpack(value)
    except (BufferError, RuntimeError, TypeError):  # a data type that DLPack doesn't have
        return np.asarray(value)


def _of_its_kind(array: Any, like: Any, **options: Any) -> Any:
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return like.__array_namespace__().asarray(native, device=like.device, **options)


def _gpu_memory(value: Any, name: str) -> tuple[CudaMemory, Any]:
    """Return the memory of an installed library that can read a GPU, and the GPU in its terms."""
    gpu = gpu_of(value)
    assert gpu is not None
    # A library that is imported already comes first: an import takes a second.
    known = {memory.module: memory for memory in READERS_OF_GPUS}
    for module in sorted(known, key=lambda name: (name not in sys.modules, name)):
        try:
            import_module(module)
        except ImportError:
            continue
        return known[module], known[module].device_of_gpu(gpu)
    subject = f"{name!r} is" if name else "the output is"
    raise DeviceUnavailableError(
        f"{subject} of type {class_name(value)}, on an NVIDIA GPU, and neither CuPy nor PyTorch "
        "is here to copy it. Install one, pip install cupy-cuda12x, or give a copy on the host."
    )
