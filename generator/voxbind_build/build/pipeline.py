"""From library specifications to the package on disk: decides nothing itself.

Data flows one way: specification -> discover -> describe -> probe -> classify -> manifest
-> render -> verify. What is frozen already flows in beside it: observations that still
hold are not made again, and a library that isn't here keeps its record.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from voxbind_build import manifest as frozen
from voxbind_build.build.admission import admit
from voxbind_build.build.library_state import Measure, measure_missing, read, twins_last
from voxbind_build.build.progress import Reporter, Silent
from voxbind_build.build.publish import assemble_package, publish, rendered
from voxbind_build.build.report import (
    BuildError,
    BuildReport,
    CheckReport,
    broken_promises,
    declared,
    types,
    unobserved,
)
from voxbind_build.model import Difference, LibrarySpec, Observation
from voxbind_build.probe.sandbox import pool as sandbox
from voxbind_build.verify import disk


def build(
    specs: Sequence[LibrarySpec],
    out: Path,
    *,
    jobs: int | None = None,
    fresh: bool = False,
    time_limit: float = sandbox.TIME_LIMIT,
    recordings: Path = frozen.RECORDINGS,
    reporter: Reporter | None = None,
) -> BuildReport:
    """Read and measure libraries, and write the package.

    Parameters
    ----------
    specs
        The libraries to read anew. Those that aren't installed, and those of an earlier
        build that aren't named here, come from the frozen record.
    out
        The package's folder.
    jobs
        Processes that measure at a time; by default one for each usable core.
    fresh
        Measure everything, also what was measured before.
    time_limit
        Seconds of processor time that one function may use; what uses more is inconclusive.
    reporter
        Is told how it goes.

    Raises
    ------
    BuildError
        If there is nothing to wrap, or the generated code doesn't hold.
    ManifestError
        If the frozen record can't be trusted.
    OutputError
        If the folder can't be written.
    """
    started = time.monotonic()
    reporter = reporter or Silent()
    disk.prepare(out)
    record = frozen.read_record(out, distrust=fresh, recordings=recordings)
    admit(specs, record.manifest.libraries)
    notes = list(record.problems)
    states = read(specs, record, notes, reporter)
    measured: dict[str, Observation] = {} if fresh else frozen.read_unfinished(out)
    try:
        which: Measure = "all" if fresh else "changed"
        measure_missing(states, record, measured, which, jobs, time_limit, notes, reporter)
    finally:
        if measured:
            frozen.keep_unfinished(out, measured)

    package = assemble_package(states, record)
    if not package.rows:
        raise BuildError(
            "There is no library to wrap: none can be imported here, and none was recorded by "
            "an earlier build.\n" + "\n".join(notes)
        )
    changes = publish(package, out, record.owned, reporter)
    frozen.forget_unfinished(out)
    for note in notes:
        reporter.warn(note)
    return BuildReport(
        rows=package.rows,
        changes=changes,
        library_changes=tuple(
            entry for entry in frozen.all_changes(record.manifest, package.manifest) if entry.before
        ),
        declared=declared(package.manifest),
        unobserved=unobserved(package.manifest),
        types=types(package.manifest),
        notes=tuple(notes),
        seconds=round(time.monotonic() - started, 2),
    )


def check(
    specs: Sequence[LibrarySpec],
    out: Path,
    *,
    measure: bool = False,
    jobs: int | None = None,
    time_limit: float = sandbox.TIME_LIMIT,
    recordings: Path = frozen.RECORDINGS,
    reporter: Reporter | None = None,
) -> CheckReport:
    """Report all that a build would change, without measuring and without writing.

    The installed libraries are read, judged and rendered as a build does it, and the result is
    compared with the frozen record and with the files on disk.

    Parameters
    ----------
    specs
        The libraries to compare; those that aren't installed are named in the notes.
    out
        The package's folder.
    measure
        Observe every function again. Without it, contracts are derived anew from the
        recorded observations.

    Raises
    ------
    BuildError
        If there is no package to check, or no package can be made of what is recorded.
    ManifestError
        If the frozen record can't be trusted.
    SpecError
        If a specification is wrong.
    """
    reporter = reporter or Silent()
    if not (out / frozen.MANIFEST).is_file():
        raise BuildError(f"{out} holds no voxbind package to check. Run `voxbind build` first.")
    manifest = frozen.read(out / frozen.MANIFEST)
    admit(specs, manifest.libraries)
    record = frozen.read_record(out, distrust=True, recordings=recordings)
    notes: list[str] = list(record.problems)
    # Without its observations a library's contracts can't be derived again.
    measured_here = {name for name, library in manifest.libraries.items() if not library.device}
    unread = measured_here - record.observations.keys()
    states = read([spec for spec in specs if spec.name not in unread], record, notes, reporter)
    which: Measure = "all" if measure else "nothing"
    measure_missing(states, record, {}, which, jobs, time_limit, notes, reporter)

    package = assemble_package(states, record)
    differences: list[Difference] = []
    for name, _ in twins_last(states):
        old, new = manifest.libraries.get(name), package.manifest.libraries[name]
        if old is None:
            added = f"{new.distribution} {new.version}"
            differences.append(Difference(name=name, aspect="added", after=added))
        else:
            differences += frozen.compare(name, old, new)
    reporter.say("comparing the files")
    files = rendered(package)
    if unread:
        # What belongs into their files of observations, and so their digests, isn't known.
        del files[frozen.MANIFEST]
    expected = {*files, *map(frozen.observations_path, unread)}
    links = disk.links(out)
    changed, missing = (
        tuple(path for path in paths if not disk.is_below(path, links))
        for paths in frozen.altered(manifest, out)
    )
    absent = {path for path in files if not disk.exists(out / path)}
    known = {*changed, *missing, *absent}
    return CheckReport(
        rows=package.rows,
        differences=tuple(differences),
        library_changes=frozen.all_changes(manifest, package.manifest),
        outdated=tuple(
            definition for _, state in twins_last(states) for definition in state.outdated
        ),
        refused=broken_promises(package.manifest),
        edited=changed,
        missing=tuple(sorted({*missing, *absent})),
        stale=tuple(
            path
            for path in disk.differing(files, out)
            if path not in known and not disk.is_below(path, links)
        ),
        obsolete=tuple(sorted(record.owned - expected - {frozen.MANIFEST, *missing})),
        foreign=disk.foreign(out, record.owned | expected),
        links=links,
        planted=disk.planted(out),
        declared=declared(package.manifest),
        unobserved=unobserved(package.manifest),
        notes=tuple(notes),
    )
