"""The pipeline as a build hook runs it: plain lines, and a problem instead of a traceback."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from voxbind_build.build import changes_page, pipeline, progress
from voxbind_build.build.admission import known_roles
from voxbind_build.build.report import BuildError
from voxbind_build.libraries import SpecError, builtin
from voxbind_build.manifest import ManifestError
from voxbind_build.verify.disk import OutputError


def build(out: Path) -> str:
    """Build the package in `out`.

    Returns
    -------
    str
        What is wrong; empty where the package is built.
    """
    # Build front ends show what hooks write to standard error, and only with `-v`.
    console = Console(stderr=True, width=120)
    try:
        report = pipeline.build(builtin(known_roles()), out, reporter=progress.Plain(console))
    except (BuildError, ManifestError, OutputError, SpecError) as error:
        return str(error)
    console.print(progress.table(report.rows))
    for changes in report.library_changes:
        changes_page.page(console, changes)
    return ""
