"""Which memory a value is in."""

from __future__ import annotations

from operator import index
from typing import Any

from .._support.classes import array_api_classes, class_of
from .._support.untyped import np
from .interface import LibraryMemory, Memory
from .registry import LIBRARY_MEMORIES, MEMORIES, NUMPY, library_memory

__all__ = [
    "KNOWN",
    "NESTED",
    "NUMPY",
    "PLAIN",
    "LibraryMemory",
    "Memory",
    "first_array",
    "from_host_like",
    "is_array",
    "is_number_or_nested",
    "library_memory",
    "memory_for",
    "memory_of",
    "shape_of",
    "to_host",
]

KNOWN: dict[type, Memory] = {}
"""The memory of each class of arrays that was seen: a class doesn't change its memory."""
PLAIN = frozenset((bool, int, float, complex, str, type(None)))
NESTED = frozenset((list, tuple))


def memory_for(image: Any) -> LibraryMemory:
    """Return where a function of the array API standard works on an image: NumPy for the rest."""
    memory = memory_of(image)
    chosen = LIBRARY_MEMORIES.get(memory.name) if memory is not None else None
    return chosen if chosen is not None and chosen.speaks_array_api else NUMPY


def memory_of(value: Any) -> Memory | None:
    """Return the memory that `value` is an array of."""
    kind = class_of(value)
    memory = KNOWN.get(kind)
    if memory is None and kind not in PLAIN:
        memory = next((candidate for candidate in MEMORIES if candidate.holds(value)), None)
        if memory is not None:
            KNOWN[kind] = memory
            if f"{kind.__module__}.{kind.__qualname__}" == memory.direct_class:
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


def shape_of(value: Any, name: str) -> tuple[int, ...]:
    """Return an array's shape; NumPy computes it for a list, or a dask array of unknown shape."""
    try:
        return tuple(map(index, value.shape))
    except (AttributeError, RuntimeError, TypeError):  # RuntimeError: a nested tensor has none
        return tuple(np.asarray(to_host(value, name)).shape)


def is_number_or_nested(value: Any) -> bool:
    """Whether `value` is a number, or a sequence that NumPy may make an array of."""
    return isinstance(value, (bool, int, float, complex, np.generic, list, tuple, range))


def from_host_like(array: Any, like: Any) -> Any:
    """Return an array of NumPy in the memory, and on the device, of another array."""
    memory = memory_of(like)
    return array if memory is None else memory.from_host(array, memory.device(like))


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
