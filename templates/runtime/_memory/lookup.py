"""The memories that arrays are in, and which one a value is in."""

from __future__ import annotations

from typing import Any, Protocol

from .._support.classes import class_of
from .._support.untyped import np
from .._upstream.wrapped_module import array_api_classes
from .cupy_memory import CupyMemory
from .exporter_memory import ExporterMemory
from .numpy_memory import NumpyMemory
from .pyclesperanto_memory import PyclesperantoMemory
from .torch_memory import TorchMemory

__all__ = [
    "KNOWN",
    "NESTED",
    "NUMPY",
    "PLAIN",
    "LibraryMemory",
    "Memory",
    "first_array",
    "is_array",
    "is_number_or_nested",
    "library_memory",
    "memory_for",
    "memory_of",
    "to_host",
]


class Memory(Protocol):
    """Where arrays are, how they come to the host and from it."""

    name: str
    """What it is called: ``numpy``."""

    def holds(self, value: Any) -> bool:
        """Whether `value` is an array here; nothing is imported to find out."""
        ...

    def device(self, value: Any) -> Any:
        """Return where the array is, in the library's terms."""
        ...

    def place(self, device: Any) -> str:
        """Return the memory and the device in words: ``torch (cuda:0)``."""
        ...

    def gpu(self, device: Any) -> int | None:
        """Return the number of the NVIDIA GPU that a device is; None where it is none."""
        ...

    def leaves_shared(self, value: Any) -> bool:
        """Whether `to_host` will share the array's buffer."""
        ...

    def keeps_out(self, array: Any, device: Any) -> bool:
        """Whether NumPy's array, a result, can be none here, and stays as it is."""
        ...

    def arrives_shared(self, array: Any, device: Any) -> bool:
        """Whether `from_host` will share the buffer of NumPy's array."""
        ...

    def to_host(self, value: Any, name: str) -> Any:
        """Return the array as NumPy's, sharing its buffer where it can."""
        ...

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
        ...

    def write(self, value: Any, array: Any) -> None:
        """Copy NumPy's array into one that is here."""

    def shares(self, value: Any, array: Any) -> bool:
        """Whether what is written into `array`, made of `value`, is in `value` too."""
        ...

    def cast(self, name: str, dtype: str) -> str:
        """Return how one writes the conversion of an array to a data type."""
        ...


class CudaMemory(Memory, Protocol):
    """A memory that may be on an NVIDIA GPU."""

    def from_device(self, value: Any, device: Any) -> Any:
        """Return an array of any memory on a GPU, sharing the buffer where that is `device`."""
        ...

    def wait(self, device: Any) -> None:
        """Wait until all is done that was queued on a GPU."""


class LibraryMemory(Memory, Protocol):
    """A memory that a library works in."""

    speaks_array_api: bool
    """Whether its arrays follow the array API standard."""

    reads_colours: bool
    """Whether a last axis of three or four may be colours."""
    takes_nested: bool
    """Whether the library makes an image of nested sequences."""
    planes_are_views: bool
    """Whether what is written into a plane is in the volume too."""

    def device_name(self, device: Any) -> str:
        """Return the device in words: ``cuda:0``."""
        ...

    def is_at(self, value: Any, device: Any) -> bool:
        """Whether an array that is here is on a device, or the library sees to that itself."""
        ...

    def device_of_call(self, arguments: Any) -> Any:
        """Return the device that a call with these arguments works on."""
        ...

    def check(self, value: Any, name: str) -> None:
        """Refuse an array that is here and that the library would misread."""

    def refuse(self, value: Any, name: str, cast: str) -> None:
        """Refuse an array elsewhere that can't be held here, before it is copied."""

    def copy(self, value: Any) -> Any:
        """Return an array with the same content and a buffer of its own."""
        ...

    def volume(self, value: Any) -> Any:
        """Return what was lowered as something that can be cut."""
        ...

    def plane(self, volume: Any, z: int) -> Any:
        """Return one slice of a volume."""
        ...

    def put(self, volume: Any, z: int, plane: Any) -> None:
        """Write one slice of a volume."""

    def empty(self, shape: tuple[int, ...], like: Any) -> Any:
        """Return an array of the data type, and on the device, of another."""
        ...

    def widened(self, stack: Any, plane: Any) -> Any:
        """Return the stack in a data type that holds the plane's values too."""
        ...


NUMPY = NumpyMemory()
_OF_LIBRARIES: dict[str, LibraryMemory] = {
    each.name: each for each in (NUMPY, TorchMemory(), CupyMemory(), PyclesperantoMemory())
}
# The last takes what no other does.
_MEMORIES: tuple[Memory, ...] = (*_OF_LIBRARIES.values(), ExporterMemory())
KNOWN: dict[type, Memory] = {}
"""By the class of arrays that were seen: a class doesn't change its memory."""
# CuPy works on the current GPU, wherever an array is: that is seen to on the way through `Call`.
_OF_THE_STANDARD = ("numpy.ndarray", "torch.Tensor")
PLAIN = frozenset((bool, int, float, complex, str, type(None)))
NESTED = frozenset((list, tuple))


def library_memory(name: str) -> LibraryMemory:
    """Return the memory of a library by the name that it has in the manifest."""
    return _OF_LIBRARIES[name]


def memory_for(image: Any) -> LibraryMemory:
    """Return where a function of the array API standard works on an image: NumPy for the rest."""
    memory = memory_of(image)
    chosen = _OF_LIBRARIES.get(memory.name) if memory is not None else None
    return chosen if chosen is not None and chosen.speaks_array_api else NUMPY


def memory_of(value: Any) -> Memory | None:
    """Return the memory that `value` is an array of."""
    kind = class_of(value)
    memory = KNOWN.get(kind)
    if memory is None and kind not in PLAIN:
        memory = next((each for each in _MEMORIES if each.holds(value)), None)
        if memory is not None:
            KNOWN[kind] = memory
            if f"{kind.__module__}.{kind.__qualname__}" in _OF_THE_STANDARD:
                array_api_classes.add(kind)
    return memory


def first_array(value: Any) -> Any:
    """Return the array whose memory a result is given in; in a list, the first one's."""
    while type(value) in NESTED and value:
        value = value[0]
    return value


def is_array(value: Any) -> bool:
    """Whether `value` is an array in a memory that can be handed on."""
    return memory_of(value) is not None


def is_number_or_nested(value: Any) -> bool:
    """Whether `value` is a number, or a sequence that NumPy may make an array of."""
    return isinstance(value, (bool, int, float, complex, np.generic, list, tuple, range))


def to_host(value: Any, name: str) -> Any:
    """Return an array as NumPy's, and the arrays in a sequence; the rest stays as it is."""
    kind = class_of(value)
    if kind in PLAIN:
        return value
    if kind in (list, tuple):
        lowered = [to_host(item, name) for item in value]
        same = all(new is old for new, old in zip(lowered, value, strict=True))
        return value if same else class_of(value)(lowered)
    memory = memory_of(value)
    return value if memory is None else memory.to_host(value, name)
