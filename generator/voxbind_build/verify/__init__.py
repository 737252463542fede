"""Checks the generated package before it is written: it must compile, lint and type-check."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from voxbind_build.common.scratch import scratch_folder
from voxbind_build.model import PACKAGE
from voxbind_build.verify.code_problem import Problem
from voxbind_build.verify.tools import ToolError, compiles, lints, type_checks

__all__ = ["Problem", "ToolError", "verify"]


def verify(
    files: Mapping[str, str], package: str = PACKAGE, runtime: Mapping[str, str] | None = None
) -> tuple[Problem, ...]:
    """Return the problems of a generated package; empty if it may be written.

    Parameters
    ----------
    files
        Texts by POSIX path relative to the package.
    package
        Dotted name of the package.
    runtime
        The run time of voxbind that the package imports, by POSIX path below `voxbind`; None if it
        is part of the package.

    Raises
    ------
    ToolError
        If ruff or mypy itself fails.
    """
    modules = {path: text for path, text in files.items() if path.endswith(".py")}
    problems = compiles(modules)
    if problems:  # The other tools would report the same errors again.
        return tuple(sorted(problems))
    with scratch_folder() as folder:
        place = _written(folder, package, modules)
        if runtime is not None:
            _written(folder, PACKAGE, runtime)
        return tuple(sorted([*lints(place), *type_checks(folder, package)]))


def _written(folder: Path, package: str, modules: Mapping[str, str]) -> Path:
    """Write a package's modules below a folder, and return the package's folder."""
    place = folder.joinpath(*package.split("."))
    for path, text in modules.items():
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8"))
    return place
