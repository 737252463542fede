"""Packages of other projects: their own name, their own record, voxbind's run time."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from voxbind_build.build import pipeline
from voxbind_build.build.own_package import import_root, requirement
from voxbind_build.build.report import BuildError
from voxbind_build.cli import app as cli
from voxbind_build.libraries import SpecError, load
from voxbind_build.manifest import MANIFEST, read
from voxbind_build.model import LibrarySpec

LIBRARY = '''
"""Functions of a lab."""
import numpy as np

__version__ = "1.0"


def rows_even(image):
    """Take the mean of each row out of a (Y, X) image."""
    rows, _ = image.shape
    return image - image.mean(axis=1).reshape(rows, 1)


class Kept:
    """A class of the library."""
'''


NUMBERS = count()


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """A project's folder with a library whose name no other test imports."""
    name = f"own_{next(NUMBERS)}"
    (tmp_path / f"{name}.py").write_text(LIBRARY)
    (tmp_path / f"{name}.toml").write_text(f'name = "{name}"\nmodules = ["{name}"]\n')
    package = tmp_path / "src" / "lab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "py.typed").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def spec(project: Path) -> LibrarySpec:
    (toml,) = project.glob("own_*.toml")
    return load(toml)


def out(project: Path) -> Path:
    return project / "src" / "lab" / "typed"


def build(project: Path, *arguments: str) -> int:
    (toml,) = project.glob("own_*.toml")
    folder = str(out(project))
    return cli.run(
        ["build", "--library", str(toml), "--package", "lab.typed", "--out", folder, *arguments]
    )


def python(project: Path, code: str) -> str:
    run_time = Path(__file__).parents[2] / "generated"
    path = f"{project}:{project / 'src'}:{run_time}"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": path, "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_package_has_its_own_name_everywhere(project: Path) -> None:
    assert build(project) == 0
    manifest = read(out(project) / MANIFEST)
    name = spec(project).name
    function = manifest.libraries[name].functions[f"{name}.rows_even"]
    assert manifest.package == "lab.typed"
    assert function.wrapper == f"lab.typed.{name}.rows_even"
    assert list(json.loads((out(project) / "registry.json").read_text())) == [
        f"{name}.Kept",
        f"{name}.rows_even",
    ]
    code = (
        "import numpy as np, pickle, voxbind\n"
        "from voxbind import registry\n"
        f"from lab.typed import {name} as wrapped\n"
        "volume = np.ones((2, 5, 6))\n"
        "with voxbind.trace() as log:\n"
        "    print(wrapped.rows_even(volume).shape)\n"
        "print(log[0].function, log[0].slices, wrapped.rows_even.__module__)\n"
        "print(voxbind.over(wrapped.rows_even, 'TZYX')(volume[None]).shape)\n"
        "(entry,) = registry.find(package='lab.typed')\n"
        "print(entry.func is wrapped.rows_even, entry.package, 'mean of each row' in entry.doc)\n"
        "print(pickle.loads(pickle.dumps(entry)) is entry)\n"
        "try: registry.find(package='lab.absent')\n"
        "except voxbind.VoxbindError as error: print(error)\n"
    )
    printed = python(project, code).splitlines()
    assert printed[:5] == [
        "(2, 5, 6)",
        f"{name}.rows_even 2 lab.typed.{name}",
        "(1, 2, 5, 6)",
        "True lab.typed True",
        "True",
    ]
    assert "lab.absent" in printed[5]


def test_a_package_from_another_interface_is_refused_at_import(project: Path) -> None:
    assert build(project) == 0
    init = out(project) / "__init__.py"
    init.write_text(init.read_text().replace("interface=1", "interface=2"))
    code = (
        "import voxbind\n"
        "try: import lab.typed\n"
        "except voxbind.StaleWrapperError as error: print(error)\n"
    )
    assert "pip install 'voxbind==0.1.0'" in python(project, code)


def test_the_record_is_used_demanded_or_ignored(project: Path) -> None:
    assert build(project) == 0
    before = (out(project) / MANIFEST).read_bytes()
    specs, place = [spec(project)], out(project)
    (row,) = pipeline.build(specs, place, package="lab.typed").rows
    assert row.source == "unchanged"
    assert build(project, "--recorded") == 0
    (row,) = pipeline.build(specs, place, package="lab.typed", fresh=True).rows
    assert row.measured == 1
    assert (place / MANIFEST).read_bytes() == before
    # Only what is committed is left: the modules are written anew from it.
    for path in place.rglob("*.py"):
        path.unlink()
    assert build(project, "--recorded") == 0
    (source,) = project.glob("own_*.py")
    source.write_text(LIBRARY.replace("axis=1", "axis=-1"))
    with pytest.raises(BuildError, match=r"1 of own_\d+.*The package is unchanged"):
        pipeline.build(specs, place, package="lab.typed", recorded_only=True)
    assert (place / MANIFEST).read_bytes() == before


