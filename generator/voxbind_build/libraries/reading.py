"""Reads the TOML of a library into its record, and lists all that is wrong with it at once."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Collection
from functools import cache
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from voxbind_build.libraries.problems import Problem, SpecError, suggestion
from voxbind_build.libraries.structure import mismatches
from voxbind_build.libraries.values import wrong_values
from voxbind_build.model import LibrarySpec

__all__ = ["builtin", "extras", "load"]

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
        With the problems of all files.
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


def load(path_or_name: str | Path, roles: Collection[str] | None = None) -> LibrarySpec:
    """Read a library specification.

    Parameters
    ----------
    path_or_name : str or Path
        A TOML file, or the name of a library that voxbind knows (``skimage``).
    roles : collection of str, optional
        The roles that a parameter can have; by default they aren't looked at.

    Raises
    ------
    SpecError
        With a line for each problem: the file, the place in it, what is accepted, what to do.
    """
    return _read(_locate(path_or_name), roles)


def _shipped() -> dict[str, Traversable]:
    """Return voxbind's own specifications by name, sorted; they may be in an archive."""
    found = (file for file in _FOLDER.iterdir())
    tables = sorted((file.name, file) for file in found if file.name.endswith(".toml"))
    return {name.removesuffix(".toml"): file for name, file in tables}


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
    problems += wrong_values(spec, extras=extras(), roles=roles)
    if problems:
        raise SpecError(problem.line(str(path)) for problem in problems)
    return spec


@cache
def extras() -> frozenset[str] | None:
    """Return voxbind's extras; None if neither a checkout nor an installed voxbind has them."""
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
        known = _shipped()
        if str(path_or_name) in known:
            return known[str(path_or_name)]
        if not _exists(path):
            names = ", ".join(sorted(known))
            nearest = suggestion(str(path_or_name), known)
            raise SpecError(
                [
                    f"{str(path_or_name)!r} is not a library that voxbind knows; "
                    f"{f'{nearest} ' if nearest else ''}"
                    f"Give the path of a specification (*.toml) or one of the names {names}"
                ]
            )
    return path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # longer than a path can be, or with a NUL
        return False


def _document(path: Traversable) -> dict[str, Any]:
    """Return the tables of a TOML file."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        message = "there is no such file; give the path of a specification (*.toml)"
    except IsADirectoryError:
        message = "is a folder, and no file; give the path of a specification (*.toml)"
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
    """Return what of a document has no problem, so that its values can be looked at."""
    rest: dict[Any, Any] = copy.deepcopy(document)
    for problem in problems:
        # An entry with a wrong value is left out whole: its record would be incomplete.
        place = problem.place if problem.superfluous else problem.place[:2]
        table: Any = rest
        for key in place[:-1]:
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table.pop(place[-1] if place else None, None)
        else:  # an item of a list
            rest.pop(place[0], None)
    return rest
