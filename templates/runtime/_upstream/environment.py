"""Environment variables that say where a library's files are."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["Environment", "set_environment"]

Environment: TypeAlias = "Mapping[str, Mapping[str, tuple[str, ...]]]"
"""By variable: the paths of a file below Python's prefix, and patterns of files that serve too."""


def set_environment(environment: Environment) -> None:
    """Set the variables that aren't set, each to the first of its files that is there."""
    if not environment:
        return
    # The imports of `pathlib` and `glob` would take longer than everything else here.
    import os.path

    for variable, where in environment.items():
        if variable in os.environ or any(map(_is_there, where.get("unless", ()))):
            continue
        files = (os.path.join(sys.prefix, *path.split("/")) for path in where["below_prefix"])  # noqa: PTH118
        file = next((path for path in files if os.path.exists(path)), None)  # noqa: PTH110
        if file is not None:
            os.environ[variable] = file


def _is_there(pattern: str) -> bool:
    """Whether a file matches a `glob` pattern."""
    import os.path

    folder = os.path.dirname(pattern)  # noqa: PTH120
    if not os.path.isdir(folder) and not any(sign in folder for sign in "*?["):  # noqa: PTH112
        return False
    from glob import glob

    return bool(glob(pattern))  # noqa: PTH207
