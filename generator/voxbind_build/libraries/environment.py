"""Environment variables that a library reads when it is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from glob import glob
from pathlib import Path

from voxbind_build.model import EnvironmentVariable, LibrarySpec

__all__ = ["prepare", "settings"]


def settings(variables: Mapping[str, EnvironmentVariable]) -> dict[str, str]:
    """Return the environment variables to set, by name.

    Parameters
    ----------
    variables
        The variables that a library reads, by name. A variable is left out if it is set already,
        if a path of its ``unless`` exists, or if none of its files exists.
    """
    values = {}
    for name, variable in variables.items():
        if name in os.environ or any(map(glob, variable.unless)):
            continue
        files = (Path(sys.prefix, path) for path in variable.below_prefix)
        if (file := next(filter(Path.is_file, files), None)) is not None:
            values[name] = str(file)
    return values


def prepare(spec: LibrarySpec) -> None:
    """Set a library's environment variables, for this process and the processes it starts."""
    os.environ.update(settings(spec.environment))
