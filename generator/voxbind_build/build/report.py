"""What a build or a check has to say at its end."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Literal, get_args

from msgspec import Struct

from voxbind_build.model import (
    SEEN,
    Agreement,
    Contract,
    Difference,
    Evidence,
    Function,
    Library,
    LibraryChanges,
    Manifest,
    Observation,
    Overruled,
)
from voxbind_build.verify.disk import Changes

_NAMED = 20
"""Definitions that are named for each reason."""
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
    """Definitions that were observed in this run, or merged."""
    recorded: int = 0
    """Functions that rest on a run on another machine."""
    inferred: int = 0
    """Functions that rest on their twin."""
    unobserved: int = 0
    """Functions of which neither a run nor a twin says what they take."""
    seconds: float = 0.0

    @property
    def adds_up(self) -> bool:
        """Whether no public name got lost."""
        return self.public == self.wrapped + self.helpers + self.excluded


class Declared(Struct, frozen=True, kw_only=True):
    """A verdict that a person has declared, beside what was observed."""

    name: str
    contract: str
    """``helper`` for what takes no image."""
    reason: str
    observed: Overruled

    @property
    def standing(self) -> str:
        """How the declaration stands to the observation, in words."""
        if self.observed.evidence not in SEEN:
            return "could not be observed"
        if self.observed.agrees:
            return "agrees with what was observed, so that it is no longer needed"
        return "overrules what was observed"


class Unobserved(Struct, frozen=True, kw_only=True):
    """A function whose entry rests on something else than a run of it."""

    library: str
    name: str
    kind: Literal["image", "helper"]
    evidence: Evidence
    reason: str
    """What was tried, and what the library answered."""


class Types(Struct, frozen=True, kw_only=True):
    """How far the types of one library's parameters and results go."""

    library: str
    parameters: int
    untyped: int
    """Parameters with an ``Any`` anywhere in their type; why, the manifest says."""
    contradictions: int
    """Parameters whose default isn't of the documented type, which is widened for it."""
    none: int
    """Those of them whose default is None."""
    unread: dict[str, int]
    """Documented types that no rule of the grammar fits, and how often each stands there."""


class BuildReport(Struct, frozen=True, kw_only=True):
    """What a build did."""

    rows: tuple[Row, ...]
    changes: Changes
    library_changes: tuple[LibraryChanges, ...] = ()
    """What differs from the package before, of each library that was in it."""
    declared: tuple[Declared, ...] = ()
    unobserved: tuple[Unobserved, ...] = ()
    types: tuple[Types, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


class CheckReport(Struct, frozen=True, kw_only=True):
    """What a build would change in a package; files by their paths below it."""

    rows: tuple[Row, ...]
    refused: tuple[str, ...] = ()
    """Why a build would write nothing: what authors declare and doesn't hold."""
    planted: tuple[str, ...] = ()
    """Compiled files that Python would run in place of a module that they aren't made of."""
    links: tuple[str, ...] = ()
    """Symbolic links, where a build writes files and folders."""
    edited: tuple[str, ...] = ()
    """Files that aren't as the manifest says."""
    missing: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    """Files that the manifest doesn't list."""
    differences: tuple[Difference, ...] = ()
    """Every field of the record that differs."""
    library_changes: tuple[LibraryChanges, ...] = ()
    """The differences in words, by library, most important first."""
    outdated: tuple[str, ...] = ()
    """Definitions that a build would measure, since no observation of them holds."""
    obsolete: tuple[str, ...] = ()
    """Files that an earlier build wrote, and that a build would remove."""
    stale: tuple[str, ...] = ()
    """Files that are as they were written, and that a build would write otherwise."""
    declared: tuple[Declared, ...] = ()
    unobserved: tuple[Unobserved, ...] = ()
    notes: tuple[str, ...] = ()

    findings: ClassVar[tuple[str, ...]] = (
        *("refused", "planted", "links", "edited", "missing", "foreign", "differences"),
        *("outdated", "obsolete", "stale"),
    )
    """The fields that are empty if a build would change nothing, most important first."""

    @property
    def agrees(self) -> bool:
        """Whether there is nothing that a build would change."""
        return not any(getattr(self, field) for field in self.findings) and all(
            row.adds_up for row in self.rows
        )


class Merged(Struct, frozen=True, kw_only=True):
    """What became of one recording that was made elsewhere."""

    library: str
    version: str
    machine: str
    taken: int
    """How many of its observations hold here."""
    left_out: dict[str, str]
    """The definitions whose observations don't, and why."""

    def lines(self) -> list[str]:
        """Tell it in words: a line for each reason, and one for all that was taken."""
        whence = f"{self.library} {self.version}, observed on {self.machine}"
        told = [f"{whence}: {self.taken} observations taken"] if self.taken else []
        for reason in sorted({*self.left_out.values()}):
            names = [name for name, why in self.left_out.items() if why == reason]
            shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
            told.append(f"{whence}: {len(names)} left out, since {reason}: {shown}")
        return told or [f"{whence}: there is nothing in it"]


class Compared(Struct, frozen=True, kw_only=True):
    """A function that was run beside its twin."""

    library: str
    name: str
    twin: str
    differs: bool
    """Whether results are further from each other than the library's tolerance."""
    agreement: Agreement


class RecordReport(Struct, frozen=True, kw_only=True):
    """What a recording, or the merging of recordings, did."""

    rows: tuple[Row, ...]
    observed: int = 0
    """Definitions that were observed on this machine."""
    machines: tuple[str, ...] = ()
    """Where, in words."""
    file: str = ""
    """What was written, where not the package."""
    merged: tuple[Merged, ...] = ()
    compared: tuple[Compared, ...] = ()
    unobserved: tuple[Unobserved, ...] = ()
    changes: Changes | None = None
    """In the package."""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


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
        recorded=sum(function.evidence == "recorded" for function in functions),
        inferred=sum(function.evidence == "inferred" for function in functions),
        unobserved=sum(function.evidence == "unobserved" for function in functions),
        seconds=round(seconds, 2),
    )


