"""How long functions take to measure: the order to measure them in, and the time left.

What each function took last is kept in the user's cache folder. Nothing that a build writes depends
on it; without it, the time left is only known less well.
"""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from voxbind_build.build.ledger import replace_file
from voxbind_build.common.cache_folder import cache_folder
from voxbind_build.model import ProbeTask

_FIRST_GUESS = 0.3
"""Seconds for a function of which nothing is known, until another has been measured."""
_WEIGHT = 8
"""Number of new functions that count as much as all known ones for what others will take."""
_OUTLIER = 10.0
"""A function that takes this many times the median says nothing about other functions."""
_OVERDUE = 0.2
"""What a function is still expected to take if it takes longer than expected, as a part of the
time that it has taken."""


class Durations:
    """The seconds that functions took, by definition.

    Parameters
    ----------
    tasks
        The functions to measure, by definition.
    jobs
        How many are measured at a time.
    known
        What functions took in earlier builds.
    clock
        Returns the time in seconds.
    """

    def __init__(
        self,
        tasks: Iterable[str],
        jobs: int,
        known: Mapping[str, float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._known = {task: known[task] for task in tasks if task in known}
        self._waiting = dict.fromkeys(tasks)
        self._running: dict[str, float] = {}
        self._jobs, self._clock, self._last_end = jobs, clock, clock()
        self.measured: dict[str, float] = {}
        """What functions took in this build."""

    def longest_first(self, tasks: Iterable[ProbeTask]) -> list[ProbeTask]:
        """Sort tasks, so that no long one is left for the end, when other cores have no work.

        Those of which nothing is known come before those that are known to be short. They are taken
        from all libraries in turn, since functions of one library say little about those of
        another. Those of one library stay in their order.
        """
        usual = _usual(self._known.values())
        tasks = [*tasks]
        totals, counts = Counter(map(_library, tasks)), Counter[str]()
        places: dict[str, float] = {}
        for task in tasks:
            places[task.description.definition] = counts[_library(task)] / totals[_library(task)]
            counts[_library(task)] += 1

        def place(task: ProbeTask) -> tuple[float, float]:
            definition = task.description.definition
            return -self._known.get(definition, usual), places[definition]

        return sorted(tasks, key=place)

    def start(self, task: ProbeTask) -> None:
        """Note that a function is measured from now on."""
        definition = task.description.definition
        self._waiting.pop(definition, None)
        if task.again or definition not in self._running:
            self._running[definition] = self._clock()

    def end(self, definition: str) -> float:
        """Note that a function has been measured; return the seconds since another one was."""
        now = self._clock()
        self._waiting.pop(definition, None)
        if (started := self._running.pop(definition, None)) is not None:
            self.measured[definition] = now - started
        lap, self._last_end = now - self._last_end, now
        return lap

    def seconds_left(self) -> float:
        """Estimate how long it takes to measure the rest."""
        again = self.measured.keys() & self._known.keys()
        before = sum(self._known[definition] for definition in again)
        slower = sum(self.measured[definition] for definition in again) / before if before else 1.0
        new = [took for definition, took in self.measured.items() if definition not in again]
        if self._known or not new:
            new += [slower * _usual(self._known.values())] * _WEIGHT
        usual = _usual(new)
        now = self._clock()

        def expected(definition: str) -> float:
            return slower * self._known[definition] if definition in self._known else usual

        parts = [
            max(expected(definition) - (now - started), _OVERDUE * (now - started))
            for definition, started in self._running.items()
        ]
        work = math.fsum([*parts, *map(expected, self._waiting)])
        return max([work / self._jobs, *parts], default=0.0)


def _library(task: ProbeTask) -> str:
    """Return the top-level module of a function."""
    return task.description.name.partition(".")[0]


def _usual(durations: Iterable[float]) -> float:
    """Return the mean of durations, of which outliers count less."""
    taken = [*durations]
    if not taken:
        return _FIRST_GUESS
    most = _OUTLIER * statistics.median(taken)
    return statistics.fmean(min(duration, most) for duration in taken)


def read_durations() -> dict[str, float]:
    """Return what functions took in earlier builds; empty if the file is missing or damaged."""
    with contextlib.suppress(OSError, RuntimeError, msgspec.MsgspecError, UnicodeDecodeError):
        kept = msgspec.json.decode(_file().read_bytes(), type=dict[str, float])
        return {definition: took for definition, took in kept.items() if took >= 0}
    return {}


def keep_durations(measured: Mapping[str, float]) -> None:
    """Keep what functions took for the next build, if the cache folder can be written."""
    if not measured:
        return
    rounded = {definition: round(took, 3) for definition, took in measured.items()}
    text = msgspec.json.encode({**read_durations(), **rounded}, order="sorted").decode()
    with contextlib.suppress(OSError, RuntimeError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        replace_file(_file(), text)


def _file() -> Path:
    return cache_folder() / "durations.json"
