"""`voxbind init` and `voxbind check` of a library that the package doesn't have."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from voxbind_build.build.first_look import look
from voxbind_build.build.report import BuildError
from voxbind_build.build.specification_text import specification
from voxbind_build.cli import app as cli
from voxbind_build.manifest import MANIFEST, read

GOLDEN = Path(__file__).parents[1] / "golden"
GEAR = '''
"""A lab's functions, some of which are better left out."""
import numpy as np


def sharpen(image, kernel_thing, amount=1.0):
    """Sharpen an image.

    Parameters
    ----------
    image : ndarray
        The image.
    kernel_thing
        Nobody says what it is.
    """
    return image * amount


def save_image(filename, image):
    """Write an image."""


def imshow(image):
    """Show an image."""


def measure(path, image):
    """Measure an image into a table at a path."""


def run_tests():
    """Test the library."""


def enable_threads():
    """Use threads."""


def download_samples():
    """Get images."""
'''


@pytest.fixture
def gear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a library of two modules, one of which can't be imported."""
    package = tmp_path / "lab_gear"
    (package / "tests").mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "3.1"\n')
    (package / "filters.py").write_text(GEAR)
    (package / "again.py").write_text("from lab_gear.filters import sharpen\n")
    (package / "broken.py").write_text("import nothing_of_this_name\n")
    (package / "tests" / "__init__.py").write_text("def test_image(image): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_look_finds_modules_and_suspicious_names(gear: Path) -> None:
    seen = look("lab_gear")
    assert seen.version == "3.1"
    assert seen.modules == {"lab_gear.again": 1, "lab_gear.filters": 3}
    assert "lab_gear.broken" in seen.broken
    reasons = {name.rpartition(".")[2]: entry.reason for name, entry in seen.exclusions.items()}
    assert reasons == {
        "save_image": "file-io",
        "measure": "file-io",
        "imshow": "display",
        "run_tests": "test-runner",
        "enable_threads": "settings",
        "download_samples": "network",
    }
    assert [*seen.unclear.values()] == [("kernel_thing",)]


def test_the_first_look_finds_the_class_of_images_that_most_functions_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blurs = "".join(f"def blur{n}(image: Picture) -> Picture: ...\n" for n in range(6))
    source = f"class Picture: ...\n{blurs}def FromArray(array): ...\ndef GetArrayFrom(image): ...\n"
    (tmp_path / "lab_pictures.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    seen = look("lab_pictures")
    assert seen.image_class is not None
    assert seen.image_class.name == "lab_pictures.Picture"
    assert seen.image_class.from_array == "lab_pictures.FromArray"
    assert seen.image_class.to_array == "lab_pictures.GetArrayFrom"
    text = specification(seen, "lab_pictures", tmp_path / "lab_pictures.toml")
    start = text.index("# [image_class]")
    table = text[start:].split("\n\n")[0].replace("# ", "")
    assert tomllib.loads(table)["image_class"]["from_array"] == "lab_pictures.FromArray"


def test_what_init_writes_is_checked_and_built(
    gear: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["init", "lab_gear"]) == 0
    assert "voxbind check --library lab_gear.toml" in capsys.readouterr().out
    text = Path("lab_gear.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["name"] == "lab_gear"
    assert '# [roles."lab_gear' in text and "# kernel_thing" in text

    out = ["--out", str(gear / "out" / "voxbind")]
    assert cli.run(["check", "--library", "lab_gear.toml", "--json", *out]) == 0
    report = json.loads(capsys.readouterr().out)
    assert not (gear / "out" / "voxbind").exists()
    (row,) = report["rows"]
    assert row["wrapped"] + row["helpers"] + row["excluded"] == row["public"]
    assert set(report["excluded"]["lab_gear"]) >= {"display", "file-io", "network"}

    assert cli.run(["build", "--library", "lab_gear.toml", *out]) == 0
    built = read(gear / "out" / "voxbind" / MANIFEST).libraries["lab_gear"]
    assert len(built.functions) + len(built.excluded) == row["public"]
    assert sum(each.kind == "image" for each in built.functions.values()) == row["wrapped"]


def test_what_init_saw_is_printed_for_programs(
    gear: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["init", "lab_gear", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert Path(report["file"]).exists()
    assert report["package"] == "lab_gear"
    assert sum(report["modules"].values()) > 0
    reasons = {entry["reason"] for entry in report["exclusions"].values()}
    assert reasons >= {"display", "file-io"}


def test_a_file_that_exists_stays_without_force(
    gear: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path("mine.toml")
    file.write_text("# my own work\n")
    assert cli.run(["init", "lab_gear", "--to", "mine.toml"]) == 1
    assert "mine.toml exists and stays as it is" in capsys.readouterr().err
    assert file.read_text() == "# my own work\n"
    assert cli.run(["init", "lab_gear", "--to", "mine.toml", "--force"]) == 0
    assert tomllib.loads(file.read_text())["name"] == "lab_gear"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_library", "There is no installed library 'no_such_library'"),
        ("../etc", "There is no installed library"),
        ("skimage", "voxbind build --library skimage"),
        ("scikit-image", "voxbind build --library skimage"),
    ],
)
def test_a_library_that_needs_no_specification_or_is_not_there(name: str, words: str) -> None:
    with pytest.raises(BuildError, match=words):
        look(name)


def test_a_check_of_a_new_library_measures_and_writes_nothing(
    package: Path, capsys: pytest.CaptureFixture[str], gear: Path
) -> None:
    toml = gear / "lab_filters.toml"
    toml.write_text('name = "lab_filters"\nmodules = ["lab_gear.filters"]\n')
    before = {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}
    assert cli.run(["check", "--library", str(toml), "--out", str(package)]) == 0
    printed = capsys.readouterr().out
    assert "lab_filters 3.1 isn't in the package" in printed
    assert "wrapped: 4 (4 FLEXIBLE)" in printed and "foreign: lab_gear.filters.np" in printed
    assert {path: path.read_bytes() for path in package.rglob("*") if path.is_file()} == before


def test_a_build_with_the_same_out_uses_what_a_check_measured(
    gear: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = gear / "lab_filters.toml"
    toml.write_text('name = "lab_filters"\nmodules = ["lab_gear.filters"]\n')
    folders = {name: str(gear / name / "labwrap" / "typed") for name in ("same", "other")}
    library = ["--library", str(toml)]
    assert cli.run(["check", *library, "--out", folders["same"]]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"What was measured is kept for the package {folders['same']}." in printed
    assert "A build of another package (--out) or of a wheel (--wheel) measures again" in printed

    measured = {}
    for name, folder in folders.items():
        own = ["--package", "labwrap.typed", "--out", folder, "--json"]
        assert cli.run(["build", *library, *own]) == 0
        (row,) = json.loads(capsys.readouterr().out)["rows"]
        measured[name] = row["measured"]
    assert measured["same"] == 0
    assert measured["other"] > 0


def test_a_check_that_can_keep_nothing_says_so(
    gear: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = gear / "lab_filters.toml"
    toml.write_text('name = "lab_filters"\nmodules = ["lab_gear.filters"]\n')
    monkeypatch.setattr("voxbind_build.build.journal_beside.os.access", lambda *_: False)
    assert cli.run(["check", "--library", str(toml), "--out", str(gear / "voxbind")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "What was measured isn't kept, because the folder that contains the package" in printed


def test_a_new_library_is_checked_beside_one_of_the_package(
    package: Path, capsys: pytest.CaptureFixture[str], gear: Path
) -> None:
    toml = gear / "lab_filters.toml"
    toml.write_text('name = "lab_filters"\nmodules = ["lab_gear.filters"]\n')
    both = ["--library", str(toml), "--library", str(GOLDEN / "toylib.toml")]
    assert cli.run(["check", *both, "--out", str(package)]) == 0
    printed = capsys.readouterr().out
    assert "lab_filters 3.1 isn't in the package" in printed
    assert "The package agrees with the installed libraries" in printed


def test_a_name_in_use_is_reported_by_a_check(package: Path, gear: Path) -> None:
    toml = gear / "errors.toml"
    toml.write_text('name = "errors"\nmodules = ["lab_gear.filters"]\n')
    assert cli.run(["check", "--library", str(toml), "--out", str(package)]) == 1
