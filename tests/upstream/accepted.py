"""The list of calls that may differ from the wrappers' annotations, and what is held against it."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from compare import matches
from tally import Tally

ENOUGH = 0.995
"""The share of calls that must agree."""


@dataclass(frozen=True)
class Accepted:
    """Values that an annotation doesn't allow, and why it shall not."""

    function: str
    """The wrapper's dotted name; here and below a ``*`` stands for any text."""
    where: str
    """A parameter, or ``return``."""
    came: str
    """The value's type, as `agreement.type_of` writes it."""
    reason: str

    def fits(self, function: str, where: str, _: str, came: str) -> bool:
        pairs = ((self.function, function), (self.where, where), (self.came, came))
        return all(matches(pattern, text) for pattern, text in pairs)


def load(path: Path) -> list[Accepted]:
    """Read the list."""
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", [])
    return [Accepted(**table) for table in tables]


def problems(tally: Tally, accepted: Iterable[Accepted]) -> list[str]:
    """Say which differences aren't listed, and whether too few calls agree."""
    found = [
        f"{function}, {where}: {annotation} doesn't take {came}, {count} times:"
        f" {tally.examples[function, where, annotation, came]}"
        for (function, where, annotation, came), count in tally.groups.most_common()
        if not any(entry.fits(function, where, annotation, came) for entry in accepted)
    ]
    if tally.share < ENOUGH:
        found.append(f"only {tally.share:.2%} of the calls agree with the annotations")
    return found


def stale(tally: Tally, accepted: Iterable[Accepted]) -> list[str]:
    """Say which entries no difference fits any more."""
    return [
        f"listed, but agrees: {entry.function}, {entry.where}: {entry.came}"
        for entry in accepted
        if not any(entry.fits(*group) for group in tally.groups)
    ]


def by_reason(tally: Tally, accepted: Iterable[Accepted]) -> Counter[str]:
    """Count the listed differences by reason."""
    counts: Counter[str] = Counter()
    for group, count in tally.groups.items():
        counts.update({e.reason: count for e in accepted if e.fits(*group)})
    return counts
