"""The pipeline for build hooks: prints plain lines, and returns errors as text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from voxbind_build.build import changes_page, pipeline, progress
from voxbind_build.build.admission import known_roles
from voxbind_build.build.own_package import with_search_path
from voxbind_build.build.report import BuildError
from voxbind_build.libraries import SpecError, builtin, load_all
from voxbind_build.manifest import ManifestError
from voxbind_build.verify.disk import OutputError


def build(
    out: Path,
    *,
    package: str | None = None,
    libraries: Sequence[str] = (),
    fresh: bool = False,
    recorded_only: bool = False,
) -> str:
    """Build the package in the folder `out`.

    Parameters
    ----------
    out
        The package's folder.
    package
        Dotted name of another project's package; None for voxbind's own.
    libraries
        Specifications of that package's libraries: paths of TOML files, or names.
    fresh, recorded_only
        See `pipeline.build`.

    Returns
    -------
    str
        The error that stopped the build; empty if the package was built.
    """
    # Build front ends show a hook's standard error only with `-v`.
    console = Console(stderr=True, width=120)
    build_in = partial(
        pipeline.build,
        package=package,
        fresh=fresh,
        recorded_only=recorded_only,
        reporter=progress.Plain(console),
    )
    try:
        if package is None:
            report = build_in(builtin(known_roles()), out)
        else:
            with_search_path(package, out)
            report = build_in(load_all(libraries, known_roles()), out)
    except (BuildError, ManifestError, OutputError, SpecError) as error:
        return str(error)
    console.print(progress.table(report.rows))
    for changes in report.library_changes:
        changes_page.page(console, changes)
    return ""
