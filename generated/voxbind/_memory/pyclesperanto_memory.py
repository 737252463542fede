"""pyclesperanto's memory: arrays on a device, of one to three axes and at most 32 bits a number.

Every array is copied between the device and the host. pyclesperanto converts 64-bit numbers
silently; here they cause a `DtypeConversionWarning`. Complex numbers, arrays of four axes and
larger integers are refused before the copy. ``bool`` is stored as ``uint8``, which loses nothing.

pyclesperanto is never imported here: a program that has one of its arrays, or calls one of its
functions, has imported it already.
"""

from __future__ import annotations

# Class attributes fill in abstract properties of the interface, which pyright refuses.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false
import sys
import warnings
from collections.abc import Iterable
from contextlib import suppress
from types import ModuleType
from typing import Any

from .._support.classes import class_of
from .._support.running import call_of_over, running_wrapper
from .._support.stacklevel import callers_level
from .._support.untyped import np
from ..errors import (
    DtypeConversionWarning,
    MemoryDimensionError,
    MemoryTypeError,
)
from .interface import LibraryMemory, Place

__all__ = ["PyclesperantoMemory"]

_HELD = frozenset(("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32"))
_EXACT = {"bool": "uint8"}
_ROUNDED = {"float64": "float32", "int64": "int32", "uint64": "uint32"}
_NUMBERS = "biufc"
_MOST_AXES = 3


