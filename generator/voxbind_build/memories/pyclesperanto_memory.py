"""Buffers of pyclesperanto on an OpenCL device."""

from __future__ import annotations

from typing import Any

from voxbind_build.memories.containers import mapped
from voxbind_build.memories.interface import Examination, MemoryFacts

EXAMINATION = Examination(
    place="pyclesperanto",
    api="OpenCL",
    kind="device",
    distributions=("pyclesperanto",),
    ask="""
import json, os, warnings
warnings.simplefilter("ignore")
import pyclesperanto
named = os.environ.get("OCL_ICD_FILENAMES", "")
missing = [file for file in named.split(os.pathsep) if file and not os.path.exists(file)]
# Without a device it leaves nearly everything out.
ask = getattr(pyclesperanto, "list_available_devices", list)
said = {"detail": ", ".join(map(str, ask()))}
said["usable"] = bool(said["detail"])
if not said["usable"] and missing:
    said["detail"] = f"OCL_ICD_FILENAMES names {missing[0]}, which doesn't exist"
    said["command"] = "unset OCL_ICD_FILENAMES"
print(json.dumps({"detail": "it finds no device", **{k: v for k, v in said.items() if v}}))
""",
    install="pip install 'voxbind[opencl-cpu]'",
    repair="pip install 'voxbind[opencl-cpu]' "
    "(a device on the CPU; that of a GPU comes with the GPU's driver)",
)
EXAMINATIONS = (EXAMINATION,)
FACTS = MemoryFacts(
    module_note="""\
Images are pyclesperanto's arrays, NumPy's or PyTorch's, of one to three axes, (Z, Y, X).
Results come back as what the first image came as; an array on the device stays there.
pyclesperanto's numbers have at most 32 bits: float64, int64 and uint64 are converted with a
``DtypeConversionWarning``, bool is held as uint8, and what doesn't fit is refused.

""",
    array_type="ClesperantoArray",
    shows_ndim=False,
    device=EXAMINATION,
    outlives_fork=True,
    kernel_caches=(".cache/clesperanto",),
)


class OpenCL:
    """Buffers of pyclesperanto on its current device."""

    facts = FACTS
    colours = False
    patience = 1

    def __init__(self) -> None:
        import pyclesperanto

        self._library = pyclesperanto

    def start(self, number: int) -> None:
        """Compile a small kernel, run it and wait for it."""
        import numpy as np

        self.take(self._library.absolute(self.give(np.zeros((1, number), np.float32))))

    def give(self, value: Any) -> Any:
        """Copy an array to the device; the library changes dtypes that it doesn't have."""
        import numpy as np

        return self._library.push(value) if isinstance(value, np.ndarray) else value

    def take(self, value: Any) -> Any:
        """Copy the arrays of a result from the device."""
        kind, pull = self._library.Array, self._library.pull
        return mapped(value, lambda each: pull(each) if isinstance(each, kind) else each)

    def wait(self) -> None:
        """Do nothing: what goes wrong on the device is raised where results are taken."""
