"""Takes times in turn, so that a busy machine disturbs all sides alike, and keeps the best."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from timed_calls import Call

Timer = Callable[[int], float]
"""Runs something as many times as it is told and returns the seconds."""


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    batch: float = 0.003
    """Seconds that one side has in one round, if one call takes less."""


@dataclass(frozen=True)
class Pair:
    """Seconds of a call, and of the one that it is held against."""

    base: float
    seconds: float

    @property
    def ratio(self) -> float:
        """How many times the other's time it takes."""
        return self.seconds / self.base

    @property
    def added(self) -> float:
        """Seconds beyond the other."""
        return self.seconds - self.base


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    what: str
    ours: Pair | float
    """Held against the direct call or the conversion by hand; seconds where there is none."""
    peers: Mapping[str, Pair | str] = field(default_factory=dict)
    """By peer: held against the same in the peer's environment, or why there is none."""
    is_yardstick: bool = False
    """Whether nothing of voxbind's is in it."""


@dataclass(frozen=True)
class Topic:
    """Rows that belong together."""

    title: str
    base: str
    """What the times are held against."""
    aim: str
    rows: list[Row]
    note: str = ""
    in_chart: bool = True


def timer(call: Call) -> Timer:
    """Return the timer of a call in this process."""
    return timeit.Timer(call).timeit


def interleaved(sides: Mapping[str, Timer], effort: Effort) -> dict[str, float]:
    """Return the best seconds per call of each side, all taken in turn round by round."""
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
    """Time ours, the call that it is held against, and both of each peer in one run."""
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
