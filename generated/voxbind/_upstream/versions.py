"""The installed version of a library, compared with the version that was wrapped.

A patch release keeps signatures and results, as libraries promise, so its functions are only
compared by their signatures. In any other version, a function may give other results if its own
code changed, or code that it shares with other functions, or if it calls compiled code, which can't
be compared. Its wrapper warns then.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .._support.package import PACKAGE

if TYPE_CHECKING:
    from .library_code import LibraryCode

__all__ = ["NO_VERSION", "CodeChange", "Relation", "code_change", "installed_version", "relation"]

NO_VERSION = "unknown"
"""The version of a library that has none, as the build records it."""
Relation = Literal["same", "patch", "other", "unknown"]
_BINDING = 0.9
"""If more than this part of a library's functions call compiled code, its Python code only passes
arguments on, and differences of that code say nothing about one function."""
_VERSIONED_BY = {"cupyx": "cupy"}
"""Packages whose version is stored in another package of the same distribution."""


class _Code(NamedTuple):
    """What the manifest says of a function's code."""

    definition: str
    own: str
    shared: str


class CodeChange(NamedTuple):
    """In which way a function's code differs from the code that was wrapped."""

    kind: Literal["none", "own", "shared", "compiled"]
    """``own``: the function itself, or what it uses in its module. ``shared``: what it uses
    elsewhere in the library. ``compiled``: it calls compiled code, which can't be compared."""
    functions: int = 1
    """Number of functions of the library that this holds for, this one included."""
    group: str = ""
    """What these functions have in common: the digest of the code that they share."""


def installed_version(distribution: str, package: str) -> str:
    """Return the version of a library that is installed, or ``unknown``.

    Parameters
    ----------
    distribution
        Name of the library on PyPI.
    package
        Name of its top-level package, whose ``__version__`` is read if no distribution of that
        name is installed.
    """
    from importlib import metadata

    try:
        version = metadata.version(distribution)
        # A local version of voxbind names the libraries that a wheel was regenerated for.
        return version.partition("+")[0] if distribution == PACKAGE else version
    except metadata.PackageNotFoundError:
        module = sys.modules.get(_VERSIONED_BY.get(package, package))
        own: Any = getattr(module, "__version__", None)
        return own if isinstance(own, str) else NO_VERSION


def relation(installed: str, wrapped: str) -> Relation:
    """Return how the installed version stands to the wrapped one.

    ``patch`` is another release of the same minor version: 1.17.0 beside 1.17.1. ``unknown`` is
    the relation of a library without a version.
    """
    if NO_VERSION in (installed, wrapped):
        return "unknown"
    ours, theirs = _parts(wrapped), _parts(installed)
    if _without_zeros(ours) == _without_zeros(theirs):
        return "same"
    return "patch" if ours[:2] == theirs[:2] and min(len(ours), len(theirs)) > 2 else "other"


def _parts(version: str) -> list[str]:
    """Return a version as distributions write it: cuCIM 26.10.00 is cucim-cu12 26.10.0."""
    return [str(int(part)) if part.isdigit() else part for part in version.split(".")]


def _without_zeros(parts: list[str]) -> list[str]:
    """Return a version without zeros at its end, because 1.17 is 1.17.0."""
    return _without_zeros(parts[:-1]) if parts[1:] and parts[-1] == "0" else parts


def code_change(public: str, package: str = PACKAGE) -> CodeChange:
    """Return in which way the code of a function differs from the code that was wrapped.

    Parameters
    ----------
    public
        Dotted name of the function in its library: ``skimage.filters.gaussian``.
    package
        The package of the wrapper, whose manifest has the digests of the code.
    """
    # Imported here because only another version needs it: `ast` takes milliseconds.
    from .library_code import COMPILED

    recorded = _recorded_code(package)
    wrapped = recorded.get(public)
    if wrapped is None:  # no manifest, or one from before functions had digests
        return CodeChange("compiled")
    top, _, _ = public.partition(".")
    of_library = [code for name, code in recorded.items() if name.startswith(f"{top}.")]
    shared_by = sum(code.shared == wrapped.shared for code in of_library) if wrapped.shared else 1
    if wrapped.shared == COMPILED and shared_by > _BINDING * len(of_library):
        return CodeChange("compiled", shared_by, COMPILED)
    module, _, name = wrapped.definition.partition(":")
    own, shared = "", COMPILED
    if module:
        own, shared = _library_code(module.partition(".")[0]).digests(
            module, name.partition(".")[0]
        )
    if own != wrapped.own:
        return CodeChange("own")
    if COMPILED in (shared, wrapped.shared):
        return CodeChange("compiled", shared_by, wrapped.shared)
    if shared == wrapped.shared:
        return CodeChange("none")
    return CodeChange("shared", shared_by, wrapped.shared)


@cache
def _library_code(top: str) -> LibraryCode:
    from pathlib import Path

    from .library_code import LibraryCode

    module = sys.modules.get(top)
    folders = [Path(folder) for folder in getattr(module, "__path__", ())]
    file = getattr(module, "__file__", None)
    return LibraryCode(top, folders, Path(file) if file and not folders else None)


@cache
def _recorded_code(package: str) -> dict[str, _Code]:
    """Return what the manifest says of the code of each function; empty without a manifest."""
    import json
    from importlib.resources import files

    try:
        manifest: Any = json.loads(files(package).joinpath("manifest.json").read_bytes())
        return {
            public: _Code(
                function["definition"], function.get("code", ""), function.get("shared_code", "")
            )
            for library in manifest["libraries"].values()
            for public, function in library["functions"].items()
            if function["form"] == "function"
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
