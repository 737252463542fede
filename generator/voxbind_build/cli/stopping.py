"""Ends a command on SIGTERM (`kill PID`) as Ctrl-C ends it: with its clean-up and a sentence."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

__all__ = ["Terminated", "exit_code", "terminable"]


class Terminated(KeyboardInterrupt):
    """The process received SIGTERM."""


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Raise `Terminated` in the block when the process receives SIGTERM."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread alone
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_code(stop: KeyboardInterrupt) -> int:
    """Return the exit code of a stopped command: 143 after SIGTERM, as shells report it."""
    return 128 + signal.SIGTERM if isinstance(stop, Terminated) else 1


def _terminate(number: int, frame: FrameType | None) -> None:
    # A second signal would break off the clean-up, which ends the processes that measure.
    signal.signal(number, signal.SIG_IGN)
    raise Terminated
