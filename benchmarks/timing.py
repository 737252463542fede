"""Times several calls alternately, so that a busy machine slows all of them, and keeps the best."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from timed_calls import Call

Timer = Callable[[int], float]
"""Runs a call the given number of times, and returns the total time in seconds."""


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    batch: float = 0.003
    """Time for each call per round in seconds; a short call is repeated to fill it."""


@dataclass(frozen=True)
class Pair:
    """Times of a baseline and of a call, in seconds."""

    base: float
    seconds: float

    @property
    def ratio(self) -> float:
        """The call's time divided by the baseline's."""
        return self.seconds / self.base

    @property
    def added(self) -> float:
        """The call's time minus the baseline's, in seconds."""
        return self.seconds - self.base


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    what: str
    ours: Pair | float
    """The times of the baseline and of voxbind, or voxbind's seconds if there is no baseline."""
    peers: Mapping[str, Pair | str] = field(default_factory=dict)
    """By peer, the times of the baseline in its environment and of the peer, or an error."""
    is_yardstick: bool = False
    """Whether the row doesn't measure voxbind, but is there for comparison."""


@dataclass(frozen=True)
class Topic:
    """Rows that belong together."""

    title: str
    base: str
    """The baseline that the times are compared with."""
    aim: str
    rows: list[Row]
    note: str = ""
    in_chart: bool = True


def timer(call: Call) -> Timer:
    """Return the timer of a call in this process."""
    return timeit.Timer(call).timeit


def interleaved(timers: Mapping[str, Timer], effort: Effort) -> dict[str, float]:
    """Return the best time of each call in seconds, measured alternately.

    Parameters
    ----------
    timers
        The calls' timers, by name.
    effort
        How long to measure.
    """
    numbers = {name: _number(timer, effort.batch) for name, timer in timers.items()}
    best = dict.fromkeys(timers, float("inf"))
    order = list(timers)
    for _ in range(effort.rounds):
        for name in order:
            best[name] = min(best[name], timers[name](numbers[name]) / numbers[name])
        order.reverse()
    return best


def _number(timer: Timer, batch: float) -> int:
    """Return the number of calls that fit into a batch."""
    timer(1)  # the first call may import modules
    number, quickest = 1, float("inf")
    for _ in range(4):
        seconds = timer(number)
        quickest = min(quickest, seconds / number)
        if seconds > 10 * batch:
            break
        number = max(1, int(batch / max(quickest, 1e-8)))
    return number


def measured(
    what: str,
    base: Timer,
    ours: Timer,
    effort: Effort,
    peers: Mapping[str, tuple[Timer, Timer] | str] | None = None,
) -> Row:
    """Measure voxbind, its baseline and the peers alternately, and return their row.

    Parameters
    ----------
    what
        The row's label.
    base
        The baseline's timer.
    ours
        voxbind's timer.
    effort
        How long to measure.
    peers
        By peer, the timers of its baseline and of the peer, or an error.
    """
    timers = {"base": base, "voxbind": ours}
    peers = peers or {}
    for name, pair in peers.items():
        if not isinstance(pair, str):
            timers[f"{name} base"], timers[name] = pair
    best = interleaved(timers, effort)
    return Row(
        what,
        Pair(best["base"], best["voxbind"]),
        {
            name: pair if isinstance(pair, str) else Pair(best[f"{name} base"], best[name])
            for name, pair in peers.items()
        },
    )
