"""The command ``voxbind catalog``."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from voxbind_build.build import progress
from voxbind_build.build.report import BuildError
from voxbind_build.cli import printing
from voxbind_build.cli.inputs import failures, requested_specs
from voxbind_build.cli.options import JobsOption, JsonOption
from voxbind_build.cli.places import readable_package

__all__ = ["catalog"]


def catalog(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to write the site to.")
    ] = Path("catalog"),
    package: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", help="Folder of the package. Default: the installed voxbind."
        ),
    ] = None,
    library: Annotated[
        list[str] | None,
        typer.Option(
            "--library",
            "-l",
            metavar="NAME|FILE.toml",
            help="List only this library, or the library that this TOML file describes. May be "
            "repeated.",
        ),
    ] = None,
    pictures: Annotated[
        bool,
        typer.Option("--pictures/--no-pictures", help="Call each function, and show its result."),
    ] = True,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the site in a browser.")
    ] = True,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a site of all functions: a page with a picture for each, a search, a comparison.

    It is a folder of files that load nothing from elsewhere, and can be opened from a disk.
    """
    reporter = progress.reporter(Console(stderr=True), ("calling", "called"))
    with failures():
        try:
            # Imported here because docutils and Pillow are needed for this command alone.
            from voxbind_build.catalog.making import make_catalog
        except ModuleNotFoundError as error:
            raise BuildError(
                f"The catalogue needs {error.name}, which isn't installed. Run "
                "`pip install 'voxbind[build,catalog]'`."
            ) from None
        specs = requested_specs(library)
        report = make_catalog(
            readable_package(package),
            out,
            specs,
            only=[spec.name for spec in specs] if library else [],
            with_pictures=pictures,
            jobs=jobs,
            reporter=reporter,
        )
    if as_json:
        printing.as_json(report)
    else:
        printing.console().print(
            Text(
                f"{report.functions} functions, {report.pictures} with a picture, "
                f"{report.size / 1e6:.1f} MB. Open {report.start} in a browser."
            ),
            soft_wrap=True,
        )
    if open_page and not as_json:
        webbrowser.open(Path(report.start).resolve().as_uri())
