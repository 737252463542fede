"""Buffers of pyclesperanto on an OpenCL device."""

from __future__ import annotations

from typing import Any

from voxbind_build.probe.memory.containers import mapped


class OpenCL:
    """Buffers of pyclesperanto on its current device."""

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
