"""The installed version of a library, compared with the version that was wrapped.

A patch release keeps signatures and results, as libraries promise, so its functions are only
compared by their signatures. In any other version, a function whose source file changed may give
other results, and its wrapper warns.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any, Literal

from .._support.package import PACKAGE

__all__ = ["NO_VERSION", "Relation", "has_same_source", "installed_version", "relation"]

NO_VERSION = "unknown"
"""The version of a library that has none, as the build records it."""
Relation = Literal["same", "patch", "other", "unknown"]
_VERSIONED_BY = {"cupyx": "cupy"}
"""Packages whose version is stored in another package of the same distribution."""


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
    if ours == theirs:
        return "same"
    return "patch" if ours[:2] == theirs[:2] and min(len(ours), len(theirs)) > 2 else "other"


def _parts(version: str) -> list[str]:
    """Return a version as distributions write it: cuCIM 26.10.00 is cucim-cu12 26.10.0."""
    return [str(int(part)) if part.isdigit() else part for part in version.split(".")]


def has_same_source(public: str, wrapped: str, package: str = PACKAGE) -> bool:
    """Return whether the file that defines a function is the one that was wrapped.

    Parameters
    ----------
    public
        Dotted name of the function in its library: ``skimage.filters.gaussian``.
    wrapped
        The version that was wrapped.
    package
        The package of the wrapper, whose manifest has the digest of the source.
    """
    from hashlib import sha256

    module, recorded = _recorded_sources(package).get(public, ("", ""))
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return False
    path = Path(file)
    try:
        code = path.read_bytes()
    except OSError:  # in a zip archive, for example
        return False
    stub = path.with_name(f"{path.name.partition('.')[0]}.pyi")
    codes = (code, code + stub.read_bytes()) if stub.is_file() else (code,)
    return recorded in {
        sha256(f"{sha256(each).hexdigest()}\n{wrapped}".encode()).hexdigest() for each in codes
    }


@cache
def _recorded_sources(package: str) -> dict[str, tuple[str, str]]:
    """Return each function's module and the digest of its source; empty without a manifest."""
    import json
    from importlib.resources import files

    try:
        manifest: Any = json.loads(files(package).joinpath("manifest.json").read_bytes())
        return {
            public: (function["definition"].partition(":")[0], function["fingerprint"])
            for library in manifest["libraries"].values()
            for public, function in library["functions"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
