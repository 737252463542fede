"""What an earlier build left in the package's folder: its manifest and raw observations.

The observations are kept beside the manifest so that nothing is measured twice and
classification can always run anew: one file a library, one line a definition, so that
a diff shows what a new version changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from voxbind_build.manifest.manifest_file import MANIFEST, ManifestError, listed, read, sha256
from voxbind_build.model import Description, Manifest, Observation, ProbeTask


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier build left; empty where there was none."""

    manifest: Manifest
    observations: dict[str, dict[str, Observation]] = {}
    """By library, then by definition."""
    owned: frozenset[str] = frozenset()
    """Files that the build wrote."""
    problems: tuple[str, ...] = ()
    """What couldn't be read."""


def read_record(out: Traversable, *, distrust: bool = False) -> Record:
    """Read what an earlier build left in `out`.

    Parameters
    ----------
    out
        The package's folder, or what stands for it in a zip archive.
    distrust
        Go on with what can be read where something can't, and name the rest among the
        record's problems; else that is an error.

    Raises
    ------
    ManifestError
        If the manifest or a file of observations is damaged or was changed.
    """
    owned = listed(out / MANIFEST) | {MANIFEST}
    empty = Manifest(libraries={})
    try:
        manifest = read(out / MANIFEST)
    except FileNotFoundError:
        return Record(manifest=empty, owned=owned)
    except ManifestError as error:
        if not distrust:
            raise
        return Record(manifest=empty, owned=owned, problems=(str(error),))
    observations, problems = {}, []
    for name in manifest.libraries:
        path = observations_path(name)
        try:
            observations[name] = read_observations(out / path, manifest.files.get(path))
        except ManifestError as error:
            if not distrust:
                raise
            problems.append(str(error))
    return Record(
        manifest=manifest, observations=observations, owned=owned, problems=tuple(problems)
    )


def altered(manifest: Manifest, out: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of a manifest's files were edited, and which are missing."""
    edited, missing = [], []
    for path, digest in sorted(manifest.files.items()):
        try:
            if sha256((out / path).read_bytes()) != digest:
                edited.append(path)
        except FileNotFoundError:
            missing.append(path)
    return tuple(edited), tuple(missing)


def unfinished_path(out: Path) -> Path:
    """Return where a build keeps what it measured until its package is written."""
    return out.with_name(f".{out.name}.measured.json")


def keep_unfinished(out: Path, observations: Mapping[str, Observation]) -> None:
    """Keep what was measured, for the next build if this one doesn't come to its end."""
    write_whole(unfinished_path(out.resolve()), encode_observations(observations))


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is never there in part."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def read_unfinished(out: Path) -> dict[str, Observation]:
    """Return by definition what a build had measured that didn't come to its end."""
    try:
        text = unfinished_path(out.resolve()).read_bytes()
        return msgspec.json.decode(text, type=dict[str, Observation])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}


def forget_unfinished(out: Path) -> None:
    """Remove what was kept: the package holds it now."""
    unfinished_path(out.resolve()).unlink(missing_ok=True)


def observations_path(library: str) -> str:
    """Return where a library's observations are, below the package."""
    return f"observations/{library}.json"


def fingerprint(task: ProbeTask, version: str, method: str) -> str:
    """Return what an observation rests on, as one digest.

    Equal fingerprints need no second measurement: the source, the library's version,
    the roles and types that arguments are made from, and the way of measuring
    (`probe.method_fingerprint`) are the same.
    """
    description = task.description
    basis = [
        method,
        version,
        description.definition,
        description.fingerprint,
        task.memory_type,
        sorted(task.roles.items()),
        sorted(task.only),
        sorted(task.words.items()),
        description.parameters,
    ]
    return "sha256:" + hashlib.sha256(msgspec.json.encode(basis)).hexdigest()


def source_fingerprint(description: Description, version: str) -> str:
    """Return what an observation rests on that another machine made, as one digest.

    The way of measuring isn't part of it: the machine may not be at hand to measure anew.
    """
    basis = [version, description.definition, description.fingerprint]
    return "sha256:" + hashlib.sha256(msgspec.json.encode(basis)).hexdigest()


def encode_observations(observations: Mapping[str, Observation]) -> str:
    """Return the text of a library's file of observations, one line a definition."""
    if not observations:
        return "{}\n"
    lines = [
        f"{msgspec.json.encode(name).decode()}: "
        f"{msgspec.json.encode(observation, order='sorted').decode()}"
        for name, observation in sorted(observations.items())
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_observations(path: Traversable, digest: str | None) -> dict[str, Observation]:
    """Read a library's observations by definition.

    Parameters
    ----------
    path
        A file that `encode_observations` made.
    digest
        What the manifest says of the file.

    Raises
    ------
    ManifestError
        If the file is missing, damaged, or not the one that the manifest names.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise ManifestError(path, "is missing, and the manifest names it") from None
    if digest is None or sha256(text) != digest:
        raise ManifestError(path, "isn't the file that the manifest was written with")
    try:
        return msgspec.json.decode(text, type=dict[str, Observation])
    except msgspec.DecodeError as error:
        raise ManifestError(path, f"isn't a record of observations: {error}") from None
