"""Reads which version of a distribution is installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata

__all__ = ["DamagedMetadataError", "version_of"]


class DamagedMetadataError(RuntimeError):
    """The metadata of an installed distribution can't be read."""


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
        If its metadata has no version or isn't text, as after an installation that was interrupted.
    """
    folders = sys.path if path is None else [*path]
    for installed in metadata.distributions(name=distribution, path=folders):
        try:
            version: str | None = installed.version
        except (KeyError, OSError, ValueError):
            version = None
        if not version:
            raise DamagedMetadataError(
                f"The metadata of {distribution} in {installed.locate_file('')} is damaged, as "
                "after an interrupted installation. Run `pip install --force-reinstall "
                f"{distribution}`; the package is as it was."
            )
        return version
    return None
