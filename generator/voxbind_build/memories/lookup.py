"""The memories, and the only place of the generator that lists them.

A name of `MemoryType` without a case here is an error of types, and so is a memory that lacks a
member of `Memory`.
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
"""What `voxbind doctor` asks, in the order of its table."""


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
    """Return the way into a library's memory.

    Raises
    ------
    ImportError
        If the library of that memory isn't installed.
    """
    return _memory_class(kind)()


def facts(kind: MemoryType) -> MemoryFacts:
    """Return what depends on the memory that a library works in; nothing is imported for it."""
    return _memory_class(kind).facts
