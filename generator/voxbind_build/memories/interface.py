"""What the generator asks of a memory: a way into it for the probe, and facts for everything else.

At run time a memory has a file of its own, beside ``voxbind._memory.interface``. A memory that no
wrapped library works in has only examinations here.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from msgspec import Struct

__all__ = ["Examination", "Memory", "MemoryFacts"]


class Examination(Struct, frozen=True, kw_only=True):
    """How `voxbind doctor` finds out whether a kind of arrays, or its device, is usable here."""

    place: str
    """Where such arrays are, as the run time's table of routes names it: ``torch (CUDA)``."""
    api: str = ""
    """What the device is programmed with, if the place doesn't say so: ``OpenCL``."""
    kind: Literal["memory", "device"]
    distributions: tuple[str, ...]
    """Distributions that bring the library; the first that is installed counts."""
    ask: str
    """Python code that prints a JSON object with ``usable`` and ``detail``, and a ``command`` if
    that isn't ``repair``."""
    install: str
    """Command that installs the library. ``$cuda`` stands for the one that installs the libraries
    on a GPU, ``$driver`` for advice on its driver."""
    repair: str
    """Command to run if the library is installed and not usable."""
    needs_gpu: bool = False
    """Whether nothing is asked without an NVIDIA GPU."""

    @property
    def name(self) -> str:
        """The name in the doctor's table."""
        return f"{self.place} ({self.api})" if self.api else self.place


class MemoryFacts(Struct, frozen=True, kw_only=True):
    """What depends on the memory that a library works in, beside how it is measured."""

    module_note: str = ""
    """What a wrapped module's docstring says of its arrays, ending with an empty line."""
    array_type: str = "Array"
    """Type of an image in wrappers; the type variable has a ``T`` behind it."""
    shows_ndim: bool = True
    """Whether a checker sees that an image has ``ndim``."""
    is_default: bool = False
    """Whether wrappers leave the memory out, since the run time takes it for granted."""
    device: Examination | None = None
    """The device without which libraries do nothing."""
    on_gpu: bool = False
    """Whether functions run on an NVIDIA GPU, whose driver reserves address space as it likes."""
    outlives_fork: bool = False
    """Whether libraries can be forked once they are imported; CUDA's can't."""
    kernel_caches: tuple[str, ...] = ()
    """Folders of compiled kernels, below the home: they cost a minute to make."""


class Memory(Protocol):
    """A way into a library's memory and out of it."""

    facts: MemoryFacts
    """What depends on the memory beside its arrays; no part of a measurement's fingerprint."""
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
