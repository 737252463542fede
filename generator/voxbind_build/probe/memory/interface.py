"""What the probe asks of a memory: arrays on their way into it, and results on their way back."""

from __future__ import annotations

from typing import Any, Protocol


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
