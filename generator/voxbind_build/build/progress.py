"""Tells how a build goes: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, get_args

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from voxbind_build.build.report import Row
from voxbind_build.model import Contract

PLAIN_INTERVAL = 10.0
"""Seconds between two plain lines."""


class Reporter(Protocol):
    """What the pipeline tells while it runs."""

    def say(self, text: str) -> None:
        """Tell what happens now."""

    def warn(self, text: str) -> None:
        """Tell what the person should know or do."""

    def start(self, totals: Mapping[str, int]) -> None:
        """Begin to measure so many functions of each library."""

    def advance(self, library: str) -> None:
        """Tell that one function is done."""

    def finish(self) -> None:
        """End the measurement, whole or broken off."""


class Silent:
    """Tells nothing."""

    def say(self, text: str) -> None:
        """Tell nothing."""

    def warn(self, text: str) -> None:
        """Tell nothing."""

    def start(self, totals: Mapping[str, int]) -> None:
        """Tell nothing."""

    def advance(self, library: str) -> None:
        """Tell nothing."""

    def finish(self) -> None:
        """Tell nothing."""


class Plain:
    """Writes whole lines, for logs and build hooks."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._totals: Mapping[str, int] = {}
        self._done: Counter[str] = Counter()
        self._started = self._told = 0.0

    def say(self, text: str) -> None:
        """Write a line."""
        # Whole lines at once: a log is read by line, and its width isn't known.
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Write a line that stands out."""
        self.say(f"warning: {text}")

    def start(self, totals: Mapping[str, int]) -> None:
        """Write how much there is to do."""
        self._totals, self._done = totals, Counter()
        self._started = self._told = time.monotonic()
        for library, total in totals.items():
            self.say(f"{library}: measuring {total} functions")

    def advance(self, library: str) -> None:
        """Write now and then how far it is."""
        self._done[library] += 1
        now = time.monotonic()
        done, total = self._done.total(), sum(self._totals.values())
        if now - self._told >= PLAIN_INTERVAL and done < total:
            self._told = now
            left = (now - self._started) / done * (total - done)
            self.say(
                f"{library}: {self._done[library]} of {self._totals[library]} functions, "
                f"about {left:.0f} s left"
            )

    def finish(self) -> None:
        """Write what was done."""
        seconds = time.monotonic() - self._started
        total = sum(self._totals.values())
        self.say(f"measured {self._done.total()} of {total} functions in {seconds:.0f} s")


class Bars:
    """Draws a progress bar for each library on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def say(self, text: str) -> None:
        """Write a line."""
        self._console.print(escape(text), highlight=False)

    def warn(self, text: str) -> None:
        """Write a line that stands out."""
        self._console.print(f"[yellow]warning:[/] {escape(text)}", highlight=False)

    def start(self, totals: Mapping[str, int]) -> None:
        """Draw an empty bar for each library."""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("functions"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._progress.start()
        self._tasks = {
            library: self._progress.add_task(escape(library), total=total, start=False)
            for library, total in totals.items()
        }

    def advance(self, library: str) -> None:
        """Move a library's bar on."""
        if self._progress is not None:
            self._progress.start_task(self._tasks[library])
            self._progress.advance(self._tasks[library])

    def finish(self) -> None:
        """Leave the bars as they stand."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def reporter(console: Console) -> Reporter:
    """Return bars where the console is a terminal, else plain lines."""
    return Bars(console) if console.is_terminal else Plain(console)


def table(rows: Sequence[Row]) -> Table:
    """Return the table at the end: a line for each library."""
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("library", "version"):
        shown.add_column(heading, no_wrap=True)
    contracts = get_args(Contract)
    for heading in ("public", "wrapped", "helpers", "excluded"):
        shown.add_column(heading, justify="right")
    for contract in contracts:
        shown.add_column(contract.replace("_TO_", "\nTO_"), justify="right")
    shown.add_column("source")
    shown.add_column("seconds", justify="right")
    for row in rows:
        source = f"measured {row.measured}" if row.source == "measured" else row.source
        shown.add_row(
            row.library,
            row.version,
            *map(str, (row.public, row.wrapped, row.helpers, row.excluded)),
            *(str(row.contracts.get(contract, 0)) for contract in contracts),
            source,
            f"{row.seconds:.1f}",
        )
    return shown
