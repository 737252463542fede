"""Prints reports, lists and findings as text; `function_page` has the page of one function."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from voxbind_build.build import changes_page, progress
from voxbind_build.build.broken_modules import import_errors
from voxbind_build.build.folded_notes import folded
from voxbind_build.build.new_library import FirstLook, TrialReport
from voxbind_build.build.report import (
    BuildReport,
    CheckReport,
    Declared,
    RecordReport,
    Row,
    Types,
    Unobserved,
)
from voxbind_build.cli.comparison import Comparison
from voxbind_build.model import SEEN
from voxbind_build.verify.disk import Changes

WIDE = 110
"""Columns of a terminal from which on tables read well."""


def build(console: Console, report: BuildReport, *, documentation: bool = False) -> None:
    """Print what a build did, and what differs from the package before."""
    _rows(console, report.rows)
    # With `--library`, the other libraries keep their record, which an earlier build reported.
    read = [row for row in report.rows if row.source != "record"]
    _evidence(console, read)
    _unobserved(console, read, report.unobserved)
    _declared(console, report.declared)
    others = {row.library for row in report.rows if row.source == "record"}
    _types(console, [entry for entry in report.types if entry.library not in others])
    for changes in report.library_changes:
        changes_page.page(console, changes, documentation=documentation)
    if report.wheel:
        console.print(
            Text(f"written to {report.wheel}; install it with `pip install {quote(report.wheel)}`"),
            soft_wrap=True,
        )
    else:
        _changes(console, report.changes, report.seconds)


def record(console: Console, report: RecordReport) -> None:
    """Print what a recording, or a merge of recordings, did."""
    _rows(console, report.rows)
    _evidence(console, report.rows)
    _unobserved(console, report.rows, report.unobserved)
    for machine in report.machines:
        console.print(Text(f"{report.observed} functions observed on {machine}"))
    for merged in report.merged:
        for line in merged.lines():
            _indented(console, line)
    differing = [entry for entry in report.compared if entry.differs]
    if report.compared:
        console.print(
            f"{len(report.compared)} functions were compared with their twins; the results of "
            f"{len(differing)} differ by more than the tolerance",
            highlight=False,
        )
    for entry in differing:
        agreement = entry.agreement
        if agreement.at:
            _indented(
                console,
                f"{entry.name}: differs by {agreement.relative:g} times the largest number, with "
                f"{agreement.at}",
            )
        for difference in agreement.unlike:
            _indented(console, f"{entry.name}: {difference}")
    if report.file:
        console.print(
            Text(
                f"Written to {report.file}. To merge it on another machine, run `voxbind record "
                f"--from {report.file}` there."
            ),
            soft_wrap=True,
        )
    if report.changes is not None:
        _changes(console, report.changes, report.seconds)


def check(console: Console, report: CheckReport, *, documentation: bool = False) -> None:
    """Print whether the package is up to date, and what differs."""
    for row in report.rows:
        sign = "=" if row.adds_up else "[red]≠[/]"
        console.print(
            f"{row.library} {row.version}: {row.public} public names {sign} {row.wrapped} wrapped "
            f"+ {row.helpers} helpers + {row.excluded} excluded"
            + _unrun(row)
            + ("  (not read here)" if row.source == "record" else ""),
            highlight=False,
        )
    for note in folded(report.notes):
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    _unobserved(console, report.rows, report.unobserved)
    _declared(console, report.declared)
    for finding in report.findings:
        if finding == "differences":
            for changes in report.library_changes:
                changes_page.page(console, changes, documentation=documentation)
            continue
        entries = getattr(report, finding)
        if finding in _MANY and len(entries) > _LISTED:
            entries = (f"{len(entries)}, for example {', '.join(entries[:_EXAMPLES])}",)
        for entry in entries:
            console.print(f"[red]{_FINDINGS[finding]}:[/] {escape(entry)}", highlight=False)
    if report.agrees:
        console.print("The package agrees with the installed libraries and with its manifest.")
    elif report.foreign or report.refused:
        console.print(
            "The package differs, and `voxbind build` refuses to write: first move files that "
            "aren't voxbind's elsewhere, and correct wrong declarations."
        )
    else:
        console.print(
            "The package differs. `voxbind build` brings it up to date, and overwrites changes "
            "made by hand."
        )


def first_look(console: Console, look: FirstLook, file: Path) -> None:
    """Print what the first look at a library found, and the next command."""
    images = sum(look.modules.values())
    console.print(
        f"{file} describes {look.distribution} {look.version}: {len(look.modules)} modules with "
        f"{images} functions that seem to take an image, and {len(look.exclusions)} names that "
        "are left out.",
        highlight=False,
        markup=False,
    )
    for note in _left_out(look, file):
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    console.print(f"`voxbind check --library {file}` reports what it would give.", markup=False)


def _left_out(look: FirstLook, file: Path) -> Iterator[str]:
    """Yield sentences on the modules that the specification doesn't list."""
    for phrase in import_errors(look.broken):
        yield f"left out: {phrase}"
    if look.hiding:
        named = ", ".join(f"{module} (for {name})" for module, name in look.hiding.items())
        yield f"left out, because wrapped modules would hide a function of the same name: {named}"
    if look.lost:
        listed = ", ".join(look.lost[:_LISTED]) + (", ..." if len(look.lost) > _LISTED else "")
        yield f"left out with these modules, functions of images ({len(look.lost)}): {listed}"
    if look.not_looked_at:
        examples = ", ".join(look.not_looked_at[:_EXAMPLES])
        yield (
            f"not looked at, because they are too many or too deep: {len(look.not_looked_at)} "
            f"modules, for example {examples}. To wrap the functions of a module, add its name to "
            f"`modules` in {file}; `--json` lists them all"
        )


