"""Reads the record that an earlier build wrote, and the recordings from machines with a GPU."""

from __future__ import annotations

from collections.abc import Collection
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from voxbind_build.manifest.generated_files import unlisted
from voxbind_build.manifest.manifest_file import MANIFEST, ManifestError, listed, read
from voxbind_build.manifest.observation_file import (
    OBSERVATIONS,
    ObservationsError,
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
    """Paths of the files that this build or an earlier one wrote."""
    problems: tuple[str, ...] = ()
    """A sentence for each file that couldn't be read, or isn't in the manifest any more."""
    damaged_recordings: tuple[str, ...] = ()
    """A sentence for each file of recordings that couldn't be read."""


def read_record(
    out: Traversable, *, distrust: bool = False, recordings: Path = RECORDINGS
) -> Record:
    """Read the record that an earlier build wrote, and the recordings.

    A damaged file of observations is added to the record's problems, and affects only its own
    library. Damaged recordings are told apart from these: they can't be measured again here.

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
    left = unlisted(out, owned) if isinstance(out, Path) else frozenset()
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
    if left and manifest.libraries:
        problems.append(_left(left))
    observations, damaged = committed_observations(out, manifest)
    recorded, unreadable = shipped_recordings(recordings)
    return Record(
        manifest=manifest,
        observations=observations,
        recordings=recorded,
        owned=owned | left,
        problems=(*problems, *damaged),
        damaged_recordings=unreadable,
    )


def committed_observations(
    out: Traversable, manifest: Manifest
) -> tuple[dict[str, dict[str, Observation]], list[str]]:
    """Read the files of observations of a package whose manifest has been read.

    Parameters
    ----------
    out
        The package's folder, which may be inside a zip archive.
    manifest
        Its manifest; one without libraries if that couldn't be read.

    Returns
    -------
    tuple of dict and list of str
        Observations by library, then by definition; and a sentence for each damaged file.
    """
    observations: dict[str, dict[str, Observation]] = {}
    problems: list[str] = []
    for name in sorted({*manifest.libraries, *_observed(out)}):
        path = observations_path(name)
        if name in manifest.libraries and path not in manifest.files:
            continue
        try:
            observations[name] = read_observations(out / path, manifest.files.get(path))
        except ObservationsError as error:
            problems.append(str(error))
    return observations, problems


def _left(paths: Collection[str]) -> str:
    first, *others = sorted(paths)
    files = f"{first} and {len(others)} more files were" if others else f"{first} was"
    return (
        f"{files} written by an earlier build and aren't in the manifest, as after a new "
        "installation of voxbind. A build removes such files; `voxbind build --library FILE.toml` "
        "wraps your own library again."
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
