"""The modules that `voxbind init` lists, and those that it leaves out."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from voxbind_build.build import candidate_modules
from voxbind_build.build.first_look import look
from voxbind_build.build.report import BuildError
from voxbind_build.build.specification_text import specification
from voxbind_build.cli import app as cli

BLUR = "def blur(image, sigma=1.0):\n    return image * sigma\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, from which libraries are imported."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def library(home: Path, name: str, files: dict[str, str]) -> None:
    """Write a library; every folder gets an `__init__.py`."""
    for file, source in {"__init__.py": "", **files}.items():
        path = home / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        for folder in path.relative_to(home).parents[:-1]:
            (home / folder / "__init__.py").touch()


def test_a_module_that_would_hide_a_function_of_its_name_is_left_out(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library(
        home,
        "lab_similar",
        {
            "__init__.py": f"from lab_similar.ssim import ssim\n__all__ = ['ssim', 'blur']\n{BLUR}",
            "ssim.py": "def ssim(image, other): ...\ndef window(image): ...\n",
            "edges.py": "def sobel(image): ...\n",
        },
    )
    assert cli.run(["init", "lab_similar"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "of the same name: lab_similar.ssim (for lab_similar.ssim)" in printed
    assert "functions of images (1): lab_similar.ssim.window" in printed
    text = Path("lab_similar.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["modules"] == ["lab_similar", "lab_similar.edges"]
    assert '"lab_similar",    # 2\n' in text
    assert "#     lab_similar.ssim\n" in text
    assert "#     lab_similar.ssim.window\n" in text

    assert cli.run(["check", "--library", "lab_similar.toml", "--out", "out", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["wrapped"] == 3


def test_a_module_stays_if_the_module_with_the_function_of_its_name_is_not_listed(
    home: Path,
) -> None:
    library(
        home,
        "lab_helpers",
        {
            "__init__.py": "from lab_helpers.convert import convert\n",
            "convert.py": f"def convert(text): ...\n{BLUR}",
        },
    )
    seen = look("lab_helpers")
    assert seen.modules == {"lab_helpers.convert": 1}
    assert not seen.hiding
    assert not seen.lost


def test_modules_that_are_too_many_or_too_deep_are_counted_and_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(candidate_modules, "_MOST", 5)
    plain = {f"a_deep/part{number}.py": "def count(text): ...\n" for number in range(30)}
    library(
        home,
        "lab_wide",
        {**plain, "a_deep/zoom.py": BLUR, "near.py": BLUR, "a_deep/b/c/d.py": BLUR},
    )
    seen = look("lab_wide")
    assert seen.modules == {"lab_wide.near": 1, "lab_wide.a_deep.zoom": 1}
    assert "lab_wide.a_deep.b.c.d" in seen.not_looked_at
    assert len(seen.not_looked_at) == 32

    assert cli.run(["init", "lab_wide"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "32 modules, for example lab_wide.a_deep.part" in printed
    assert "add its name to `modules` in lab_wide.toml" in printed
    text = Path("lab_wide.toml").read_text(encoding="utf-8")
    assert "32 in all" in text and "#     and 12 more" in text
    tomllib.loads(text)


def test_one_error_of_many_imports_is_printed_once_with_the_missing_package(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = {f"part{number}.py": "import no_such_package.nn\n" for number in range(9)}
    library(home, "lab_broken", {**broken, "works.py": BLUR, "other.py": "1 / 0\n"})
    assert cli.run(["init", "lab_broken"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count("ModuleNotFoundError") == 1
    assert "9 modules (for example lab_broken.part0, " in printed
    assert "the package no_such_package isn't installed" in printed
    assert "lab_broken.other can't be imported: ZeroDivisionError" in printed


def test_a_library_that_cannot_be_imported_at_all_names_the_error_once(home: Path) -> None:
    broken = {f"part{number}.py": "" for number in range(9)}
    library(home, "lab_lost", {**broken, "__init__.py": "import no_such_package\n"})
    with pytest.raises(BuildError) as raised:
        look("lab_lost")
    message = str(raised.value)
    assert message.count("ModuleNotFoundError") == 1
    assert "10 modules" in message
    assert "the package no_such_package isn't installed" in message


def test_broken_modules_are_named_in_the_specification(home: Path) -> None:
    library(home, "lab_partial", {"works.py": BLUR, "torn.py": "1 / 0\n"})
    seen = look("lab_partial")
    assert seen.broken == {"lab_partial.torn": "ZeroDivisionError: division by zero"}
    text = specification(seen, "lab_partial", home / "lab_partial.toml")
    assert "can't be imported here, so they aren't listed:\n#     lab_partial.torn\n" in text
