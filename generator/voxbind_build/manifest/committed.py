"""Reads the record that an earlier build wrote, and the recordings from machines with a GPU."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from voxbind_build.manifest.manifest_file import MANIFEST, ManifestError, listed, read
from voxbind_build.manifest.observation_file import (
    OBSERVATIONS,
    ObservationsError,
    encode_observations,
    observations_path,
    read_observations,
)
from voxbind_build.manifest.recording_file import RECORDINGS, shipped_recordings
from voxbind_build.manifest.sealing import sha256
from voxbind_build.model import Manifest, Observation, Recording


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The record that an earlier build wrote; empty if there was none."""

    manifest: Manifest
    observations: dict[str, dict[str, Observation]] = {}
    """Observations by library, then by definition."""
    recordings: dict[str, tuple[Recording, ...]] = {}
    """Recordings from other machines, by library."""
    owned: frozenset[str] = frozenset()
    """Paths of the files that the build wrote."""
    problems: tuple[str, ...] = ()
    """A sentence for each file that couldn't be read."""


def read_record(
    out: Traversable, *, distrust: bool = False, recordings: Path = RECORDINGS
) -> Record:
    """Read the record that an earlier build wrote, and the recordings.

    A damaged file of observations or recordings is added to the record's problems, and affects
    only its own library.

    Parameters
    ----------
    out
        The package's folder, which may be inside a zip archive.
    distrust
        If the manifest can't be read, add the reason to the record's problems and continue
        without it, instead of raising an error.
    recordings
        The folder of recordings from machines with a GPU.

    Raises
    ------
    ManifestError
        If the manifest is damaged or was edited by hand, and `distrust` is False.
    """
    owned = listed(out / MANIFEST) | {MANIFEST}
    problems: list[str] = []
    manifest = Manifest(libraries={})
    try:
        manifest = read(out / MANIFEST)
    except FileNotFoundError:
        pass
    except ManifestError as error:
        if not distrust:
            raise
        problems.append(str(error))
    observations = {}
    for name in sorted({*manifest.libraries, *_observed(out)}):
        path = observations_path(name)
        if name in manifest.libraries and path not in manifest.files:
            continue
        try:
            observations[name] = read_observations(out / path, manifest.files.get(path))
        except ObservationsError as error:
            problems.append(str(error))
    recorded, unreadable = shipped_recordings(recordings)
    return Record(
        manifest=manifest,
        observations=observations,
        recordings=recorded,
        owned=owned,
        problems=(*problems, *unreadable),
    )


def _observed(out: Traversable) -> set[str]:
    """Return the libraries that have a file of observations, even if the manifest lacks them."""
    folder = out / OBSERVATIONS
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    return {name.removesuffix(".json") for name in names if name.endswith(".json")}


def altered(manifest: Manifest, out: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the edited and the missing files of a package.

    Parameters
    ----------
    manifest
        The manifest that lists the files and their digests.
    out
        The package's folder.

    Returns
    -------
    tuple of two tuples of str
        Paths of the edited files, then of the missing ones, each sorted.
    """
    edited, missing = [], []
    for path, digest in sorted(manifest.files.items()):
        try:
            if sha256((out / path).read_bytes()) != digest:
                edited.append(path)
        except (FileNotFoundError, NotADirectoryError):
            missing.append(path)
        except OSError:  # it is a folder, or can't be read
            edited.append(path)
    return tuple(edited), tuple(missing)


def unfinished_path(out: Path) -> Path:
    """Return the file in which a build keeps its observations until it has written the package."""
    return out.with_name(f".{out.name}.measured.json")


def keep_unfinished(out: Path, observations: Mapping[str, Observation]) -> None:
    """Save the observations of a build, so that the next build can use them if this one stops."""
    write_whole(unfinished_path(out.resolve()), encode_observations(observations))


def write_whole(path: Path, text: str) -> None:
    """Write a file in one step, so that it never exists with only a part of the text."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def read_unfinished(out: Path) -> dict[str, Observation]:
    """Return the observations of an interrupted build, by definition; empty if there was none."""
    try:
        return read_observations(unfinished_path(out.resolve()))
    except ObservationsError:
        return {}


def forget_unfinished(out: Path) -> None:
    """Remove the saved observations of a build, because the package has them now."""
    unfinished_path(out.resolve()).unlink(missing_ok=True)
