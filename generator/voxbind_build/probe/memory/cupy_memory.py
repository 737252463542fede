"""CuPy's memory on an NVIDIA GPU."""

from __future__ import annotations

import os
from typing import Any

from voxbind_build.probe.memory.containers import mapped

LOST = 86
"""Exit code of a process whose GPU answers each further call with the error of an earlier one."""


class Cuda:
    """Arrays of CuPy on its current GPU."""

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
