"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="The package's folder; by default that of the installed voxbind."),
]
LibraryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--library",
        "-l",
        metavar="NAME|FILE.toml",
        help="Read only this library, or the user's own library that the file describes. "
        "All others stay as recorded. May be given more than once.",
    ),
]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Processes that measure at a time.")
]
Kind = Literal["image", "helper", "any"]
TimeOption = Annotated[
    float,
    typer.Option(
        "--time-limit",
        min=1,
        metavar="SECONDS",
        help="Processor time that one function may use; what uses more is inconclusive.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DocumentationOption = Annotated[
    bool,
    typer.Option("--documentation", help="Print the lines of docstrings that changed as well."),
]
