"""`nox -s upgrade`: what is newer, what is written, and what is reported of the tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import changes
import upgrade
from helpers import handmade_manifest
from voxbind_build import manifest
from voxbind_build.cli import comparison
from voxbind_build.cli.places import default_package
from voxbind_build.model import Change, LibraryChanges

EXTRAS = """\
[project.optional-dependencies]
skimage = ["scikit-image>=0.24,<0.27"]
cuda = ["cupy-cuda12x[ctk]>=14.2,<15; sys_platform == 'linux' and python_version < '4'"]
build = [
  "ruff>=0.9", # formats
  "scipy-stubs>=1.14,<1.18", # types
]
all = ["voxbind[skimage]"]
"""
TESTS = """
import pytest

def test_passes(): pass
def test_fails(): assert False
def test_is_skipped(): pytest.skip()
@pytest.fixture
def broken(): raise OSError
def test_has_a_broken_fixture(broken): pass
"""


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(upgrade, "OUT", tmp_path / "out")
    # It asks an index, which a test can't rely on.
    monkeypatch.setattr(upgrade, "report_gpu_releases", lambda record: None)
    return tmp_path / "out"


def entry(before: str = "0.26.0", after: str = "0.27.0", words: int = 1) -> LibraryChanges:
    made = (Change(heading="removed", names=("skimage.filters.sobel",), words=("x" * 80,)),)
    return LibraryChanges(
        library="skimage",
        distribution="scikit-image",
        before=before,
        after=after,
        changes=made * words,
    )


@pytest.mark.parametrize(
    ("installed", "bounds"),
    [
        ({}, {}),
        ({"scikit-image": "0.26.3"}, {}),
        ({"scikit-image": "0.27.1"}, {"scikit-image>=0.24,<0.27": "scikit-image>=0.24,<0.28"}),
        ({"scikit-image": "2.0"}, {"scikit-image>=0.24,<0.27": "scikit-image>=0.24,<2.1"}),
        ({"scipy-stubs": "1.18.0.2"}, {"<1.18": "<1.19"}),
        ({"cupy-cuda12x": "15.1.0", "ruff": "2"}, {">=14.2,<15;": ">=14.2,<16;"}),
    ],
)
def test_an_upper_bound_that_excludes_what_is_installed_is_raised(
    installed: dict[str, str], bounds: dict[str, str]
) -> None:
    expected = EXTRAS
    for before, after in bounds.items():
        expected = expected.replace(before, after)
    assert upgrade.with_bounds(EXTRAS, installed) == expected


def test_a_page_can_be_written_anew_by_the_session_for_changes() -> None:
    text = changes.PYPROJECT.read_text(encoding="utf-8")
    added = upgrade.with_pairs(text, [entry()])
    pair = ["scikit-image==0.26.0", "scikit-image==0.27.0"]
    assert changes.pairs(added) == [*changes.pairs(text), pair]
    assert upgrade.with_pairs(added, [entry()]) == added
    before, after = tomllib.loads(text), tomllib.loads(added)
    after["tool"]["voxbind"]["changes"].remove(pair)
    assert before == after


def test_a_pair_that_cant_be_measured_leaves_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pairs = [["cupy==14.1", "cupy==14.2"], ["scipy==1.14.1", "scipy==1.17.1"]]
    monkeypatch.setattr(changes, "pairs", lambda text: pairs)
    compared = comparison.Comparison(libraries=(entry(),), notes=("They differ.",))
    real = comparison.compare

    def compare(old: str, new: str, **options: Any) -> comparison.Comparison:
        return compared if old.startswith("scipy") else real(old, new, **options)

    monkeypatch.setattr(comparison, "compare", compare)
    monkeypatch.setattr(changes, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    assert changes.main([]) == 1
    printed = capsys.readouterr()
    assert printed.out == "docs/changes/scikit-image-0.26.0-0.27.0.md\n"
    assert printed.err.startswith("No page was written for cupy==14.1 and cupy==14.2: ")
    page = (tmp_path / printed.out.strip()).read_text(encoding="utf-8")
    assert page.startswith("# Changes in scikit-image\n")
    assert "\nNote: They differ.\n\n## scikit-image 0.26.0 → 0.27.0\n" in page
    assert changes.main(["pyclesperanto"]) == 0


def test_libraries_on_a_gpu_and_voxbinds_own_functions_are_none_to_upgrade() -> None:
    record = handmade_manifest.manifest()
    installed = {library.distribution: "99.1" for library in record.libraries.values()}
    compared = {release.library for release in upgrade.compared(record, installed)}
    assert compared == {
        name
        for name, library in record.libraries.items()
        if not library.device and not library.home
    }
    assert compared
    assert upgrade.compared(record, {}) == []


def test_without_news_it_says_so_in_one_sentence(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upgrade.main([]) == 0
    (sentence,) = capsys.readouterr().out.splitlines()
    assert sentence.startswith("Nothing to upgrade: the package was generated from ")
    assert not out.exists()


@pytest.mark.parametrize(("recorded", "code"), [("0.1.0", 0), ("99.0", 1)])
def test_what_is_newer_is_named_and_an_older_python_is_no_reason_to_go_back(
    out: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    recorded: str,
    code: int,
) -> None:
    record = manifest.read(upgrade.PACKAGE / manifest.MANIFEST)
    installed = record.libraries["scipy"].version
    scipy = replace(record.libraries["scipy"], version=recorded)
    other = replace(record, libraries={**record.libraries, "scipy": scipy})
    monkeypatch.setattr(manifest, "read", lambda path: other)
    assert upgrade.main(["--dry-run"]) == code
    printed = capsys.readouterr()
    if code:
        assert f"pip installs scipy {installed} for Python" in printed.err
        assert "generated from scipy 99.0. Use a newer Python." in printed.err
        assert not out.exists()
    else:
        assert printed.out == f"Newer than the package: scipy {installed} (was 0.1.0).\n"
        assert [file.name for file in out.iterdir()] == ["branch.txt"]
        assert (out / "branch.txt").read_text() == f"upgrade/scipy-{installed}\n"


@pytest.mark.parametrize("place", ["package", "commit"])
def test_a_package_that_is_new_and_not_committed_is_reported_again(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    record = manifest.read(upgrade.PACKAGE / manifest.MANIFEST)
    scipy = replace(record.libraries["scipy"], version="0.1.0")
    older = replace(record, libraries={**record.libraries, "scipy": scipy})
    package, commit = (older, record) if place == "package" else (record, older)
    monkeypatch.setattr(manifest, "read", lambda path: package)
    monkeypatch.setattr(upgrade, "committed_record", lambda: iter([commit]))
    assert upgrade.main(["--dry-run"]) == 0
    assert "(was 0.1.0)" in capsys.readouterr().out


def test_the_record_of_the_last_commit_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "generated" / "voxbind"
    package.mkdir(parents=True)
    monkeypatch.setattr(upgrade, "ROOT", tmp_path)
    monkeypatch.setattr(upgrade, "PACKAGE", package)
    assert [*upgrade.committed_record()] == []
    manifest_file = shutil.copy(default_package() / manifest.MANIFEST, package)
    git = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "all")):
        subprocess.run([*git, *command], check=True)
    Path(manifest_file).write_text("{}")
    (record,) = upgrade.committed_record()
    assert record.libraries.keys() >= {"scipy", "skimage"}


def test_a_damaged_record_is_one_sentence(
    out: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upgrade, "PACKAGE", tmp_path)
    (tmp_path / manifest.MANIFEST).write_text("{")
    assert upgrade.main([]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("The record can't be read: ")


def test_the_tests_that_fail_are_named(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junitxml=tests.xml"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    outcome = upgrade.outcome((tmp_path / "tests.xml").read_text())
    assert (outcome.passed, outcome.crashed) == (1, False)
    assert outcome.failed == ("test_some.test_fails", "test_some.test_has_a_broken_fixture")
    assert str(outcome) == (
        "2 tests fail, 1 pass.\n\n- `test_some.test_fails`\n- `test_some.test_has_a_broken_fixture`"
    )
    assert str(upgrade.outcome("")) == "The tests could not be run."


def test_a_pull_request_says_what_to_do_and_is_no_longer_than_github_takes() -> None:
    page = changes.ROOT / "docs" / "changes" / "scikit-image-0.26.0-0.27.0.md"
    passed = upgrade.Outcome(passed=12, failed=(), crashed=False)
    text = upgrade.body([entry()], passed, [page])
    assert "## scikit-image 0.26.0 → 0.27.0" in text
    assert "All 12 tests pass." in text
    assert "Mend what the tests report." not in text
    assert "`generator/voxbind_build/libraries/skimage.toml`" in text
    failed = upgrade.Outcome(passed=12, failed=("test_some.test_fails",), crashed=False)
    assert "\n2. Mend what the tests report.\n" in upgrade.body([entry()], failed, [page])
    long = upgrade.body([entry(words=1000)], passed, [page])
    assert len(long) < 65_536
    assert long.endswith("The rest is in `docs/changes/scikit-image-0.26.0-0.27.0.md`.\n")
