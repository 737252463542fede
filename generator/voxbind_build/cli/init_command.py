"""The command ``voxbind init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import asdict

from voxbind_build.cli import printing
from voxbind_build.cli.inputs import failures
from voxbind_build.cli.options import JsonOption

__all__ = ["init"]


def init(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="An installed library, by the name that is imported or the name for pip.",
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="The file to write. Default: NAME.toml."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that exists.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a commented specification for an installed library, after a first look at it."""
    from voxbind_build.build.first_look import look
    from voxbind_build.build.report import BuildError
    from voxbind_build.build.specification_text import specification

    with failures():
        seen = look(name)
        file = to or Path(f"{seen.package}.toml")
        try:
            with file.open("w" if force else "x", encoding="utf-8") as stream:
                stream.write(specification(seen, name, file))
        except FileExistsError:
            raise BuildError(
                f"{file} exists and stays as it is. Give another file with --to, or overwrite it "
                "with --force."
            ) from None
        except OSError as error:
            raise BuildError(f"{file} can't be written: {error.strerror}.") from error
    if as_json:
        printing.as_json({"file": str(file), **asdict(seen)})
    else:
        printing.first_look(printing.console(), seen, file)
