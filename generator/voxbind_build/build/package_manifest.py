"""Reads the manifest of a package that must exist."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from voxbind_build import manifest as frozen
from voxbind_build.build.report import BuildError
from voxbind_build.model import Manifest

__all__ = ["manifest_of", "refuse_without_manifest"]


def refuse_without_manifest(package: Traversable) -> None:
    """Raise an error if a folder isn't a package that a build wrote.

    Raises
    ------
    BuildError
        If it has no manifest.
    """
    if not (package / frozen.MANIFEST).is_file():
        raise _no_package(package)


def manifest_of(package: Traversable) -> Manifest:
    """Return the manifest of a package.

    Raises
    ------
    BuildError
        If it has none.
    ManifestError
        If it is damaged, was edited by hand, or is of a newer voxbind.
    """
    try:
        return frozen.read(package / frozen.MANIFEST)
    except (FileNotFoundError, IsADirectoryError):
        raise _no_package(package) from None


def _no_package(package: Traversable) -> BuildError:
    return BuildError(f"{package} isn't a voxbind package. Run `voxbind build` first.")
