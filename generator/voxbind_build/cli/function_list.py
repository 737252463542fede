"""The list of functions that `voxbind list` prints, and what `voxbind` alone prints."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from voxbind_build.cli.options import Order
from voxbind_build.cli.printing import WIDE
from voxbind_build.model import Function

__all__ = ["SUGGESTIONS", "functions", "paged", "place", "suggestions"]

SUGGESTIONS = (
    ("voxbind list edges", "search the functions"),
    ("voxbind show gaussian", "what a function does with your image, and why"),
    ("voxbind catalog", "a site of all functions, with pictures"),
    ("voxbind doctor", "what works on this machine, and how to mend the rest"),
    ("voxbind --help", "all commands"),
)
"""Commands that `voxbind` alone suggests, and what each shows."""
_Match = tuple[str, Function]


def suggestions(console: Console) -> None:
    """Print five commands to try."""
    console.print("voxbind wraps image-processing functions for your arrays. Try:", highlight=False)
    width = max(len(command) for command, _ in SUGGESTIONS)
    for command, purpose in SUGGESTIONS:
        line = Text.assemble("  ", (f"{command:{width}}", "bold"), f"   {purpose}")
        console.print(line, soft_wrap=True)


def place(match: _Match, order: Order) -> tuple[str, str]:
    """Return the sort key of a function in the list; equal ones are sorted by name."""
    public, function = match
    keys = {
        "function": public,
        "contract": function.label,
        "result": ", ".join(function.kinds),
        "summary": function.summary.casefold(),
    }
    return keys[order], public


def functions(console: Console, matches: Sequence[_Match]) -> None:
    """Print a table of functions; on a narrow terminal, each has two lines."""
    if console.width >= WIDE:
        _table(console, matches)
    else:
        for public, function in matches:
            facts = ", ".join((function.label, *function.kinds))
            gap = "  " if len(public) + 2 + len(facts) <= console.width else "\n  "
            console.print(Text.assemble((public, "bold"), gap, (facts, "cyan")), soft_wrap=True)
            if summary := function.summary:
                line = Text(f"  {summary}")
                line.truncate(console.width, overflow="ellipsis")
                console.print(line, soft_wrap=True)
    console.print(f"{len(matches)} functions", highlight=False)


def _table(console: Console, matches: Sequence[_Match]) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("function", "contract", "result", "summary"):
        table.add_column(heading, no_wrap=heading != "summary")
    for public, function in matches:
        table.add_row(
            escape(public),
            function.label,
            ", ".join(function.kinds),
            escape(function.summary),
        )
    console.print(table)


@contextlib.contextmanager
def paged(console: Console) -> Iterator[None]:
    """Show what is printed in the pager, if a person reads it and it is longer than the screen."""
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        yield
        return
    with console.capture() as captured:
        yield
    text = captured.get()
    if text.count("\n") < console.height:
        sys.stdout.write(text)
        return
    os.environ.setdefault("LESS", "-R")  # otherwise `less` shows the codes of colours
    with console.pager(styles=True, links=False):
        console.print(Text.from_ansi(text), soft_wrap=True)
