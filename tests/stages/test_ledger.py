"""A build reads, classifies and renders only what has changed, and trusts no other result."""

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from voxbind_build import libraries
from voxbind_build.build import file_stamps, ledger, pipeline, publish, reading, rendering
from voxbind_build.build.frozen_library import frozen_library
from voxbind_build.build.ledger import Entry
from voxbind_build.build.library_state import LibraryState
from voxbind_build.discover import discover
from voxbind_build.model import Observation
from voxbind_build.render import render, templates_dir


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home with an empty ledger, which keeps results of files that have just been written."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(ledger, "_COARSE", -3600.0)
    return tmp_path / "home"


@pytest.fixture
def read_libraries(monkeypatch):
    """The names of the libraries whose sources are read, in order."""
    names = []

    def counted(spec, *args, **kwargs):
        names.append(spec.name)
        return discover(spec, *args, **kwargs)

    monkeypatch.setattr(reading, "discover", counted)
    return names


@pytest.fixture
def renderings(monkeypatch):
    """One element for each time that a package is rendered."""
    calls: list[None] = []

    def counted(*args):
        calls.append(None)
        return render(*args)

    monkeypatch.setattr(rendering, "render", counted)
    return calls


@pytest.fixture
def freezings(monkeypatch):
    """The names of the libraries that are classified and frozen, in order."""
    names = []
    freeze = LibraryState.freeze

    def counted(state, *args):
        names.append(state.inventory.spec.name)
        return freeze(state, *args)

    monkeypatch.setattr(LibraryState, "freeze", counted)
    return names


def spec(toylib):
    return libraries.load(toylib.parent / "toylib.toml")


def pages(home):
    return sorted((home / ".cache" / "voxbind" / "ledger").glob("*.json"))


def replace_text(path, old, new):
    """Replace text of equal length, and hide the change from size and modification time."""
    assert len(old) == len(new)
    status = path.stat()
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


# --- what is kept ----------------------------------------------------------------------


def test_an_unchanged_library_is_neither_read_nor_classified_nor_rendered_again(
    toylib, tmp_path, read_libraries, freezings, renderings
):
    out = tmp_path / "out" / "voxbind"
    pipeline.build([spec(toylib)], out)
    assert (read_libraries, freezings, len(renderings)) == (["toylib"], ["toylib"], 1)
    report = pipeline.build([spec(toylib)], out)
    assert pipeline.check([spec(toylib)], out).agrees
    assert (read_libraries, freezings, len(renderings)) == (["toylib"], ["toylib"], 1)
    assert (report.changes.written, report.changes.removed) == ((), ())


def test_a_library_is_classified_again_if_any_of_its_observations_differs(toylib, freezings):
    inventory, descriptions = reading.read_library(spec(toylib), None)
    state = LibraryState(inventory, descriptions, {})
    new = frozen_library(state, {}, "voxbind")
    assert frozen_library(state, {}, "voxbind") == new
    assert freezings == ["toylib"]
    definition = new.functions["toylib.filters.box"].definition
    ended = Observation(definition=definition, fingerprint="", failure="its process ended")
    state.observations[definition] = ended
    changed = frozen_library(state, {}, "voxbind")
    assert "its process ended" in changed.functions["toylib.filters.box"].reason
    frozen_library(state, {}, "other.package")
    assert freezings == ["toylib"] * 3


def test_a_kept_result_equals_a_new_one(toylib, read_libraries):
    new = reading.read_library(spec(toylib), None)
    kept = reading.read_library(spec(toylib), None)
    assert read_libraries == ["toylib"]
    assert kept.descriptions == new.descriptions
    assert replace(kept.inventory, imported=new.inventory.imported) == new.inventory


def test_a_fresh_build_reads_everything(toylib, tmp_path, read_libraries):
    out = tmp_path / "out" / "voxbind"
    for _ in range(2):
        pipeline.build([spec(toylib)], out, fresh=True)
    assert read_libraries == ["toylib"] * 2


