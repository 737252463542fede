"""What is installed is what was built: wheel, source distribution, editable install."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

from helpers.environments import Environment, run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".nox", ".hypothesis", "*_cache", "__pycache__", "dist", "out"
)


def left_out(folder, names):
    """Name what isn't copied: caches, environments and results, among them the root's `build`."""
    of_the_root = {"build"} & {*names} if Path(folder) == ROOT else set()
    return {*_LEFT_OUT(folder, names)} | of_the_root


def state(folder):
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def contents(wheel):
    """Text of each file but for the list of them."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if not name.endswith("RECORD")
        }


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A copy of the checkout, its package up to date."""
    folder = tmp_path_factory.mktemp("checkout") / "voxbind"
    shutil.copytree(ROOT, folder, ignore=left_out)
    run(
        *(sys.executable, "-m", "voxbind_build", "build"),
        cwd=folder,
        PYTHONPATH=str(folder / "generator"),
    )
    return folder


@pytest.fixture(scope="session")
def wheel(checkout, tmp_path_factory):
    """A wheel built as `pip wheel .` does: with the pinned libraries, apart from ours."""
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", out, ".", cwd=checkout)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def sdist(checkout, tmp_path_factory):
    out = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "-o", out, cwd=checkout)
    (made,) = out.glob("*.tar.gz")
    return made


def test_a_build_asks_for_the_wrapped_libraries_and_none_on_a_gpu(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from hatch_build import WrapperBuildHook

    nothing: Any = None  # the hook reads neither of the two configurations
    hook = WrapperBuildHook(str(ROOT), {}, nothing, nothing, "", "wheel")
    wanted = hook.dependencies()
    assert any(each.startswith("scikit-image==") for each in wanted)
    assert not [each for each in wanted if each.startswith(("cupy", "cucim"))]


def test_the_wheel_holds_both_packages_and_nothing_else(wheel, checkout):
    names = set(contents(wheel))
    generated = checkout / "generated" / "voxbind"
    assert {f"voxbind/{path}" for path in state(generated)} <= names
    assert {
        f"voxbind_build/{path}" for path in state(checkout / "generator/voxbind_build")
    } <= names
    assert {f"voxbind_build/templates/{path}" for path in state(checkout / "templates")} <= names
    others = {name for name in names if name.split("/")[0] not in ("voxbind", "voxbind_build")}
    assert {name.split("/")[0].partition("-")[2] for name in others} == {"0.1.0.dist-info"}


def test_the_wheel_needs_numpy_alone(wheel):
    (metadata,) = [text for name, text in contents(wheel).items() if name.endswith("METADATA")]
    needed = Parser().parsestr(metadata.decode()).get_all("Requires-Dist", [])
    assert [need for need in needed if "extra ==" not in need] == ["numpy>=1.26"]


def test_the_wheel_and_the_command_name_the_versions_that_the_record_has(wheel, checkout, tmp_path):
    manifest = json.loads((checkout / "generated" / "voxbind" / "manifest.json").read_text())
    recorded = sorted(
        f"{library['distribution']} {library['version']}"
        for name, library in manifest["libraries"].items()
        if name != "native"
    )
    (metadata,) = [text for name, text in contents(wheel).items() if name.endswith("METADATA")]
    readme, _, versions = metadata.decode().partition("\n## Generated from\n")
    assert readme.endswith((ROOT / "README.md").read_text(encoding="utf-8"))
    assert re.findall("^- (.*)", versions, re.MULTILINE) == recorded
    environment = Environment(tmp_path / "venv", see_ours=True)
    environment.pip("install", "--no-deps", wheel)
    printed = run(environment.folder / "bin" / "voxbind", "--version", cwd=tmp_path)
    assert printed.splitlines() == ["voxbind 0.1.0", *recorded]


def test_an_isolated_build_leaves_the_checkout_as_it_was(wheel, checkout):
    """It measures with the pinned libraries, and finds what the record says."""
    installed = contents(wheel)
    for path, (_, text) in state(checkout / "generated" / "voxbind").items():
        assert installed[f"voxbind/{path}"] == text


def test_the_source_distribution_holds_what_a_build_and_its_tests_need(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in (
        "pyproject.toml",
        "hatch_build.py",
        "LICENSE",
        "noxfile.py",
        "generator/voxbind_build/libraries/skimage.toml",
        "generator/voxbind_build/build/pipeline.py",
        "generator/voxbind_build/recordings/cucim.json",
        "templates/module.py.jinja",
        "templates/runtime/_memory/interface.py",
        "generated/voxbind/manifest.json",
        "generated/voxbind/observations/skimage.json",
        "tests/golden/toylib.toml",
        "tests/golden/expected/toylib/filters.py",
        "tests/packaging/test_packaging.py",
    ):
        assert needed in names
    assert not [name for name in names if "__pycache__" in name or "_cache/" in name]


def test_the_source_distribution_gives_the_same_wheel(sdist, wheel, tmp_path):
    """Built without isolation, with what is installed here."""
    arguments = ("--no-deps", "--no-build-isolation", "-w", tmp_path, sdist)
    run(sys.executable, "-m", "pip", "wheel", *arguments, cwd=tmp_path)
    (made,) = tmp_path.glob("*.whl")
    assert sorted(contents(made)) == sorted(contents(wheel))
    assert contents(made) == contents(wheel)


def test_an_editable_install_serves_the_checkout_and_leaves_it_as_it_was(checkout, tmp_path):
    environment = Environment(tmp_path / "venv", see_ours=True)
    before = state(checkout / "generated")
    environment.pip("install", "--no-deps", "--no-build-isolation", "-e", checkout)
    assert state(checkout / "generated") == before
    code = (
        "import voxbind, voxbind_build, voxbind_build.cli.places as places\n"
        "from voxbind_build.render import templates_dir\n"
        "print(voxbind.__file__, voxbind_build.__file__, places.default_package(), templates_dir())"
    )
    assert environment(code).split() == [
        str(checkout / path)
        for path in (
            "generated/voxbind/__init__.py",
            "generator/voxbind_build/__init__.py",
            "generated/voxbind",
            "templates",
        )
    ]
    run(environment.folder / "bin" / "voxbind", "build", cwd=tmp_path)
    assert state(checkout / "generated") == before


def test_an_empty_environment_with_scikit_image_alone(wheel, tmp_path):
    environment = Environment(tmp_path / "venv")
    environment.pip("install", wheel)
    told = environment("import voxbind, sys; print('numpy' in sys.modules)")
    assert told.strip() == "False"
    missing = environment(
        "import numpy\n"
        "from voxbind.skimage import filters\n"
        "try:\n"
        "    filters.gaussian(numpy.ones((9, 9)))\n"
        "except ImportError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    assert "LibraryMissingError" in missing
    assert "pip install" in missing

    environment.pip("install", f"{wheel}[skimage]")
    told = environment(
        "import numpy, skimage.filters\n"
        "from voxbind.skimage import filters\n"
        "image = numpy.random.default_rng(0).random((32, 40))\n"
        "assert (filters.gaussian(image) == skimage.filters.gaussian(image)).all()\n"
        "print('same')\n"
    )
    assert told.strip() == "same"

    voxbind = subprocess.run(
        [environment.folder / "bin" / "voxbind", "list"], capture_output=True, text=True
    )
    assert voxbind.returncode == 1
    assert "pip install 'voxbind[build]'" in voxbind.stderr


def test_an_installed_voxbind_can_build(wheel, tmp_path):
    environment = Environment(tmp_path / "venv", see_ours=True)
    environment.pip("install", "--no-deps", wheel)
    golden = ROOT / "tests" / "golden"
    out = tmp_path / "package" / "voxbind"
    told = run(
        *(environment.folder / "bin" / "voxbind", "build", "--out", out),
        *("--library", golden / "toylib.toml"),
        cwd=tmp_path,
        PYTHONPATH=str(golden),
    )
    assert "toylib" in told
    made = (out / "toylib" / "filters.py").read_bytes()
    assert made == (golden / "expected" / "toylib" / "filters.py").read_bytes()


def test_a_build_that_fails_fails_the_wheel_and_says_why(checkout, tmp_path):
    copy = tmp_path / "voxbind"
    shutil.copytree(checkout, copy)
    manifest = copy / "generated" / "voxbind" / "manifest.json"
    manifest.write_text(manifest.read_text()[:-1000])
    ran = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "."],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    assert ran.returncode != 0
    assert "voxbind build --fresh" in ran.stdout + ran.stderr
    assert not list(copy.glob("*.whl"))
