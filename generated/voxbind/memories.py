"""The memories that arrays are in, and which one a value is in."""

from __future__ import annotations

from typing import Any, Protocol

# The generated package is checked without the libraries, and so without NumPy.
import numpy as np  # type: ignore[import-not-found, unused-ignore]

from .errors import MemoryTypeError, class_name
from .memory_numpy import NumpyMemory
from .memory_pyclesperanto import PyclesperantoMemory
from .memory_torch import TorchMemory

__all__ = [
    "NUMPY",
    "PLAIN",
    "LibraryMemory",
    "Memory",
    "export",
    "is_array",
    "is_number_or_nested",
    "library_memory",
    "memory_of",
    "to_host",
]


class Memory(Protocol):
    """Where arrays are, how they come to the host and from it."""

    def holds(self, value: Any) -> bool:
        """Whether `value` is an array here; nothing is imported to find out."""

    def device(self, value: Any) -> Any:
        """Return where the array is, in the library's terms."""

    def to_host(self, value: Any, name: str) -> Any:
        """Return the array as NumPy's, sharing its buffer where it can."""

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
        """Return NumPy's array as one that is here, sharing its buffer where it can.

        Parameters
        ----------
        array
            NumPy's array. Of a result, what no array here can be stays as it is.
        device
            Where the new one is to be.
        name
            The parameter that it was given to; empty for a result.
        cast
            How one writes the conversion of what was given to the data type ``{}``.
        overwritten
            Whether the library writes into it, so that what is there doesn't matter.
        plain
            Whether it was made of plain numbers, which have no data type to lose.
        """

    def write(self, value: Any, array: Any) -> None:
        """Copy NumPy's array into one that is here."""

    def shares(self, value: Any, array: Any) -> bool:
        """Whether what is written into `array`, made of `value`, is in `value` too."""

    def cast(self, name: str, dtype: str) -> str:
        """Return how one writes the conversion of an array to a data type."""


class LibraryMemory(Memory, Protocol):
    """A memory that a library works in."""

    reads_colours: bool
    """Whether a last axis of three or four may be colours."""
    takes_nested: bool
    """Whether the library makes an image of nested sequences."""
    planes_are_views: bool
    """Whether what is written into a plane is in the volume too."""

    def device_of_call(self, arguments: Any) -> Any:
        """Return the device that a call with these arguments works on."""

    def check(self, value: Any, name: str) -> None:
        """Refuse an array that is here and that the library would misread."""

    def volume(self, value: Any) -> Any:
        """Return what was lowered as something that can be cut."""

    def plane(self, volume: Any, z: int) -> Any:
        """Return one slice of a volume."""

    def put(self, volume: Any, z: int, plane: Any) -> None:
        """Write one slice of a volume."""

    def empty(self, shape: tuple[int, ...], like: Any) -> Any:
        """Return an array of the data type, and on the device, of another."""

    def widened(self, stack: Any, plane: Any) -> Any:
        """Return the stack in a data type that holds the plane's values too."""


NUMPY, _PYCLESPERANTO = NumpyMemory(), PyclesperantoMemory()
_MEMORIES: tuple[Memory, ...] = (NUMPY, TorchMemory(), _PYCLESPERANTO)
_OF_LIBRARIES: dict[str, LibraryMemory] = {"numpy": NUMPY, "pyclesperanto": _PYCLESPERANTO}
_EXPORTS = ("__array__", "__array_interface__", "__array_struct__", "__dlpack__")
PLAIN = frozenset((bool, int, float, complex, str, type(None)))
_NEVER = (str, bytes, bytearray, dict, type(None))


def library_memory(name: str) -> LibraryMemory:
    """Return the memory of a library by the name that it has in the manifest."""
    return _OF_LIBRARIES[name]


def memory_of(value: Any) -> Memory | None:
    """Return the memory that `value` is an array of."""
    if type(value) in PLAIN:
        return None
    for memory in _MEMORIES:
        if memory.holds(value):
            return memory
    return None


def is_array(value: Any) -> bool:
    """Whether `value` is an array in a memory that can be handed on."""
    if memory_of(value) is not None:
        return True
    if isinstance(value, (*_NEVER, np.generic, type)):
        return False
    return any(hasattr(type(value), export) for export in _EXPORTS)


def is_number_or_nested(value: Any) -> bool:
    """Whether `value` is a number, or a sequence that NumPy may make an array of."""
    return isinstance(value, (bool, int, float, complex, np.generic, list, tuple, range))


def to_host(value: Any, name: str) -> Any:
    """Return an array as NumPy's, and the arrays in a sequence; the rest stays as it is."""
    if type(value) in PLAIN:
        return value
    if type(value) in (list, tuple):
        lowered = [to_host(item, name) for item in value]
        same = all(new is old for new, old in zip(lowered, value, strict=True))
        return value if same else type(value)(lowered)
    memory = memory_of(value)
    if memory is not None:
        return memory.to_host(value, name)
    return export(value, name) if is_array(value) else value


def export(value: Any, name: str) -> Any:
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
