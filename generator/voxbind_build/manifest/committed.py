"""What an earlier build left in the package's folder, and what was recorded on a GPU."""

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
    """What an earlier build left; empty if there was none."""

    manifest: Manifest
    observations: dict[str, dict[str, Observation]] = {}
    """By library, then by definition."""
    recordings: dict[str, tuple[Recording, ...]] = {}
    """By library, what was observed on other machines."""
    owned: frozenset[str] = frozenset()
    """Files that the build wrote, or one before it."""
    problems: tuple[str, ...] = ()
    """What couldn't be read, and what isn't in the manifest any more, one sentence each."""


def read_record(
    out: Traversable, *, distrust: bool = False, recordings: Path = RECORDINGS
) -> Record:
    """Read what an earlier build left in `out`, and the recordings.

    Parameters
    ----------
    out
        The package's folder, or what stands for it in a zip archive.
    distrust
        Go on without the manifest if it can't be read, and name the reason among the record's
        problems; else that is an error.
    recordings
        The folder of what was recorded on a GPU.

    Raises
    ------
    ManifestError
        If the manifest is damaged or was changed, and isn't distrusted. A damaged file of
        observations or recordings costs its own library alone, and is among the problems.
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
        owned=owned | left,
        problems=(*problems, *unreadable),
    )


def _left(paths: Collection[str]) -> str:
    first, *others = sorted(paths)
    files = f"{first} and {len(others)} more files were" if others else f"{first} was"
    return (
        f"{files} written by an earlier build and aren't in the manifest, as after a new "
        "installation of voxbind. A build removes such files; `voxbind build --library FILE.toml` "
        "wraps your own library again."
    )


def _observed(out: Traversable) -> set[str]:
    """Return the libraries of which there are observations, whatever the manifest says."""
    folder = out / OBSERVATIONS
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    return {name.removesuffix(".json") for name in names if name.endswith(".json")}


def altered(manifest: Manifest, out: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of a manifest's files were edited, and which are missing."""
    edited, missing = [], []
    for path, digest in sorted(manifest.files.items()):
        try:
            if sha256((out / path).read_bytes()) != digest:
                edited.append(path)
        except (FileNotFoundError, NotADirectoryError):
            missing.append(path)
        except OSError:  # a folder, or nobody may read it
            edited.append(path)
    return tuple(edited), tuple(missing)
