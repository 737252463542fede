"""The generator's interface to a memory: conversions for the probe, and facts for other stages.

The run time has its own file for each memory, next to ``voxbind._memory.interface``. A memory that
no wrapped library uses has only examinations here.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from msgspec import Struct

__all__ = ["Examination", "Memory", "MemoryFacts"]


class Examination(Struct, frozen=True, kw_only=True):
    """How `voxbind doctor` checks whether a kind of array, or its device, is usable here."""

    place: str
    """The place of such arrays, as in the run time's table of routes: ``torch (CUDA)``."""
    api: str = ""
    """The programming interface of the device, if the place doesn't name it: ``OpenCL``."""
    kind: Literal["memory", "device"]
    distributions: tuple[str, ...]
    """Distributions that contain the library; the first that is installed is used."""
    ask: str
    """Python code that prints a JSON object with ``usable``, ``detail`` and, if it isn't
    ``repair``, a ``command``."""
    install: str
    """Command that installs the library. ``$cuda`` stands for the command that installs the
    libraries on a GPU, ``$driver`` for advice on the GPU's driver."""
    repair: str
    """Command to run if the library is installed but not usable."""
    needs_gpu: bool = False
    """Whether the code of ``ask`` is run only if there is an NVIDIA GPU."""

    @property
    def name(self) -> str:
        """The name in the doctor's table."""
        return f"{self.place} ({self.api})" if self.api else self.place


class MemoryFacts(Struct, frozen=True, kw_only=True):
    """Facts about a memory that matter outside the probe."""

    module_note: str = ""
    """Paragraph on arrays for the docstring of a wrapped module, ending with an empty line."""
    array_type: str = "AnyArray"
    """Type of an array argument of wrappers."""
    is_default: bool = False
    """Whether wrappers don't name the memory, because it is the run time's default."""
    device: Examination | None = None
    """The device without which the libraries can't work; None if they need none."""
    on_gpu: bool = False
    """Whether functions run on an NVIDIA GPU, whose driver reserves much address space."""
    outlives_fork: bool = False
    """Whether a process can be forked after importing the libraries; with CUDA it can't."""
    kernel_caches: tuple[str, ...] = ()
    """Folders of compiled kernels, relative to the home folder; making them takes a minute."""


class Memory(Protocol):
    """Moves arrays into a library's memory and out of it."""

    facts: MemoryFacts
    """Facts for other stages; they aren't part of a measurement's fingerprint."""
    colours: bool
    """Whether an array can have an axis of colours; if not, three axes always mean a volume."""
    patience: int
    """How many times longer than on the host a first call may take, as it compiles kernels."""

    def start(self, number: int) -> None:
        """Run a small kernel, so that the device and its compiler are started.

        A different number makes a different kernel, which is compiled again.
        """

    def give(self, value: Any) -> Any:
        """Return an array in the library's memory; return other values unchanged."""

    def take(self, value: Any) -> Any:
        """Return a result with its arrays in NumPy's memory."""

    def wait(self) -> None:
        """Wait until a call's work is done; if it broke the device, end the process.

        Otherwise later calls in the process would fail with the error of this call.
        """
