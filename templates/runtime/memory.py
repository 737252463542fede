"""Arrays on their way to the library's memory and back.

The library's memory is NumPy. A CPU tensor shares its buffer with the array that the
library sees, and with the tensor that comes back; gradients don't flow through. PyTorch
is never imported here: who has a tensor has imported it.
"""

from __future__ import annotations

import sys
from types import GeneratorType
from typing import Any

# The generated package is checked without the libraries, and so without NumPy.
import numpy as np  # type: ignore[import-not-found, unused-ignore]

from .errors import DeviceUnavailableError, MemoryTypeError

__all__ = ["Exchange", "class_name", "is_array", "is_number_or_nested", "is_tensor", "lower_dtype"]

_EXPORTS = ("__array__", "__array_interface__", "__array_struct__", "__dlpack__")
_PLAIN = frozenset((bool, int, float, complex, str, type(None)))
_NEVER = (str, bytes, bytearray, dict, type(None))


def is_tensor(value: Any) -> bool:
    """Whether `value` is a PyTorch tensor; PyTorch isn't imported to find out."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    kind, tensor = type(value), getattr(torch, "Tensor", None)
    return tensor is not None and (kind is tensor or issubclass(kind, tensor))


def is_array(value: Any) -> bool:
    """Whether `value` is an array in a memory that can be handed on."""
    if isinstance(value, np.ndarray) or is_tensor(value):
        return True
    if isinstance(value, (*_NEVER, np.generic, type)):
        return False
    return any(hasattr(type(value), export) for export in _EXPORTS)


def is_number_or_nested(value: Any) -> bool:
    """Whether `value` is a number, or a sequence that NumPy may make an array of."""
    return isinstance(value, (bool, int, float, complex, np.generic, list, tuple, range))


def lower_dtype(value: Any, name: str) -> Any:
    """Return NumPy's data type for PyTorch's; what is no data type stays as it is."""
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


class Exchange:
    """The arrays of one call: what came, and what the library was given for it.

    One object that is given twice is one object in the library too, and a result that
    is what the library was given for a tensor comes back as that very tensor.
    """

    def __init__(self) -> None:
        # By the id of what came: (what came, what the library is given). Holding both
        # keeps the ids from being used again.
        self._given: dict[int, tuple[Any, Any]] = {}

    def lower(self, value: Any, name: str) -> Any:
        """Return `value` in the library's memory; what is no array stays as it is."""
        if type(value) in _PLAIN:
            return value
        if isinstance(value, np.ndarray):
            if isinstance(value, np.ma.MaskedArray):
                raise MemoryTypeError(
                    f"{name!r} is a masked array, and the library doesn't look at its mask. Give "
                    f"{name}.filled(value), or {name}.data and the mask to a parameter for it."
                )
            return value
        if type(value) in (list, tuple):
            lowered = [self.lower(item, name) for item in value]
            same = all(new is old for new, old in zip(lowered, value, strict=True))
            return value if same else type(value)(lowered)
        tensor = is_tensor(value)
        if not tensor and not is_array(value):
            return value
        given = self._given.get(id(value))
        if given is None:
            array = _tensor_to_array(value, name) if tensor else _export(value, name)
            given = self._given[id(value)] = (value, array)
        return given[1]

    def settle(self, value: Any) -> None:
        """Bring what the library wrote into `value` back where that was lowered by a copy."""
        if not is_tensor(value) or id(value) not in self._given:
            return
        array = self._given[id(value)][1]
        if value.device.type != "cpu" or array.ctypes.data != value.data_ptr():
            torch = sys.modules["torch"]
            with torch.no_grad():
                value.copy_(torch.from_numpy(array))

    def give_back(self, result: Any, like: Any) -> Any:
        """Return a library's result with its arrays in the memory of `like`."""
        device = like.device if is_tensor(like) else None
        if device is None and not self._given:
            return result
        if isinstance(result, GeneratorType):
            return (self.give_back(item, like) for item in result)
        own = {id(array): came for came, array in self._given.values()}
        return _map_arrays(result, device, own)


def _map_arrays(result: Any, device: Any, own: dict[int, Any]) -> Any:
    if isinstance(result, np.ndarray):
        came = own.get(id(result))
        if came is not None and is_tensor(came):
            return came
        return result if device is None else _array_to_tensor(result, device)
    if type(result) is dict:
        return {key: _map_arrays(item, device, own) for key, item in result.items()}
    if type(result) is list:
        return [_map_arrays(item, device, own) for item in result]
    if isinstance(result, tuple) and (type(result) is tuple or hasattr(result, "_fields")):
        members = [_map_arrays(item, device, own) for item in result]
        return tuple(members) if type(result) is tuple else type(result)(*members)
    return result


def _array_to_tensor(array: Any, device: Any) -> Any:
    """Return a tensor that shares the array's buffer where PyTorch can have it so."""
    if type(array) is not np.ndarray and isinstance(array, np.ma.MaskedArray):
        return array
    from_numpy = sys.modules["torch"].from_numpy
    try:
        # PyTorch would ignore that an array is read-only, and write into it.
        tensor = from_numpy(array if array.flags.writeable else array.copy())
    except TypeError:  # a dtype that PyTorch doesn't have: text, times, objects, ...
        return array
    except ValueError:  # negative or odd strides, foreign byte order
        try:
            tensor = from_numpy(array.astype(array.dtype.newbyteorder("="), order="C", copy=True))
        except TypeError:
            return array
    return tensor if tensor.device == device else tensor.to(device)


def _tensor_to_array(tensor: Any, name: str) -> Any:
    """Return the tensor's buffer as an array; from a device, a copy."""
    if tensor.is_meta:
        raise MemoryTypeError(
            f"{name!r} is a tensor on the meta device, which has a shape but no data. Make it on a "
            f"real device, for example with torch.empty_like({name}, device='cpu')."
        )
    try:
        # That is detach, cpu, resolve_conj and resolve_neg, where they are needed.
        return tensor.numpy(force=True)
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        advice = _advice(tensor, name)
        if not advice and tensor.device.type != "cpu":
            raise DeviceUnavailableError(
                f"{name!r} is a tensor on {tensor.device}, and can't be copied from there: {error}"
                f". Check that PyTorch sees the device, or give {name}.cpu()."
            ) from error
        raise MemoryTypeError(
            f"{name!r} is of type {class_name(tensor)} and dtype {tensor.dtype}, and can't be "
            f"shared with NumPy: {error}. {advice or 'Give a plain torch.Tensor or an array.'}"
        ) from error


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


def _export(value: Any, name: str) -> Any:
    """Return the array that an object exports, sharing its buffer where it does."""
    try:
        if any(hasattr(type(value), export) for export in _EXPORTS[:3]):
            array = np.asarray(value)
        else:
            array = np.from_dlpack(value)
    except Exception as error:
        raise MemoryTypeError(
            f"{name!r} is of type {class_name(value)}, and NumPy can't read it: {error}. "
            f"Give a numpy.ndarray or a torch.Tensor."
        ) from error
    return array


def class_name(value: Any) -> str:
    """Return the name of a value's class, as one would import it."""
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"
