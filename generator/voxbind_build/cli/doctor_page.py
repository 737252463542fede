"""Prints the doctor's findings: what can be used, the commands that help, and the routes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from voxbind_build.cli.doctor import Finding
from voxbind_build.cli.printing import WIDE

__all__ = ["findings"]

_SIGNS = {True: ("usable", "green"), False: ("not usable", "red")}
_GAP = 12
"""Columns of the sign, in the list for narrow terminals."""


def findings(console: Console, all_findings: Sequence[Finding]) -> None:
    """Print the doctor's findings: what is usable, the commands that help, and the routes."""
    examined = [finding for finding in all_findings if finding.kind != "route"]
    if console.width >= WIDE:
        _table(console, examined)
    else:
        _list(console, examined)
    names: dict[str, list[str]] = {}
    for finding in examined:
        if finding.command:
            names.setdefault(finding.command, []).append(finding.name)
    for command, helped in names.items():
        console.print(f"For {', '.join(helped)}:", highlight=False)
        # Not wrapped, so that a command can be copied from a narrow terminal.
        console.print(Text(textwrap.indent(command, "    ")), soft_wrap=True)
    _routes(console, [finding for finding in all_findings if finding.kind == "route"])


def _table(console: Console, examined: Sequence[Finding]) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("", "name", "installed", "wrapped", "remark"):
        table.add_column(heading, overflow="fold")
    for finding in examined:
        table.add_row(
            Text(*_SIGNS[finding.usable]),
            finding.name,
            finding.version or "-",
            (finding.frozen or "-") if finding.kind == "library" else "",
            escape(finding.detail),
        )
    console.print(table)


def _list(console: Console, examined: Sequence[Finding]) -> None:
    """Print a line for each finding, and its remark below, wrapped between words."""
    for finding in examined:
        sign, colour = _SIGNS[finding.usable]
        facts = f" {finding.version or 'not installed'}"
        if finding.frozen and finding.frozen != finding.version:
            facts += f", wrapped {finding.frozen}"
        line = Text.assemble((f"{sign:{_GAP}}", colour), (finding.name, "bold"), facts)
        console.print(line, soft_wrap=True)
        indent = " " * _GAP
        remark = textwrap.wrap(
            finding.detail, console.width - _GAP, break_long_words=False, break_on_hyphens=False
        )
        for words in remark:
            console.print(Text(f"{indent}{words}"), soft_wrap=True)
    console.print()


def _routes(console: Console, route_findings: Sequence[Finding]) -> None:
    """Print how data moves from each memory to each other."""
    routes = {tuple(finding.name.split(" -> ")): finding for finding in route_findings}
    places = tuple(dict.fromkeys(source for source, _ in routes))
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title="from (row) to (column)")
    # On a narrow terminal, rich would break names within a word.
    gap = " " if console.width >= WIDE else "\n"
    for heading in ("", *places):
        table.add_column(heading.replace(" ", gap), no_wrap=True)
    for source in places:
        cells = (routes.get((source, target)) for target in places)
        costs = ("same" if route is None else _cost(route) for route in cells)
        table.add_row(source.replace(" ", gap), *(cost.replace(" ", gap) for cost in costs))
    if places:
        console.print(table)
        console.print(
            "share: both use one buffer; copy, copy: through host memory; (…): not on this machine"
        )


def _cost(route: Finding) -> str:
    return route.detail if route.usable else f"[dim]({route.detail})[/]"
