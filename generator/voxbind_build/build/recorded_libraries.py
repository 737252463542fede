"""What recording and merging have in common: the libraries that need a device, and their record."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.admission import admit
from voxbind_build.build.library_state import (
    LibraryState,
    read,
)
from voxbind_build.build.progress import Reporter
from voxbind_build.build.publish import PackageContent
from voxbind_build.build.report import BuildError, RecordReport, compared, unobserved
from voxbind_build.manifest import Record
from voxbind_build.model import (
    LibrarySpec,
    Recording,
    Recordings,
)
from voxbind_build.verify import disk


def refuse_without_device(specs: Iterable[LibrarySpec]) -> None:
    """Refuse libraries that `voxbind build` measures on any machine."""
    for spec in specs:
        if not spec.device:
            raise BuildError(
                f"{spec.name} needs no device: `voxbind build` measures it wherever it is installed"
            )


@contextlib.contextmanager
def claimed_package(out: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Keep the package, which must be there, from other builds.

    Raises
    ------
    BuildError
        If there is no package.
    OutputError
        If the package can't be written.
    """
    if not (out / frozen.MANIFEST).is_file():
        raise BuildError(f"{out} holds no voxbind package. Run `voxbind build` first.")
    with disk.claimed(out, say):
        yield


def known_record(out: Path, recordings: Path | None, *, writing: bool) -> Record:
    """Return what is frozen; it has to be trusted if the package is to be written."""
    return frozen.read_record(out, distrust=not writing, recordings=recordings or frozen.RECORDINGS)


def read_all(
    specs: Sequence[LibrarySpec], known: Record, notes: list[str], reporter: Reporter
) -> dict[str, LibraryState]:
    """Read libraries, every one of which must be here.

    Raises
    ------
    BuildError
        If one of them isn't installed.
    """
    admit(specs, known.manifest.libraries)
    missing: list[str] = []
    states = read(specs, known, missing, reporter)
    if any(spec.name not in states for spec in specs):
        raise BuildError("\n".join((*missing, "What is here alone is named with --library.")))
    notes += missing
    return states


def record_report(
    package: PackageContent,
    states: Mapping[str, LibraryState],
    notes: list[str],
    reporter: Reporter,
    started: float,
) -> RecordReport:
    """Report the notes as warnings, and return what recording and merging report alike."""
    for note in notes:
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
    """Add recordings to a folder of them, one file a library, and to what is known.

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