def declared(manifest: Manifest) -> tuple[Declared, ...]:
    """Return every declaration with what was observed, sorted by name."""
    return tuple(
        Declared(
            name=name,
            contract=function.contract or function.kind,
            reason=function.reason,
            observed=function.overruled,
        )
        for library in manifest.libraries.values()
        for name, function in sorted(library.functions.items())
        if function.overruled is not None and function.promised is None
    )


def broken_promises(manifest: Manifest) -> tuple[str, ...]:
    """Return a sentence for each function that isn't what its author declares."""
    return tuple(
        f"{name} is declared {function.contract} by its author and observed to be "
        f"{seen.contract or 'a helper'}: {seen.reason}"
        for library in manifest.libraries.values()
        for name, function in sorted(library.functions.items())
        if (seen := function.promised) is not None
        and seen.evidence in SEEN
        and seen.contract != function.contract
    )


def types(manifest: Manifest) -> tuple[Types, ...]:
    """Return what is left without a type, and what documentation and default disagree on."""
    return tuple(
        _types(key, list(library.functions.values()))
        for key, library in sorted(manifest.libraries.items())
    )


def _types(library: str, functions: list[Function]) -> Types:
    parameters = [parameter for function in functions for parameter in function.parameters]
    contradicted = [parameter for parameter in parameters if parameter.contradiction]
    unread = Counter(
        text
        for facts in (*(each.facts for each in parameters), *(f.returns.facts for f in functions))
        for name, text in facts.items()
        if name.rpartition(".")[2] == "unread"
    )
    return Types(
        library=library,
        parameters=len(parameters),
        untyped=sum(bool(parameter.untyped) for parameter in parameters),
        contradictions=len(contradicted),
        none=sum(parameter.default == "None" for parameter in contradicted),
        unread=dict(sorted(unread.items())),
    )


def inconclusive(name: str, observation: Observation, *, stays: bool) -> str:
    """Return a sentence on a function whose measurement was inconclusive.

    Parameters
    ----------
    name
        The function's dotted public name.
    observation
        What was measured, twice.
    stays
        Whether what was recorded of the function before is kept.
    """
    parts = ", ".join(f"{part}: {words}" for part, words in observation.inconclusive.items())
    kept = (
        "what was recorded of it before is kept"
        if stays
        else "nothing is concluded from that; `voxbind build --fresh` measures it again"
    )
    return f"{name}: the measurement was inconclusive, twice ({parts}); {kept}."


def compared(manifest: Manifest) -> tuple[Compared, ...]:
    """Return every function that was run beside its twin, sorted by name."""
    return tuple(
        Compared(
            library=key,
            name=name,
            twin=twin.name,
            differs=twin.differs,
            agreement=twin.agreement,
        )
        for key, library in sorted(manifest.libraries.items())
        for name, function in sorted(library.functions.items())
        if (twin := function.twin) is not None and twin.agreement is not None
    )


def unobserved(manifest: Manifest) -> tuple[Unobserved, ...]:
    """Return every function that was observed neither here nor earlier, images first."""
    found = [
        Unobserved(
            library=key,
            name=name,
            kind=function.kind,
            evidence=function.evidence,
            reason=function.reason,
        )
        for key, library in manifest.libraries.items()
        for name, function in library.functions.items()
        if function.evidence not in SEEN and not (function.promised and function.promised.agrees)
    ]
    return tuple(
        sorted(found, key=lambda entry: (entry.library, entry.kind != "image", entry.name))
    )
