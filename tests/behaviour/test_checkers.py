"""The type checkers at their strictest find nothing, with the libraries and without them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers.type_checkers import interpreter

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "generated"


ALL, NONE = "with all libraries", "with NumPy alone"


@pytest.fixture(scope="module", params=[ALL, NONE])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that a program is checked for."""
    if request.param == ALL:
        return Path(sys.executable)
    return Path(interpreter("numpy", tmp_path_factory.mktemp("bare")))


def told(*command: str, python: Path) -> str:
    """Return what a checker of this environment tells of the package in another."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        "PATH": os.pathsep.join([str(python.parent), os.defpath]),
        "PYTHONPATH": str(GENERATED),
        "NO_COLOR": "1",
    }
    checker = Path(sys.executable).parent / command[0]
    done = subprocess.run(
        [str(checker), *command[1:]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def based(*options: str, python: Path) -> dict[str, Any]:
    """Return basedpyright's report."""
    report: dict[str, Any] = json.loads(
        told("basedpyright", *options, "--outputjson", python=python)
    )
    return report


def test_basedpyright_finds_nothing_in_strict_mode(python: Path) -> None:
    report = based("--project", str(ROOT), "--pythonpath", str(python), python=python)
    modules = [*(GENERATED / "voxbind").rglob("*.py")]
    assert report["summary"]["filesAnalyzed"] == len(modules)
    assert [_line(each) for each in report["generalDiagnostics"]] == []


def test_all_types_that_the_package_shows_are_known(python: Path) -> None:
    report = based("--verifytypes", "voxbind", "--ignoreexternal", python=python)
    shown = report["typeCompleteness"]
    assert Path(shown["packageRootDirectory"]).samefile(GENERATED / "voxbind")
    unknown = [
        _line(told)
        for symbol in shown["symbols"]
        if symbol["isTypeAmbiguous"] or not symbol["isTypeKnown"]
        for told in symbol["diagnostics"]
    ]
    assert unknown == []
    assert shown["completenessScore"] == 1


# The build and `nox -s tests` run it as well.
@pytest.mark.parametrize("python", [NONE], indirect=True)
def test_mypy_finds_nothing_in_strict_mode(python: Path, tmp_path: Path) -> None:
    executable = f"--python-executable={python}"
    cache = f"--cache-dir={tmp_path}"
    found = told(
        "mypy", "--strict", "--no-error-summary", executable, cache, "generated", python=python
    )
    assert found == ""


def _line(found: dict[str, Any]) -> str:
    """Return a diagnostic as one line."""
    file = Path(found["file"])
    place = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    rule = found.get("rule", found["severity"])
    return f"{place}:{found['range']['start']['line'] + 1}: {found['message']} ({rule})"


# --- programs ----------------------------------------------------------------------------

PROGRAMS = Path(__file__).parent / "programs"
LINE = re.compile(r"\b(accepted|refused)\.py:(\d+)")
CHECKERS = {
    "mypy": ("mypy", "--strict", "--config-file=", "--ignore-missing-imports", "--cache-dir=cache"),
    "basedpyright": ("basedpyright", "--level=error", "--pythonpath={python}"),
    "ty": ("ty", "check", "--python={python}", "--output-format=concise"),
    "pyrefly": (
        *("pyrefly", "check", "--preset=default", "--python-interpreter-path={python}"),
        "--output-format=min-text",
    ),
}
"""Commands to check a program, for the interpreter whose libraries it imports."""


def errors(checker: str, program: str, folder: Path) -> dict[int, str]:
    """Return the errors of a checker in a program, by line."""
    pytest.importorskip(checker, reason=f"{checker} isn't installed")
    (folder / f"{program}.py").write_bytes((PROGRAMS / f"{program}.py").read_bytes())
    command = [part.format(python=sys.executable) for part in CHECKERS[checker]]
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:], f"{program}.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(GENERATED), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    lines = [line for line in done.stdout.splitlines() if "error" in line.lower()]
    return {int(match[2]): line for line in lines if (match := LINE.search(line))}


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_checker_accepts_right_programs(checker: str, tmp_path: Path) -> None:
    assert errors(checker, "accepted", tmp_path) == {}


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_checker_refuses_each_wrong_line(checker: str, tmp_path: Path) -> None:
    lines = (PROGRAMS / "refused.py").read_text(encoding="utf-8").splitlines()
    wrong = range(lines.index("# --- each line is wrong") + 2, len(lines) + 1)
    refused = errors(checker, "refused", tmp_path)
    assert [lines[number - 1] for number in wrong if number not in refused] == []
    assert refused.keys() - {*wrong} == set()


def test_right_programs_run() -> None:
    command = [sys.executable, "-W", "ignore", str(PROGRAMS / "accepted.py")]
    environment = {**os.environ, "PYTHONPATH": str(GENERATED)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
