"""What differs between two records of one library, as it is reported."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Heading = Literal[
    "lost",
    "removed",
    "signature",
    "contract",
    "result",
    "values",
    "dtypes",
    "warnings",
    "deprecated",
    "added",
    "types",
    "record",
    "documentation",
]
"""What a change is about, most important first. ``lost``: a function was observed before, and no
longer is. ``values``: results differ, though the signature may be the same. ``record``: fields of
the manifest that no call shows."""


class Change(Struct, frozen=True, kw_only=True):
    """One change, and all names that it holds for."""

    heading: Heading
    names: tuple[str, ...]
    """Dotted public names, sorted: of functions, classes, or members of classes. The library's
    name for what concerns all of it."""
    words: tuple[str, ...]
    """What changed, a phrase for each part. Under ``documentation``, the lines that were removed
    and added, with a minus or a plus in front. Under ``record``, fields."""


class LibraryChanges(Struct, frozen=True, kw_only=True):
    """All that differs between two records of one library."""

    library: str
    distribution: str
    before: str
    """The older record's version; empty if the library is new."""
    after: str
    """The newer record's version; empty if the library is no longer there."""
    changes: tuple[Change, ...]
    """Sorted by heading, then by names. No change is listed twice."""

    def under(self, heading: Heading) -> tuple[Change, ...]:
        """Return the changes under one heading."""
        return tuple(change for change in self.changes if change.heading == heading)
