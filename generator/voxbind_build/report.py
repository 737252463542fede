"""What a build or a check has to say at its end."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from voxbind_build.model import Contract, Difference, Library
from voxbind_build.verify.disk import Changes

Source = Literal["measured", "unchanged", "record"]


class BuildError(RuntimeError):
    """A build that can't end in a package; the previous package stays."""


class Row(Struct, frozen=True, kw_only=True):
    """One library's line in the table at the end.

    Every public name is wrapped (an image function), a helper, or excluded.
    """

    library: str
    version: str
    public: int
    wrapped: int
    helpers: int
    excluded: int
    contracts: dict[str, int]
    source: Source
    """``measured`` here and now, ``unchanged`` since it was, or taken from the ``record``."""
    measured: int = 0
    """Definitions that were observed in this run."""
    seconds: float = 0.0

    @property
    def adds_up(self) -> bool:
        """Whether no public name got lost."""
        return self.public == self.wrapped + self.helpers + self.excluded


class BuildReport(Struct, frozen=True, kw_only=True):
    """What a build did."""

    rows: tuple[Row, ...]
    changes: Changes
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


class CheckReport(Struct, frozen=True, kw_only=True):
    """How the package stands to the installed libraries and to its own manifest."""

    rows: tuple[Row, ...]
    differences: tuple[Difference, ...] = ()
    edited: tuple[str, ...] = ()
    """Files that aren't as the manifest says."""
    missing: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    """Files that the manifest doesn't list."""
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether there is nothing that a build would change."""
        return not (self.differences or self.edited or self.missing or self.foreign) and all(
            row.adds_up for row in self.rows
        )


def row(
    name: str,
    library: Library,
    *,
    public: int | None = None,
    source: Source = "record",
    measured: int = 0,
    seconds: float = 0.0,
) -> Row:
    """Count a library's names.

    Parameters
    ----------
    public
        Number of public names as discovery found them; the record's own where the
        library wasn't read.
    """
    functions = library.functions.values()
    contracts = [function.contract for function in functions if function.kind == "image"]
    return Row(
        library=name,
        version=library.version,
        public=len(functions) + len(library.excluded) if public is None else public,
        wrapped=len(contracts),
        helpers=len(functions) - len(contracts),
        excluded=len(library.excluded),
        contracts={contract: contracts.count(contract) for contract in get_args(Contract)},
        source=source,
        measured=measured,
        seconds=round(seconds, 2),
    )
