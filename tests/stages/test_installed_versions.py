"""Versions of distributions, also of those whose installation was interrupted."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from voxbind_build.build.pipeline import build
from voxbind_build.cli import app as cli
from voxbind_build.common.installed_versions import (
    DamagedMetadataError,
    missing_module,
    version_of,
)
from voxbind_build.model import LibrarySpec

DAMAGED = {
    "binary": b"\xff\xfe\x00Version",
    "cut": b"Metadata-Version: 2.1\nName: numpy\n",
    "empty": b"",
}


@pytest.fixture(params=DAMAGED)
def damaged(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a folder in which the metadata of NumPy is damaged."""
    folder = tmp_path / "numpy-2.4.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_bytes(DAMAGED[request.param])
    return tmp_path


def test_the_version_is_that_of_the_metadata() -> None:
    assert version_of("numpy") == metadata.version("numpy")


def test_a_distribution_that_is_not_installed_has_no_version(tmp_path: Path) -> None:
    assert version_of("numpy", [str(tmp_path)]) is None


def test_damaged_metadata_is_named_with_the_cure(damaged: Path) -> None:
    with pytest.raises(DamagedMetadataError, match="pip install --force-reinstall numpy"):
        version_of("numpy", [str(damaged)])


@pytest.mark.parametrize("damaged", ["binary"], indirect=True)
@pytest.mark.parametrize("command", ["check", "doctor"])
def test_a_command_ends_with_a_sentence(
    damaged: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(str(damaged))
    assert cli.run([command]) == 1
    printed = capsys.readouterr().err
    assert "The metadata of numpy in" in printed
    assert "Traceback" not in printed


def test_a_version_that_is_none_is_named_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "numpy-2.4.0.dist-info").mkdir()
    metadata_file = tmp_path / "numpy-2.4.0.dist-info" / "METADATA"
    metadata_file.write_text("Metadata-Version: 2.1\nName: numpy\nVersion: not a version\n")
    with pytest.raises(DamagedMetadataError, match="'not a version', which isn't a version"):
        version_of("numpy", [str(tmp_path)])


FILES = ("halfway/__init__.py", "halfway/filters.py", "halfway/fast.py")


@pytest.fixture
def halfway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an installed library, which isn't on a search path yet."""
    folder = tmp_path / "site"
    (folder / "halfway").mkdir(parents=True)
    for file in FILES:
        (folder / file).write_text(
            'def blur(image):\n    """Blur an image."""\n    return image / 2\n'
        )
    info = folder / "halfway-1.2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: halfway\nVersion: 1.2.0\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in FILES))
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.mark.parametrize("missing", FILES[:2])
def test_a_library_without_one_of_its_files_keeps_its_record(
    halfway: Path, tmp_path: Path, missing: str
) -> None:
    out = tmp_path / "out" / "voxbind"
    spec = LibrarySpec(name="halfway", modules=("halfway", "halfway.filters"))
    build([spec], out)
    before = {path: path.read_bytes() for path in out.rglob("*.py")}
    (halfway / missing).unlink()
    assert missing_module("halfway", spec.modules) == halfway / missing
    (note,) = build([spec], out).notes
    assert note.startswith("halfway keeps its record of halfway 1.2.0: ")
    assert f"{missing} is missing" in note
    assert "pip install --force-reinstall halfway" in note
    assert {path: path.read_bytes() for path in out.rglob("*.py")} == before


def test_a_missing_file_of_another_module_matters_to_nobody(halfway: Path) -> None:
    (halfway / "halfway/fast.py").unlink()
    assert missing_module("halfway", ("halfway", "halfway.filters")) is None
