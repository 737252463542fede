"""Versions of distributions, also of those whose installation was interrupted."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from voxbind_build.cli import app as cli
from voxbind_build.common.installed_versions import DamagedMetadataError, version_of

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