def test_a_library_that_cant_be_imported_is_read_each_time(toylib, read_libraries):
    (toylib / "filters" / "__init__.py").write_text("raise ImportError('no driver')\n")
    for _ in range(2):
        inventory = reading.read_library(spec(toylib), None).inventory
        assert [*inventory.not_importable] == ["toylib.filters"]
    assert read_libraries == ["toylib", "toylib"]


def test_a_file_that_changes_while_it_is_read_is_read_again(toylib, monkeypatch, home):
    monkeypatch.setattr(ledger, "_COARSE", 0.0)

    def discover_slowly(*args, **kwargs):
        inventory = discover(*args, **kwargs)
        (toylib.parent / "helper_of_toylib.py").write_text("")
        return replace(
            inventory, imported=(*inventory.imported, str(toylib.parent / "helper_of_toylib.py"))
        )

    monkeypatch.setattr(reading, "discover", discover_slowly)
    time.sleep(0.1)
    reading.read_library(spec(toylib), None)
    assert pages(home) == []


# --- what makes a result invalid -------------------------------------------------------


def edit_a_source(toylib, monkeypatch):
    replace_text(toylib / "filters" / "_smooth.py", "size", "sizf")


def add_a_module(toylib, monkeypatch):
    (toylib / "added.py").write_text("def added(image):\n    return image\n")


def remove_a_module(toylib, monkeypatch):
    next(path for path in toylib.rglob("*.pyi")).unlink()


def add_stubs(toylib, monkeypatch):
    (toylib.parent / "toylib-stubs").mkdir()
    (toylib.parent / "toylib-stubs" / "__init__.pyi").write_text("")


def change_the_specification(toylib, monkeypatch):
    with (toylib.parent / "toylib.toml").open("a") as file:
        file.write('\n[exclude."toylib.filters.box"]\nreason = "another"\n')


def change_the_environment(toylib, monkeypatch):
    monkeypatch.setenv("TOYLIB_BACKEND", "another")


def change_a_dependency(toylib, monkeypatch):
    replace_text(toylib.parent / "dependency.py", "'old'", "'new'")


def hide_a_dependency(toylib, monkeypatch):
    (toylib.parent / "other").mkdir()
    (toylib.parent / "other" / "dependency.py").write_text("")
    monkeypatch.syspath_prepend(toylib.parent / "other")


def install_a_distribution(toylib, monkeypatch):
    (toylib.parent / "numpy-99.0.dist-info").mkdir()
    (toylib.parent / "numpy-99.0.dist-info" / "METADATA").write_text("Version: 99.0\n")


def change_the_generator(toylib, monkeypatch):
    replace_text(toylib.parent / "generator" / "code.py", "1", "2")


CHANGES = [
    edit_a_source,
    add_a_module,
    remove_a_module,
    add_stubs,
    change_the_specification,
    change_the_environment,
    change_a_dependency,
    hide_a_dependency,
    install_a_distribution,
    change_the_generator,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_library_is_read_again_after_any_change(toylib, monkeypatch, read_libraries, change):
    (toylib.parent / "dependency.py").write_text("NAME = 'old'\n")
    (toylib.parent / "generator").mkdir()
    (toylib.parent / "generator" / "code.py").write_text("A = 1\n")
    monkeypatch.setattr(ledger, "_GENERATOR", toylib.parent / "generator")
    init = toylib / "filters" / "__init__.py"
    init.write_text(init.read_text() + "\nimport dependency as _dependency\n")
    (toylib / "typed.pyi").write_text("")
    for _ in range(2):
        assert reading.read_library(spec(toylib), None).inventory.live
    assert read_libraries == ["toylib"]
    change(toylib, monkeypatch)
    reading.read_library(spec(toylib), None)
    assert read_libraries == ["toylib", "toylib"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda page: page.write_bytes(page.read_bytes()[:-100]),
        lambda page: page.write_bytes(b""),
        lambda page: page.write_bytes(b"\xff\x00"),
        lambda page: page.write_text("[]"),
        lambda page: page.write_text(page.read_text().replace("soften", "harden")),
        lambda page: page.unlink(),
        lambda page: (page.unlink(), page.mkdir()),
    ],
    ids=["half", "empty", "binary", "list", "name", "missing", "folder"],
)
def test_a_damaged_result_is_ignored(toylib, home, read_libraries, damage):
    new = reading.read_library(spec(toylib), None)
    (page,) = pages(home)
    before = page.read_bytes()
    damage(page)
    assert not page.is_file() or page.read_bytes() != before
    assert reading.read_library(spec(toylib), None).descriptions == new.descriptions
    assert read_libraries == ["toylib", "toylib"]


