"""Whatever memory an image is in, by the array API standard: measured on NumPy's arrays."""

from __future__ import annotations

from voxbind_build.memories.interface import MemoryFacts
from voxbind_build.memories.numpy_memory import Host

FACTS = MemoryFacts(
    module_note="""\
The functions run where their images are, without a conversion: on the arrays of NumPy, PyTorch and
CuPy, on any device, and what comes out is of the same kind. Axes are (Z, Y, X). What only exports
an array, and pyclesperanto's arrays, go by way of NumPy and come back.

""",
)


class Standard(Host):
    """NumPy's arrays: what the standard promises is the same in any memory."""

    facts = FACTS
