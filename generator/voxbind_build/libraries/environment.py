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
    """Give the values of those variables that should be set here and aren't."""
    values = {}
    for name, variable in variables.items():
        if name in os.environ or any(map(glob, variable.unless)):
            continue
        files = (Path(sys.prefix, file) for file in variable.below_prefix)
        if (found := next(filter(Path.is_file, files), None)) is not None:
            values[name] = str(found)
    return values


def prepare(spec: LibrarySpec) -> None:
    """Set what a library needs in this process and in those that it starts."""
    os.environ.update(settings(spec.environment))
