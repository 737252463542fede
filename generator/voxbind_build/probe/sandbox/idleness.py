"""Which processes do nothing: they sleep, or wait for a lock that nobody releases.

A process that is forked while a thread of a library holds a lock may wait for that lock for ever.
Limits of processor time don't end it, and its limit by the clock is long.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import psutil

__all__ = ["IdleWatch", "processor_time"]

_INTERVAL = 1.0
"""Seconds between two looks at the processes."""
_SMALLEST = 0.01
"""Seconds of processor time that count as some: one tick of the system's clock."""


class IdleWatch:
    """Remembers when each process last used processor time.

    Parameters
    ----------
    limit
        Seconds for which a process may use none. However busy a machine is, a process that has
        something to do gets some within a minute.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._last: dict[Path, tuple[float, float]] = {}
        self._looked = time.monotonic()

    def is_due(self) -> bool:
        """Return whether to look at the processes: once a second, since all of them are listed."""
        is_due = time.monotonic() >= self._looked + _INTERVAL
        if is_due:
            self._looked = time.monotonic()
        return is_due

    def is_idle(self, folder: Path, used: float) -> bool:
        """Return whether a callable's processes have done nothing for too long.

        Parameters
        ----------
        folder
            The callable's folder.
        used
            Seconds of processor time that its processes have used so far.
        """
        now = time.monotonic()
        before, since = self._last.get(folder, (used, now))
        # The time of a child process that has ended may be missing from the sum: it is less then.
        if abs(used - before) >= _SMALLEST or folder not in self._last:
            before, since = used, now
        self._last[folder] = before, since
        return now - since > self.limit


def processor_time(group: Path) -> float:
    """Return the seconds of processor time that a callable's processes have used.

    Parameters
    ----------
    group
        The file that contains the number of their process group. A process that hasn't written it
        yet has used none.
    """
    used = 0.0
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        leader = psutil.Process(int(group.read_text()))
        for process in (leader, *leader.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                used += sum(process.cpu_times()[:4])
    return used
