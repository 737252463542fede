"""Reads which version of a distribution is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from packaging.version import InvalidVersion, Version

__all__ = ["DamagedMetadataError", "missing_module", "version_of"]


class DamagedMetadataError(RuntimeError):
    """The metadata of an installed distribution can't be read, or has no valid version."""


def version_of(distribution: str, path: Sequence[str] | None = None) -> str | None:
    """Return the version of a distribution, or None if it isn't installed.

    Parameters
    ----------
    distribution
        Its name on PyPI.
    path
        Folders to search; None for `sys.path`.

    Raises
    ------
    DamagedMetadataError
        If its metadata has no version or isn't text, as after an installation that was interrupted,
        or if the version isn't one as PEP 440 has it.
    """
    installed = _installed(distribution, path)
    if installed is None:
        return None
    try:
        version: str | None = installed.version
    except (KeyError, OSError, ValueError):
        version = None
    if not version:
        raise _damaged(distribution, installed, "is damaged, as after an interrupted installation")
    try:
        Version(version)
    except InvalidVersion:
        problem = f"has the version {version!r}, which isn't a version (PEP 440)"
        raise _damaged(distribution, installed, problem) from None
    return version


def missing_module(
    distribution: str, modules: Iterable[str], path: Sequence[str] | None = None
) -> Path | None:
    """Return the first file of some modules that was installed and is missing now, or None.

    An installation that was interrupted leaves folders without their ``__init__.py``, which Python
    imports as empty packages.

    Parameters
    ----------
    distribution
        The name on PyPI of the distribution that has the modules.
    modules
        Dotted names.
    path
        Folders to search; None for `sys.path`.
    """
    installed = _installed(distribution, path)
    if installed is None:
        return None
    listed = {line.split(",")[0] for line in (installed.read_text("RECORD") or "").splitlines()}
    for module in modules:
        base = module.replace(".", "/")
        for file in (f"{base}/__init__.py", f"{base}.py"):
            place = Path(str(installed.locate_file(file)))
            if file in listed and not place.exists():
                return place
    return None


def _installed(distribution: str, path: Sequence[str] | None) -> metadata.Distribution | None:
    folders = sys.path if path is None else [*path]
    return next(iter(metadata.distributions(name=distribution, path=folders)), None)


def _damaged(
    distribution: str, installed: metadata.Distribution, problem: str
) -> DamagedMetadataError:
    return DamagedMetadataError(
        f"The metadata of {distribution} in {installed.locate_file('')} {problem}. Run "
        f"`pip install --force-reinstall {distribution}`; the package is as it was."
    )
