"""Observations that were made on a machine with a GPU: files that voxbind ships and keeps.

`RECORDINGS` holds one file a library. These files are sources: a build reads them and never
writes them; ``voxbind record`` adds to them. A file that ``voxbind record --to`` writes on
another machine has the same form.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from voxbind_build.manifest.earlier_observations import with_fields_of_today
from voxbind_build.manifest.observation_file import lines
from voxbind_build.manifest.sealing import seal_holds, sealed
from voxbind_build.model import SCHEMA_VERSION, Recording, Recordings

RECORDINGS = Path(__file__).parents[1] / "recordings"
"""The recordings that come with voxbind: in a checkout they are committed."""


class RecordingError(ValueError):
    """A file of observations that can't be read, or that something else than voxbind changed."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} {problem}. The package is as it was. Restore the file, or make it again with "
            f"`voxbind record --to {path.name}` on the machine that has the GPU."
        )


def encode_recordings(recordings: Recordings) -> str:
    """Return the file's one canonical text, its digest filled in: one line a definition."""
    libraries = []
    for recording in recordings.recordings:
        head = msgspec.json.encode(replace(recording, observations={}), order="sorted").decode()
        observations = lines(recording.observations)
        libraries.append(head.replace('"observations":{}', f'"observations":{observations}'))
    return sealed(
        '{"digest":"",\n"recordings":[\n'
        + ",\n".join(libraries)
        + f'\n],\n"schema_version":{recordings.schema_version}}}\n'
    )


def read_recordings(path: Path) -> Recordings:
    """Read a file that `encode_recordings` made.

    Raises
    ------
    RecordingError
        If there is none, or it is damaged, changed, or of a newer version.
    """
    try:
        data = path.read_bytes()
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version > SCHEMA_VERSION:
            raise RecordingError(
                path, f"has schema version {version}, and this voxbind reads {SCHEMA_VERSION}"
            )
        document = msgspec.json.decode(data, type=dict[str, Any])
        for recording in document["recordings"]:
            recording["observations"] = {
                name: with_fields_of_today(observation)
                for name, observation in recording["observations"].items()
            }
        recordings = msgspec.convert(document, type=Recordings)
    except OSError as error:
        raise RecordingError(path, f"can't be read: {error.strerror}") from None
    except (msgspec.ValidationError, KeyError, TypeError, AttributeError) as error:
        raise RecordingError(path, f"holds no recording of voxbind's: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordingError(path, f"isn't whole JSON: {error}") from None
    if not seal_holds(data):
        raise RecordingError(path, "was changed since voxbind wrote it: its digest doesn't fit")
    return recordings


def shipped_recordings(folder: Path) -> tuple[dict[str, tuple[Recording, ...]], tuple[str, ...]]:
    """Read a folder of recordings.

    Returns
    -------
    tuple
        By library, its recordings; and one sentence for each file that can't be read, whose
        library then has none.
    """
    recordings: dict[str, tuple[Recording, ...]] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            for recording in read_recordings(path).recordings:
                known = recordings.get(recording.library, ())
                recordings[recording.library] = (*known, recording)
        except RecordingError as error:
            problems.append(str(error))
    return recordings, tuple(problems)


def updated_recordings(
    known: Iterable[Recording], added: Iterable[Recording]
) -> tuple[Recording, ...]:
    """Add recordings to those that are known.

    Observations of one library's version from one machine are put together; of two observations
    of one definition the added one stays.
    """
    merged: dict[tuple[object, ...], Recording] = {}
    for recording in (*known, *added):
        key = (recording.library, recording.version, recording.machine)
        before = merged[key].observations if key in merged else {}
        observations = {**before, **recording.observations}
        merged[key] = replace(recording, observations=observations)
    return tuple(merged.values())


class _Version(msgspec.Struct):
    schema_version: int
