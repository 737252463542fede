"""How many calls agree with the wrappers' annotations, and which don't: counted and grouped."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.annotation_agreement import Call


class Tally:
    """Counts of calls, and of differences by function, place, annotation and type."""

    def __init__(self) -> None:
        self.figures: Counter[str] = Counter()
        self.groups: Counter[tuple[str, ...]] = Counter()
        self.examples: dict[tuple[str, ...], str] = {}

    @property
    def share(self) -> float:
        """Of the calls, those that agree: in every argument and in the result."""
        return self.figures["agreed"] / max(self.figures["calls"], 1)

    def add(self, function: str, call: Call) -> None:
        self.figures["calls"] += 1
        self.figures["agreed"] += not call.differences
        self.figures["NumPy scalars in"] += call.scalars_in
        self.figures["NumPy scalars out"] += call.scalars_out
        for difference in set(call.differences):
            group = (function, difference.where, difference.annotation, difference.came)
            self.groups[group] += 1
            self.examples.setdefault(group, difference.example)

    def told(self) -> dict[str, Any]:
        """Return everything in JSON's terms, the commonest differences first."""
        groups = [[*group, n, self.examples[group]] for group, n in self.groups.most_common()]
        return {"figures": dict(self.figures), "groups": groups}

    def clear(self) -> None:
        for part in (self.figures, self.groups, self.examples):
            part.clear()

    def merge(self, taken: dict[str, Any]) -> None:
        """Add what another told."""
        self.figures.update(taken["figures"])
        for *group, count, example in taken["groups"]:
            self.groups[tuple(group)] += count
            self.examples.setdefault(tuple(group), example)
