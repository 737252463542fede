"""Merges recordings that were made on other machines into the package."""

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
    refuse_damaged_recordings,
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
    """Merge recordings that were made on other machines into the package.

    Parameters
    ----------
    specs
        The libraries to merge. They are read from their source, so that no device is needed.
    files
        Files that `record` wrote. If two have the same function, the later one is used.
    out
        The package's folder.
    recordings
        The folder of committed recordings, to add these to; None to keep them in the package.
    reporter
        Shows progress.

    Raises
    ------
    BuildError
        If no observation in the files fits the source read here, or a file of earlier recordings
        is damaged. The package is unchanged.
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
    new_recordings = [
        recording for file in files for recording in frozen.read_recordings(file).recordings
    ]
    library_names = {recording.library for recording in new_recordings}
    with claimed_package(out, reporter.say):
        known = known_record(out, recordings, writing=True)
        refuse_damaged_recordings(known)
        notes = list(known.problems)
        states = read_all(
            [spec for spec in specs if spec.name in library_names], known, notes, reporter
        )
        for state in states.values():
            state.observations = recorded(state, known)
        merged = tuple(_take(recording, states) for recording in new_recordings)
        if not any(entry.taken for entry in merged):
            raise BuildError(
                "No observation in the files fits the libraries here. The package is unchanged.\n"
                + "\n".join(f"  {line}" for entry in merged for line in entry.lines())
            )
        if recordings is not None:
            known = add_recordings(_fitting(new_recordings, merged), known, recordings)
        package = assemble_package(states, known, known.manifest.package)
        package, changes = publish(package, out, known.owned, reporter)
    report = record_report(package, states, notes, reporter, started)
    return replace(report, merged=merged, changes=changes)


def _fitting(recordings: Iterable[Recording], merged: Iterable[Merged]) -> Iterator[Recording]:
    """Yield the recordings that were merged, without the observations that were left out."""
    for recording, entry in zip(recordings, merged, strict=True):
        if entry.taken:
            taken = {
                definition: observation
                for definition, observation in recording.observations.items()
                if definition not in entry.left_out
            }
            yield replace(recording, observations=taken)


def _take(recording: Recording, states: Mapping[str, LibraryState]) -> Merged:
    """Add a recording's observations to its library, and report which ones don't fit."""
    state = states.get(recording.library)
    observations = recording.observations
    left_out: dict[str, str] = {}
    if state is None:
        reason = "the library isn't being merged; name it with --library"
        left_out = dict.fromkeys(observations, reason)
    elif state.inventory.version != recording.version:
        reason = (
            f"{recording.version} was observed, but {state.inventory.version} is installed here"
        )
        left_out = dict.fromkeys(observations, reason)
    else:
        sources = state.sources()
        for definition, observation in observations.items():
            if definition not in sources:
                left_out[definition] = "the library here has no such function"
            elif sources[definition] != observation.fingerprint:
                left_out[definition] = "its source code is different here"
            elif (earlier := state.observations.get(definition)) and outlasts(earlier, observation):
                left_out[definition] = "it is inconclusive, so the earlier recording is kept"
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
