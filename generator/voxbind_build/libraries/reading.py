"""Reads a library's TOML into a `LibrarySpec`, and reports all its problems at once."""

from __future__ import annotations

import copy
import sys
import tomllib
from collections.abc import Collection, Sequence
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from voxbind_build.libraries.announced import Announcement, announced
from voxbind_build.libraries.problems import Problem, SpecError, suggestion
from voxbind_build.libraries.structure import mismatches
from voxbind_build.libraries.values import wrong_values
from voxbind_build.model import LibrarySpec

__all__ = ["builtin", "extras", "installed", "load", "load_all"]

_FOLDER: Traversable = files("voxbind_build.libraries")


def builtin(roles: Collection[str] | None = None) -> tuple[LibrarySpec, ...]:
    """Return the specifications that come with voxbind, sorted by name.

    Parameters
    ----------
    roles
        See `load`.

    Raises
    ------
    SpecError
        If a file has problems; the error lists those of all files.
    """
    specs: list[LibrarySpec] = []
    lines: list[str] = []
    for path in _shipped().values():
        try:
            specs.append(_read(path, roles))
        except SpecError as error:
            lines += error.lines
    if lines:
        raise SpecError(lines)
    return tuple(specs)


def installed(
    roles: Collection[str] | None = None,
) -> tuple[tuple[LibrarySpec, ...], tuple[str, ...]]:
    """Return the specifications that installed packages announce, and what is wrong with others.

    Parameters
    ----------
    roles
        See `load`.

    Returns
    -------
    specs : tuple of LibrarySpec
        Sorted by name.
    problems : tuple of str
        A line for each problem. A package with a problem costs itself, and not the build.
    """
    specs: list[LibrarySpec] = []
    problems: list[str] = []
    try:
        announcements = announced()
    except SpecError as error:
        return (), tuple(error.lines)
    for announcement in announcements.values():
        try:
            specs.append(_announced(announcement, roles))
        except SpecError as error:
            problems += error.lines
    return tuple(specs), tuple(problems)


def _announced(announcement: Announcement, roles: Collection[str] | None) -> LibrarySpec:
    if announcement.name in _shipped():
        raise SpecError([announcement.line("a library of this name comes with voxbind")])
    spec = _read(announcement.file(), roles)
    if spec.name != announcement.name:
        raise SpecError([announcement.line(f"the specification names the library {spec.name!r}")])
    return spec


def load(path_or_name: str | Path, roles: Collection[str] | None = None) -> LibrarySpec:
    """Read a library specification.

    Parameters
    ----------
    path_or_name : str or Path
        A TOML file, or the name of a library whose TOML comes with voxbind (``skimage``) or
        with an installed package.
    roles : collection of str, optional
        The roles that a parameter can have; by default roles aren't checked.

    Raises
    ------
    SpecError
        With a line for each problem: the file, the place in it, what is accepted and the fix.
    """
    name = str(path_or_name)
    is_file = name.endswith(".toml")
    if not is_file and name not in _shipped() and (announcement := announced().get(name)):
        return _announced(announcement, roles)
    return _read(_locate(path_or_name), roles)


