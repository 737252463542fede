"""Any memory that follows the array API standard; functions are measured on NumPy arrays."""

from __future__ import annotations

from voxbind_build.memories.interface import MemoryFacts
from voxbind_build.memories.numpy_memory import Host

FACTS = MemoryFacts(
    module_note="""\
The functions run in the memory and on the device of their images, without a conversion: images are
arrays of NumPy, PyTorch or CuPy, and results are of the same kind. Axes are (Z, Y, X). Arrays of
pyclesperanto, and objects that can only export an array, are converted to NumPy for the call.

""",
)


class Standard(Host):
    """NumPy arrays, which stand for all memories, as the standard requires equal results."""

    facts = FACTS