class PyclesperantoMemory(LibraryMemory):
    """Arrays of pyclesperanto: see `voxbind._memory.interface.LibraryMemory`."""

    name = module = "pyclesperanto"
    places = (Place("pyclesperanto", "own"),)
    array_name = "pyclesperanto.Array"
    takes_nested = True
    planes_are_views = False

    def array_class(self, module: ModuleType) -> type:
        # Its public `Array` stands for the class of the back end that is active.
        return class_of(module.create((1, 1)))

    def lack_of_device(self, module: ModuleType, distribution: str) -> str:
        """Say that pyclesperanto finds no device: then it is all but empty."""
        with suppress(AttributeError, RuntimeError):
            if module.get_device() is not None:
                return ""
        return (
            f"{distribution} is installed but finds no device to work on. Install the driver "
            "of a GPU, or a device on the CPU with: pip install 'voxbind[opencl-cpu]'. Then start "
            f"Python anew, and import voxbind before {distribution}; "
            "`python -c 'import pyclesperanto; pyclesperanto.info()'` lists what is found."
        )

    def holds(self, value: Any) -> bool:
        # The class stands for that of the active back end, which a user may change.
        kind = getattr(sys.modules.get("pyclesperanto"), "Array", None)
        return kind is not None and isinstance(value, kind)

    def device(self, value: Any) -> Any:
        return value.device

    def place(self, device: Any) -> str:
        return f"pyclesperanto ({self.device_name(device)})"

    def is_at(self, value: Any, device: Any) -> bool:
        return True

    def device_name(self, device: Any) -> str:
        return str(device.name)

    def device_of_call(self, arguments: Iterable[Any]) -> Any:
        """Return the device that was passed, else the first array's, else the selected one."""
        library = sys.modules["pyclesperanto"]
        arguments = list(arguments)
        given = (value for value in arguments if isinstance(value, library.Device))
        arrays = (value.device for value in arguments if self.holds(value))
        return next(given, None) or next(arrays, None) or library.get_device()

    def refuse(self, value: Any, name: str, cast: str) -> None:
        """Refuse arrays with a shape or a dtype that pyclesperanto doesn't have."""
        shape = tuple(value.shape)
        function = running_wrapper()[0].rpartition(".")[2] if len(shape) > _MOST_AXES else ""
        _check_shape(shape, name, function)
        dtype = value.dtype.name if isinstance(value.dtype, np.dtype) else str(value.dtype)
        dtype = dtype.rpartition(".")[2]
        if dtype not in _HELD and dtype not in _EXACT and dtype not in _ROUNDED:
            raise MemoryTypeError(_refusal(dtype, name, cast))

    def leaves_shared(self, value: Any) -> bool:
        return False

    def keeps_out(self, array: Any, device: Any) -> bool:
        return _stays(array)

    def arrives_shared(self, array: Any, device: Any) -> bool:
        return False

    def to_host(self, value: Any, name: str) -> Any:
        return value.get()

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
        if not name and _stays(array):
            return array
        _check_shape(array.shape, name)
        dtype = _held(array, name, cast, overwritten=overwritten, plain=plain)
        library = sys.modules["pyclesperanto"]
        return library.push(array.astype(dtype, copy=False), device=device)

    def write(self, value: Any, array: Any) -> None:
        value.set(array)

    def shares(self, value: Any, array: Any) -> bool:
        return value is array

    def cast(self, name: str, dtype: str) -> str:
        return f"{name}.astype(numpy.{dtype})"

    def plane(self, volume: Any, z: int) -> Any:
        # `volume[z]` does the same, but for a plane of one element, of which it makes a number.
        plane = self._new(volume.shape[1:], volume.dtype, volume)
        extent = (1,) * (_MOST_AXES - plane.ndim) + tuple(plane.shape)
        volume.copy(plane, (z, 0, 0), (0, 0, 0), extent)
        return plane

    def empty(self, shape: tuple[int, ...], like: Any) -> Any:
        _check_shape(shape, "")
        return self._new(shape, like.dtype, like)

    def widened(self, stack: Any, plane: Any) -> Any:
        wider: str = np.result_type(stack.dtype, plane.dtype).name
        return stack.astype(getattr(np, _ROUNDED.get(wider, wider)))

    def _new(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        return sys.modules["pyclesperanto"].create(shape, dtype=dtype, device=like.device)


def _stays(array: Any) -> bool:
    """Return whether a result can't be an array on a device, and is better kept as NumPy's."""
    if isinstance(array, np.ma.MaskedArray):
        return True
    return array.dtype.kind not in _NUMBERS or not array.size or not array.ndim


def _check_shape(shape: tuple[int, ...], name: str, function: str = "") -> None:
    subject = repr(name) if name else "the result"
    if len(shape) > _MOST_AXES:
        advice = (
            f"Loop over the axes before: {call_of_over(function, name, len(shape))}."
            if function
            else f"Loop over the axes before, `[... for volume in {name}]`."
            if name
            else "Give a NumPy array, numpy.asarray(image), to have the result as one."
        )
        raise MemoryDimensionError(
            f"{subject} is of shape {shape}, and pyclesperanto's arrays have at most "
            f"{_MOST_AXES} axes. {advice}"
        )
    if not shape:
        raise MemoryDimensionError(
            f"{subject} is an array without axes, and pyclesperanto's have one or more. Give "
            f"the number itself, {name}.item(), or an array of one element, {name}.reshape(1)."
        )
    if 0 in shape:
        raise MemoryDimensionError(
            f"{subject} is of shape {shape}, and pyclesperanto has no arrays without elements."
            " Leave out the call where there is nothing to work on."
        )


def _held(array: Any, name: str, cast: str, *, overwritten: bool, plain: bool) -> Any:
    """Return the dtype that an array is stored with, and warn if that isn't its own."""
    # Kind and size, not the name: there are two C types for one size of integer.
    dtype = np.dtype(array.dtype.newbyteorder("="))
    dtype_name = dtype.name
    if dtype_name in _HELD:
        return np.dtype(dtype_name)
    if dtype_name in _EXACT:
        return np.dtype(_EXACT[dtype_name])
    if dtype_name not in _ROUNDED:
        raise MemoryTypeError(_refusal(dtype_name, name, cast))
    to = _ROUNDED[dtype_name]
    if to != "float32" and not overwritten:
        _check_range(array, dtype_name, to, name, cast)
    if not plain:
        advice = (
            f"{cast.format(to)} does the same without this warning."
            if name
            else "Give a NumPy array, numpy.asarray(image), for a result that isn't converted."
        )
        subject = repr(name) if name else "the result"
        warnings.warn(
            f"{subject} is {dtype_name}, which pyclesperanto doesn't have: converted to {to}. "
            f"{advice}",
            DtypeConversionWarning,
            stacklevel=callers_level(),
        )
    return np.dtype(to)


def tell(value: Any, name: str) -> None:
    """Warn of numbers that pyclesperanto would change silently, or refuse them."""
    if isinstance(value, np.ndarray):
        _check_shape(value.shape, name)
        _held(value, name, f"{name}.astype(numpy.{{}})", overwritten=False, plain=False)


def _check_range(array: Any, dtype_name: str, to: str, name: str, cast: str) -> None:
    least, greatest = int(array.min()), int(array.max())
    held = np.iinfo(to)
    if held.min <= least and greatest <= held.max:
        return
    fits = least >= 0 and greatest <= np.iinfo("uint32").max
    advice = (
        f"Give {cast.format('uint32')}, which they fit into."
        if name and fits
        else f"Give {cast.format('float32')} if seven digits will do."
        if name
        else "Give a NumPy array, numpy.asarray(image), to have the result as one."
    )
    raise MemoryTypeError(
        f"{repr(name) if name else 'the result'} is {dtype_name} with values from {least} to "
        f"{greatest}, and pyclesperanto's integers have 32 bits. {advice}"
    )


def _refusal(dtype_name: str, name: str, cast: str) -> str:
    taken = ", ".join((*_EXACT, *sorted(_HELD)))
    subject = repr(name) if name else "the result"
    if not name:
        advice = "Give a NumPy array, numpy.asarray(image), to have the result as one."
    elif dtype_name.startswith("complex"):
        advice = f"Give its parts one by one: {name}.real and {name}.imag."
    else:
        advice = f"Give {cast.format('float32')}."
    return (
        f"{subject} is {dtype_name}, which pyclesperanto doesn't have. Taken are {taken}. {advice}"
    )
