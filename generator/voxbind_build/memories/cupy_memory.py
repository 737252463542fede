"""CuPy's memory on an NVIDIA GPU."""

from __future__ import annotations

import os
from typing import Any

from voxbind_build.memories.containers import mapped
from voxbind_build.memories.interface import Examination, MemoryFacts

LOST = 86
"""Exit code of a process whose GPU answers each further call with the error of an earlier one."""

EXAMINATION = Examination(
    place="cupy",
    api="CUDA",
    needs_gpu=True,
    kind="device",
    distributions=("cupy-cuda13x", "cupy-cuda12x", "cupy"),
    ask="""
import json, cupy
try:
    count = cupy.cuda.runtime.getDeviceCount()
except Exception as error:
    said = False, str(error), "$driver"
else:
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode() if count else "no GPU"
    said = count > 0, name, "$driver"
if said[0]:
    try:
        cupy.arange(3).sum().item()  # compiled, which needs more than a driver
    except Exception as error:
        said = False, f"{name} is there, and a first sum fails: {error}", "$cuda --force-reinstall"
print(json.dumps(dict(zip(("usable", "detail", "command"), said))))
""",
    install="$cuda",
    repair="$cuda --force-reinstall",
)
EXAMINATIONS = (EXAMINATION,)
FACTS = MemoryFacts(
    module_note="""\
The functions run on an NVIDIA GPU. CuPy's arrays and PyTorch's CUDA tensors stay where they are;
arrays on the host are copied to the GPU, and results come back as what the first image came as.
Axes are (Z, Y, X). Without a GPU a call raises ``DeviceUnavailableError``.

""",
    device=EXAMINATION,
    on_gpu=True,
    kernel_caches=(".cupy/kernel_cache", ".nv/ComputeCache"),
)


class Cuda:
    """Arrays of CuPy on its current GPU."""

    facts = FACTS
    colours = True
    patience = 10

    def __init__(self) -> None:
        import cupy

        self._library: Any = cupy

    def start(self, number: int) -> None:
        """Compile a small kernel, run it and wait for it."""
        kernel = self._library.ElementwiseKernel(
            "float32 x", "float32 y", f"y = x + {number}", f"voxbind_start_{number}"
        )
        self.take(kernel(self._library.zeros(1, "float32")))

    def give(self, value: Any) -> Any:
        """Copy arrays to the GPU, in lists as well; what CuPy has no dtype for stays as it is."""
        import numpy as np

        def sent(each: Any) -> Any:
            if not isinstance(each, np.ndarray):
                return each
            try:
                return self._library.asarray(each)
            except (TypeError, ValueError):
                return each

        return mapped(value, sent)

    def take(self, value: Any) -> Any:
        """Copy the arrays of a result from the GPU."""
        kind = self._library.ndarray
        return mapped(value, lambda each: each.get() if isinstance(each, kind) else each)

    def wait(self) -> None:
        """Wait for the GPU, and end the process if that can do nothing more in it.

        After a kernel that has read outside its memory, say, CUDA answers whatever a process
        asks with the same error.
        """
        try:
            self._library.cuda.runtime.deviceSynchronize()
        except Exception:
            os._exit(LOST)
