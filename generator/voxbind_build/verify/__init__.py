"""Checks the generated package before it is written: it must compile, lint and type-check."""

from __future__ import annotations

from collections.abc import Mapping

from voxbind_build.common.scratch import scratch_folder
from voxbind_build.verify.code_problem import Problem
from voxbind_build.verify.tools import ToolError, compiles, lints, type_checks

__all__ = ["Problem", "ToolError", "verify"]


def verify(files: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return the problems of a generated package; empty if it may be written.

    Parameters
    ----------
    files
        Texts by POSIX path relative to the package.

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
        package = folder / "voxbind"
        for path, text in modules.items():
            file = package / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
        return tuple(sorted([*lints(package), *type_checks(package)]))
