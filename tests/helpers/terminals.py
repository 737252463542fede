"""What a process prints on a terminal."""

from __future__ import annotations

import os
import select

PATIENCE = 120
"""Seconds that a process may print nothing."""


def read_until_closed(terminal: int) -> bytes:
    """Return what is printed on a terminal until its other end is closed, and close it.

    Parameters
    ----------
    terminal
        The first file that `pty.openpty` returns.
    """
    shown = b""
    while select.select([terminal], [], [], PATIENCE)[0]:
        try:
            shown += os.read(terminal, 1 << 16)
        except OSError:  # the other end is closed
            break
    os.close(terminal)
    return shown
