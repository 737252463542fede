"""The writer: all files or none, and untouched where nothing changed."""

import errno
import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from voxbind_build.verify import disk
from voxbind_build.verify.disk import OutputError

TREE = {"__init__.py": "a\n", "sub/__init__.py": "b\n", "sub/deep/x.py": "é\n", "m.json": "{}\n"}


def state(out: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of every file and folder."""
    return {
        str(path.relative_to(out)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in [out, *out.rglob("*")]
    }


def beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def texts(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): path.read_text(encoding="utf-8")
        for path in out.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "generated" / "package"
    disk.prepare(folder)
    disk.write(TREE, folder)
    return folder


def test_a_new_package_holds_the_files(tmp_path):
    folder = tmp_path / "deep" / "below" / "package"
    disk.prepare(folder)
    changes = disk.write(TREE, folder)
    assert texts(folder) == TREE
    assert changes.written == tuple(sorted(TREE))
    assert [path.name for path in folder.parent.iterdir()] == ["package"]


def test_the_same_files_touch_nothing(out):
    before = state(out.parent)
    changes = disk.write(TREE, out, TREE)
    assert state(out.parent) == before
    assert changes.unchanged == tuple(sorted(TREE))
    assert changes.written == changes.removed == ()


def test_files_that_stay_keep_inode_and_time(out):
    before = state(out)
    new = {"__init__.py": "a\n", "sub/__init__.py": "changed\n", "new.py": "n\n"}
    changes = disk.write(new, out, TREE)
    assert texts(out) == new
    assert state(out)["__init__.py"] == before["__init__.py"]
    assert changes.written == ("new.py", "sub/__init__.py")
    assert changes.removed == ("m.json", "sub/deep/x.py")
    assert changes.unchanged == ("__init__.py",)


def test_a_file_can_become_a_folder_and_back(out):
    new = {"sub": "now a file\n", "m.json/inner.py": "now a folder\n"}
    disk.write(new, out, TREE)
    assert texts(out) == new
    disk.write(TREE, out, new)
    assert texts(out) == TREE


trees = st.dictionaries(
    st.sampled_from(["a.py", "b.py", "p/a.py", "p/b.py", "p/q/c.py", "r/d.json"]),
    st.sampled_from(["", "1\n", "2\n", "ü\n"]),
    min_size=1,
)


@hypothesis.given(sequence=st.lists(trees, min_size=2, max_size=5))
@hypothesis.settings(deadline=None, max_examples=60)
def test_any_sequence_of_packages(sequence, tmp_path_factory):
    out = tmp_path_factory.mktemp("any") / "package"
    previous: dict[str, str] = {}
    for files in sequence:
        before = state(out) if previous else {}
        changes = disk.write(files, out, previous)
        assert texts(out) == files
        for path in changes.unchanged:
            assert state(out)[path] == before[path]
        assert set(changes.written) | set(changes.unchanged) == set(files)
        assert beside(out.parent) == ["package"]
        previous = files


@pytest.mark.parametrize("name", ["notes.txt", "sub/mine.py", ".hidden"])
def test_a_file_that_voxbind_didnt_write_stops_it(out, name):
    (out / name).write_text("mine")
    before = state(out)
    with pytest.raises(OutputError, match=r"didn't write.*Move them elsewhere") as caught:
        disk.write({"__init__.py": "new\n"}, out, TREE)
    assert name in str(caught.value)
    assert state(out) == before


def test_caches_are_no_strangers(out):
    cache = out / "sub" / "__pycache__"
    cache.mkdir()
    (cache / "x.cpython-311.pyc").write_bytes(b"")
    assert disk.foreign(out, TREE) == ()
    before = state(out)
    disk.write(TREE, out, TREE)
    assert state(out) == before
    disk.write({"__init__.py": "new\n"}, out, TREE)
    assert texts(out) == {"__init__.py": "new\n"}


def test_a_link_to_a_folder_elsewhere_is_not_followed(out, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious.txt").write_text("keep")
    (out / "link").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="link"):
        disk.write({"__init__.py": "new\n"}, out, TREE)
    assert (elsewhere / "precious.txt").read_text() == "keep"


@pytest.mark.parametrize("path", ["../escape.py", "/etc/escape.py", "a/../../escape.py", ""])
def test_paths_outside_are_refused(out, path):
    with pytest.raises(ValueError, match="inside the package"):
        disk.write({path: "x"}, out)


def test_a_link_to_the_package_stays_a_link(out, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(out)
    disk.prepare(link)
    disk.write({"__init__.py": "new\n"}, link, TREE)
    assert link.is_symlink()
    assert texts(out) == {"__init__.py": "new\n"}


@pytest.mark.parametrize("place", ["file", "below a file"])
def test_a_file_where_the_folder_belongs_is_told_at_the_start(tmp_path, place):
    file = tmp_path / "file"
    file.write_text("keep")
    with pytest.raises(OutputError, match="--out"):
        disk.prepare(file if place == "file" else file / "package")
    assert file.read_text() == "keep"


@pytest.mark.parametrize("locked", ["package", "parent"])
def test_a_read_only_folder_is_told_at_the_start(out, locked):
    folder = out if locked == "package" else out.parent
    before = texts(out)
    folder.chmod(0o555)
    try:
        told = _as_nobody(
            out.parent.parent,
            f"""
            from pathlib import Path
            try:
                disk.prepare(Path({str(out)!r}))
            except disk.OutputError as error:
                print(error)
            """,
        )
    finally:
        folder.chmod(0o755)
    assert "can't be written" in told
    assert "--out" in told
    assert "make a wheel with --wheel" in told
    assert texts(out) == before


def _as_nobody(folder: Path, code: str) -> str:
    """Run code without a superuser's rights, to whom nothing is read-only."""
    drop = """
        import os
        from voxbind_build.verify import disk
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        """
    for above in [folder, *folder.parents]:
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o055)
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(drop) + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


