"""The reports that a build, a check or a recording returns."""

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
"""Greatest number of definitions to list for one reason."""
Source = Literal["measured", "unchanged", "record"]


class BuildError(RuntimeError):
    """A build that can't write a package; the previous package is unchanged."""


class Row(Struct, frozen=True, kw_only=True):
    """One library's row in the table that a build prints.

    Every public name is wrapped (as an image function), a helper, or excluded.
    """

    library: str
    version: str
    public: int
    wrapped: int
    helpers: int
    excluded: int
    contracts: dict[str, int]
    source: Source
    """``measured`` in this run, ``unchanged`` since an earlier run, or from the ``record`` only."""
    measured: int = 0
    """Number of definitions that were measured in this run, or merged."""
    recorded: int = 0
    """Number of functions that were measured on another machine."""
    inferred: int = 0
    """Number of functions whose contract is inferred from their twin."""
    unobserved: int = 0
    """Number of functions whose contract is unknown."""
    seconds: float = 0.0

    @property
    def adds_up(self) -> bool:
        """Whether every public name is counted exactly once."""
        return self.public == self.wrapped + self.helpers + self.excluded


class Declared(Struct, frozen=True, kw_only=True):
    """A contract that a person has declared, and the measurement of the same function."""

    name: str
    contract: str
    """``helper`` if the function takes no image."""
    reason: str
    observed: Overruled

    @property
    def standing(self) -> str:
        """Whether the measurement agrees with the declaration, as a predicate in words."""
        if self.observed.evidence not in SEEN:
            return "could not be checked by a measurement"
        if self.observed.agrees:
            return "agrees with the measurement, so it is no longer needed"
        return "overrules the measurement"


class Unobserved(Struct, frozen=True, kw_only=True):
    """A function whose entry isn't based on running it."""

    library: str
    name: str
    kind: Literal["image", "helper"]
    evidence: Evidence
    reason: str
    """The calls that were tried, and the library's errors."""


class Types(Struct, frozen=True, kw_only=True):
    """How completely one library's parameters and results are typed."""

    library: str
    parameters: int
    untyped: int
    """Number of parameters with ``Any`` in their type; the manifest has the reasons."""
    contradictions: int
    """Number of parameters whose default isn't of the documented type, so the type is widened."""
    none: int
    """Number of these whose default is None."""
    unread: dict[str, int]
    """Documented types that the grammar can't parse, with the number of times each occurs."""


