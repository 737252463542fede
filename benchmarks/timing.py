"""Measures several calls in turn and keeps the best times: other programs disturb all alike."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from timed_calls import Call

Timer = Callable[[int], float]
"""Makes a call the given number of times and returns the seconds."""


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    batch: float = 0.003
    """Seconds that the calls of one side take in one round, unless a single call takes longer."""


@dataclass(frozen=True)
class Pair:
    """Seconds of a call, and of the baseline that it is compared with."""

    base: float
    seconds: float

    @property
    def ratio(self) -> float:
        """Time of the call divided by that of the baseline."""
        return self.seconds / self.base

    @property
    def added(self) -> float:
        """Seconds that the call takes longer than the baseline."""
        return self.seconds - self.base


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    what: str
    ours: Pair | float
    """The time and its baseline; seconds alone if there is no baseline."""
    peers: Mapping[str, Pair | str] = field(default_factory=dict)
    """By peer: its time and the baseline in its own environment, or why there is none."""
    is_yardstick: bool = False
    """Whether the row measures no code of voxbind."""


@dataclass(frozen=True)
class Topic:
    """Rows that belong together."""

    title: str
    base: str
    """What the times are compared with, in words."""
    aim: str
    rows: list[Row]
    note: str = ""
    in_chart: bool = True


def timer(call: Call) -> Timer:
    """Return the timer of a call in this process."""
    return timeit.Timer(call).timeit


def interleaved(sides: Mapping[str, Timer], effort: Effort) -> dict[str, float]:
    """Return the best seconds per call of each side; each round measures all sides in turn."""
    numbers = {name: _number(side, effort.batch) for name, side in sides.items()}
    best = dict.fromkeys(sides, float("inf"))
    order = list(sides)
    for _ in range(effort.rounds):
        for name in order:
            best[name] = min(best[name], sides[name](numbers[name]) / numbers[name])
        order.reverse()
    return best


def _number(side: Timer, batch: float) -> int:
    """Return how many calls fit into a batch."""
    side(1)  # which may import something
    number, quickest = 1, float("inf")
    for _ in range(4):
        seconds = side(number)
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
    """Time voxbind's call, its baseline, and both for each peer in one run."""
    sides = {"base": base, "ours": ours}
    peers = peers or {}
    for name, pair in peers.items():
        if not isinstance(pair, str):
            sides[f"{name} base"], sides[name] = pair
    best = interleaved(sides, effort)
    return Row(
        what,
        Pair(best["base"], best["ours"]),
        {
            name: pair if isinstance(pair, str) else Pair(best[f"{name} base"], best[name])
            for name, pair in peers.items()
        },
    )
