"""The memories, and the only place that lists them.

To add one, write its file (see `voxbind._memory.interface`) and add a line to `MEMORIES`.
"""

from __future__ import annotations

from .cupy_memory import CupyMemory
from .exporter_memory import READERS_OF_GPUS, ExporterMemory
from .interface import CudaMemory, LibraryMemory, Memory, Place
from .jax_memory import JaxMemory
from .numpy_memory import NUMPY
from .pyclesperanto_memory import PyclesperantoMemory
from .torch_memory import TorchMemory

__all__ = [
    "ARRAY_API",
    "CUDA_MEMORIES",
    "LIBRARY_MEMORIES",
    "MEMORIES",
    "NUMPY",
    "OWN_DTYPES",
    "PLACES",
    "accepted_arrays",
    "library_memory",
]

MEMORIES: tuple[Memory, ...] = (
    NUMPY,
    TorchMemory(),
    CupyMemory(),
    PyclesperantoMemory(),
    JaxMemory(),
    # It takes whatever none of the others does.
    ExporterMemory(),
)
"""In the order in which a value is offered to them."""

LIBRARY_MEMORIES: dict[str, LibraryMemory] = {
    memory.name: memory for memory in MEMORIES if isinstance(memory, LibraryMemory)
}
"""Those that wrapped libraries work in, by the name that the manifest has for them."""
CUDA_MEMORIES: tuple[CudaMemory, ...] = tuple(
    memory for memory in MEMORIES if isinstance(memory, CudaMemory)
)
"""Those that take arrays on an NVIDIA GPU."""
READERS_OF_GPUS[:] = CUDA_MEMORIES
OWN_DTYPES: tuple[Memory, ...] = tuple(memory for memory in MEMORIES if memory.has_own_dtypes)
"""Those with data types that NumPy doesn't accept."""
PLACES: tuple[Place, ...] = tuple(place for memory in MEMORIES for place in memory.places)
"""Where arrays may be: the rows and columns of the table of routes."""
ARRAY_API = "array_api"
"""In the manifest, the memory of a library that works wherever its image is."""


def library_memory(name: str) -> LibraryMemory | None:
    """Return the memory that a library works in, by its name in the manifest.

    Returns
    -------
    LibraryMemory or None
        None for ``array_api``: such a library works in the memory of its image.
    """
    return None if name == ARRAY_API else LIBRARY_MEMORIES[name]


def accepted_arrays() -> str:
    """Return the arrays of all memories in words, for error messages."""
    *names, last = (memory.array_name for memory in MEMORIES)
    return f"{', '.join(names)} and {last}"