@pytest.mark.parametrize("obstacle", ["home", "ledger"])
def test_a_ledger_that_cant_be_written_changes_nothing(toylib, home, obstacle):
    if obstacle == "home":  # each is a file instead of a folder
        home.write_text("")
    else:
        (home / ".cache" / "voxbind").mkdir(parents=True)
        (home / ".cache" / "voxbind" / "ledger").write_text("")
    for _ in range(2):
        assert reading.read_library(spec(toylib), None).descriptions


# --- check still reports everything ----------------------------------------------------


@pytest.mark.parametrize("path", ["toylib/filters.py", "_upstream/lazy.py", "registry.json"])
def test_an_edited_file_is_reported_and_written_again(toylib, tmp_path, path):
    out = tmp_path / "out" / "voxbind"
    pipeline.build([spec(toylib)], out)
    original = (out / path).read_text()
    replace_text(out / path, "e", "f")
    assert pipeline.check([spec(toylib)], out).edited == (path,)
    assert pipeline.build([spec(toylib)], out).changes.written == (path,)
    assert (out / path).read_text() == original


def test_a_changed_template_is_reported(toylib, tmp_path, monkeypatch, renderings):
    out = tmp_path / "out" / "voxbind"
    pipeline.build([spec(toylib)], out)
    templates = tmp_path / "templates"
    shutil.copytree(templates_dir(), templates)
    monkeypatch.setattr(publish, "templates_dir", lambda: templates)
    assert pipeline.check([spec(toylib)], out).agrees
    replace_text(templates / "runtime" / "errors.py", "e", "f")
    assert pipeline.check([spec(toylib)], out).stale == ("errors.py", "manifest.json")
    assert len(renderings) == 3


# --- its folder ------------------------------------------------------------------------


def test_the_results_used_the_longest_ago_are_removed(home, monkeypatch):
    monkeypatch.setattr(ledger, "_MOST", 3000)
    entries = [Entry(f"page{number}", number, []) for number in range(4)]
    for number, entry in enumerate(entries[:3]):
        entry.save("x" * 600)
        (page,) = (home / ".cache" / "voxbind" / "ledger").glob(f"page{number}-*")
        os.utime(page, (number, number))
    assert entries[0].load(str) == "x" * 600  # now used last
    size = sum(page.stat().st_size for page in pages(home))
    monkeypatch.setattr(ledger, "_MOST", size)
    entries[3].save("x" * 600)
    assert [page.name.partition("-")[0] for page in pages(home)] == ["page0", "page2", "page3"]
    assert {*map(Path.is_file, pages(home))} == {True}
    assert json.loads(pages(home)[0].read_text())["digest"].startswith("sha256:")


def test_stamps_show_a_change_that_keeps_size_and_time(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("a = 1\n")
    before = file_stamps.below(tmp_path)
    replace_text(path, "1", "2")
    assert file_stamps.below(tmp_path) != before


def test_a_loop_of_links_ends(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "module.py").write_text("")
    (tmp_path / "a" / "above").symlink_to(tmp_path, target_is_directory=True)
    assert [Path(path).name for path in file_stamps.below(tmp_path)] == ["module.py"]


def test_the_search_path_is_part_of_the_key(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    before = dict(file_stamps.on_search_path())[str(tmp_path)]
    (tmp_path / "module.py").write_text("")
    assert dict(file_stamps.on_search_path())[str(tmp_path)] != before
    assert list(dict(file_stamps.on_search_path())) == list(dict.fromkeys(sys.path))