def test_a_later_build_of_the_folder_keeps_the_package(project: Path) -> None:
    assert build(project) == 0
    report = pipeline.build([spec(project)], out(project))
    assert report.changes.written == () and report.changes.removed == ()
    assert pipeline.check([spec(project)], out(project)).agrees


def test_a_library_that_the_project_names_no_longer_is_removed(project: Path) -> None:
    assert build(project) == 0
    (project / "other_points.py").write_text(LIBRARY)
    other = project / "other.toml"
    other.write_text('name = "other_points"\nmodules = ["other_points"]\n')
    pipeline.build([load(other)], out(project), package="lab.typed")
    manifest = read(out(project) / MANIFEST)
    assert list(manifest.libraries) == ["other_points"]
    assert not (out(project) / f"{spec(project).name}.py").exists()


def test_a_library_that_cannot_be_read_stops_the_build(project: Path) -> None:
    assert build(project) == 0
    before = (out(project) / MANIFEST).read_bytes()
    absent = project / "absent.toml"
    absent.write_text('name = "absent_lab"\nmodules = ["absent_lab"]\n')
    with pytest.raises(BuildError, match="absent_lab"):
        pipeline.build([load(absent)], out(project), package="lab.typed")
    assert (out(project) / MANIFEST).read_bytes() == before


def test_another_package_in_the_folder_is_not_overwritten(project: Path) -> None:
    assert build(project) == 0
    moved = project / "src" / "den" / "typed"
    moved.parent.mkdir()
    out(project).rename(moved)
    with pytest.raises(BuildError, match=r"holds the package lab\.typed"):
        pipeline.build([spec(project)], moved, package="den.typed")


@pytest.mark.parametrize(
    ("package", "folder", "words"),
    [
        ("lab.typed", "src/lab/types", "must end in lab/typed"),
        ("lab.typed", "typed", "must end in lab/typed"),
        ("lab-typed", "lab-typed", "isn't a dotted name"),
        ("lab..typed", "lab/typed", "isn't a dotted name"),
        ("", "lab", "isn't a dotted name"),
        ("lab.class", "lab/class", "isn't a dotted name"),
        ("voxbind.lab", "voxbind/lab", "below voxbind's own package"),
        ("voxbind", "voxbind", "below voxbind's own package"),
    ],
)
def test_a_wrong_name_or_folder_is_named(package: str, folder: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        import_root(package, Path(folder))


def test_the_folder_that_a_package_is_imported_from() -> None:
    assert import_root("lab.typed", Path("/x/src/lab/typed")) == Path("/x/src")
    assert import_root("lab", Path("/x/lab")) == Path("/x")


def test_a_package_without_the_mark_of_types_is_reported(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src" / "lab" / "py.typed").unlink()
    assert build(project) == 0
    assert "lab has no file py.typed" in " ".join("".join(capsys.readouterr()).split())


@pytest.mark.parametrize(
    ("version", "required"),
    [
        ("0.1.0", "voxbind>=0.1.0,<0.2"),
        ("0.12.3+skimage0.26", "voxbind>=0.12.3,<0.13"),
        ("1.4.0", "voxbind>=1.4.0,<1.5"),
    ],
)
def test_the_run_time_that_a_wheel_requires(version: str, required: str) -> None:
    assert requirement(version) == required


def test_a_library_may_have_a_name_that_voxbind_uses_itself(project: Path) -> None:
    (project / "errors.py").write_text(LIBRARY)
    toml = project / "errors.toml"
    toml.write_text('name = "errors"\nmodules = ["errors"]\n')
    pipeline.build([load(toml)], out(project), package="lab.typed")
    assert python(project, "from lab.typed import errors; print(errors.Kept.__name__)") == "Kept\n"


def test_an_unreadable_manifest_of_another_package_is_not_replaced(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(project) == 0
    path = out(project) / MANIFEST
    path.write_text(path.read_text().replace('"lab.typed"', '"lab.typed" '))
    before = path.read_bytes()
    (toml,) = project.glob("own_*.toml")
    code = cli.run(["build", "--fresh", "--library", str(toml), "--out", str(out(project))])
    assert code == 2
    assert "add --package lab.typed" in capsys.readouterr().err.replace("\n", " ")
    assert path.read_bytes() == before