LEFTOVERS = [".package.new", ".package.old"]


@pytest.mark.parametrize("name", LEFTOVERS)
def test_leftovers_of_a_killed_build_are_cleaned_at_the_start(out, name):
    leftover = out.parent / name
    leftover.mkdir()
    (leftover / "half.py").write_text("ha")
    disk.prepare(out)
    assert beside(out.parent) == ["package"]
    assert texts(out) == TREE


def test_a_package_caught_between_two_renames_comes_back(out):
    new, old = (out.parent / name for name in LEFTOVERS)
    out.rename(old)
    new.mkdir()
    disk.prepare(out)
    assert beside(out.parent) == ["package"]
    assert texts(out) == TREE


KILLED = """
import itertools, sys
from pathlib import Path
from voxbind_build.verify import disk

if "plain-renames" in sys.argv:
    disk._rename_exchange = lambda one, other: False
out = Path(sys.argv[1])
names = [f"p{n % 7}/m{n}.py" for n in range(60)]
disk.prepare(out)
print("ready", flush=True)
for turn in itertools.count():
    disk.write({name: f"{turn}\\n" for name in names}, out, names)
"""


@pytest.mark.parametrize("way", ["exchange", "plain-renames"])
def test_a_kill_at_any_moment_leaves_one_whole_package(tmp_path, way):
    out = tmp_path / "package"
    chance = random.Random(way)
    turns: list[str] = []
    for _ in range(25):
        build = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(out), way],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert build.stdout is not None
        assert build.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.0, 0.08))
        build.kill()
        build.wait()
        build.stdout.close()
        if way == "plain-renames":  # only then may the package be away for a moment
            disk.prepare(out)
        if out.exists():
            found = texts(out)
            assert len(found) == 60
            assert len(set(found.values())) == 1
            turns += found.values()
        disk.prepare(out)
        assert beside(tmp_path) in ([], ["package"])
    assert turns, "no build got as far as writing"


def test_a_full_disk_leaves_the_package(out, monkeypatch):
    def full(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device"):
        disk.write({"__init__.py": "new\n"}, out, TREE)
    monkeypatch.undo()
    assert texts(out) == TREE
    disk.prepare(out)
    assert beside(out.parent) == ["package"]
