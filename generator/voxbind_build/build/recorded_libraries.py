"""Steps that recording and merging share: reading the libraries, the record and the report."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.admission import admit
from voxbind_build.build.folded_notes import folded
from voxbind_build.build.library_state import (
    LibraryState,
)
from voxbind_build.build.package_manifest import refuse_without_manifest
from voxbind_build.build.progress import Reporter
from voxbind_build.build.publish import PackageContent
from voxbind_build.build.reading import read
from voxbind_build.build.report import BuildError, RecordReport, compared, unobserved
from voxbind_build.manifest import Record
from voxbind_build.model import (
    LibrarySpec,
    Recording,
    Recordings,
)
from voxbind_build.verify import disk


def refuse_without_device(specs: Iterable[LibrarySpec]) -> None:
    """Raise an error if a library needs no device, since `voxbind build` measures those.

    Raises
    ------
    BuildError
        If one of the libraries needs no device.
    """
    for spec in specs:
        if not spec.device:
            raise BuildError(
                f"{spec.name} needs no device, so it isn't recorded. `voxbind build` measures it "
                "on any machine."
            )


@contextlib.contextmanager
def claimed_package(out: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Keep an existing package from other builds.

    Raises
    ------
    BuildError
        If there is no package.
    OutputError
        If the package can't be written.
    """
    refuse_without_manifest(out)
    with disk.claimed(out, say):
        yield


def known_record(out: Path, recordings: Path | None, *, writing: bool) -> Record:
    """Return the frozen record of a package.

    Parameters
    ----------
    out
        The package's folder. If the package isn't `writing`, it may be missing or damaged.
    recordings
        The folder of committed recordings; None for voxbind's own.
    writing
        Whether the package will be written.

    Raises
    ------
    ManifestError
        If the package will be written, and its manifest is damaged or was edited by hand.
    """
    return frozen.read_record(out, distrust=not writing, recordings=recordings or frozen.RECORDINGS)


def refuse_damaged_recordings(known: Record) -> None:
    """Raise an error if a file of recordings is damaged.

    Without a GPU, its functions couldn't be measured again, and would lose their contracts.

    Parameters
    ----------
    known
        The frozen record.

    Raises
    ------
    BuildError
        With a sentence for each damaged file.
    """
    if known.damaged_recordings:
        raise BuildError("\n".join(known.damaged_recordings))


def read_all(
    specs: Sequence[LibrarySpec], known: Record, notes: list[str], reporter: Reporter
) -> dict[str, LibraryState]:
    """Discover and describe libraries, all of which must be installed.

    Parameters
    ----------
    specs
        The libraries.
    known
        The frozen record.
    notes
        Sentences for the user are added here.
    reporter
        Shows progress.

    Raises
    ------
    BuildError
        If one of them isn't installed.
    """
    admit(specs, known.manifest.libraries)
    missing: list[str] = []
    states = read(specs, known, missing, reporter)
    if any(spec.name not in states for spec in specs):
        advice = "Use --library to name only libraries that are installed."
        raise BuildError("\n".join((*missing, advice)))
    notes += missing
    return states


def record_report(
    package: PackageContent,
    states: Mapping[str, LibraryState],
    notes: list[str],
    reporter: Reporter,
    started: float,
) -> RecordReport:
    """Print the notes as warnings, and return the part of the report that both commands share.

    Parameters
    ----------
    package
        All libraries of the package.
    states
        The libraries that were recorded or merged.
    notes
        Sentences for the user.
    reporter
        Shows progress.
    started
        Time of the monotonic clock at which the command started.
    """
    for note in folded(notes):
        reporter.warn(note)
    return RecordReport(
        rows=tuple(row for row in package.rows if row.library in states),
        compared=tuple(entry for entry in compared(package.manifest) if entry.library in states),
        unobserved=tuple(
            entry for entry in unobserved(package.manifest) if entry.library in states
        ),
        notes=tuple(notes),
        seconds=round(time.monotonic() - started, 2),
    )


def add_recordings(added: Iterable[Recording], known: Record, folder: Path) -> Record:
    """Write recordings to a folder, which has one file for each library.

    Parameters
    ----------
    added
        The new recordings.
    known
        The frozen record, with the recordings that the folder has.
    folder
        The folder of recordings.

    Returns
    -------
    Record
        The frozen record with the new recordings.

    Raises
    ------
    OutputError
        If the folder can't be written.
    """
    recordings = dict(known.recordings)
    for recording in added:
        name = recording.library
        recordings[name] = frozen.updated_recordings(recordings.get(name, ()), [recording])
        try:
            folder.mkdir(exist_ok=True)
            frozen.write_whole(
                folder / f"{name}.json",
                frozen.encode_recordings(Recordings(recordings=recordings[name])),
            )
        except OSError as error:
            raise disk.OutputError(f"{folder} can't be written: {error.strerror}.") from error
    return replace(known, recordings=recordings)
