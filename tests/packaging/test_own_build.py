"""Other projects generate their own typed wrappers while they are built: the sample projects."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from helpers.environments import Environment, run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", ".nox", ".hypothesis", "*_cache", "__pycache__", "dist", "typed"),
    *("*.egg-info", "build", "out"),
)
TOOLS = ("numpy", "scipy")
"""What the empty environment has: the libraries that the sample projects require."""


def folder_state(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def pip_wheel(environment: Environment, project: Path, out: Path) -> Path:
    """Build a project's wheel with what the environment has."""
    environment.pip("wheel", "-v", "--no-deps", "--no-build-isolation", "-w", out, project)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def voxbind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of voxbind itself."""
    checkout = tmp_path_factory.mktemp("checkout") / "voxbind"
    # Below the generator there is a package named `build`.
    shutil.copytree(
        ROOT,
        checkout,
        ignore=shutil.ignore_patterns(
            ".git", ".venv", ".nox", ".hypothesis", "*_cache", "__pycache__", "dist", "typed"
        ),
    )
    out = tmp_path_factory.mktemp("voxbind")
    arguments = ("--no-deps", "--no-build-isolation", "-w", out, checkout)
    run(sys.executable, "-m", "pip", "wheel", *arguments, cwd=out)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def builder(voxbind: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with voxbind installed, and the tools of its extra `build`."""
    environment = Environment(tmp_path_factory.mktemp("builder") / "venv", see_ours=True)
    environment.pip("install", "--no-deps", voxbind)
    # Python 3.11 puts a setuptools that is too old into each environment.
    environment.pip("uninstall", "--yes", "setuptools")
    return environment


