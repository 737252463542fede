"""Prints reports, lists and findings for people; `explain` has the page of one function."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from voxbind_build.build import changes_page
from voxbind_build.build.progress import table
from voxbind_build.build.report import (
    BuildReport,
    CheckReport,
    Declared,
    RecordReport,
    Row,
    Types,
    Unobserved,
)
from voxbind_build.cli import name_search as lookup
from voxbind_build.cli.doctor import Finding
from voxbind_build.cli.records import Comparison
from voxbind_build.model import SEEN, Function
from voxbind_build.verify.disk import Changes


def build(console: Console, report: BuildReport, *, documentation: bool = False) -> None:
    """Print what a build did, and what differs from the package before."""
    console.print(table(report.rows))
    _evidence(console, report.rows)
    _unobserved(console, report.rows, report.unobserved)
    _declared(console, report.declared)
    _types(console, report.types)
    for changes in report.library_changes:
        changes_page.page(console, changes, documentation=documentation)
    _changes(console, report.changes, report.seconds)


def record(console: Console, report: RecordReport) -> None:
    """Print what a recording did, or a merging of recordings."""
    console.print(table(report.rows))
    _evidence(console, report.rows)
    _unobserved(console, report.rows, report.unobserved)
    for machine in report.machines:
        console.print(Text(f"{report.observed} functions observed on {machine}"))
    for merged in report.merged:
        for line in merged.lines():
            _indented(console, line)
    apart = [entry for entry in report.compared if entry.differs]
    if report.compared:
        console.print(
            f"{len(report.compared)} functions were run beside their twins; the results of "
            f"{len(apart)} are further from each other than the tolerance",
            highlight=False,
        )
    for entry in apart:
        found = entry.agreement
        if found.at:
            _indented(console, f"{entry.name}: {found.relative:g} of the greatest at {found.at}")
        for told in found.unlike:
            _indented(console, f"{entry.name}: {told}")
    if report.file:
        console.print(
            Text(
                f"written to {report.file}; merge it elsewhere with `voxbind record "
                f"--from {report.file}`"
            ),
            soft_wrap=True,
        )
    if report.changes is not None:
        _changes(console, report.changes, report.seconds)


def check(console: Console, report: CheckReport, *, documentation: bool = False) -> None:
    """Print how the package stands."""
    for row in report.rows:
        sign = "=" if row.adds_up else "[red]isn't[/]"
        console.print(
            f"{row.library} {row.version}: {row.public} public names {sign} {row.wrapped} wrapped "
            f"+ {row.helpers} helpers + {row.excluded} excluded"
            + _unrun(row)
            + ("  (not read here)" if row.source == "record" else ""),
            highlight=False,
        )
    for note in report.notes:
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    _unobserved(console, report.rows, report.unobserved)
    _declared(console, report.declared)
    for finding in report.findings:
        if finding == "differences":
            for changes in report.library_changes:
                changes_page.page(console, changes, documentation=documentation)
            continue
        for entry in getattr(report, finding):
            console.print(f"[red]{_FINDINGS[finding]}:[/] {escape(entry)}", highlight=False)
    if report.agrees:
        console.print("The package agrees with the installed libraries and with its manifest.")
    elif report.foreign or report.refused:
        console.print(
            "The package differs, and `voxbind build` writes nothing until what isn't voxbind's "
            "is moved elsewhere and what authors declare holds."
        )
    else:
        console.print(
            "The package differs. `voxbind build` brings it up to date; "
            "what was edited by hand in it is lost then."
        )


_FINDINGS = {
    "refused": "doesn't hold",
    "planted": "not compiled from its source",
    "links": "a link",
    "edited": "edited by hand",
    "missing": "missing",
    "foreign": "not voxbind's",
    "outdated": "to be measured",
    "obsolete": "no longer written",
    "stale": "out of date",
}
"""What is said of each finding of a check."""


def comparison(
    console: Console,
    compared: Comparison,
    *,
    documentation: bool,
    style: Literal["text", "json", "markdown"],
) -> None:
    """Print what differs between two records."""
    if style == "json":
        as_json(compared)
        return
    for note in compared.notes:
        if style == "markdown":
            print(f"Note: {note}\n")
        else:
            console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    for changes in compared.libraries:
        if style == "markdown":
            print(changes_page.markdown(changes, documentation=documentation))
        else:
            changes_page.page(console, changes, documentation=documentation)
    if not compared.libraries:
        print("The two records are equal.")


def _changes(console: Console, changes: Changes, seconds: float) -> None:
    console.print(
        f"{len(changes.written)} files written, {len(changes.removed)} removed, "
        f"{len(changes.unchanged)} unchanged, in {seconds:.1f} s",
        highlight=False,
    )


def functions(console: Console, found: Sequence[tuple[str, Function]]) -> None:
    """Print a table of functions."""
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("function", "contract", "result", "summary"):
        shown.add_column(heading, no_wrap=heading != "summary")
    for public, function in found:
        shown.add_row(
            escape(public),
            function.label,
            _result(function),
            escape(lookup.summary(function)),
        )
    console.print(shown)
    console.print(f"{len(found)} functions", highlight=False)


def findings(console: Console, found: Sequence[Finding]) -> None:
    """Print what the doctor found."""
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("", "name", "installed", "wrapped", "remark", "what changes it"):
        shown.add_column(heading, overflow="fold")
    for finding in found:
        if finding.kind == "route":
            continue
        sign = "[green]usable[/]" if finding.usable else "[red]not usable[/]"
        shown.add_row(
            sign,
            finding.name,
            finding.version or "-",
            (finding.frozen or "-") if finding.kind == "library" else "",
            escape(finding.detail),
            escape(finding.command),
        )
    console.print(shown)
    _routes(console, [finding for finding in found if finding.kind == "route"])


def _routes(console: Console, found: Sequence[Finding]) -> None:
    """Print what the way from each memory to each other costs."""
    ways = {tuple(finding.name.split(" -> ")): finding for finding in found}
    places = tuple(dict.fromkeys(source for source, _ in ways))
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title="from (row) to (column)")
    for heading in ("", *places):
        shown.add_column(heading)
    for source in places:
        cells = (ways.get((source, target)) for target in places)
        shown.add_row(source, *("same" if way is None else _way(way) for way in cells))
    if places:
        console.print(shown)
        console.print("share: one buffer; copy, copy: by way of the host; (…): not on this machine")


def _way(way: Finding) -> str:
    return way.detail if way.usable else f"[dim]({way.detail})[/]"


def _evidence(console: Console, rows: Sequence[Row]) -> None:
    """Print how many functions of each library weren't run here."""
    for row in rows:
        if told := _unrun(row):
            console.print(f"{row.library}: {told.removeprefix('; ')}", highlight=False)


