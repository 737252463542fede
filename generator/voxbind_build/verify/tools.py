"""Runs the tools that check the generated modules, without any project's configuration."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from voxbind_build.common.scratch import scratch_folder
from voxbind_build.verify.code_problem import Problem

__all__ = ["compiles", "lints", "type_checks"]

_FIRST_HUNK = r"--- (.+)\n\+\+\+ .+\n@@ -(\d+).*\n((?:[ +-].*\n)*)"
_START = """\
import ctypes, os, runpy, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: if the build is killed, this process is too
    if str(os.getppid()) != os.environ.pop("VOXBIND_BUILD"):
        sys.exit("the build has ended")
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
"""Runs a module like ``python -m``, in a process that doesn't outlive the build."""
_PYTHON = (sys.executable, "-P", "-c", _START)
"""Without -P, Python would import the package's `keyword` in place of its own."""
_SECONDS = 1800
"""Longest elapsed time of a tool, in seconds."""
_RULES = "E,F,W,I,UP,B,SIM,RUF022"
# Rules about defaults, names and long lines, which are taken from the libraries.
_IGNORED_RULES = "B006,B008,E501,E741,E742,E743"
_RUFF = (
    "--isolated",
    "--no-cache",
    "--quiet",
    "--target-version=py311",
    "--config=line-length=100",
    "--config=src=[]",
)
_MYPY = (
    "--strict",
    f"--cache-dir={os.devnull}",
    # The package must pass without the libraries, whose stubs take seconds to read.
    "--no-site-packages",
    "--python-version=3.11",
    "--output=json",
    "--no-error-summary",
)


_MYPY_SETTINGS = "[mypy]\n[mypy-numpy.*]\nfollow_imports = silent\nignore_errors = True\n"
"""Errors in NumPy's own stubs aren't reported."""


class ToolError(RuntimeError):
    """A failure of a tool itself, not of the generated code."""


def compiles(modules: Mapping[str, str]) -> list[Problem]:
    """Return the syntax errors of modules, which are texts by path."""
    problems = []
    for path, text in modules.items():
        try:
            compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 0
            problems.append(Problem(path, line, "compile", str(error)))
    return problems


def lints(package: Path) -> list[Problem]:
    """Return the problems that ruff reports in a package's folder, including wrong formatting."""
    rules = (f"--select={_RULES}", f"--ignore={_IGNORED_RULES}", "--output-format=json")
    violations = json.loads(_run([*_PYTHON, "ruff", "check", *_RUFF, *rules, "."], package))
    problems = [
        Problem(
            _below(package, violation["filename"]),
            violation["location"]["row"],
            "ruff",
            f"{violation['code']} {violation['message']}",
        )
        for violation in violations
    ]
    layout = _run([*_PYTHON, "ruff", "format", "--diff", *_RUFF, "."], package)
    for path, start, hunk in re.findall(_FIRST_HUNK, layout):
        before = re.match(r"(?: .*\n)*", hunk)
        line = int(start) + (before.group().count("\n") if before else 0)
        problems.append(
            Problem(_below(package, package / path), line, "ruff", "not in ruff's layout")
        )
    return problems


def type_checks(root: Path, name: str) -> list[Problem]:
    """Return the errors that ``mypy --strict`` reports in a package.

    Parameters
    ----------
    root
        The folder from which the package, and all that it imports but NumPy, are imported.
    name
        Dotted name of the package.
    """
    package = root.joinpath(*name.split("."))
    with scratch_folder() as folder:
        settings = folder / "mypy.ini"
        settings.write_text(_MYPY_SETTINGS, encoding="utf-8")
        # NumPy's types occur in the package's own, and NumPy is always installed.
        for location in _locations("numpy"):
            (folder / "numpy").symlink_to(location, target_is_directory=True)
        command = [*_PYTHON, "mypy", f"--config-file={settings}", *_MYPY, "-p", name]
        output = _run(command, root, MYPYPATH=str(folder))
    problems = []
    for line in output.splitlines():
        report = json.loads(line)
        if report["severity"] == "error":
            path = _below(package, root / report["file"])
            problems.append(
                Problem(path, report["line"], "mypy", f"{report['message']} ({report['code']})")
            )
    return problems


def _locations(package: str) -> Iterable[str]:
    """Return the folder of an installed package; empty if it isn't installed."""
    spec = find_spec(package)
    return [*((spec and spec.submodule_search_locations) or ())][:1]


def _shown(command: Sequence[str]) -> str:
    """Return a command as a user would type it."""
    return " ".join(["python", "-P", "-m", *command[len(_PYTHON) :]])


def _run(command: Sequence[str], folder: Path, **variables: str) -> str:
    environment = {**os.environ, "MYPYPATH": "", "NO_COLOR": "1", **variables}
    environment["VOXBIND_BUILD"] = str(os.getpid())
    try:
        completed = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{_shown(command)} took longer than {_SECONDS} s.") from None
    # Exit code 0 means no problems, 1 means problems; otherwise the tool itself has failed.
    output = completed.stdout
    if completed.returncode not in (0, 1) or (completed.returncode and not output.strip()):
        raise ToolError(f"{_shown(command)} failed:\n{output}{completed.stderr}")
    return output


def _below(package: Path, path: str | Path) -> str:
    """Return a file's path below the package; its whole path if it isn't there."""
    file = Path(path).resolve()
    below = file.is_relative_to(package.resolve())
    return (file.relative_to(package.resolve()) if below else file).as_posix()
