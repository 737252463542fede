"""The memories that libraries work in: test images on their way there, results on their way back.

Everything is measured on NumPy arrays; a library with a memory of its own is given arrays of
that memory, so that what is seen is what it does with what is its own.
"""

from __future__ import annotations

from typing import Any, Protocol

from voxbind_build.model import MemoryType
from voxbind_build.probe.memory.containers import mapped
from voxbind_build.probe.memory.cuda import Cuda


class Memory(Protocol):
    """A way into a library's memory and out of it."""

    colours: bool
    """Whether an array can have an axis of colours: where not, three axes are a volume."""
    patience: int
    """How many times longer a first call may take than on the host: its kernels are compiled."""

    def start(self, number: int) -> None:
        """Run something, so that the device and its compiler are there.

        Another number is another kernel to compile.
        """

    def give(self, value: Any) -> Any:
        """Return an array in the library's memory; what is no array stays as it is."""

    def take(self, value: Any) -> Any:
        """Return a result with its arrays in NumPy's memory."""

    def wait(self) -> None:
        """Wait for what a call has begun; where that broke the device, end the process.

        Later calls in the process would get the error of this one.
        """


class Host:
    """NumPy's own memory."""

    colours = True
    patience = 1

    def start(self, number: int) -> None:
        """Do nothing: it is there."""

    def give(self, value: Any) -> Any:
        """Return the value as it is."""
        return value

    def take(self, value: Any) -> Any:
        """Return the value as it is."""
        return value

    def wait(self) -> None:
        """Do nothing: a call that has returned is done."""


class Tensors:
    """PyTorch's tensors on the CPU."""

    colours = False
    patience = 1

    def __init__(self) -> None:
        import torch

        self._library = torch

    def start(self, number: int) -> None:
        """Do nothing: it is there."""

    def give(self, value: Any) -> Any:
        """Return an array as a tensor of its own; what PyTorch has no dtype for stays as it is."""
        import numpy as np

        if not isinstance(value, np.ndarray):
            return value
        try:
            return self._library.from_numpy(value.copy())
        except TypeError:
            return value

    def take(self, value: Any) -> Any:
        """Return the tensors of a result as arrays."""
        kind = self._library.Tensor
        return mapped(
            value, lambda each: each.numpy(force=True) if isinstance(each, kind) else each
        )

    def wait(self) -> None:
        """Do nothing: a call that has returned is done."""


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


def memory(kind: MemoryType) -> Memory:
    """Return the way into a library's memory.

    Raises
    ------
    ImportError
        If the library of that memory isn't installed.
    NotImplementedError
        For a memory that nothing can be measured in yet.
    """
    if kind in ("numpy", "array_api"):  # what the standard promises is the same in any memory
        return Host()
    if kind == "torch":
        return Tensors()
    if kind == "pyclesperanto":
        return OpenCL()
    if kind == "cupy":
        return Cuda()
    raise NotImplementedError(f"functions that work in {kind} memory can't be measured yet")
