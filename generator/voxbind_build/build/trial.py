"""Reports what a library that the package doesn't have would give, without writing it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from voxbind_build import manifest as frozen
from voxbind_build.build.admission import admit
from voxbind_build.build.journal_beside import journal_beside
from voxbind_build.build.measuring import measure_missing
from voxbind_build.build.new_library import TrialReport
from voxbind_build.build.own_package import refuse_missing
from voxbind_build.build.progress import Reporter
from voxbind_build.build.publish import assemble_package, settled
from voxbind_build.build.reading import read
from voxbind_build.build.report import unobserved
from voxbind_build.build.unrenderable import sentences
from voxbind_build.common.scratch import scratch_folder
from voxbind_build.manifest import Record
from voxbind_build.model import PACKAGE, LibrarySpec, Manifest

__all__ = ["new_libraries", "try_libraries"]


def new_libraries(specs: Sequence[LibrarySpec], out: Path) -> list[LibrarySpec]:
    """Return the libraries that a package doesn't have; all of them if there is no package."""
    try:
        libraries = frozen.read(out / frozen.MANIFEST).libraries
    except FileNotFoundError:
        return [*specs]
    return [spec for spec in specs if spec.name not in libraries]


def try_libraries(
    specs: Sequence[LibrarySpec],
    out: Path,
    *,
    jobs: int | None,
    time_limit: float,
    reporter: Reporter,
) -> TrialReport:
    """Read, measure, classify and render libraries as a build would, and write nothing of them.

    What is measured is kept beside the package for its next build, if that folder can be written.
    Builds of other packages don't find it.

    Parameters
    ----------
    specs
        Libraries that the package doesn't have.
    out
        The package's folder, which needn't exist.
    jobs, time_limit, reporter
        See `pipeline.build`.

    Raises
    ------
    BuildError
        If a library can't be read, or its name is in use.
    SpecError
        If a specification is wrong.
    """
    package = PACKAGE
    if (out / frozen.MANIFEST).is_file():
        manifest = frozen.read(out / frozen.MANIFEST)
        package = manifest.package
        admit(specs, manifest.libraries, package)
    else:
        admit(specs, {})
    record = Record(manifest=Manifest(libraries={}, package=package))
    notes: list[str] = []
    states = read(specs, record, notes, reporter)
    refuse_missing(specs, states, notes)
    with journal_beside(out, reporter) as journal:
        is_kept = journal is not None
        measure_missing(states, record, journal, "changed", jobs, time_limit, notes, reporter)
    content = assemble_package(states, record, package)
    with scratch_folder() as folder:
        content, _ = settled(content, folder / "package", reporter)
    libraries = content.manifest.libraries
    notes += sentences(libraries)
    return TrialReport(
        rows=content.rows,
        excluded={
            name: {
                reason: tuple(
                    public for public, entry in library.excluded.items() if entry.reason == reason
                )
                for reason in sorted({entry.reason for entry in library.excluded.values()})
            }
            for name, library in libraries.items()
        },
        unobserved=unobserved(content.manifest),
        notes=tuple(notes),
        kept_for=str(out) if is_kept else "",
    )
