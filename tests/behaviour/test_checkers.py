"""The type checkers at their strictest find nothing, with the libraries and without them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "generated"


ALL, NONE = "with all libraries", "without any"


@pytest.fixture(scope="module", params=[ALL, NONE])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that a program is checked for."""
    if request.param == ALL:
        return Path(sys.executable)
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


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


# The build and `nox -s tests` run it as well, without any library.
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
