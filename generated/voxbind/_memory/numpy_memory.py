"""NumPy's memory: what most libraries work in, and the way between most others."""

from __future__ import annotations

# Class attributes fill in abstract properties of the interface, which pyright refuses.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false
from types import ModuleType
from typing import Any

from .._support.classes import class_of
from .._support.untyped import np
from ..errors import MemoryTypeError
from .interface import LibraryMemory, Place

__all__ = ["NUMPY", "NumpyMemory", "numpy_dtype", "with_true_as_1"]


def numpy_dtype(value: Any) -> Any:
    """Return NumPy's dtype for an array of any library; None if NumPy has no such dtype."""
    dtype = getattr(value, "dtype", None)
    known = isinstance(dtype, (np.dtype, type))
    try:
        return np.dtype(dtype if known else str(dtype).rpartition(".")[2]).newbyteorder("=")
    except TypeError:
        return None


def with_true_as_1(array: Any) -> Any:
    """Return an array whose true values are the byte 1: the array itself, or a copy.

    Another library can lend booleans of other bytes, and compiled code reads the bytes as numbers.
    """
    if array.dtype == np.bool_ and array.view(np.uint8).max(initial=0) > 1:
        return array.view(np.uint8) != 0
    return array


class NumpyMemory(LibraryMemory):
    """Arrays of NumPy: see `voxbind._memory.interface.LibraryMemory`."""

    name = module = "numpy"
    places = (Place("numpy", "host"),)
    array_name = direct_class = "numpy.ndarray"
    always_converts = False
    speaks_array_api = True
    reads_colours = True

    def array_class(self, module: ModuleType) -> type:
        return module.ndarray  # type: ignore[no-any-return]

    def holds(self, value: Any) -> bool:
        """Whether `value` is a NumPy array whose class keeps NumPy's functions as they are.

        A class that overrides them (astropy's quantities) is an exporter, like arrays that derive
        from no other: a library's code would call the overrides in some places and not in others.
        """
        return (
            isinstance(value, np.ndarray)
            and class_of(value).__array_function__ is np.ndarray.__array_function__
        )

    def device(self, value: Any) -> Any:
        return None

    def place(self, device: Any) -> str:
        return "numpy"

    def is_at(self, value: Any, device: Any) -> bool:
        return True

    def without_operators(self, value: Any) -> Any:
        """Return a matrix as an array: its ``*`` and ``**`` are those of linear algebra."""
        return value.view(np.ndarray) if isinstance(value, np.matrix) else value

    def device_name(self, device: Any) -> str:
        return "cpu"

    def device_of_call(self, arguments: Any) -> Any:
        return None

    def check(self, value: Any, name: str) -> None:
        if isinstance(value, np.ma.MaskedArray):
            raise MemoryTypeError(
                f"{name!r} is a masked array, and the library doesn't look at its mask. Give "
                f"{name}.filled(value), or {name}.data and the mask to a parameter for it."
            )

    def leaves_shared(self, value: Any) -> bool:
        return True

    def keeps_out(self, array: Any, device: Any) -> bool:
        return False

    def arrives_shared(self, array: Any, device: Any) -> bool:
        return True

    def to_host(self, value: Any, name: str) -> Any:
        return value

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
        return array

    def write(self, value: Any, array: Any) -> None:
        np.copyto(value, array, casting="unsafe")

    def shares(self, value: Any, array: Any) -> bool:
        return value is array

    def cast(self, name: str, dtype: str) -> str:
        return f"{name}.astype(numpy.{dtype})"

    def volume(self, value: Any) -> Any:
        return np.asanyarray(value)

    def empty(self, shape: tuple[int, ...], like: Any) -> Any:
        masked = isinstance(like, np.ma.MaskedArray)
        return np.ma.empty(shape, like.dtype) if masked else np.empty(shape, like.dtype)

    def widened(self, stack: Any, plane: Any) -> Any:
        if isinstance(plane, np.ma.MaskedArray):
            stack = np.ma.asarray(stack)
        return stack.astype(np.result_type(stack, plane), copy=False)


NUMPY = NumpyMemory()
"""The memory that a library works in if nothing else is said."""
