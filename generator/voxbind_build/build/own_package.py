"""A package of wrappers that another project generates for itself: ``labwrap.typed``.

It has the libraries that the project names and no others, and imports voxbind's run time.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace
from packaging.version import Version

from voxbind_build.build.library_state import LibraryState
from voxbind_build.build.report import BuildError
from voxbind_build.common.bindable import is_identifier
from voxbind_build.libraries import SpecError
from voxbind_build.manifest import MANIFEST, Record
from voxbind_build.model import PACKAGE, LibrarySpec

__all__ = [
    "for_package",
    "import_root",
    "refuse_missing",
    "refuse_outdated",
    "refuse_unreadable",
    "requirement",
    "unread_types",
    "with_search_path",
]

_NAMED_PACKAGE = re.compile(rb'"package":\s*"([A-Za-z_][\w.]*)"')
"""The name of the package in a manifest, also in one that isn't valid JSON."""


def import_root(package: str, out: Path) -> Path:
    """Return the folder from which a package is imported: ``src`` of ``src/labwrap/typed``.

    Parameters
    ----------
    package
        Dotted name of the package.
    out
        Its folder.

    Raises
    ------
    SpecError
        If the name isn't one of a package, or the folder isn't one of that name.
    """
    parts = package.split(".")
    if not all(map(is_identifier, parts)):
        raise SpecError([f"package = {package!r} isn't a dotted name, such as 'labwrap.typed'"])
    if parts[0] == PACKAGE:
        raise SpecError(
            [
                f"package = {package!r} is below voxbind's own package. Give the wrappers a place "
                "in your own one, such as 'labwrap.typed'"
            ]
        )
    folders = out.resolve().parts
    if list(folders[-len(parts) :]) != parts:
        raise SpecError(
            [
                f"out = {str(out)!r} isn't a folder from which {package} can be imported. It must "
                f"end in {'/'.join(parts)}"
            ]
        )
    return out.resolve().parents[len(parts) - 1]


def with_search_path(package: str, out: Path) -> None:
    """Let the libraries' modules be imported from the project that the package is part of.

    Raises
    ------
    SpecError
        See `import_root`.
    """
    folder = str(import_root(package, out))
    if folder not in sys.path:
        sys.path.append(folder)


def for_package(record: Record, package: str | None, specs: Sequence[LibrarySpec]) -> Record:
    """Return the record of a package, without libraries that it has no longer.

    Parameters
    ----------
    record
        The record in the package's folder.
    package
        Dotted name of the package; None if it is the one that the record names.
    specs
        The libraries of the package.

    Raises
    ------
    BuildError
        If the record is that of another package.
    """
    manifest = record.manifest
    if package is None:
        return record
    if manifest.libraries and manifest.package != package:
        raise BuildError(
            f"The folder holds the package {manifest.package}, and {package} is to be written. "
            "Name another folder, or remove this one."
        )
    names = {spec.name for spec in specs}
    libraries = {name: value for name, value in manifest.libraries.items() if name in names}
    observations = {name: value for name, value in record.observations.items() if name in names}
    return replace(
        record,
        manifest=replace(manifest, libraries=libraries, package=package),
        observations=observations,
    )


def refuse_unreadable(record: Record, out: Path) -> None:
    """Raise an error if the manifest can't be read, and is that of another project's package.

    A build that ignores the manifest would write voxbind's own package in its place.

    Parameters
    ----------
    record
        The record in the folder; without libraries if its manifest can't be read.
    out
        The folder.

    Raises
    ------
    SpecError
        With the name of the package, to be given as `--package`.
    """
    path = out / MANIFEST
    if record.manifest.libraries or not path.is_file():
        return
    named = _NAMED_PACKAGE.search(path.read_bytes())
    if named and (package := named[1].decode()) != PACKAGE:
        raise SpecError(
            [
                f"{path} can't be read, and is the manifest of another package, {package}. To "
                f"write that package anew, add --package {package} and its libraries (--library)"
            ]
        )


def refuse_missing(
    specs: Sequence[LibrarySpec], available: Collection[str], notes: Sequence[str]
) -> None:
    """Raise an error if a library of the package can neither be read nor is in the record.

    Parameters
    ----------
    specs
        The libraries of the package.
    available
        Names of the libraries that were read, or are in the record.
    notes
        What was noted when the libraries were read.

    Raises
    ------
    BuildError
        With a sentence for each library.
    """
    missing = [spec for spec in specs if spec.name not in available]
    if missing:
        names = ", ".join(spec.name for spec in missing)
        raise BuildError(
            "\n".join(
                [
                    f"The package needs libraries that can't be read here and have no record: "
                    f"{names}. The package is unchanged.",
                    *notes,
                ]
            )
        )


def refuse_outdated(states: Mapping[str, LibraryState]) -> None:
    """Raise an error if a function has no valid record, although the record was demanded.

    Raises
    ------
    BuildError
        With the number of such functions of each library.
    """
    counts = {name: len(state.outdated) for name, state in states.items() if state.outdated}
    if counts:
        listed = ", ".join(f"{count} of {name}" for name, count in sorted(counts.items()))
        raise BuildError(
            f"The committed record doesn't hold for all functions ({listed}), and measuring was "
            "ruled out. Build the package without that option, and commit its record: "
            "manifest.json and the folder observations. The package is unchanged."
        )


def unread_types(package: str, out: Path) -> list[str]:
    """Return a sentence if type checkers ignore the types of a package; else nothing.

    Checkers read the types of an installed package if there is a file ``py.typed`` at its top.

    Parameters
    ----------
    package
        Dotted name of the package.
    out
        Its folder.

    Raises
    ------
    SpecError
        See `import_root`.
    """
    top = import_root(package, out) / package.partition(".")[0]
    if (top / "py.typed").is_file():
        return []
    return [
        f"{top.name} has no file py.typed, so type checkers will ignore the types of {package}. "
        f"Add an empty file of this name to the folder {top.name}."
    ]


def requirement(version: str) -> str:
    """Return what a package generated by this version of voxbind requires at run time.

    Modules can be used with later patch releases; a minor release may change the interface.

    >>> requirement("0.1.3")
    'voxbind>=0.1.3,<0.2'
    """
    public = Version(re.sub(r"\+.*", "", version))
    return f"{PACKAGE}>={public},<{public.major}.{public.minor + 1}"
