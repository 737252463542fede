"""The command ``voxbind record``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from voxbind_build import manifest as frozen
from voxbind_build.build import progress
from voxbind_build.cli import printing
from voxbind_build.cli.inputs import failures, requested_specs
from voxbind_build.cli.options import (
    FreshOption,
    JobsOption,
    JsonOption,
    LibraryOption,
    OutOption,
    TimeOption,
)
from voxbind_build.cli.places import is_checkout, package_at

__all__ = ["record"]


def record(
    library: LibraryOption = None,
    out: OutOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write to this file, not to the package."),
    ] = None,
    merged: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Merge this file, which was recorded on another machine, instead of measuring "
            "here. May be repeated.",
        ),
    ] = None,
    jobs: JobsOption = None,
    fresh: FreshOption = False,
    time_limit: TimeOption = 900,
    within: Annotated[
        float,
        typer.Option(
            min=1, metavar="SECONDS", help="Stop after this time, and record the results so far."
        ),
    ] = math.inf,
    as_json: JsonOption = False,
) -> None:
    """Measure GPU functions on this machine's GPU, or merge recordings from other machines."""
    from voxbind_build.build import merge
    from voxbind_build.build import record as recording

    if to is not None and merged:
        raise typer.BadParameter("--from merges into the package; don't combine it with --to")
    reporter = progress.reporter(Console(stderr=True))
    with failures():
        specs = requested_specs(library)
        if not library:
            specs = [spec for spec in specs if spec.device]
        # In a checkout the recordings are committed; elsewhere the package keeps them.
        recordings = frozen.RECORDINGS if out is None and is_checkout() else None
        if merged:
            report = merge.merge(
                specs, merged, package_at(out), recordings=recordings, reporter=reporter
            )
        else:
            report = recording.record(
                specs,
                package_at(out),
                to=to,
                recordings=recordings,
                jobs=jobs,
                fresh=fresh,
                time_limit=time_limit,
                within=within,
                reporter=reporter,
            )
    if as_json:
        printing.as_json(report)
    else:
        printing.record(printing.console(), report)
