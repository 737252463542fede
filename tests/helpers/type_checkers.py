"""Type checkers, each run on one program in an environment of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

__all__ = ["CHECKERS", "in_short", "interpreter"]

ROOT = Path(__file__).parents[2]


def interpreter(environment: str, folder: Path) -> str:
    """Return a Python that has NumPy and one library installed, or all libraries."""
    if environment == "all":
        return sys.executable
    venv.create(folder, with_pip=False, symlinks=True)
    [packages] = folder.glob("[Ll]ib/**/site-packages")
    for name in {"numpy", environment}:
        found = importlib.util.find_spec(name)
        assert found is not None and found.submodule_search_locations is not None
        (packages / name).symlink_to(found.submodule_search_locations[0])
    [python] = folder.glob("bin/python" if os.name == "posix" else "Scripts/python.exe")
    return str(python)


def run(*command: str, folder: Path, **more: str) -> str:
    """Run a checker, which must not fail by itself."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**environment, "NO_COLOR": "1", **more},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


Told = tuple[dict[int, str], dict[int, str]]
"""By line of the program, what a checker reveals, and what it refuses."""


def mypy(folder: Path, python: str, environment: str) -> Told:
    # A checker reads libraries once: what it knows of each environment stays in the checkout.
    cached = ROOT / ".mypy_cache" / ("" if environment == "all" else f"with_{environment}")
    told = run(
        "mypy",
        "--strict",
        "--output=json",
        "--no-error-summary",
        f"--cache-dir={cached}",
        f"--python-executable={python}",
        "program.py",
        folder=folder,
        MYPYPATH=str(ROOT / "generated"),
    )
    revealed: dict[int, str] = {}
    refused: dict[int, str] = {}
    for found in map(json.loads, told.splitlines()):
        if found["message"].startswith("Revealed type is"):
            revealed[found["line"]] = found["message"].split('"')[1]
        elif found["severity"] == "error":
            # What is wrong in the package itself is on no line of the program.
            refused[found["line"] if found["file"] == "program.py" else 0] = found["message"]
    return revealed, refused


def basedpyright(folder: Path, python: str, environment: str) -> Told:
    pytest.importorskip("basedpyright")
    settings: dict[str, object] = {
        "extraPaths": [str(ROOT / "generated")],
        "typeCheckingMode": "strict",
    }
    # A line that shows what Any or a misuse comes to is there for that.
    unknown = ("Argument", "Member", "Variable")
    settings |= {f"reportUnknown{each}Type": False for each in unknown}
    settings |= {"reportUnusedExpression": False, "reportUnusedImport": False}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    told = json.loads(
        run("basedpyright", "--outputjson", f"--pythonpath={python}", "program.py", folder=folder)
    )
    revealed: dict[int, str] = {}
    refused: dict[int, str] = {}
    for found in told["generalDiagnostics"]:
        line = found["range"]["start"]["line"] + 1
        if found["severity"] == "information":
            revealed[line] = found["message"].partition('" is "')[2].rstrip('"')
        elif found["severity"] == "error":
            refused[line] = found["message"]
    return revealed, refused


CHECKERS = {"mypy": mypy, "basedpyright": basedpyright}


_NAMES = {
    "floating[_32Bit]": "float32",
    "unsignedinteger[_8Bit]": "uint8",
    "bool[bool]": "bool",
    "Unknown": "Any",
}


def in_short(revealed: str) -> str:
    """Write a type as people do, however a checker writes it."""
    text = re.sub(r"\b(?:[A-Za-z_]\w*\.)+(?=\w)", "", revealed)
    for long, short in _NAMES.items():
        text = text.replace(long, short)
    return re.sub(r"ndarray\[tuple\[(?:Any|int), \.\.\.\], dtype\[(\w+)\]\]", r"NDArray[\1]", text)
