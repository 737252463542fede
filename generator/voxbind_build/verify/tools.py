"""The tools that judge the generated modules, each run without any configuration of a project."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from voxbind_build.verify.code_problem import Problem

__all__ = ["compiles", "lints", "type_checks"]

_FIRST_HUNK = r"--- (.+)\n\+\+\+ .+\n@@ -(\d+).*\n((?:[ +-].*\n)*)"
_PYTHON = (sys.executable, "-m")
_RULES = "E,F,W,I,UP,B,SIM,RUF022"
# The libraries' defaults, names and lines of documentation are theirs.
_THEIRS = "B006,B008,E501,E741"
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
    "--config-file=",
    f"--cache-dir={os.devnull}",
    # The package has to pass without the libraries, and their stubs cost seconds to read.
    "--no-site-packages",
    "--python-version=3.11",
    "--output=json",
    "--no-error-summary",
)


class ToolError(RuntimeError):
    """A tool failed by itself; that says nothing of the generated code."""


def compiles(modules: Mapping[str, str]) -> list[Problem]:
    """Return the syntax errors."""
    problems = []
    for path, text in modules.items():
        try:
            compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 0
            problems.append(Problem(path, line, "compile", str(error)))
    return problems


def lints(package: Path) -> list[Problem]:
    """Return what ruff finds in a package's folder, and which files aren't in its layout."""
    rules = (f"--select={_RULES}", f"--ignore={_THEIRS}", "--output-format=json")
    found = json.loads(_run([*_PYTHON, "ruff", "check", *_RUFF, *rules, "."], package))
    problems = [
        Problem(
            _below(package, each["filename"]),
            each["location"]["row"],
            "ruff",
            f"{each['code']} {each['message']}",
        )
        for each in found
    ]
    layout = _run([*_PYTHON, "ruff", "format", "--diff", *_RUFF, "."], package)
    for path, start, hunk in re.findall(_FIRST_HUNK, layout):
        before = re.match(r"(?: .*\n)*", hunk)
        line = int(start) + (before.group().count("\n") if before else 0)
        problems.append(
            Problem(_below(package, package / path), line, "ruff", "not in ruff's layout")
        )
    return problems


def type_checks(package: Path) -> list[Problem]:
    """Return what ``mypy --strict`` finds in a package's folder."""
    told = _run([*_PYTHON, "mypy", *_MYPY, "-p", package.name], package.parent)
    problems = []
    for line in told.splitlines():
        found = json.loads(line)
        if found["severity"] == "error":
            path = _below(package, package.parent / found["file"])
            problems.append(
                Problem(path, found["line"], "mypy", f"{found['message']} ({found['code']})")
            )
    return problems


def _run(command: Iterable[str], folder: Path) -> str:
    environment = {**os.environ, "MYPYPATH": "", "NO_COLOR": "1"}
    done = subprocess.run(
        [*command], cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8"
    )
    # 0: nothing found; 1: something found; else the tool itself has failed.
    if done.returncode not in (0, 1) or (done.returncode and not done.stdout.strip()):
        raise ToolError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _below(package: Path, path: str | Path) -> str:
    return Path(path).resolve().relative_to(package.resolve()).as_posix()
