"""Shows the progress of a build: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, get_args

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from voxbind_build.build.report import Row
from voxbind_build.model import Contract

MEASURING = ("measuring", "measured")
PLAIN_INTERVAL = 10.0
"""Shortest time between two plain lines, in seconds."""


class Reporter(Protocol):
    """Receives the progress of a pipeline while it runs."""

    def say(self, text: str) -> None:
        """Report the step that starts now."""

    def warn(self, text: str) -> None:
        """Report something that the user should know or do."""

    def start(self, totals: Mapping[str, int], seconds_left: Callable[[], float]) -> None:
        """Start a measurement of the given number of functions of each library.

        The second argument estimates how long the rest takes.
        """

    def advance(self, library: str) -> None:
        """Report that one function of a library has been measured."""

    def finish(self) -> None:
        """End the measurement, whether it is complete or was interrupted."""


class Silent:
    """A reporter that shows nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""

    def warn(self, text: str) -> None:
        """Do nothing."""

    def start(self, totals: Mapping[str, int], seconds_left: Callable[[], float]) -> None:
        """Do nothing."""

    def advance(self, library: str) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


class Plain:
    """A reporter that prints lines of text, for logs and build hooks."""

    def __init__(self, console: Console, verbs: tuple[str, str] = MEASURING) -> None:
        self._console, self._verbs = console, verbs
        self._totals: Mapping[str, int] = {}
        self._done: Counter[str] = Counter()
        self._seconds_left: Callable[[], float] = float
        self._started = self._last_printed = 0.0

    def say(self, text: str) -> None:
        """Print a line."""
        # Lines aren't wrapped, because the width of a log isn't known.
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Print a line that begins with ``warning``."""
        self.say(f"warning: {text}")

    def start(self, totals: Mapping[str, int], seconds_left: Callable[[], float]) -> None:
        """Print how many functions of each library will be measured."""
        self._totals, self._done, self._seconds_left = totals, Counter(), seconds_left
        self._started = self._last_printed = time.monotonic()
        for library, total in totals.items():
            self.say(f"{library}: {self._verbs[0]} {total} functions")

    def advance(self, library: str) -> None:
        """Count a function, and print the progress if the last line is old enough."""
        self._done[library] += 1
        now = time.monotonic()
        done, total = self._done.total(), sum(self._totals.values())
        if now - self._last_printed >= PLAIN_INTERVAL and done < total:
            self._last_printed = now
            self.say(
                f"{library}: {self._done[library]} of {self._totals[library]} functions, "
                f"about {self._seconds_left():.0f} s left"
            )

    def finish(self) -> None:
        """Print how many functions were measured, and in what time."""
        seconds = time.monotonic() - self._started
        total = sum(self._totals.values())
        self.say(f"{self._verbs[1]} {self._done.total()} of {total} functions in {seconds:.0f} s")


class _TimeLeft(ProgressColumn):
    """The time that all libraries still take together, beside each that isn't complete."""

    max_refresh = 0.5

    def __init__(self, seconds_left: Callable[[], float]) -> None:
        super().__init__()
        self._seconds_left = seconds_left

    def render(self, task: Task) -> Text:
        """Return the time left in words."""
        if task.finished:
            return Text()
        minutes, seconds = divmod(round(self._seconds_left()), 60)
        return Text(f"about {minutes}:{seconds:02} left in all")


class Bars:
    """A reporter that draws a progress bar for each library on a terminal, and the time left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(escape(text), highlight=False)

    def warn(self, text: str) -> None:
        """Print a line that begins with ``warning``, in colour."""
        self._console.print(f"[yellow]warning:[/] {escape(text)}", highlight=False)

    def start(self, totals: Mapping[str, int], seconds_left: Callable[[], float]) -> None:
        """Draw an empty bar for each library."""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("functions"),
            TimeElapsedColumn(),
            _TimeLeft(seconds_left),
            console=self._console,
        )
        self._progress.start()
        self._tasks = {
            library: self._progress.add_task(escape(library), total=total, start=False)
            for library, total in totals.items()
        }

    def advance(self, library: str) -> None:
        """Advance a library's bar by one function."""
        if self._progress is not None:
            self._progress.start_task(self._tasks[library])
            self._progress.advance(self._tasks[library])

    def finish(self) -> None:
        """Stop the bars, and leave them on the screen."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def reporter(console: Console, verbs: tuple[str, str] = MEASURING) -> Reporter:
    """Return `Bars` if the console is a terminal, else `Plain`.

    Parameters
    ----------
    console
        Where the progress is printed.
    verbs
        What is done with each function, and then has been done.
    """
    return Bars(console) if console.is_terminal else Plain(console, verbs)


def table(rows: Sequence[Row]) -> Table:
    """Return the table that a build prints at its end, with a row for each library."""
    table_of_libraries = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("library", "version"):
        table_of_libraries.add_column(heading, no_wrap=True)
    contracts = get_args(Contract)
    for heading in ("public", "wrapped", "helpers", "excluded"):
        table_of_libraries.add_column(heading, justify="right")
    for contract in contracts:
        table_of_libraries.add_column(contract.replace("_TO_", "\nTO_"), justify="right")
    table_of_libraries.add_column("source")
    table_of_libraries.add_column("seconds", justify="right")
    for row in rows:
        source = f"measured {row.measured}" if row.source == "measured" else row.source
        table_of_libraries.add_row(
            row.library,
            row.version,
            *map(str, (row.public, row.wrapped, row.helpers, row.excluded)),
            *(str(row.contracts.get(contract, 0)) for contract in contracts),
            source,
            f"{row.seconds:.1f}",
        )
    return table_of_libraries