def trial(console: Console, report: TrialReport) -> None:
    """Print what libraries would give that aren't in the package."""
    for row in report.rows:
        console.print(
            f"{row.library} {row.version} isn't in the package. It has {row.public} public names:",
            highlight=False,
        )
        contracts = [f"{count} {name}" for name, count in row.contracts.items() if count]
        unknown = row.wrapped - sum(row.contracts.values())
        contracts += [f"{unknown} unobserved"] * bool(unknown)
        counted = f" ({', '.join(contracts)})" if contracts else ""
        console.print(f"  wrapped: {row.wrapped}{escape(counted)}", highlight=False)
        console.print(f"  helpers: {row.helpers}", highlight=False)
        console.print(f"  excluded: {row.excluded}", highlight=False)
        for reason, names in report.excluded[row.library].items():
            listed = ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
            console.print(f"    {len(names)} {escape(reason)}: {escape(listed)}", highlight=False)
    for note in folded(report.notes):
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    _unobserved(console, report.rows, report.unobserved)
    console.print("Nothing was written. `voxbind build` with the same --library adds the wrappers.")
    kept = (
        f"What was measured is kept for the package {report.kept_for}. A build of another package "
        "(--out) or of a wheel (--wheel) measures again: give `check` the --out of that build."
        if report.kept_for
        else "What was measured isn't kept, because the folder that contains the package can't be "
        "written: a build measures again. To keep it, give `check` and `build` the same --out."
    )
    console.print(kept, highlight=False, markup=False)


_FINDINGS = {
    "refused": "wrong declaration",
    "planted": "not compiled from its source",
    "links": "symbolic link",
    "edited": "edited by hand",
    "missing": "missing",
    "foreign": "not voxbind's",
    "outdated": "needs measuring",
    "obsolete": "no longer written",
    "stale": "out of date",
}
"""The heading of each kind of finding of a check."""
_MANY = ("outdated", "obsolete", "stale")
"""Findings that a new version of a library can make by the hundred."""
_LISTED = 12
"""As many of them are listed; of more, the number and some examples are printed."""
_EXAMPLES = 3


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


