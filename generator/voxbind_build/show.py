"""Prints reports, functions and findings for people, and the facts of a function as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from voxbind_build import lookup
from voxbind_build.doctor import Finding
from voxbind_build.manifest import signature
from voxbind_build.model import DtypeFact, Exclusion, Function, Manifest, Observation
from voxbind_build.progress import table
from voxbind_build.report import BuildReport, CheckReport

Observations = Mapping[str, Mapping[str, Observation]]
"""By library, then by definition."""

_RELATIONS = {
    "per_slice": "f(volume)[z] == f(volume[z])",
    "last_axis": "f(volume)[..., k] == f(volume[..., k])",
    "last_axis_gone": "a volume loses its last axis, an image doesn't",
    "shuffle_rows": "shuffled rows change nothing but the order of the result's",
    "shuffle_last": "so with planes along the last axis",
    "flat_arguments": "a volume is taken only beside arguments made for an image",
    "caller_chooses_axes": "with a slice's axes named, f(volume)[z] == f(volume[z])",
    "takes_trailing_colours": "a (Y, X, 3) image is taken as it is",
    "takes_channel_axis": "a (Y, X, 3) image is taken with channel_axis=-1",
    "takes_channel_axis_of_volume": "a (Z, Y, X, 3) volume is taken with channel_axis=-1",
    "takes_colour_volume": "a (Z, Y, X, 3) volume is taken as it is",
    "default_reads_channels": "left alone, channel_axis takes a volume's last axis",
}
"""The relations that the probe tests, in the order and the words to show them in."""


def build(console: Console, report: BuildReport) -> None:
    """Print what a build did."""
    console.print(table(report.rows))
    changes = report.changes
    console.print(
        f"{len(changes.written)} files written, {len(changes.removed)} removed, "
        f"{len(changes.unchanged)} unchanged, in {report.seconds:.1f} s",
        highlight=False,
    )


def check(console: Console, report: CheckReport) -> None:
    """Print how the package stands."""
    for row in report.rows:
        sign = "=" if row.adds_up else "[red]isn't[/]"
        console.print(
            f"{row.library} {row.version}: {row.public} public names {sign} {row.wrapped} wrapped "
            f"+ {row.helpers} helpers + {row.excluded} excluded"
            + ("  (not read here)" if row.source == "record" else ""),
            highlight=False,
        )
    for note in report.notes:
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)
    for what, paths in (
        ("edited by hand", report.edited),
        ("missing", report.missing),
        ("not voxbind's", report.foreign),
    ):
        for path in paths:
            console.print(f"[red]{what}:[/] {escape(path)}", highlight=False)
    for difference in report.differences:
        console.print(f"[red]{difference.aspect}:[/] {escape(difference.name)}", highlight=False)
        for sign, text in (("-", difference.before), ("+", difference.after)):
            if text:
                console.print(Text(f"  {sign} {_shortened(text)}"))
    if report.agrees:
        console.print("The package agrees with the installed libraries and with its manifest.")
    else:
        console.print(
            "The package differs. `voxbind build` brings it up to date; "
            "what was edited by hand in it is lost then."
        )


def functions(console: Console, found: Sequence[tuple[str, Function]]) -> None:
    """Print a table of functions."""
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("function", "contract", "result", "summary"):
        shown.add_column(heading, no_wrap=heading != "summary")
    for public, function in found:
        shown.add_row(
            escape(public),
            function.contract or "",
            _result(function),
            escape(lookup.summary(function)),
        )
    console.print(shown)
    console.print(f"{len(found)} functions", highlight=False)


def function(console: Console, manifest: Manifest, public: str, observations: Observations) -> None:
    """Print what is known of one public name."""
    name, entry = lookup.entry(manifest, public)
    library = manifest.libraries[name]
    console.print(f"[bold]{escape(public)}[/]  {library.distribution} {library.version}")
    if isinstance(entry, Exclusion):
        console.print(f"  left out: {entry.reason}. {escape(entry.detail)}", highlight=False)
        return
    if entry.form == "function":
        code = f"def {entry.original_name}{signature(entry, annotated=True)}: ..."
        console.print(Padding(Syntax(code, "python", word_wrap=True, theme="ansi_dark"), (0, 2)))
    facts = {"wrapper": entry.wrapper, "contract": entry.contract or f"none: a {entry.kind}"}
    facts |= {"why": entry.reason, "evidence": entry.evidence, "result": _result(entry)}
    if entry.arrays:
        facts["arrays"] = ", ".join(entry.arrays)
    if relations := _relations(name, entry, observations):
        facts["tested"] = "\n".join(
            f"{'yes' if relations[relation] else 'no ':3}  {words}"
            for relation, words in _RELATIONS.items()
            if relation in relations
        )
    for given, fact in sorted(entry.dtypes.items()):
        facts[given] = f"-> {_dtype(fact)}"
    if entry.deprecated:
        facts["deprecated"] = entry.deprecated
    if entry.doc:
        facts["summary"] = lookup.summary(entry)
    grid = Table.grid(padding=(0, 2))
    for label, value in facts.items():
        grid.add_row(f"  {label}", Text(value))
    console.print(grid)


def findings(console: Console, found: Sequence[Finding]) -> None:
    """Print what the doctor found."""
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("", "name", "installed", "wrapped", "remark", "what changes it"):
        shown.add_column(heading, overflow="fold")
    for finding in found:
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


def facts(
    manifest: Manifest, public: str, observations: Observations | None = None
) -> dict[str, Any]:
    """Return what is known of one public name, for programs."""
    name, entry = lookup.entry(manifest, public)
    told: dict[str, Any] = {"name": public, "library": name, **msgspec.structs.asdict(entry)}
    told["memory_type"] = manifest.libraries[name].memory_type
    if isinstance(entry, Exclusion):
        told["kind"] = "excluded"
    else:
        told["signature"] = signature(entry)
        told["relations"] = _relations(name, entry, observations or {})
    return told


def _relations(library: str, function: Function, observations: Observations) -> dict[str, bool]:
    observation = observations.get(library, {}).get(function.definition)
    return observation.relations if observation is not None else {}


def _result(function: Function) -> str:
    return function.result if isinstance(function.result, str) else ", ".join(function.result)


def _dtype(fact: DtypeFact) -> str:
    limits = f", values {fact.range[0]:g} to {fact.range[1]:g}" if fact.range is not None else ""
    return fact.dtype + limits


def _shortened(text: str, length: int = 300) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else f"{flat[:length]}..."