class BuildReport(Struct, frozen=True, kw_only=True):
    """The libraries of a build, and the files that it wrote."""

    rows: tuple[Row, ...]
    changes: Changes
    wheel: str = ""
    """The file that was written in place of the package."""
    library_changes: tuple[LibraryChanges, ...] = ()
    """What differs from the package before, of each library that was in it."""
    declared: tuple[Declared, ...] = ()
    unobserved: tuple[Unobserved, ...] = ()
    types: tuple[Types, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


class CheckReport(Struct, frozen=True, kw_only=True):
    """What a build would change in a package; paths of files are relative to it."""

    rows: tuple[Row, ...]
    refused: tuple[str, ...] = ()
    """Declarations that contradict the measurement, because of which a build writes nothing."""
    planted: tuple[str, ...] = ()
    """Compiled files that Python would run instead of a module, and that don't match its source."""
    links: tuple[str, ...] = ()
    """Symbolic links in places where a build writes files and folders."""
    edited: tuple[str, ...] = ()
    """Files whose digest differs from the one in the manifest."""
    missing: tuple[str, ...] = ()
    """Files that the manifest lists, or a build would write, and that don't exist."""
    foreign: tuple[str, ...] = ()
    """Files that the manifest doesn't list."""
    differences: tuple[Difference, ...] = ()
    """Every field that differs between the installed libraries and the manifest."""
    library_changes: tuple[LibraryChanges, ...] = ()
    """The differences in words, by library, most important first."""
    outdated: tuple[str, ...] = ()
    """Definitions that a build would measure, because no observation of them is valid."""
    obsolete: tuple[str, ...] = ()
    """Files that an earlier build wrote, and that a build would remove."""
    stale: tuple[str, ...] = ()
    """Files that weren't edited, and that a build would write with different contents."""
    declared: tuple[Declared, ...] = ()
    unobserved: tuple[Unobserved, ...] = ()
    notes: tuple[str, ...] = ()

    findings: ClassVar[tuple[str, ...]] = (
        *("refused", "planted", "links", "edited", "missing", "foreign", "differences"),
        *("outdated", "obsolete", "stale"),
    )
    """The fields that are empty if a build would change nothing, the most important first."""

    @property
    def agrees(self) -> bool:
        """Whether there is nothing that a build would change."""
        return not any(getattr(self, field) for field in self.findings) and all(
            row.adds_up for row in self.rows
        )


class Merged(Struct, frozen=True, kw_only=True):
    """The result of merging one recording from another machine."""

    library: str
    version: str
    machine: str
    taken: int
    """Number of observations that were merged."""
    left_out: dict[str, str]
    """The reason for each observation that wasn't merged, by definition."""

    def lines(self) -> list[str]:
        """Describe the result: a line on the merged observations, and one for each reason."""
        origin = f"{self.library} {self.version}, observed on {self.machine}"
        lines = [f"{origin}: {self.taken} observations merged"] if self.taken else []
        for reason in sorted({*self.left_out.values()}):
            names = [name for name, own_reason in self.left_out.items() if own_reason == reason]
            listed = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
            lines.append(f"{origin}: {len(names)} left out, because {reason}: {listed}")
        return lines or [f"{origin}: the recording is empty"]


class Compared(Struct, frozen=True, kw_only=True):
    """A function that was compared with its twin."""

    library: str
    name: str
    twin: str
    differs: bool
    """Whether the results differ by more than the library's tolerance."""
    agreement: Agreement


class RecordReport(Struct, frozen=True, kw_only=True):
    """The result of a recording, or of a merge of recordings."""

    rows: tuple[Row, ...]
    observed: int = 0
    """Number of definitions that were measured on this machine."""
    machines: tuple[str, ...] = ()
    """Descriptions of the devices that they ran on."""
    file: str = ""
    """Path of the recording that was written; empty if it was merged into the package."""
    merged: tuple[Merged, ...] = ()
    compared: tuple[Compared, ...] = ()
    unobserved: tuple[Unobserved, ...] = ()
    changes: Changes | None = None
    """The files of the package that changed; None if a file was written instead."""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def recounted(counted: Row, library: Library) -> Row:
    """Return the row of a library whose functions were counted before some were left out."""
    return row(
        counted.library,
        library,
        public=counted.public,
        source=counted.source,
        measured=counted.measured,
        seconds=counted.seconds,
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
    name
        The library's name.
    library
        Its entry in the manifest.
    public
        Number of public names that discovery found; None if the library wasn't read.
    source
        Where the entry comes from.
    measured
        Number of definitions that were measured in this run, or merged.
    seconds
        Time that the library took.
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
    """Return every declaration with the measurement of its function, sorted by name."""
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
    """Return a sentence for each author's declaration that contradicts the measurement."""
    return tuple(
        f"{name} is declared {function.contract} by its author, but was measured to be "
        f"{observed.contract or 'a helper'}: {observed.reason}"
        for library in manifest.libraries.values()
        for name, function in sorted(library.functions.items())
        if (observed := function.promised) is not None
        and observed.evidence in SEEN
        and observed.contract != function.contract
    )


def types(manifest: Manifest) -> tuple[Types, ...]:
    """Return for each library how completely its parameters and results are typed."""
    return tuple(
        _types(key, list(library.functions.values()))
        for key, library in sorted(manifest.libraries.items())
    )


def _types(library: str, functions: list[Function]) -> Types:
    parameters = [parameter for function in functions for parameter in function.parameters]
    contradicted = [parameter for parameter in parameters if parameter.contradiction]
    unread = Counter(
        text
        for facts in (
            *(parameter.facts for parameter in parameters),
            *(function.returns.facts for function in functions),
        )
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


def inconclusive(name: str, observation: Observation, *, keeps_earlier: bool) -> str:
    """Return a sentence on a function whose measurement was inconclusive.

    Parameters
    ----------
    name
        The function's dotted public name.
    observation
        The second of two inconclusive measurements.
    keeps_earlier
        Whether an earlier observation of the function is kept.
    """
    parts = ", ".join(f"{part}: {reason}" for part, reason in observation.inconclusive.items())
    consequence = (
        "the earlier record of it is kept"
        if keeps_earlier
        else "nothing is concluded from it; `voxbind build --fresh` measures it again"
    )
    return f"{name}: the measurement was inconclusive twice ({parts}); {consequence}."


def compared(manifest: Manifest) -> tuple[Compared, ...]:
    """Return every function that was compared with its twin, sorted by name."""
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
    """Return every function whose entry isn't based on running it, image functions first."""
    entries = [
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
        sorted(entries, key=lambda entry: (entry.library, entry.kind != "image", entry.name))
    )
