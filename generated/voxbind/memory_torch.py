"""PyTorch's memory. A CPU tensor shares its buffer with an array; gradients don't flow through.

PyTorch is never imported here: who has a tensor has imported it.
"""

from __future__ import annotations

import sys
from typing import Any

# The generated package is checked without the libraries, and so without NumPy.
import numpy as np  # type: ignore[import-not-found, unused-ignore]

from .errors import DeviceUnavailableError, MemoryTypeError, class_name

__all__ = ["TorchMemory"]


class TorchMemory:
    """Tensors of PyTorch: see `voxbind.memory.Memory`."""

    def holds(self, value: Any) -> bool:
        torch = sys.modules.get("torch")
        if torch is None:
            return False
        kind, tensor = type(value), getattr(torch, "Tensor", None)
        return tensor is not None and (kind is tensor or issubclass(kind, tensor))

    def device(self, value: Any) -> Any:
        return value.device

    def to_host(self, value: Any, name: str) -> Any:
        """Return the tensor's buffer as an array; from a device, a copy."""
        if value.is_meta:
            raise MemoryTypeError(
                f"{name!r} is a tensor on the meta device, which has a shape but no data. Make it "
                f"on a real device, for example with torch.empty_like({name}, device='cpu')."
            )
        try:
            # That is detach, cpu, resolve_conj and resolve_neg, where they are needed.
            return value.numpy(force=True)
        except (TypeError, ValueError, RuntimeError, AssertionError) as error:
            advice = _advice(value, name)
            if not advice and value.device.type != "cpu":
                raise DeviceUnavailableError(
                    f"{name!r} is a tensor on {value.device}, and can't be copied from there: "
                    f"{error}. Check that PyTorch sees the device, or give {name}.cpu()."
                ) from error
            raise MemoryTypeError(
                f"{name!r} is of type {class_name(value)} and dtype {value.dtype}, and can't be "
                f"shared with NumPy: {error}. {advice or 'Give a plain torch.Tensor or an array.'}"
            ) from error

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
                native = array.dtype.newbyteorder("=")
                tensor = from_numpy(array.astype(native, order="C", copy=True))
            except TypeError:
                return array
        return tensor if tensor.device == device else tensor.to(device)

    def write(self, value: Any, array: Any) -> None:
        torch = sys.modules["torch"]
        with torch.no_grad():
            value.copy_(torch.from_numpy(array))

    def shares(self, value: Any, array: Any) -> bool:
        here = value.device.type == "cpu"
        return bool(here and (array.ctypes.data == value.data_ptr() or not array.size))

    def cast(self, name: str, dtype: str) -> str:
        return f"{name}.to(torch.{dtype})"


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
