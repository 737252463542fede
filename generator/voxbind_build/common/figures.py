"""Figures of a result: a short text that is equal on all machines, and shows if a result changed.

The text of a call is a mark, and the figures of each array or number in its result::

    3f2a1c 17x22:0.412345 0.2011 0 1 0.398712; i:4

The mark is a digest of the call's arguments: only results of equal arguments are compared. The five
figures of an array are the mean, the spread (standard deviation), the minimum, the maximum, and the
mean weighted by position, of all finite values; if all values are equal, this value stands alone.
Before the colon is the array's shape, followed by an ``i`` if the values are integers or booleans.
``!3`` at the end counts three values that are not finite.

A call whose result is that of another one names it (``3f2a1c =image``): its option has no effect.
Instead of figures, ``!`` stands for a call that raises, and ``~`` for a result that differs between
two equal calls.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

DIGITS = 6
"""Digits that are kept, counted from the first digit of an array's largest magnitude."""
UNSTABLE = "~"
"""Text instead of figures that differ between two equal calls."""
RAISED = "!"
"""Text instead of the figures of a call that raises."""
_TOLERANCE = 1e-4
"""Largest difference between figures of equal results, relative to the largest magnitude."""
_TOLERANCE_OF_INTEGERS = 1.5e-5
"""The same for integers, whose figures differ only by the rounding of the text."""

Values = Mapping[str, str]
"""The texts of a function's calls, by the call in words."""


class Figures(NamedTuple):
    """The figures of one array, or of one number."""

    shape: str
    """The lengths of the axes, ``17x22``; empty for a number."""
    is_integer: bool
    numbers: tuple[str, ...]
    """Decimals: one for each of `NAMES`; a single one if all values are equal; none if no value is
    finite."""
    infinite: int = 0
    """Count of values that are infinite or not a number."""

    def __str__(self) -> str:
        kind = "i" if self.is_integer else ""
        count = f"!{self.infinite}" if self.infinite else ""
        return f"{self.shape}{kind}:{' '.join(self.numbers)}{count}"

    def by_name(self) -> dict[str, str]:
        """Return the numbers by their names."""
        if len(self.numbers) == 1:
            (value,) = self.numbers
            return dict(zip(NAMES, (value, "0", value, value, value), strict=True))
        return dict(zip(NAMES, self.numbers, strict=False))


NAMES = ("mean", "spread", "minimum", "maximum", "mean weighted by position")
"""The names of the figures."""


class Change(NamedTuple):
    """A figure that changed."""

    call: str
    """The call in words."""
    figure: str
    """The figure's name: one of `NAMES`, ``shape``, ``number of arrays``, ``values that are not
    finite``, or ``outcome``."""
    before: str
    after: str
    size: float
    """The difference as a part of the array's largest magnitude."""


def parse(text: str) -> tuple[Figures, ...]:
    """Read the text of a call, given without its mark."""
    return tuple(_parse_one(part) for part in text.split("; ")) if text else ()


def _parse_one(text: str) -> Figures:
    head, _, numbers = text.partition(":")
    numbers, _, infinite = numbers.partition("!")
    return Figures(
        head.removesuffix("i"), head.endswith("i"), tuple(numbers.split()), int(infinite or 0)
    )


def figures_differ(old: str, new: str) -> bool:
    """Return whether two results differ by more than rounding.

    Parameters
    ----------
    old, new
        Figures without their marks.
    """
    return _change("", old, new) is not None


def largest_change(old: Values, new: Values) -> Change | None:
    """Return the largest change among the calls that were made alike, if any result changed."""
    changes = [
        change
        for call in new
        if (pair := _comparable(call, old, new)) and (change := _change(call, *pair))
    ]
    return max(changes, key=lambda change: change.size, default=None)


def settled(old: Values, new: Values) -> dict[str, str]:
    """Return the new values, but the old text for each result that differs by rounding alone.

    Two machines that round differently then write the same text.
    """
    return {
        call: old[call]
        if (pair := _comparable(call, old, new)) and not _change("", *pair)
        else text
        for call, text in new.items()
    }


def _comparable(call: str, old: Values, new: Values) -> tuple[str, str] | None:
    """Return two results of a call; None if the arguments differ, or a result is unstable."""
    before, after = _resolved(old, call), _resolved(new, call)
    if before is None or after is None or before[0] != after[0]:
        return None
    pair = before[1], after[1]
    return None if UNSTABLE in pair else pair


def _resolved(values: Values, call: str) -> tuple[str, str] | None:
    """Return the mark and the figures of a call; if it names another call, that one's figures."""
    mark, _, text = values.get(call, "").partition(" ")
    if not text:
        return None
    if text.startswith("="):
        text = values.get(text[1:], "").partition(" ")[2]
    return (mark, text) if text else None


def _change(call: str, old: str, new: str) -> Change | None:
    """Return the largest change between two results, if they differ."""
    if old == new:
        return None
    if RAISED in (old, new):
        outcomes = ("an error", "a result") if old == RAISED else ("a result", "an error")
        return Change(call, "outcome", *outcomes, math.inf)
    before, after = parse(old), parse(new)
    if len(before) != len(after):
        return Change(call, "number of arrays", str(len(before)), str(len(after)), math.inf)
    changes = [
        change
        for pair in zip(before, after, strict=True)
        if (change := _change_of_array(call, *pair)) is not None
    ]
    return max(changes, key=lambda change: change.size, default=None)


def _change_of_array(call: str, old: Figures, new: Figures) -> Change | None:
    if old.shape != new.shape:
        return Change(call, "shape", old.shape or "a number", new.shape or "a number", math.inf)
    if old.infinite != new.infinite or bool(old.numbers) != bool(new.numbers):
        counts = str(old.infinite), str(new.infinite)
        return Change(call, "values that are not finite", *counts, math.inf)
    before, after = old.by_name(), new.by_name()
    magnitude = max(
        (abs(float(side[end])) for side in (before, after) for end in NAMES[2:4] if side),
        default=0.0,
    )
    exact = old.is_integer and new.is_integer
    tolerance = (_TOLERANCE_OF_INTEGERS if exact else _TOLERANCE) * magnitude
    changes = [
        Change(call, name, before[name], after[name], difference / magnitude)
        for name in before
        if (difference := abs(float(before[name]) - float(after[name]))) > tolerance
    ]
    return max(changes, key=lambda change: change.size, default=None)
