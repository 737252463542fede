"""Runs the stages that turn library specifications into the package on disk.

Data flows one way: specification -> discover -> describe -> probe -> classify -> manifest
-> render -> verify. The frozen record is a second input: observations that are still valid aren't
repeated, and a library that isn't installed keeps its record.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from voxbind_build import manifest as frozen
from voxbind_build.build.admission import admit
from voxbind_build.build.folded_notes import folded
from voxbind_build.build.journal_beside import journal_beside
from voxbind_build.build.library_state import LibraryState, twins_last
from voxbind_build.build.measuring import Measure, measure_missing
from voxbind_build.build.own_package import (
    for_package,
    refuse_missing,
    refuse_outdated,
    refuse_unreadable,
    unread_types,
)
from voxbind_build.build.package_manifest import manifest_of
from voxbind_build.build.progress import Reporter, Silent
from voxbind_build.build.publish import assemble_package, publish, settled
from voxbind_build.build.reading import read
from voxbind_build.build.recorded_libraries import refuse_damaged_recordings
from voxbind_build.build.report import (
    BuildError,
    BuildReport,
    CheckReport,
    broken_promises,
    declared,
    types,
    unobserved,
)
from voxbind_build.build.unrenderable import sentences
from voxbind_build.manifest import Record
from voxbind_build.model import PACKAGE, Difference, LibrarySpec, Manifest
from voxbind_build.probe.sandbox import pool as sandbox
from voxbind_build.verify import disk


def build(
    specs: Sequence[LibrarySpec],
    out: Path,
    *,
    package: str | None = None,
    jobs: int | None = None,
    fresh: bool = False,
    recorded_only: bool = False,
    time_limit: float = sandbox.TIME_LIMIT,
    recordings: Path = frozen.RECORDINGS,
    reporter: Reporter | None = None,
) -> BuildReport:
    """Read and measure libraries, and write the package.

    Another build of the same package waits until this one has ended. What a stopped or killed
    build has measured isn't measured again.

    Parameters
    ----------
    specs
        The libraries to read. A library that isn't installed, or that an earlier build wrapped
        and isn't given here, comes from the frozen record.
    out
        The package's folder.
    package
        Dotted name of another project's package, ``labwrap.typed``, which then has the given
        libraries and no others. By default it is the package in the folder; of a new folder, it is
        voxbind's own.
    jobs
        Number of processes that measure in parallel; by default one for each usable core.
    fresh
        Measure every function, even if its record is still valid.
    recorded_only
        Measure no function. If one has no valid record, an error is raised.
    time_limit
        CPU time allowed per function, in seconds; a function that uses more is inconclusive.
    recordings
        The folder of committed recordings of libraries that need a device.
    reporter
        Shows progress.

    Returns
    -------
    BuildReport
        The libraries, and the files that were written.

    Raises
    ------
    BuildError
        If there is no library to wrap, a file of recordings is damaged, or the generated code has
        errors.
    ManifestError
        If the frozen record is damaged or was edited by hand.
    SpecError
        If a specification is wrong.
    OutputError
        If the folder can't be written, or a disk is full.
    """
    started = time.monotonic()
    reporter = reporter or Silent()
    notes = [] if package is None else unread_types(package, out)
    with disk.claimed(out, reporter.say):
        record = frozen.read_record(out, distrust=fresh, recordings=recordings)
        refuse_damaged_recordings(record)
        if package is None:
            refuse_unreadable(record, out)
        record = for_package(record, package, specs)
        package = record.manifest.package
        admit(specs, record.manifest.libraries, package)
        notes += record.problems
        states = read(specs, record, notes, reporter, anew=fresh)
        if package != PACKAGE:
            refuse_missing(specs, {*states, *record.manifest.libraries}, notes)
        journal = frozen.Journal(out)
        if fresh:
            journal.forget(states)
        which: Measure = "all" if fresh else "nothing" if recorded_only else "changed"
        measure_missing(states, record, journal, which, jobs, time_limit, notes, reporter)

        refuse_outdated(states)
        content = assemble_package(states, record, package)
        if not content.rows:
            raise BuildError(
                "There is no library to wrap: none can be imported here, and no earlier build "
                "recorded one.\n" + "\n".join(notes)
            )
        content, changes = publish(content, out, record.owned, reporter)
        journal.forget(states)
    notes += sentences({name: content.manifest.libraries[name] for name in states})
    for note in folded(notes):
        reporter.warn(note)
    return BuildReport(
        rows=content.rows,
        changes=changes,
        library_changes=tuple(
            entry for entry in frozen.all_changes(record.manifest, content.manifest) if entry.before
        ),
        declared=declared(content.manifest),
        unobserved=unobserved(content.manifest),
        types=types(content.manifest),
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
    """Report what a build would change, without changing the package.

    The installed libraries are read, classified and rendered as in a build. The result is
    compared with the frozen record and with the files on disk.

    Parameters
    ----------
    specs
        The libraries to compare. The notes name those that aren't installed.
    out
        The package's folder.
    measure
        Measure every function again, and keep what differs beside the package for the next build,
        if that folder can be written. If False, contracts are derived from the recorded
        observations.
    jobs, time_limit, recordings, reporter
        See `build`.

    Returns
    -------
    CheckReport
        The differences, most important first.

    Raises
    ------
    BuildError
        If `out` holds no package, or the wrappers can't be rendered.
    ManifestError
        If the frozen record is damaged or was edited by hand.
    SpecError
        If a specification is wrong.
    """
    reporter = reporter or Silent()
    manifest = manifest_of(out)
    admit(specs, manifest.libraries, manifest.package)
    record = frozen.read_record(out, distrust=True, recordings=recordings)
    notes = [*record.problems, *record.damaged_recordings]
    # A library's contracts can't be derived if its file of observations is missing or damaged.
    measured_here = {name for name, library in manifest.libraries.items() if not library.device}
    without_observations = measured_here - record.observations.keys()
    states = read(
        [spec for spec in specs if spec.name not in without_observations], record, notes, reporter
    )
    if measure:
        with _kept(out, states, record, reporter) as journal:
            measure_missing(states, record, journal, "all", jobs, time_limit, notes, reporter)
    else:
        measure_missing(states, record, None, "nothing", jobs, time_limit, notes, reporter)
        notes += _of_other_versions(states, manifest)

    left_out_before = bool(sentences(manifest.libraries))
    package = assemble_package(states, record, manifest.package)
    package, files = settled(package, out, reporter, prove=left_out_before)
    differences: list[Difference] = []
    for name, _ in twins_last(states):
        old, new = manifest.libraries.get(name), package.manifest.libraries[name]
        if old is None:
            added = f"{new.distribution} {new.version}"
            differences.append(Difference(name=name, aspect="added", after=added))
        else:
            differences += frozen.compare(name, old, new)
    reporter.say("comparing the files")
    if without_observations:
        # The contents of these files are unknown, and so are their digests in the manifest.
        del files[frozen.MANIFEST]
    expected = {*files, *map(frozen.observations_path, without_observations)}
    links = disk.links(out)
    changed, missing = (
        tuple(path for path in paths if not disk.is_below(path, links))
        for paths in frozen.altered(manifest, out)
    )
    not_on_disk = {path for path in files if not disk.exists(out / path)}
    reported = {*changed, *missing, *not_on_disk}
    return CheckReport(
        rows=package.rows,
        differences=tuple(differences),
        library_changes=frozen.all_changes(manifest, package.manifest),
        outdated=tuple(
            definition for _, state in twins_last(states) for definition in state.outdated
        ),
        refused=broken_promises(package.manifest),
        edited=changed,
        missing=tuple(sorted({*missing, *not_on_disk})),
        stale=tuple(
            path
            for path in disk.differing(files, out)
            if path not in reported and not disk.is_below(path, links)
        ),
        obsolete=tuple(sorted(record.owned - expected - {frozen.MANIFEST, *missing})),
        foreign=disk.foreign(out, record.owned | expected),
        links=links,
        planted=disk.planted(out),
        declared=declared(package.manifest),
        unobserved=unobserved(package.manifest),
        notes=tuple(notes),
    )


def _of_other_versions(states: Mapping[str, LibraryState], manifest: Manifest) -> Iterator[str]:
    """Yield a note on each library whose contracts rest on calls of another version."""
    for name, state in states.items():
        library = manifest.libraries.get(name)
        inventory = state.inventory
        if library is not None and state.outdated and library.version != inventory.version:
            yield (
                f"{library.distribution} {inventory.version} wasn't measured: contracts, results "
                f"and dtypes are derived from calls of {library.version}. `voxbind check "
                "--measure` measures them"
            )


@contextlib.contextmanager
def _kept(
    out: Path, states: Mapping[str, LibraryState], record: Record, reporter: Reporter
) -> Iterator[frozen.Journal | None]:
    """Yield the journal beside the package, which keeps only what a build would measure or write.

    It is None if its folder can't be written.
    """
    with journal_beside(out, reporter) as journal:
        yield journal
        if journal is not None:
            journal.forget(
                name
                for name, state in states.items()
                if state.observations == record.observations.get(name)
                and (library := record.manifest.libraries.get(name)) is not None
                and state.measured_with == library.measured_with
            )
