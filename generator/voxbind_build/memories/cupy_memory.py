"""CuPy's memory on an NVIDIA GPU."""

from __future__ import annotations

import os
from typing import Any

from voxbind_build.common.image_axes import mapped
from voxbind_build.memories.interface import Examination, MemoryFacts

LOST = 86
"""Exit code of a process in which every call to the GPU fails with the error of an earlier call."""

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
    answer = False, str(error), "$driver"
else:
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode() if count else "no GPU"
    answer = count > 0, name, "$driver"
if answer[0]:
    try:
        cupy.arange(3).sum().item()  # compiles a kernel, which needs more than a driver
    except Exception as error:
        answer = False, f"{name} can't run a kernel: {error}", "$cuda --force-reinstall"
print(json.dumps(dict(zip(("usable", "detail", "command"), answer))))
""",
    install="$cuda",
    repair="$cuda --force-reinstall",
)
EXAMINATIONS = (EXAMINATION,)
FACTS = MemoryFacts(
    module_note="""\
The functions run on an NVIDIA GPU. CuPy arrays and CUDA tensors of PyTorch aren't copied. Arrays
in host memory are copied to the GPU, and results are returned in the memory of the first image.
Axes are (Z, Y, X). Without a GPU, a call raises ``DeviceUnavailableError``.

""",
    device=EXAMINATION,
    on_gpu=True,
    kernel_caches=(".cupy/kernel_cache", ".nv/ComputeCache"),
)


class Cuda:
    """CuPy arrays on the current GPU."""

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
        """Copy arrays to the GPU, also those in lists; CuPy lacks some dtypes, which stay."""
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
        """Wait for the GPU, and end the process if the GPU can't be used in it any more.

        After a kernel has read outside its memory, for example, every CUDA call of the process
        fails with the same error.
        """
        try:
            self._library.cuda.runtime.deviceSynchronize()
        except Exception:
            os._exit(LOST)
