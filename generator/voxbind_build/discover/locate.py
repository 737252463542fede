"""Finds the files of a package without importing it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import NamedTuple

from voxbind_build.common.installed_versions import missing_module, version_of
from voxbind_build.model import LibrarySpec

__all__ = [
    "NO_VERSION",
    "LibraryNotFound",
    "Package",
    "PackageFile",
    "installed_version",
    "locate",
    "source_places",
]

NO_VERSION = "unknown"
"""The version of a library that has neither a distribution nor ``__version__``. It is never
compared with another version. The run time has the same word."""

_COMPILED = (".so", ".pyd", ".dll", ".dylib")


class LibraryNotFound(ImportError):
    """A library whose source isn't found."""


class PackageFile(NamedTuple):
    """The file of one module."""

    path: Path
    is_package: bool
    is_compiled: bool


class Package(NamedTuple):
    """A top-level package or module on disk."""

    name: str
    folders: tuple[Path, ...]
    file: Path | None
    """The file, if it is a module rather than a package."""

    def find(self, module: str) -> PackageFile | None:
        """Find the file of a dotted module: Python source first, then a compiled one."""
        _, *parts = module.split(".")
        if not parts and self.file is not None:
            return PackageFile(self.file, False, self.file.suffix in _COMPILED)
        for folder in self.folders:
            base = folder.joinpath(*parts)
            if (path := base / "__init__.py").is_file():
                return PackageFile(path, True, False)
            if parts and (path := base.with_name(base.name + ".py")).is_file():
                return PackageFile(path, False, False)
            if parts and base.parent.is_dir():
                # Such as `name.cpython-311-x86_64-linux-gnu.so`, for any platform.
                for path in sorted(base.parent.glob(f"{base.name}.*")):
                    if path.suffix in _COMPILED:
                        return PackageFile(path, False, True)
            if base.is_dir() and any(base.iterdir()):
                return PackageFile(base, True, False)
        return None

    def submodules(self, module: str) -> tuple[str, ...]:
        """Return the names of a package's public submodules on disk, sorted."""
        _, *parts = module.split(".")
        names = set()
        for folder in self.folders:
            base = folder.joinpath(*parts)
            for path in base.iterdir() if base.is_dir() else ():
                is_module = path.suffix in (".py", *_COMPILED) or (path / "__init__.py").is_file()
                name = path.name.partition(".")[0]
                if is_module and name.isidentifier() and not name.startswith("_"):
                    names.add(name)
        return tuple(sorted(names))


def locate(spec: LibrarySpec, search_path: Sequence[Path] | None) -> Package:
    """Find the library's top-level package.

    Parameters
    ----------
    spec
        The library's specification.
    search_path
        Folders to search; None for `sys.path`.

    Raises
    ------
    LibraryNotFound
        If it isn't found, or if a file of its modules that was installed is missing. The message
        has the command that installs it.
    """
    name = spec.package
    modules = dict.fromkeys((name, *spec.modules))
    missing = missing_module(spec.distribution, modules, _folders(search_path))
    if missing is not None:
        raise LibraryNotFound(
            f"{missing} is missing, as after an interrupted installation; run `pip install "
            f"--force-reinstall {spec.distribution}`"
        )
    module_spec = _find_spec(name, search_path)
    folders = tuple(
        Path(folder) for folder in (module_spec and module_spec.submodule_search_locations) or ()
    )
    origin = (
        Path(module_spec.origin)
        if module_spec and module_spec.has_location and module_spec.origin
        else None
    )
    if not folders and origin is None:
        searched = ", ".join(map(str, search_path)) if search_path else "this Python's sys.path"
        raise LibraryNotFound(
            f"{spec.name}: there is no package {name!r} in {searched}; {spec.remedy}, "
            "or add the package's folder to the search path"
        )
    return Package(name, folders, None if folders else origin)


def source_places(spec: LibrarySpec, search_path: Sequence[Path] | None) -> tuple[Path, ...]:
    """Return the files and folders that have the source of a library and its stubs.

    A folder of stubs is returned even if it doesn't exist.

    Raises
    ------
    LibraryNotFound
        If the library's source isn't found.
    """
    package = locate(spec, search_path)
    stubs = (folder.with_name(f"{package.name}-stubs") for folder in package.folders)
    return (*package.folders, *stubs, *([package.file] if package.file else []))


def _folders(search_path: Sequence[Path] | None) -> list[str] | None:
    return None if search_path is None else [str(folder) for folder in search_path]


def _find_spec(name: str, search_path: Sequence[Path] | None) -> ModuleSpec | None:
    if search_path is not None:
        return PathFinder.find_spec(name, _folders(search_path))
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        # ValueError: the name is in `sys.modules` but has no spec.
        return PathFinder.find_spec(name)


def installed_version(spec: LibrarySpec, search_path: Sequence[Path] | None) -> str | None:
    """Return the version of the first of the library's distributions that is installed, or None.

    Parameters
    ----------
    spec
        The library's specification, with the names of its distributions.
    search_path
        Folders to search; None for `sys.path`.
    """
    path = _folders(search_path)
    versions = (version_of(name, path) for name in (spec.distribution, *spec.also))
    return next(filter(None, versions), None)


def has_minor_version(version: str, minor: str) -> bool:
    """Return whether a version is a release of a minor version: 0.26.1 is one of 0.26."""
    return version.split(".")[:2] == minor.split(".")[:2]


def is_patch(installed: str, recorded: str) -> bool:
    """Return whether two versions are different releases of one minor version."""
    both_have_a_patch_number = min(installed.count("."), recorded.count(".")) >= 2
    return (
        both_have_a_patch_number
        and installed != recorded
        and has_minor_version(installed, recorded)
    )


@cache
def stub_folders(package: Package) -> tuple[Path, ...]:
    """Return the folders of the package's stubs, ``<package>-stubs``, that fit its version.

    Stubs of another minor version describe parameters that the package doesn't have, and lack
    others. Stubs fit if one of the two versions isn't known.
    """
    name = f"{package.name}-stubs"
    folders = tuple(
        folder.with_name(name) for folder in package.folders if folder.with_name(name).is_dir()
    )
    path = [str(folder.parent) for folder in folders]
    stubs, library = (version_of(name, path), version_of(package.name, path))
    return folders if not (stubs and library) or has_minor_version(stubs, library) else ()
