"""Reads and writes recordings: observations that were made on a machine with a GPU.

The folder `RECORDINGS` has one file for each library. These files are sources: a build only reads
them, and ``voxbind record`` adds to them. The file that ``voxbind record --to`` writes on another
machine has the same format.
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
"""The folder of recordings that come with voxbind, which are committed in its repository."""


class RecordingError(ValueError):
    """A recording that can't be read, or that something other than voxbind changed."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} {problem}. The package is unchanged. Restore the file, or record it again "
            f"with `voxbind record --to {path.name}` on the machine that has the GPU."
        )


def encode_recordings(recordings: Recordings) -> str:
    """Return the canonical text of recordings: a digest, then one line per definition."""
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
    """Read a file with the output of `encode_recordings`.

    Raises
    ------
    RecordingError
        If the file is missing or damaged, was edited by hand, or is of a newer version.
    """
    try:
        data = path.read_bytes()
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version > SCHEMA_VERSION:
            raise RecordingError(
                path, f"has schema version {version}, but this voxbind reads {SCHEMA_VERSION}"
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
        raise RecordingError(path, f"isn't a recording of voxbind's: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordingError(path, f"isn't valid JSON: {error}") from None
    if not seal_holds(data):
        raise RecordingError(path, "was changed since voxbind wrote it: its digest doesn't match")
    return recordings


def shipped_recordings(folder: Path) -> tuple[dict[str, tuple[Recording, ...]], tuple[str, ...]]:
    """Read a folder of recordings.

    Returns
    -------
    recordings : dict
        The recordings of each library, by its name.
    problems : tuple of str
        A sentence for each file that can't be read, whose recordings are left out.
    """
    recordings: dict[str, tuple[Recording, ...]] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            for recording in read_recordings(path).recordings:
                earlier = recordings.get(recording.library, ())
                recordings[recording.library] = (*earlier, recording)
        except RecordingError as error:
            problems.append(str(error))
    return recordings, tuple(problems)


def updated_recordings(
    known: Iterable[Recording], added: Iterable[Recording]
) -> tuple[Recording, ...]:
    """Add new recordings to known ones.

    Recordings of one version of a library from one machine are merged into one. If both have an
    observation of the same definition, the new one is used.

    Parameters
    ----------
    known
        The recordings so far.
    added
        The new recordings.
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
