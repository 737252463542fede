"""Libraries that installed packages announce: known like those that come with voxbind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from voxbind_build.cli import app as cli
from voxbind_build.libraries import SpecError, installed, load
from voxbind_build.manifest import MANIFEST, read

FUNCTION = '''
def double(image):
    """Double an image.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    return image * 2.0
'''
SPECIFICATION = 'name = "labpoints"\nmodules = ["labpoints"]\n'


def install(
    site: Path,
    points: str = "labpoints = labpoints:voxbind.toml",
    *,
    distribution: str = "lab-points",
    specification: str = SPECIFICATION,
) -> None:
    """Lay out a package as pip does, with an entry point."""
    package = site / "labpoints"
    package.mkdir(exist_ok=True)
    # If the package is imported to find the file, the test fails.
    (package / "__init__.py").write_text(f'__version__ = "1.2"\n{FUNCTION}')
    (package / "voxbind.toml").write_text(specification)
    metadata = site / f"{distribution.replace('-', '_')}-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
    )
    (metadata / "entry_points.txt").write_text(f"[voxbind.libraries]\n{points}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


def test_an_announced_library_is_found_without_importing_it(site: Path) -> None:
    install(site)
    specs, problems = installed()
    assert [spec.name for spec in specs] == ["labpoints"] and problems == ()
    assert load("labpoints") == specs[0]
    assert "labpoints" not in sys.modules


def test_it_is_built_checked_listed_and_shown_by_name(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site)
    out = ["--out", str(tmp_path / "out" / "voxbind")]
    assert cli.run(["build", "--library", "labpoints", *out]) == 0
    library = read(tmp_path / "out" / "voxbind" / MANIFEST).libraries["labpoints"]
    assert library.functions["labpoints.double"].contract == "FLEXIBLE"
    assert cli.run(["check", "--library", "labpoints", *out]) == 0
    capsys.readouterr()
    assert cli.run(["list", *out]) == 0
    assert "labpoints.double" in capsys.readouterr().out
    assert cli.run(["show", "labpoints.double", *out]) == 0
    assert "FLEXIBLE" in capsys.readouterr().out


def test_later_builds_and_checks_without_a_name_include_it(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Libraries that come with voxbind take minutes, and have tests of their own.
    monkeypatch.setattr("voxbind_build.cli.inputs.builtin", lambda roles: ())
    install(site)
    package = tmp_path / "out" / "voxbind"
    assert cli.run(["build", "--out", str(package)]) == 0
    assert list(read(package / MANIFEST).libraries) == ["labpoints"]
    assert cli.run(["check", "--out", str(package)]) == 0
    source = site / "labpoints" / "__init__.py"
    source.write_text(source.read_text().replace("def double(image)", "def double(image, more=1)"))
    capsys.readouterr()
    assert cli.run(["check", "--out", str(package)]) == 1
    assert "labpoints.double" in capsys.readouterr().out
    assert cli.run(["build", "--out", str(package)]) == 0
    function = read(package / MANIFEST).libraries["labpoints"].functions["labpoints.double"]
    assert [parameter.name for parameter in function.parameters] == ["image", "more"]


WRONG = {
    "no such file": ({"points": "labpoints = labpoints:other.toml"}, "has no file 'other.toml'"),
    "no such package": ({"points": "labpoints = nowhere:voxbind.toml"}, "'nowhere' has no file"),
    "no file": ({"points": "labpoints = labpoints"}, "has no file ''"),
    "outside": ({"points": "labpoints = labpoints:../voxbind.toml"}, "has no file '../voxbind"),
    "another name": (
        {"points": "points = labpoints:voxbind.toml"},
        "names the library",
    ),
    "a shipped name": ({"points": "skimage = labpoints:voxbind.toml"}, "comes with voxbind"),
    "a wrong specification": ({"specification": "name = 3\n"}, "missing required key `modules`"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_announcement_costs_itself_and_is_named(case: str, site: Path) -> None:
    options, expected = WRONG[case]
    install(site, **options)
    specs, problems = installed()
    assert specs == ()
    assert expected in "\n".join(problems)
    if case != "a wrong specification":
        assert "lab-points" in problems[0] and "uninstall it" in problems[0]


def test_two_packages_that_announce_one_name_are_both_named(site: Path) -> None:
    install(site)
    install(site, "labpoints = elsewhere:voxbind.toml", distribution="other-points")
    specs, (problem,) = installed()
    assert specs == ()
    assert "lab-points" in problem and "other-points" in problem
    with pytest.raises(SpecError, match="announces it as well"):
        load("labpoints")