@pytest.fixture(scope="module")
def labwrap(builder: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the sample project that uses the hook."""
    project = tmp_path_factory.mktemp("labwrap") / "labwrap"
    shutil.copytree(EXAMPLES / "labwrap", project, ignore=LEFT_OUT)
    return pip_wheel(builder, project, tmp_path_factory.mktemp("labwrap-wheel"))


@pytest.fixture(scope="module")
def spotwrap(builder: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the sample project that is built with setuptools after a command of voxbind."""
    project = tmp_path_factory.mktemp("spotwrap") / "spotwrap"
    shutil.copytree(EXAMPLES / "spotwrap", project, ignore=LEFT_OUT)
    readme = (project / "README.md").read_text(encoding="utf-8")
    (command,) = [line for line in readme.splitlines() if line.startswith("voxbind build")]
    program, *arguments = command.split()
    run(builder.folder / "bin" / program, *arguments, cwd=project)
    return pip_wheel(builder, project, tmp_path_factory.mktemp("spotwrap-wheel"))


@pytest.fixture(scope="module")
def user(
    voxbind: Path, labwrap: Path, spotwrap: Path, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """An environment with NumPy and SciPy, into which both projects are installed."""
    environment = Environment(tmp_path_factory.mktemp("user") / "venv")
    ours = Path(sysconfig.get_path("purelib"))
    for name in TOOLS:
        for pattern in (name, f"{name}.libs", f"{name}-*.dist-info"):
            for path in ours.glob(pattern):
                (environment.site / path.name).symlink_to(path)
    wheels = [voxbind.parent, labwrap.parent, spotwrap.parent]
    links = [argument for folder in wheels for argument in ("--find-links", folder)]
    # pip finds voxbind since the wheels require it.
    environment.pip("install", "--no-index", *links, "labwrap", "spotwrap")
    return environment


def test_the_wheel_holds_the_wrappers_and_requires_the_run_time(labwrap: Path) -> None:
    with zipfile.ZipFile(labwrap) as archive:
        names = set(archive.namelist())
        (metadata,) = [name for name in names if name.endswith("/METADATA")]
        required = Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist", [])
        manifest = json.loads(archive.read("labwrap/typed/manifest.json"))
    typed = {name.removeprefix("labwrap/typed/") for name in names if "/typed/" in name}
    assert typed == {*manifest["files"], "manifest.json"}
    assert {"labfilters.py", "observations/labfilters.json", "py.typed"} <= typed
    assert sorted(required) == ["scipy>=1.14", "voxbind", "voxbind>=0.1.0,<0.2"]
    assert manifest["package"] == "labwrap.typed"
    functions = manifest["libraries"]["labfilters"]["functions"]
    assert functions["labfilters.flatten"]["wrapper"] == "labwrap.typed.labfilters.flatten"
    assert functions["labfilters.flatten"]["contract"] == "PURE_2D"
    assert functions["labfilters.bright_spots"]["contract"] == "FLEXIBLE"


def test_an_installed_project_works_beside_another_one_and_voxbind(user: Environment) -> None:
    program = EXAMPLES / "labwrap" / "tests" / "use.py"
    run(user.python, program, cwd=user.folder)
    code = (
        "import numpy as np, voxbind\n"
        "from labwrap.typed import labfilters\n"
        "from spotwrap.typed import spots\n"
        "from voxbind.scipy import ndimage\n"
        "from voxbind import registry\n"
        "volume = np.random.default_rng(0).random((3, 20, 30))\n"
        "with voxbind.trace() as log:\n"
        "    spots.widen(labfilters.bright_spots(volume), slice_by_slice=True)\n"
        "    ndimage.gaussian_filter(volume, 1)\n"
        "print([call.function for call in log])\n"
        "print([sorted({entry.library for entry in registry.find(package=package)})\n"
        "       for package in ('labwrap.typed', 'spotwrap.typed')])\n"
        "print('spots' in {entry.library for entry in registry.find()})\n"
        "try:\n"
        "    labfilters.flatten(np.zeros((2, 2, 2, 2, 2)))\n"
        "except voxbind.DimensionError as error:\n"
        "    print(error)\n"
    )
    calls, libraries, in_voxbind, refusal = user(code).splitlines()
    assert calls == str(["labfilters.bright_spots", "spots.widen", "scipy.ndimage.gaussian_filter"])
    assert libraries == str([["labfilters"], ["spots"]])
    assert in_voxbind == "False"
    assert "flatten" in refusal


def test_type_checkers_read_the_types_of_an_installed_project(
    user: Environment, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    text = (EXAMPLES / "labwrap" / "tests" / "use.py").read_text(encoding="utf-8")
    program.write_text(text + 'labfilters.flatten(volume, radius="wide")\n')
    wrong = text.count("\n") + 1
    python = str(user.python)
    mypy = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, str(program)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": "", "MYPYPATH": ""},
        capture_output=True,
        text=True,
    )
    assert f"program.py:{wrong}: error" in mypy.stdout, mypy.stdout + mypy.stderr
    assert "Found 1 error in 1 file" in mypy.stdout or mypy.stdout.count("error:") == 1
    pyright = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--pythonpath", python, "--outputjson", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    reports = json.loads(pyright.stdout)["generalDiagnostics"]
    errors = [report for report in reports if report["severity"] == "error"]
    assert {report["range"]["start"]["line"] + 1 for report in errors} == {wrong}, pyright.stdout


def test_the_source_distribution_gives_the_same_wheel(
    builder: Environment, labwrap: Path, tmp_path: Path
) -> None:
    project = tmp_path / "labwrap"
    shutil.copytree(EXAMPLES / "labwrap", project, ignore=LEFT_OUT)
    run(builder.python, "-m", "build", "--no-isolation", "-o", tmp_path / "out", cwd=project)
    assert not (project / "src" / "labwrap" / "typed").exists()  # built from the sdist
    (wheel,) = (tmp_path / "out").glob("*.whl")

    def contents(path: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    assert contents(wheel) == contents(labwrap)


def test_an_editable_install_and_builds_that_fail(voxbind: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv", see_ours=True)
    environment.pip("install", "--no-deps", voxbind)
    project = tmp_path / "labwrap"
    shutil.copytree(EXAMPLES / "labwrap", project, ignore=LEFT_OUT)
    install = ("install", "--no-deps", "--no-build-isolation", "-e", project)
    environment.pip(*install)
    code = "from labwrap.typed import labfilters; print(labfilters.flatten.__module__)"
    assert environment(code).strip() == "labwrap.typed.labfilters"
    typed = project / "src" / "labwrap" / "typed"
    before = folder_state(typed)

    settings = project / "pyproject.toml"
    toml = project / "labfilters.toml"
    texts = {path: path.read_text(encoding="utf-8") for path in (settings, toml)}

    def failure(path: Path, old: str, new: str) -> str:
        assert old in texts[path]
        path.write_text(texts[path].replace(old, new), encoding="utf-8")
        ran = subprocess.run(
            [environment.python, "-m", "pip", *map(str, install)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
        )
        path.write_text(texts[path], encoding="utf-8")
        assert ran.returncode != 0
        assert folder_state(typed) == before
        assert "Traceback" not in ran.stdout + ran.stderr
        return " ".join((ran.stdout + ran.stderr).split())

    assert "memory_type" in failure(toml, '"numpy"', '"nmupy"')
    assert "labfilter.toml" in failure(settings, '"labfilters.toml"', '"labfilter.toml"')
    assert "must end in labwrap/typed" in failure(settings, "src/labwrap/typed", "src/labwrap/t")
    assert "'ignore', 'require', 'use'" in failure(settings, '"use"', '"sometimes"')
    assert "unknown key 'librarys'" in failure(settings, "libraries =", "librarys =")
    assert environment(code).strip() == "labwrap.typed.labfilters"

    # The record is there, and valid until the library changes.
    settings.write_text(texts[settings].replace('"use"', '"require"'), encoding="utf-8")
    environment.pip(*install)
    assert folder_state(typed) == before
    source = project / "src" / "labfilters" / "__init__.py"
    texts[source] = source.read_text(encoding="utf-8")
    assert "3 of labfilters" in failure(source, "image > threshold", "image >= threshold")
