"""Where a package's files are, found without importing it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import NamedTuple

from voxbind_build.model import LibrarySpec

__all__ = [
    "NO_VERSION",
    "LibraryNotFound",
    "Package",
    "PackageFile",
    "installed_version",
    "locate",
]

NO_VERSION = "unknown"
"""The version of a library without a distribution and without ``__version__``: compared with none.

`templates/runtime/upstream.py` has the same word."""


_COMPILED = (".so", ".pyd", ".dll", ".dylib")


class LibraryNotFound(ImportError):
    """The source of a library is nowhere to be found."""


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
    """The file of a top-level module that is no package."""

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
                # `name.cpython-311-x86_64-linux-gnu.so`, also of other platforms.
                for path in sorted(base.parent.glob(f"{base.name}.*")):
                    if path.suffix in _COMPILED:
                        return PackageFile(path, False, True)
            if base.is_dir() and any(base.iterdir()):
                return PackageFile(base, True, False)
        return None

    def submodules(self, module: str) -> tuple[str, ...]:
        """List the names of a package's public submodules on disk."""
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

    Raises
    ------
    LibraryNotFound
        With the command that installs it.
    """
    name = spec.package
    found = _find_spec(name, search_path)
    folders = tuple(Path(folder) for folder in (found and found.submodule_search_locations) or ())
    origin = Path(found.origin) if found and found.has_location and found.origin else None
    if not folders and origin is None:
        where = ", ".join(map(str, search_path)) if search_path else "this Python's sys.path"
        raise LibraryNotFound(
            f"{spec.name}: no package {name!r} in {where}; {spec.remedy}, "
            "or add the folder that holds it to the search path"
        )
    return Package(name, folders, None if folders else origin)


def _find_spec(name: str, search_path: Sequence[Path] | None) -> ModuleSpec | None:
    if search_path is not None:
        return PathFinder.find_spec(name, [str(path) for path in search_path])
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        # ValueError: the name is in `sys.modules` and has no spec.
        return PathFinder.find_spec(name)


def installed_version(spec: LibrarySpec, search_path: Sequence[Path] | None) -> str | None:
    """Read the version from the metadata of the first distribution that is there."""
    path = sys.path if search_path is None else [str(each) for each in search_path]
    for name in (spec.distribution, *spec.also):
        for distribution in importlib.metadata.distributions(name=name, path=path):
            return distribution.version
    return None
