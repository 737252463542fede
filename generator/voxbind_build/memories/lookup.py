"""The list of memories; no other module of the generator lists them.

mypy reports a name of `MemoryType` that has no case here, and a memory that lacks a member of
`Memory`.
"""

from __future__ import annotations

from typing import assert_never

from voxbind_build.memories import (
    cupy_memory,
    jax_memory,
    numpy_memory,
    pyclesperanto_memory,
    standard_memory,
    torch_memory,
)
from voxbind_build.memories.interface import Examination, Memory, MemoryFacts
from voxbind_build.model import MemoryType

__all__ = ["EXAMINATIONS", "facts", "memory"]

EXAMINATIONS: tuple[Examination, ...] = (
    *numpy_memory.EXAMINATIONS,
    *torch_memory.EXAMINATIONS,
    *cupy_memory.EXAMINATIONS,
    *pyclesperanto_memory.EXAMINATIONS,
    *jax_memory.EXAMINATIONS,
)
"""The checks of `voxbind doctor`, in the order of its table."""


def _memory_class(kind: MemoryType) -> type[Memory]:
    match kind:
        case "numpy":
            return numpy_memory.Host
        case "torch":
            return torch_memory.Tensors
        case "cupy":
            return cupy_memory.Cuda
        case "pyclesperanto":
            return pyclesperanto_memory.OpenCL
        case "array_api":
            return standard_memory.Standard
        case _:
            assert_never(kind)


def memory(kind: MemoryType) -> Memory:
    """Return the object that moves arrays into a memory and out of it.

    Parameters
    ----------
    kind
        The memory's name.

    Raises
    ------
    ImportError
        If the library of that memory isn't installed.
    """
    return _memory_class(kind)()


def facts(kind: MemoryType) -> MemoryFacts:
    """Return the facts about a memory, without importing its library."""
    return _memory_class(kind).facts
