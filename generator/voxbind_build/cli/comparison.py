"""The two records that `voxbind compare` compares: files, or versions that it measures."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from voxbind_build import manifest as frozen
from voxbind_build.build.progress import Reporter
from voxbind_build.build.report import BuildError
from voxbind_build.model import LibraryChanges, Manifest

if TYPE_CHECKING:
    from voxbind_build.build.environments import Version


class Comparison(Struct, frozen=True, kw_only=True):
    """What differs between two records."""

    libraries: tuple[LibraryChanges, ...]
    """Those that differ, sorted by name."""
    notes: tuple[str, ...] = ()
    """What else may have caused differences, a sentence each."""


def compare(
    old: str,
    new: str,
    *,
    library: str | None,
    environments: Path | None,
    jobs: int | None,
    reporter: Reporter,
) -> Comparison:
    """Compare two records.

    Parameters
    ----------
    old, new
        Path of a manifest or of a package's folder, or a pinned requirement.
    library
        The only library to compare. By default all are compared, or the one of which a version is
        measured.
    environments
        Folder to keep the environments of versions in; None for a temporary one.
    jobs, reporter
        See `build.environments.measure`.

    Raises
    ------
    BuildError
        If an argument is neither a record nor a version that can be measured, or if the records
        don't hold the library.
    ManifestError
        If a record can't be trusted.
    """
    from voxbind_build.build.environments import Environment, measure, unequal

    versions = [_version(text) for text in (old, new)]
    names = {version.spec.name for version in versions if version} | ({library} - {None})
    if len(names) > 1:
        raise BuildError(f"{' and '.join(sorted(map(str, names)))} are different libraries.")
    measured: list[Environment] = []
    manifests: list[Manifest] = []
    with ExitStack() as stack:
        if environments is None and any(versions):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voxbind-")))
        else:
            folder = environments or Path()
        for text, version in zip((old, new), versions, strict=True):
            path = Path(text)
            if version is not None:
                # Results differ between versions of NumPy, which isn't what is compared here.
                numpy = measured[0].distributions.get("numpy") if measured else None
                measured.append(measure(version, folder, numpy=numpy, jobs=jobs, reporter=reporter))
                path = measured[-1].package
            manifests.append(_read(path))
    before, after = (_only(manifest, names) for manifest in manifests)
    if names and not (before.libraries or after.libraries):
        raise BuildError(f"Neither record holds {', '.join(map(str, names))}.")
    notes: list[str] = []
    if len(measured) == 2 and versions[0] is not None:
        first, second = measured
        others = unequal(first, second, apart_from=versions[0].spec.distribution)
        if others:
            notes.append(f"The two environments also differ in {'; '.join(others)}.")
    return Comparison(libraries=frozen.all_changes(before, after), notes=tuple(notes))


def _version(text: str) -> Version | None:
    """Return the version of a library that an argument names; None for the path of a record."""
    from voxbind_build.build.environments import read_version

    if Path(text).exists():
        return None
    version = read_version(text)
    if version is None:
        raise BuildError(
            f"{text!r} is neither a manifest.json, nor the folder of a package, nor a version "
            "such as scikit-image==0.25.2."
        )
    return version


def _read(path: Path) -> Manifest:
    file = path / frozen.MANIFEST if path.is_dir() else path
    try:
        return frozen.read(file)
    except FileNotFoundError:
        raise BuildError(f"{path} holds no {frozen.MANIFEST}.") from None


def _only(manifest: Manifest, names: set[str | None]) -> Manifest:
    if not names:
        return manifest
    return replace(
        manifest,
        libraries={name: entry for name, entry in manifest.libraries.items() if name in names},
    )
