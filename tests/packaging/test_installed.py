"""Builds of an installed package, and wheels of it: pip knows the files that there are."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

import pytest

from helpers.environments import Environment
from voxbind_build import manifest
from voxbind_build.build.installed_files import InstalledFiles
from voxbind_build.build.report import BuildError
from voxbind_build.build.wheel import _version
from voxbind_build.cli import app as cli

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[1] / "golden"
FUNCTION = '''
def NAME(image):
    """Negate.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return -image
'''


@pytest.fixture(scope="module")
def wheel(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the toy library's package, as the command writes it."""
    return write_wheel(built, tmp_path_factory.mktemp("wheel"))


def write_wheel(package: Path, folder: Path) -> Path:
    arguments = ["--library", str(GOLDEN / "toylib.toml"), "--out", str(package)]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(GOLDEN)  # the command adds this folder, and leaves it there
        assert cli.run(["build", *arguments, "--wheel", str(folder)]) == 0
    (made,) = folder.iterdir()
    return made


@pytest.fixture
def environment(wheel: Path, tmp_path: Path) -> Environment:
    """An environment with the wheel installed, and with the generator's tools."""
    made = Environment(tmp_path / "venv", see_ours=True)
    made.pip("install", "--no-deps", wheel)
    return made


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A lab's own library, of two modules."""
    folder = tmp_path / "lab" / "mylab"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('__version__ = "1.0"\n')
    for name in ("negating", "turning"):
        (folder / f"{name}.py").write_text(FUNCTION.replace("NAME", name))
    toml = tmp_path / "lab" / "mylab.toml"
    toml.write_text('name = "mylab"\nmodules = ["mylab.negating", "mylab.turning"]\n')
    return toml


def voxbind_build(environment: Environment, toml: Path) -> subprocess.CompletedProcess[str]:
    """Build in place, with what is installed in the environment."""
    return subprocess.run(
        [str(environment.folder / "bin" / "voxbind"), "build", "--library", str(toml)],
        cwd=environment.folder,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def build(environment: Environment, toml: Path) -> str:
    """Build in place, and return the lines that the build prints beside its report."""
    ran = voxbind_build(environment, toml)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stderr


def record_of(environment: Environment) -> Path:
    (record,) = environment.site.glob("voxbind-*.dist-info/RECORD")
    return record


def untrue_rows(text: str, read: Callable[[str], bytes]) -> Iterator[str]:
    """Yield the paths whose files aren't what a RECORD says of them."""
    for path, digest, size in csv.reader(io.StringIO(text)):
        try:
            data = read(path)
        except (OSError, KeyError):
            yield path
            continue
        if not digest:
            continue
        kind, _, value = digest.partition("=")
        seen = base64.urlsafe_b64encode(hashlib.new(kind, data).digest()).rstrip(b"=").decode()
        if (value, size) != (seen, str(len(data))):
            yield path


def assert_record_is_true(environment: Environment) -> set[str]:
    """Compare RECORD with the files, and return the package's files that it lists."""
    site, text = environment.site, record_of(environment).read_text()
    assert [*untrue_rows(text, lambda path: (site / path).read_bytes())] == []
    paths = [path for path, *_ in csv.reader(io.StringIO(text))]
    assert len({*paths}) == len(paths)
    listed = {path for path in paths if path.startswith("voxbind/") and "__pycache__" not in path}
    assert listed == {
        path.relative_to(site).as_posix()
        for path in (site / "voxbind").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return listed


def test_pip_knows_all_files_of_a_package_that_was_built_in_place(
    environment: Environment, lab: Path
) -> None:
    before = assert_record_is_true(environment)
    build(environment, lab)
    added = assert_record_is_true(environment) - before
    assert {"voxbind/mylab/negating.py", "voxbind/mylab/turning.py"} < added
    told = environment(
        "import sys; sys.path.append('lab')\n"
        "from voxbind import registry\n"
        "print(*sorted(name for name in registry.functions() if name.startswith('mylab')))\n"
    )
    assert told.split() == ["mylab.negating.negating", "mylab.turning.turning"]

    lab.write_text(lab.read_text().replace(', "mylab.turning"', ""))
    (lab.parent / "mylab" / "turning.py").unlink()
    build(environment, lab)
    assert "voxbind/mylab/turning.py" in added - assert_record_is_true(environment)
    record = record_of(environment)
    written = record.stat().st_mtime_ns
    build(environment, lab)
    assert record.stat().st_mtime_ns == written

    # A build that was killed after it wrote the package: the next one brings the list up to date.
    rows = record.read_text().splitlines(keepends=True)
    record.write_text("".join(row for row in rows if "mylab" not in row))
    build(environment, lab)
    assert_record_is_true(environment)

    environment.pip("uninstall", "--yes", "voxbind")
    assert [path.name for path in environment.site.glob("*voxbind*")] == []
    assert [path.name for path in environment.site.glob(".*")] == []
    assert not (environment.folder / "bin" / "voxbind").exists()


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not listed"])
def test_a_new_installation_leaves_nothing_that_stops_a_build(
    environment: Environment, wheel: Path, lab: Path, listed: bool
) -> None:
    """Not listed: as after a build of a voxbind that left RECORD as it was."""
    record = record_of(environment)
    installed = record.read_text()
    build(environment, lab)
    if not listed:
        record.write_text(installed)
    environment.pip("install", "--no-deps", "--force-reinstall", wheel)
    left = environment.site / "voxbind" / "mylab" / "negating.py"
    assert left.exists() is not listed
    printed = build(environment, GOLDEN / "toylib.toml")
    assert ("written by an earlier build and aren't in the manifest" in printed) is not listed
    assert not left.exists()
    assert_record_is_true(environment)
    # A file of a person's own still stops a build.
    left.parent.mkdir()
    left.write_text('"""Generated by hand. Do not edit."""\n')
    ran = voxbind_build(environment, GOLDEN / "toylib.toml")
    assert ran.returncode == 1
    assert "has files that voxbind didn't write: mylab/negating.py" in ran.stderr


def test_an_editable_installation_lists_none_of_the_packages_files(
    package: Path, tmp_path: Path
) -> None:
    info = package.parent / "voxbind-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: voxbind\nVersion: 0.1.0\n")
    (info / "RECORD").write_text("_voxbind.pth,,\nvoxbind-0.1.0.dist-info/RECORD,,\n")
    assert InstalledFiles.of(package) is None
    (info / "RECORD").write_text("voxbind/__init__.py,,\nvoxbind-0.1.0.dist-info/RECORD,,\n")
    assert InstalledFiles.of(package) is not None
    other = Path(shutil.copytree(package, package.with_name("mine")))
    assert InstalledFiles.of(other) is None


@pytest.mark.parametrize(
    "record",
    [
        b"voxbind/__init__.py,,\nvoxbind/manif",
        b'voxbind/__init__.py,,\n"voxbind/',
        b"voxbind/__init__.py,,\n\xff\xfe",
        b"voxbind/__init__.py,,,\n",
    ],
    ids=["cut", "quote", "binary", "four fields"],
)
def test_a_damaged_list_of_files_is_named_with_the_cure(package: Path, record: bytes) -> None:
    info = package.parent / "voxbind-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: voxbind\nVersion: 0.1.0\n")
    (info / "RECORD").write_bytes(record)
    with pytest.raises(BuildError, match=r"is damaged.*`pip install --force-reinstall voxbind`"):
        InstalledFiles.of(package)


# --- wheels ------------------------------------------------------------------------------


def files_of(wheel: Path) -> Mapping[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_wheel_is_voxbinds_own_with_another_version(wheel: Path, built: Path) -> None:
    assert wheel.name == "voxbind-0.1.0+toylib1.0-py3-none-any.whl"
    files = files_of(wheel)
    info = "voxbind-0.1.0+toylib1.0.dist-info"
    assert [*untrue_rows(files[f"{info}/RECORD"].decode(), lambda path: files[path])] == []
    rows = [path for path, *_ in csv.reader(io.StringIO(files[f"{info}/RECORD"].decode()))]
    assert sorted(rows) == sorted(files)
    ours = metadata.distribution("voxbind").read_text("METADATA")
    assert ours is not None
    ours = ours.replace("\nVersion: 0.1.0\n", "\nVersion: 0.1.0+toylib1.0\n", 1)
    written, _, versions = files[f"{info}/METADATA"].decode().partition("\n## Generated from\n")
    assert written == ours.partition("\n## Generated from\n")[0]
    assert re.findall("^- (.*)", versions, re.MULTILINE) == ["toylib 1.0"]
    package = {path for path in files if path.startswith("voxbind/")}
    assert package == {
        f"voxbind/{path}"
        for path in (manifest.MANIFEST, *manifest.read(built / manifest.MANIFEST).files)
    }
    for path in package:
        assert files[path] == (built / path.removeprefix("voxbind/")).read_bytes()
    assert "voxbind_build/templates/module.py.jinja" in files
    assert "voxbind_build/recordings/cucim.json" in files
    assert not [path for path in files if "__pycache__" in path]


def test_the_same_package_gives_the_same_wheel_and_stays_as_it_is(
    wheel: Path, package: Path, tmp_path: Path
) -> None:
    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in [package, *package.rglob("*")]}

    before = state()
    again = write_wheel(package, tmp_path / "again")
    assert again.read_bytes() == wheel.read_bytes()
    assert state() == before


def test_a_wheel_installs_where_nothing_else_is(wheel: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    environment.pip("install", "--no-deps", wheel)
    told = environment(
        "import voxbind, importlib.metadata as metadata\n"
        "from voxbind import registry\n"
        "print(metadata.version('voxbind'), 'toylib.filters.box' in registry.functions())\n"
    )
    assert told.split() == ["0.1.0+toylib1.0", "True"]
    assert_record_is_true(environment)


@pytest.mark.parametrize(
    ("version", "names", "expected"),
    [
        ("0.2.0", ["skimage0.25.2"], "0.2.0+skimage0.25.2"),
        ("0.2.0+scipy1.17.1", ["skimage0.25.2"], "0.2.0+skimage0.25.2"),
        (
            "0.2.0",
            ["cucim26.10.00", "my_Lab1.0+g12-dirty"],
            "0.2.0+cucim26.10.0.my.lab1.0.g12.dirty",
        ),
        ("0.2.0", ["größe"], "0.2.0+gr.e"),
        ("0.2.0", ["日本"], "0.2.0+library"),
    ],
)
def test_a_version_names_libraries_as_pep_440_asks(
    version: str, names: list[str], expected: str
) -> None:
    assert str(_version(version, names)) == expected


def test_no_wheel_is_written_of_libraries_that_arent_here(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = tmp_path / "absent.toml"
    toml.write_text('name = "absent"\nmodules = ["absent_library"]\n')
    folder = tmp_path / "wheels"
    arguments = ["--library", str(toml), "--out", str(built), "--wheel", str(folder)]
    assert cli.run(["build", *arguments]) == 1
    assert "No wheel was written" in capsys.readouterr().err
    assert [*folder.glob("*.whl")] == []
