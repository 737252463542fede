"""Reads and writes raw observations: one file for each library, with one line per definition.

With one line per definition, a diff shows the functions that a new version changed. Fields that
equal their default are left out. Each file has its own digest, so that a damaged file affects only
its own library.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

import msgspec
from msgspec import Struct

from voxbind_build.manifest.earlier_observations import with_fields_of_today
from voxbind_build.manifest.omitted_defaults import without_defaults
from voxbind_build.manifest.sealing import is_sealed, seal_holds, sealed, sha256
from voxbind_build.model import Observation

OBSERVATIONS = "observations"
"""The folder of the files, relative to the package."""
_ALWAYS: Mapping[type[Struct], frozenset[str]] = {Observation: frozenset(("inconclusive",))}
"""Fields that are written even if they equal their default. Without `inconclusive`, an observation
is taken for one of an earlier release (`with_fields_of_today`)."""


class ObservationsError(ValueError):
    """A file of observations that can't be read, or that something other than voxbind changed."""

    def __init__(self, path: Traversable, problem: str) -> None:
        super().__init__(
            f"{path} {problem}. The next build will measure this library again, unless you "
            "restore the file."
        )


class _File(Struct):
    observations: dict[str, dict[str, Any]]


def observations_path(library: str) -> str:
    """Return the path of a library's file of observations, relative to the package."""
    return f"{OBSERVATIONS}/{library}.json"


def encode_observations(observations: Mapping[str, Observation]) -> str:
    """Return the text of a library's file of observations, including its digest."""
    return sealed(f'{{"digest":"",\n"observations":{lines(observations)}}}\n')


def lines(observations: Mapping[str, Observation]) -> str:
    """Return observations as a JSON object with one line per definition, sorted."""
    if not observations:
        return "{}"
    members = [
        f"{msgspec.json.encode(name).decode()}: "
        f"{msgspec.json.encode(without_defaults(observation, _ALWAYS), order='sorted').decode()}"
        for name, observation in sorted(observations.items())
    ]
    return "{\n" + ",\n".join(members) + "\n}"


def as_recorded(observation: Observation) -> Observation:
    """Return an observation as it is read from the file that it is written to.

    Its mappings are then sorted, and no longer in the order of the calls.
    """
    definition = observation.definition
    return decode_observations(encode_observations({definition: observation}).encode())[definition]


def decode_observations(data: bytes) -> dict[str, Observation]:
    """Decode the output of `encode_observations`, including that of earlier versions of voxbind.

    Raises
    ------
    msgspec.DecodeError
        If the bytes aren't JSON, or aren't observations.
    """
    if is_sealed(data):
        fields = msgspec.json.decode(data, type=_File).observations
    else:  # a file of a release whose manifest listed the digests
        fields = msgspec.json.decode(data, type=dict[str, dict[str, Any]])
    current = {
        definition: with_fields_of_today(observation) for definition, observation in fields.items()
    }
    return msgspec.convert(current, type=dict[str, Observation])


def read_observations(path: Traversable, listed: str | None = None) -> dict[str, Observation]:
    """Read a library's observations by definition.

    Parameters
    ----------
    path
        A file with the output of `encode_observations`.
    listed
        The digest of the file in the manifest. It is checked if the file is of an earlier
        release and has no digest of its own.

    Raises
    ------
    ObservationsError
        If the file is missing or damaged, or was edited by hand.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ObservationsError(path, "is missing, but the manifest lists it") from None
    except OSError as error:
        raise ObservationsError(path, f"can't be read: {error.strerror}") from None
    is_unchanged = seal_holds(data) if is_sealed(data) else sha256(data) == listed
    if not is_unchanged:
        problem = "was changed since voxbind wrote it: its digest doesn't match"
        raise ObservationsError(path, problem)
    try:
        return decode_observations(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ObservationsError(path, f"isn't a record of observations: {error}") from None