def load_all(
    paths_and_names: Sequence[str], roles: Collection[str] | None = None
) -> list[LibrarySpec]:
    """Read several specifications, and add the folder of each file to `sys.path`.

    So a user's own module may be next to the TOML file that describes it.

    Parameters
    ----------
    paths_and_names
        See `load`.
    roles
        See `load`.

    Raises
    ------
    SpecError
        With a line for each problem of any of them, or if one is given twice.
    """
    specs: list[LibrarySpec] = []
    problems: list[str] = []
    for name in paths_and_names:
        try:
            specs.append(load(name, roles))
        except SpecError as error:
            problems += error.lines
    names = [spec.name for spec in specs]
    problems += [
        f"the library {name} is given twice; name it once"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if problems:
        raise SpecError(problems)
    for name, spec in zip(paths_and_names, specs, strict=True):
        folder = str(Path(name).resolve().parent)
        if spec.file == str(Path(name)) and folder not in sys.path:
            sys.path.append(folder)
    return specs


def _shipped() -> dict[str, Traversable]:
    """Return voxbind's own TOML files by name, sorted; they may be in a zip archive."""
    files = {file.name: file for file in _FOLDER.iterdir() if file.name.endswith(".toml")}
    return {name.removesuffix(".toml"): files[name] for name in sorted(files)}


def _read(path: Traversable, roles: Collection[str] | None) -> LibrarySpec:
    document = _document(path)
    problems = [*mismatches(document, LibrarySpec)]
    spec = msgspec.convert(
        {"name": "", "modules": (), **_without(document, problems), "file": str(path)},
        LibrarySpec,
    )
    if "modules" in document and document["modules"] == []:
        problems.append(Problem(("modules",), "the list is empty; name at least one dotted module"))
    if document.get("name") == "":
        problems.append(Problem(("name",), "the name is empty; give one such as 'skimage'"))
    # Paths in an archive aren't equal to each other.
    if spec.home and str(path) not in map(str, _shipped().values()):
        problems.append(
            Problem(("home",), "only libraries that come with voxbind have a home; remove it", True)
        )
    problems += wrong_values(spec, extras=extras(), roles=roles)
    if problems:
        raise SpecError(problem.line(str(path)) for problem in problems)
    return spec


@cache
def extras() -> frozenset[str] | None:
    """Return the names of voxbind's extras; None if there is no checkout or installed voxbind."""
    folder = Path(__file__).parent
    project = folder.parents[2] / "pyproject.toml"
    if folder.parents[1].name == "generator" and project.is_file():
        document = tomllib.loads(project.read_text(encoding="utf-8"))
        return frozenset(document["project"]["optional-dependencies"])
    try:
        return frozenset(metadata.metadata("voxbind").get_all("Provides-Extra") or ())
    except metadata.PackageNotFoundError:
        return None


def _locate(path_or_name: str | Path) -> Traversable:
    path = Path(path_or_name)
    if path.suffix != ".toml":
        shipped = _shipped()
        if str(path_or_name) in shipped:
            return shipped[str(path_or_name)]
        if not _exists(path):
            known = {*shipped, *announced()}
            names = ", ".join(sorted(known))
            nearest = suggestion(str(path_or_name), known)
            raise SpecError(
                [
                    f"{str(path_or_name)!r} is not a library that comes with voxbind; "
                    f"{f'{nearest} ' if nearest else ''}"
                    f"Give the path of a specification (*.toml) or one of the names {names}"
                ]
            )
    return path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for a path, or it has a NUL character
        return False


def _document(path: Traversable) -> dict[str, Any]:
    """Return the tables of a TOML file."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        message = "there is no such file; give the path of a specification (*.toml)"
    except IsADirectoryError:
        message = "is a folder, not a file; give the path of a specification (*.toml)"
    except UnicodeDecodeError as error:
        message = f"can't be read as UTF-8 text ({error}); save the file as UTF-8"
    except (OSError, ValueError) as error:
        message = f"can't be read ({error}); name a readable TOML file"
    else:
        try:
            return tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            message = f"not valid TOML: {error}; correct that line (https://toml.io has the syntax)"
    raise SpecError([Problem((), message).line(str(path))])


def _without(document: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Return a copy of a document without the entries that have problems."""
    valid: dict[Any, Any] = copy.deepcopy(document)
    for problem in problems:
        # If one value of an entry is wrong, the whole entry is removed, as it would be incomplete.
        place = problem.place if problem.superfluous else problem.place[:2]
        table: Any = valid
        for key in place[:-1]:
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table.pop(place[-1] if place else None, None)
        else:  # the place is an item of a list, so the list is removed
            valid.pop(place[0], None)
    return valid