def _unrun(row: Row) -> str:
    """Say how many functions weren't run here."""
    counts = {
        "recorded": row.recorded,
        "inferred": row.inferred,
        "unobserved": row.unobserved,
    }
    told = ", ".join(f"{count} {evidence}" for evidence, count in counts.items() if count)
    return f"; {told}" if told else ""


def _unobserved(console: Console, rows: Sequence[Row], found: Sequence[Unobserved]) -> None:
    """Print how much of each library rests on something else than a run, and on what."""
    for row in rows:
        missed = [entry for entry in found if entry.library == row.library]
        if not missed:
            continue
        images = sum(entry.kind == "image" for entry in missed)
        share = f" ({images / row.wrapped:.1%})" if images else ""
        console.print(
            f"{row.library}: {images} of {row.wrapped} image functions{share} and "
            f"{len(missed) - images} of {row.helpers} helpers rest on something else than a run",
            highlight=False,
        )
        for entry in missed:
            _indented(console, f"{entry.name}, {entry.kind}, {entry.evidence}: {entry.reason}")


def _declared(console: Console, found: Sequence[Declared]) -> None:
    """Print each declaration beside what was observed."""
    for entry in found:
        seen = entry.observed
        console.print(Text(f"{entry.name}: the declaration {entry.standing}"))
        _indented(console, f"declared {entry.contract}: {entry.reason}")
        told = "" if seen.evidence not in SEEN else f"observed {seen.contract or seen.kind}: "
        _indented(console, told + seen.reason)


def _types(console: Console, found: Sequence[Types]) -> None:
    """Print how much of each library has no full type, and what its documentation gets wrong."""
    for entry in found:
        share = entry.untyped / entry.parameters if entry.parameters else 0.0
        line = f"{entry.library}: {entry.untyped} of {entry.parameters} parameters"
        line += f" ({share:.1%}) have an Any in their type"
        if entry.contradictions:
            line += f"; {entry.contradictions} defaults aren't of the documented type"
            line += f", {entry.none} of them None"
        console.print(line, highlight=False)
        for text, count in entry.unread.items():
            _indented(console, f"documented type that can't be read, {count} times: {text}")


def _indented(console: Console, text: str) -> None:
    for number, line in enumerate(textwrap.wrap(text, console.width - 4, break_on_hyphens=False)):
        console.print(Text(f"{'    ' if number else '  '}{line}"), soft_wrap=True)


def _result(function: Function) -> str:
    return function.result if isinstance(function.result, str) else ", ".join(function.result)


def console(width: int = 140) -> Console:
    """Return standard output; a pipe, which has no width, isn't cut at a terminal's."""
    return Console() if sys.stdout.isatty() else Console(width=width)


def as_json(value: Any) -> None:
    """Print records as JSON, for programs."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())
