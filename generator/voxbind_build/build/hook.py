"""The pipeline for a build hook: prints plain lines, and returns errors as text."""

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
    """Build the package in the folder `out`.

    Returns
    -------
    str
        The error that stopped the build; empty if the package was built.
    """
    # Build front ends show a hook's standard error only with `-v`.
    console = Console(stderr=True, width=120)
    try:
        report = pipeline.build(builtin(known_roles()), out, reporter=progress.Plain(console))
    except (BuildError, ManifestError, OutputError, SpecError) as error:
        return str(error)
    console.print(progress.table(report.rows))
    for changes in report.library_changes:
        changes_page.page(console, changes)
    return ""
