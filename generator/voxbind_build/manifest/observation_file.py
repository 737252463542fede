"""A library's raw observations, beside the manifest: one file a library, one line a definition.

One line a definition lets a diff show what a new version changed. Each file has a digest of its
own, so that a damaged one costs its library's observations and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

import msgspec

from voxbind_build.manifest.earlier_observations import with_fields_of_today
from voxbind_build.manifest.sealing import is_sealed, seal_holds, sealed, sha256
from voxbind_build.model import Observation

OBSERVATIONS = "observations"
"""The folder of the files, below the package."""


class ObservationsError(ValueError):
    """A file of observations that can't be read, or that something else than voxbind changed."""

    def __init__(self, path: Traversable, problem: str) -> None:
        super().__init__(
            f"{path} {problem}. The next build measures this library anew; restore the file to "
            "keep what was measured."
        )


class _File(msgspec.Struct):
    observations: dict[str, dict[str, Any]]


def observations_path(library: str) -> str:
    """Return where a library's observations are, below the package."""
    return f"{OBSERVATIONS}/{library}.json"


def encode_observations(observations: Mapping[str, Observation]) -> str:
    """Return the text of a library's file of observations, its digest filled in."""
    return sealed(f'{{"digest":"",\n"observations":{lines(observations)}}}\n')


def lines(observations: Mapping[str, Observation]) -> str:
    """Return observations as a JSON object of one line a definition, sorted."""
    if not observations:
        return "{}"
    members = [
        f"{msgspec.json.encode(name).decode()}: "
        f"{msgspec.json.encode(observation, order='sorted').decode()}"
        for name, observation in sorted(observations.items())
    ]
    return "{\n" + ",\n".join(members) + "\n}"


def decode_observations(data: bytes) -> dict[str, Observation]:
    """Return what `encode_observations` wrote, also that of an earlier voxbind.

    Raises
    ------
    msgspec.DecodeError
        If the bytes aren't JSON, or hold something else.
    """
    if is_sealed(data):
        fields = msgspec.json.decode(data, type=_File).observations
    else:  # a file of a release whose manifest listed the digests
        fields = msgspec.json.decode(data, type=dict[str, dict[str, Any]])
    current = {name: with_fields_of_today(each) for name, each in fields.items()}
    return msgspec.convert(current, type=dict[str, Observation])


def read_observations(path: Traversable, listed: str | None = None) -> dict[str, Observation]:
    """Read a library's observations by definition.

    Parameters
    ----------
    path
        A file that `encode_observations` made.
    listed
        The digest that the manifest lists for the file. It decides for files of releases that
        had no digest of their own.

    Raises
    ------
    ObservationsError
        If the file is missing, damaged, or was changed.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ObservationsError(path, "is missing, and the manifest names it") from None
    except OSError as error:
        raise ObservationsError(path, f"can't be read: {error.strerror}") from None
    holds = seal_holds(data) if is_sealed(data) else sha256(data) == listed
    if not holds:
        raise ObservationsError(path, "was changed since voxbind wrote it: its digest doesn't fit")
    try:
        return decode_observations(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ObservationsError(path, f"isn't a record of observations: {error}") from None
