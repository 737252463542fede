"""The way into each memory that a library may work in."""

from __future__ import annotations

from typing import assert_never

from voxbind_build.model import MemoryType
from voxbind_build.probe.memory.interface import Memory


def memory(kind: MemoryType) -> Memory:
    """Return the way into a library's memory.

    A memory without a case here is an error of types.

    Raises
    ------
    ImportError
        If the library of that memory isn't installed.
    """
    match kind:
        case "numpy" | "array_api":  # what the standard promises is the same in any memory
            from voxbind_build.probe.memory.numpy_memory import Host

            return Host()
        case "torch":
            from voxbind_build.probe.memory.torch_memory import Tensors

            return Tensors()
        case "pyclesperanto":
            from voxbind_build.probe.memory.pyclesperanto_memory import OpenCL

            return OpenCL()
        case "cupy":
            from voxbind_build.probe.memory.cupy_memory import Cuda

            return Cuda()
        case _:
            assert_never(kind)
