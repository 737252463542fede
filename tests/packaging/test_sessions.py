"""What runs before a commit, in CI and at a person's hand is the same, in a good order."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from helpers import scheduling

ROOT = Path(__file__).parents[2]
NOXFILE = (ROOT / "noxfile.py").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
INDEPENDENT = """
import pathlib, time
import pytest

FOLDER = pathlib.Path(__file__).parent

@pytest.mark.parametrize("own, other", [(0, 1), (1, 0)])
def test_meets_the_other(own, other):
    (FOLDER / str(own)).touch()
    end = time.monotonic() + 60
    while not (FOLDER / str(other)).exists():
        assert time.monotonic() < end, "the other test doesn't run at the same time"
        time.sleep(0.01)
"""
WHOLE = """
import os
import pytest

@pytest.fixture(scope="module")
def worker():
    return os.getpid()

@pytest.mark.parametrize("number", range(COUNT))
def test_is_in_one_process(worker, number):
    with open("NAME.log", "a") as log:
        print(os.getpid(), file=log)
"""
CONFTEST = """
from helpers import scheduling
scheduling.INDEPENDENT = ("test_z_independent.py",)
scheduling.LONGEST = ("test_z_independent.py", "test_y_long.py")

def pytest_collection_modifyitems(items):
    scheduling.longest_first(items)

def pytest_xdist_make_scheduler(config, log):
    return scheduling.Scheduling(config, log)
"""


def lint_commands() -> list[str]:
    """Return `LINT` of the noxfile, which is not imported: nox may not be here."""
    for statement in ast.parse(NOXFILE).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "LINT":
            return list(ast.literal_eval(statement.value))
    raise AssertionError("the noxfile has no LINT")


def sessions() -> set[str]:
    return {
        statement.name
        for statement in ast.parse(NOXFILE).body
        if isinstance(statement, ast.FunctionDef)
        and any(ast.unparse(each).startswith("nox.session") for each in statement.decorator_list)
    }


def test_a_commit_is_checked_by_what_nox_runs() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"^ +entry: (.+)$", hooks, re.MULTILINE)
    assert entries == [*lint_commands(), "voxbind check"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_sessions_that_there_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    listed = re.findall(r"\bsession: (?:\[(.+?)\]|(\w+))", text)
    names = {name for pair in listed for name in ", ".join(filter(None, pair)).split(", ")}
    names |= set(re.findall(r"nox -s (\w+)", text))
    assert names
    assert names <= sessions()


@pytest.mark.parametrize("extra", ["skimage", "scipy", "opencl"])
def test_the_oldest_version_that_an_extra_takes_is_the_one_that_is_tested(extra: str) -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (requirement,) = pyproject["project"]["optional-dependencies"][extra]
    name, _, bounds = requirement.partition(">=")
    lowest = bounds.partition(",")[0]
    assert f"{name}=={lowest}.*" in pyproject["dependency-groups"]["versions"]


def test_files_that_start_first_are_there() -> None:
    assert [file for file in scheduling.LONGEST if not (ROOT / file).is_file()] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four test files: one is independent, and one, with the fewest tests, is long."""
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_z_independent.py").write_text(INDEPENDENT)
    for name, count in (("a_short", 6), ("b_short", 6), ("y_long", 1)):
        text = WHOLE.replace("NAME", name).replace("COUNT", str(count))
        (tmp_path / f"test_{name}.py").write_text(text)
    return tmp_path


def run_tests(folder: Path, *options: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_only_independent_files_are_spread_over_the_workers(folder: Path) -> None:
    printed = run_tests(folder, "-n", "2")
    for name in ("a_short", "b_short", "y_long"):
        assert len({*(folder / f"{name}.log").read_text().split()}) == 1, printed


def test_long_files_start_first_however_few_tests_they_have(folder: Path) -> None:
    printed = run_tests(folder, "-n", "1", "--ignore", "test_z_independent.py")
    ran = re.findall(r"PASSED test_(\w+)\.py", printed)
    assert ran == ["y_long"] + ["a_short"] * 6 + ["b_short"] * 6


SESSION = """
import sys
sys.path.append({root!r})
import nox
import noxfile

@nox.session(venv_backend="none")
def check(session):
    noxfile.run_tests(session)
"""
PASSES_ALONE = """
import pathlib
import pytest

def test_passes_alone():
    before = pathlib.Path("ran")
    has_run = before.exists()
    before.touch()
    assert has_run
"""


@pytest.mark.parametrize(
    ("more", "passes", "printed"),
    [
        pytest.param("", True, r"(?s)1 failed.+1 passed", id="one passes alone"),
        pytest.param("assert 0", False, r"(?s)2 failed.+1 failed, 1 passed", id="one fails again"),
        pytest.param("assert not number", False, r"9 tests failed", id="many fail"),
    ],
)
def test_the_few_tests_that_fail_beside_others_run_again_alone(
    tmp_path: Path, more: str, passes: bool, printed: str
) -> None:
    (tmp_path / "pytest.ini").touch()
    numbers = "(-1,)" if more == "assert 0" else "range(-8, 0)"
    test = f"@pytest.mark.parametrize('number', {numbers})\ndef test_more(number): {more}"
    (tmp_path / "test_it.py").write_text(PASSES_ALONE + (test if more else ""))
    (tmp_path / "sessions.py").write_text(SESSION.format(root=str(ROOT)))
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    plugins = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}
    ended = subprocess.run(
        [sys.executable, "-m", "nox", "-f", "sessions.py", "-s", "check"],
        cwd=tmp_path,
        env={**os.environ, **plugins, "PATH": commands},
        capture_output=True,
        text=True,
        check=False,
    )
    shown = ended.stdout + ended.stderr
    assert (ended.returncode == 0) == passes, shown
    assert re.search(printed, shown), shown
