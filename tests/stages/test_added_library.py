"""What adding a library to voxbind takes: its TOML, an extra in pyproject.toml, and no more."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from voxbind_build import libraries

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parents[1] / "golden"
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".voxbind.*")
TOOLS = ("cupy", "pyclesperanto")
"""Libraries that the generator itself imports as memories, which mypy must be told of."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout to which the toy library was added, by a TOML and an extra."""
    folder = tmp_path_factory.mktemp("added") / "voxbind"
    for name in ("generator", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    for name in ("pyproject.toml", "hatch_build.py", "noxfile.py"):
        shutil.copy(ROOT / name, folder)
    toml = (GOLDEN / "toylib.toml").read_text()
    toml = toml.replace("distribution", 'extra = "toy"\ndistribution')
    (folder / "generator" / "voxbind_build" / "libraries" / "toylib.toml").write_text(toml)
    project = folder / "pyproject.toml"
    extras = "[project.optional-dependencies]\n"
    project.write_text(project.read_text().replace(extras, f'{extras}toy = ["toylib>=1"]\n'))
    return folder


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = [str(checkout / "generator"), str(GOLDEN), *filter(None, sys.path)]
    return subprocess.run(
        [sys.executable, *command],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=False,
    )


HOOK = """
import sys
sys.path.insert(0, ".")
from hatch_build import WrapperBuildHook
print(WrapperBuildHook(".", {}, None, None, "", "wheel").dependencies())
"""


def test_the_library_is_known_by_its_name_and_built(checkout: Path) -> None:
    assert "'toylib>=1'" in run(checkout, "-c", HOOK).stdout
    built = run(checkout, "-m", "voxbind_build", "build", "--library", "toylib", "--json")
    assert built.returncode == 0, built.stderr
    (row,) = json.loads(built.stdout)["rows"]
    assert (row["library"], row["source"]) == ("toylib", "measured")
    package = checkout / "generated" / "voxbind"
    assert (package / "toylib" / "filters.py").is_file()
    checked = run(checkout, "-m", "voxbind_build", "check", "--library", "toylib")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "'toylib==1.0'" in run(checkout, "-c", HOOK).stdout


def test_the_extra_is_one_of_the_checkouts(checkout: Path) -> None:
    project = checkout / "pyproject.toml"
    text = project.read_text()
    project.write_text(text.replace("toy = [", "other = ["))
    try:
        refused = run(checkout, "-m", "voxbind_build", "doctor")
    finally:
        project.write_text(text)
    assert refused.returncode == 2
    assert "toylib.toml: at extra: voxbind has no extra 'toy'" in refused.stderr


@pytest.mark.parametrize("damage", ["name = ", 'nmae = "x"', b"\xff\xfe"])
def test_the_hook_says_in_one_message_what_is_wrong_with_a_toml(
    checkout: Path, damage: str | bytes
) -> None:
    wrong = checkout / "generator" / "voxbind_build" / "libraries" / "wrong.toml"
    wrong.write_bytes(damage if isinstance(damage, bytes) else damage.encode())
    try:
        failed = run(checkout, "-c", HOOK)
        built = run(
            checkout,
            "-c",
            HOOK.replace("print(", "(").replace("dependencies()", "initialize('', {})"),
        )
    finally:
        wrong.unlink()
    for done in (failed, built):
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert re.search(
            r"voxbind's wrappers can't be built: .*wrong\.toml: ", done.stderr + done.stdout
        )


def test_no_list_of_libraries_is_kept_by_hand() -> None:
    """Neither for the checkers, nor for nox."""
    packages = {spec.package for spec in libraries.builtin()} - {*TOOLS, "native"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    del project["tool"]["voxbind"]["changes"]  # the versions that docs/changes compares
    for tool, options in project["tool"].items():
        for package in packages:
            assert not re.search(rf"\b{package}\b", json.dumps(options)), tool
    nox = (ROOT / "noxfile.py").read_text()
    for spec in libraries.builtin():
        for distribution in (spec.distribution, *spec.also) if not spec.home else ():
            assert not re.search(rf'"{distribution}\b', nox)