def _rows(console: Console, rows: Sequence[Row]) -> None:
    """Print a table of the libraries; if the terminal is too narrow for it, a few lines of each."""
    table = progress.table(rows)
    anywhere = console.options.update(max_width=1000)
    if console.measure(table, options=anywhere).maximum <= console.width:
        console.print(table)
        return
    for row in rows:
        console.print(Text.assemble((row.library, "bold"), f" {row.version}"), soft_wrap=True)
        contracts = ", ".join(f"{count} {name}" for name, count in row.contracts.items() if count)
        source = f"measured {row.measured}" if row.source == "measured" else row.source
        _indented(
            console,
            f"{row.public} public names = {row.wrapped} wrapped + {row.helpers} helpers + "
            f"{row.excluded} excluded",
        )
        _indented(console, f"{contracts or 'no contracts'}; {source}, {row.seconds:.1f} s")


def _evidence(console: Console, rows: Sequence[Row]) -> None:
    """Print how many functions of each library weren't run here."""
    for row in rows:
        if counts := _unrun(row):
            console.print(f"{row.library}: {counts.removeprefix('; ')}", highlight=False)


def _unrun(row: Row) -> str:
    """Return how many functions weren't run here, by evidence; empty if all were."""
    counts = {
        "recorded": row.recorded,
        "inferred": row.inferred,
        "unobserved": row.unobserved,
    }
    listed = ", ".join(f"{count} {evidence}" for evidence, count in counts.items() if count)
    return f"; {listed}" if listed else ""


def _unobserved(console: Console, rows: Sequence[Row], entries: Sequence[Unobserved]) -> None:
    """Print which functions' entries aren't based on running them, and what they are based on."""
    for row in rows:
        not_run = [entry for entry in entries if entry.library == row.library]
        if not not_run:
            continue
        images = sum(entry.kind == "image" for entry in not_run)
        share = f" ({images / row.wrapped:.1%})" if images else ""
        console.print(
            f"{row.library}: {images} of {row.wrapped} image functions{share} and "
            f"{len(not_run) - images} of {row.helpers} helpers haven't been run",
            highlight=False,
        )
        for entry in not_run:
            _indented(console, f"{entry.name}, {entry.kind}, {entry.evidence}: {entry.reason}")


def _declared(console: Console, declarations: Sequence[Declared]) -> None:
    """Print each declaration and what was observed."""
    for declaration in declarations:
        observed = declaration.observed
        console.print(Text(f"{declaration.name}: the declaration {declaration.standing}"))
        _indented(console, f"declared {declaration.contract}: {declaration.reason}")
        was_run = observed.evidence in SEEN
        start = f"observed {observed.contract or observed.kind}: " if was_run else ""
        _indented(console, start + observed.reason)


def _types(console: Console, entries: Sequence[Types]) -> None:
    """Print how many parameters have no full type, and how many defaults contradict the docs."""
    for entry in entries:
        share = entry.untyped / entry.parameters if entry.parameters else 0.0
        line = f"{entry.library}: {entry.untyped} of {entry.parameters} parameters"
        line += f" ({share:.1%}) have Any in their type"
        if entry.contradictions:
            line += f"; {entry.contradictions} defaults aren't of the documented type"
            line += f" ({entry.none} None)"
        console.print(line, highlight=False)
        for text, count in entry.unread.items():
            _indented(console, f"documented type that can't be parsed, {count} times: {text}")


def _indented(console: Console, text: str) -> None:
    for number, line in enumerate(textwrap.wrap(text, console.width - 4, break_on_hyphens=False)):
        console.print(Text(f"{'    ' if number else '  '}{line}"), soft_wrap=True)


def console(width: int = 140) -> Console:
    """Return a console on standard output.

    It is as wide as the terminal, or as the environment variable ``COLUMNS`` says, or else `width`
    characters.
    """
    is_known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal()
    return Console() if is_known else Console(width=width)


def as_json(value: Any) -> None:
    """Print records as JSON, for programs."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text), indent=1)  # with escapes
    print(text)
