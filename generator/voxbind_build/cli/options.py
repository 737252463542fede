"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="Folder of the package. Default: the installed voxbind."),
]
LibraryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--library",
        "-l",
        metavar="NAME|FILE.toml",
        help="Read only this library, or the library that this TOML file describes. "
        "All others stay as recorded. May be repeated.",
    ),
]
PackageOption = Annotated[
    str | None,
    typer.Option(
        "--package",
        metavar="NAME",
        help="Write another project's package of this dotted name to the folder --out. It has the "
        "libraries that --library names and no others.",
    ),
]
RecordedOption = Annotated[
    bool,
    typer.Option("--recorded", help="Measure nothing, and fail if a function has no valid record."),
]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Number of processes that measure in parallel."),
]
FreshOption = Annotated[
    bool, typer.Option("--fresh", help="Also measure functions again whose record is valid.")
]
Kind = Literal["image", "helper", "any"]
Order = Literal["function", "contract", "result", "summary"]
TimeOption = Annotated[
    float,
    typer.Option(
        "--time-limit",
        min=1,
        metavar="SECONDS",
        help="CPU time allowed per function; a function that uses more is inconclusive.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DocumentationOption = Annotated[
    bool,
    typer.Option("--documentation", help="Print the lines of docstrings that changed as well."),
]
