"""The file in which observations travel from the machine that has a device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from voxbind_build.manifest.document import sha256
from voxbind_build.manifest.migration import migrated
from voxbind_build.manifest.record import encode_observations
from voxbind_build.model import SCHEMA_VERSION, Recordings


class RecordingError(ValueError):
    """A file of observations that can't be read, or that somebody else has written."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} {problem}. The package is as it was; make the file again with "
            f"`voxbind record --to {path.name}` on the machine that has the device."
        )


def encode_recordings(recordings: Recordings) -> str:
    """Return the file's one canonical text, its digest filled in: one line a definition."""
    libraries = []
    for recording in recordings.recordings:
        head = msgspec.json.encode(replace(recording, observations={}), order="sorted").decode()
        observations = encode_observations(recording.observations).rstrip()
        libraries.append(head.replace('"observations":{}', f'"observations":{observations}'))
    return (
        f'{{"digest":"{_digest(msgspec.to_builtins(recordings))}",\n"recordings":[\n'
        + ",\n".join(libraries)
        + f'\n],\n"schema_version":{recordings.schema_version}}}\n'
    )


def read_recordings(path: Path) -> Recordings:
    """Read a file that `encode_recordings` made.

    Raises
    ------
    RecordingError
        If there is none, or it is damaged, changed, or of another version.
    """
    try:
        text = path.read_bytes()
        version = msgspec.json.decode(text, type=_Version).schema_version
        if version != SCHEMA_VERSION:
            raise RecordingError(
                path, f"has schema version {version}, and this voxbind reads {SCHEMA_VERSION}"
            )
        document = msgspec.json.decode(text, type=dict[str, Any])
        digest = _digest(document)
        recordings = msgspec.convert(_migrated(document), type=Recordings)
    except OSError as error:
        raise RecordingError(path, f"can't be read: {error.strerror}") from None
    except msgspec.ValidationError as error:
        raise RecordingError(path, f"holds no recording of voxbind's: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordingError(path, f"isn't whole JSON: {error}") from None
    if recordings.digest != digest:
        raise RecordingError(path, "was changed since voxbind wrote it: its digest doesn't fit")
    return recordings


class _Version(msgspec.Struct):
    schema_version: int


def _digest(document: dict[str, Any]) -> str:
    """Return the digest of what a file holds, whatever fields the model has today."""
    return sha256(msgspec.json.encode({**document, "digest": ""}, order="sorted"))


def _migrated(document: dict[str, Any]) -> dict[str, Any]:
    return {
        **document,
        "recordings": [
            {
                **recording,
                "observations": {
                    name: migrated(observation)
                    for name, observation in recording["observations"].items()
                },
            }
            for recording in document["recordings"]
        ],
    }
