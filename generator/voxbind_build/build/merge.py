"""Merges into the package what was observed on other machines."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.library_state import (
    LibraryState,
    outlasts,
    recorded,
)
from voxbind_build.build.progress import Reporter, Silent
from voxbind_build.build.publish import assemble_package, publish
from voxbind_build.build.recorded_libraries import (
    add_recordings,
    claimed_package,
    known_record,
    read_all,
    record_report,
    refuse_without_device,
)
from voxbind_build.build.report import BuildError, Merged, RecordReport
from voxbind_build.model import (
    LibrarySpec,
    Recording,
)


def merge(
    specs: Sequence[LibrarySpec],
    files: Sequence[Path],
    out: Path,
    *,
    recordings: Path | None = None,
    reporter: Reporter | None = None,
) -> RecordReport:
    """Merge into the package what was observed on other machines.

    Parameters
    ----------
    specs
        The libraries that may be merged. They are read from their source: no device is needed.
    files
        What `record` has written there; of two that tell of the same function, the later counts.
    out
        The package's folder.
    recordings
        The folder of committed recordings, if what is merged is to be added to it.
    reporter
        Is told how it goes.

    Raises
    ------
    BuildError
        If nothing in the files fits what is read here; the package is as it was.
    RecordingError
        If a file can't be trusted.
    ManifestError
        If the frozen record can't be trusted.
    OutputError
        If the folder can't be written.
    """
    started = time.monotonic()
    reporter = reporter or Silent()
    refuse_without_device(specs)
    files_recordings = [
        recording for file in files for recording in frozen.read_recordings(file).recordings
    ]
    named = {recording.library for recording in files_recordings}
    with claimed_package(out, reporter.say):
        known = known_record(out, recordings, writing=True)
        notes = list(known.problems)
        states = read_all([s for s in specs if s.name in named], known, notes, reporter)
        for state in states.values():
            state.observations = recorded(state, known)
        merged = tuple(_take(recording, states) for recording in files_recordings)
        if not any(entry.taken for entry in merged):
            raise BuildError(
                "Nothing in the files fits; the package is as it was.\n"
                + "\n".join(f"  {line}" for entry in merged for line in entry.lines())
            )
        if recordings is not None:
            known = add_recordings(_fitting(files_recordings, merged), known, recordings)
        package = assemble_package(states, known)
        changes = publish(package, out, known.owned, reporter)
    report = record_report(package, states, notes, reporter, started)
    return replace(report, merged=merged, changes=changes)


def _fitting(recordings: Iterable[Recording], merged: Iterable[Merged]) -> Iterator[Recording]:
    """Give each recording of which something was taken, without what was left out."""
    for recording, entry in zip(recordings, merged, strict=True):
        if entry.taken:
            kept = {
                definition: observation
                for definition, observation in recording.observations.items()
                if definition not in entry.left_out
            }
            yield replace(recording, observations=kept)


def _take(recording: Recording, states: Mapping[str, LibraryState]) -> Merged:
    """Give a reading the observations that hold for it, and tell which don't."""
    state = states.get(recording.library)
    observations = recording.observations
    left_out: dict[str, str] = {}
    if state is None:
        told = "the library isn't among those that are merged; name it with --library"
        left_out = dict.fromkeys(observations, told)
    elif state.inventory.version != recording.version:
        told = f"{recording.version} was observed, and {state.inventory.version} is read here"
        left_out = dict.fromkeys(observations, told)
    else:
        sources = state.sources()
        for definition, observation in observations.items():
            if definition not in sources:
                left_out[definition] = "there is no such function here"
            elif sources[definition] != observation.fingerprint:
                left_out[definition] = "its source is another one here"
            elif (kept := state.observations.get(definition)) and outlasts(kept, observation):
                left_out[definition] = "it is inconclusive, and what was recorded before is kept"
            else:
                state.observations[definition] = observation
    taken = len(observations) - len(left_out)
    if state is not None:
        state.measured += taken
    return Merged(
        library=recording.library,
        version=recording.version,
        machine=recording.machine.words,
        taken=taken,
        left_out=left_out,
    )
