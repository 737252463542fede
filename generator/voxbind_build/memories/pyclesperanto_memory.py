"""pyclesperanto arrays on an OpenCL device."""

from __future__ import annotations

from typing import Any

from voxbind_build.common.image_axes import mapped
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
drivers = os.environ.get("OCL_ICD_FILENAMES", "").split(os.pathsep)
missing = [file for file in drivers if file and not os.path.exists(file)]
# Without a device, pyclesperanto lacks nearly all of its functions, this one included.
list_devices = getattr(pyclesperanto, "list_available_devices", list)
answer = {"detail": ", ".join(map(str, list_devices()))}
answer["usable"] = bool(answer["detail"])
if not answer["usable"] and missing:
    answer["detail"] = f"OCL_ICD_FILENAMES names {missing[0]}, which doesn't exist"
    answer["command"] = "unset OCL_ICD_FILENAMES"
answer = {key: value for key, value in answer.items() if value}
lack = "it finds no device. The command makes the CPU a device; a GPU needs the GPU's driver"
print(json.dumps({"detail": lack, **answer}))
""",
    install="pip install 'voxbind[opencl-cpu]'",
    repair="pip install 'voxbind[opencl-cpu]'",
)
EXAMINATIONS = (EXAMINATION,)
FACTS = MemoryFacts(
    module_note="""\
Images are arrays of pyclesperanto, NumPy or PyTorch with one to three axes, (Z, Y, X). Results are
returned in the memory of the first image; an array on the device isn't copied. pyclesperanto's
numbers have at most 32 bits: float64, int64 and uint64 are converted with a
``DtypeConversionWarning``, bool is stored as uint8, and numbers out of range raise an error.

""",
    array_type="ClesperantoArray",
    device=EXAMINATION,
    outlives_fork=True,
    kernel_caches=(".cache/clesperanto",),
)


class OpenCL:
    """pyclesperanto arrays on the current device."""

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
        """Copy an array to the device; pyclesperanto converts dtypes that it lacks."""
        import numpy as np

        return self._library.push(value) if isinstance(value, np.ndarray) else value

    def take(self, value: Any) -> Any:
        """Copy the arrays of a result from the device."""
        kind, pull = self._library.Array, self._library.pull
        return mapped(value, lambda each: pull(each) if isinstance(each, kind) else each)

    def wait(self) -> None:
        """Do nothing, because an error on the device is raised when `take` copies the result."""
