"""A build that is stopped or killed, or that meets a full disk: what was measured is kept."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from helpers.build_processes import start_build, wait_until
from voxbind_build import libraries, manifest
from voxbind_build.build import pipeline
from voxbind_build.common.scratch import remove_abandoned, scratch_folder
from voxbind_build.model import Observation
from voxbind_build.verify import disk

STOPPED = "Stopped. The package is unchanged; run the same command to start again."
JOURNAL = ".voxbind.measured.jsonl"


def contents(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def entries(out: Path) -> int:
    """Count the functions that are kept beside a package which isn't written yet."""
    return len(manifest.Journal(out).of("toylib"))


@pytest.mark.parametrize(
    ("ending", "code", "printed"),
    [
        (signal.SIGINT, 1, True),
        (signal.SIGTERM, 143, True),
        (signal.SIGKILL, -signal.SIGKILL, False),
    ],
    ids=["Ctrl-C", "kill", "kill -9"],
)
def test_the_next_build_goes_on_where_the_last_one_was_ended(
    toylib: Path,
    built: Path,
    tmp_path: Path,
    search_path: str,
    ending: signal.Signals,
    code: int,
    printed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out" / "voxbind"
    # Of a short name: it holds a socket.
    temporary = Path(tempfile.mkdtemp())
    build = start_build(
        out,
        *("--jobs", "2", "--library", str(toylib.parent / "toylib.toml")),
        libraries=toylib.parent,
        search_path=search_path,
        env={"TMPDIR": str(temporary)},
        start_new_session=True,
    )
    wait_until(lambda: entries(out) >= 3)
    family = psutil.Process(build.pid).children(recursive=True)
    build.send_signal(ending)
    _, errors = build.communicate(timeout=60)
    kept = entries(out)
    assert build.returncode == code
    assert (STOPPED in errors) is printed
    if printed:  # a process that was just being started may complain that `kill -9` ended the build
        assert "Traceback" not in errors
    assert family
    assert psutil.wait_procs(family, timeout=30)[1] == []
    assert not out.exists()
    assert bool([*temporary.iterdir()]) is not printed  # only `kill -9` leaves something

    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    report = pipeline.build([libraries.load(toylib.parent / "toylib.toml")], out)
    assert report.rows[0].measured == len(manifest.read_record(out).observations["toylib"]) - kept
    assert contents(out) == contents(built)
    assert [path.name for path in out.parent.iterdir()] == ["voxbind"]
    temporary.rmdir()  # it is empty


def test_a_tool_that_checks_the_package_ends_with_a_killed_build(
    toylib: Path, tmp_path: Path, search_path: str
) -> None:
    build = start_build(
        tmp_path / "voxbind",
        *("--library", str(toylib.parent / "toylib.toml")),
        libraries=toylib.parent,
        search_path=search_path,
    )

    def tools() -> list[psutil.Process]:
        found = []
        for child in psutil.Process(build.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it has just ended
                found += [child] if "mypy" in child.cmdline() else []
        return found

    wait_until(tools)
    running = tools()
    build.kill()
    build.communicate(timeout=60)
    assert running
    assert psutil.wait_procs(running, timeout=30)[1] == []


def test_a_journal_keeps_what_another_build_doesnt_measure(tmp_path: Path) -> None:
    journal = manifest.Journal(tmp_path / "voxbind")
    for library in ("one", "two"):
        for name in ("f", "g"):
            journal.add(library, observation(f"{library}:{name}"))
    manifest.Journal(tmp_path / "voxbind").forget(["one", "three"])
    left = manifest.Journal(tmp_path / "voxbind")
    assert left.of("one") == {}
    assert left.of("two") == {f"two:{n}": observation(f"two:{n}") for n in "fg"}
    left.forget(["two"])
    assert [*tmp_path.iterdir()] == []


def observation(definition: str) -> Observation:
    return Observation(definition=definition, fingerprint="sha256:0", failure="é" * 200)


def test_any_part_of_a_journal_is_read_up_to_where_it_breaks_off(tmp_path: Path) -> None:
    """Whatever moment a process is killed at, and the next one goes on from there."""
    journal = manifest.Journal(tmp_path / "voxbind")
    for name in "fgh":
        journal.add("one", observation(f"one:{name}"))
    path = tmp_path / JOURNAL
    whole = path.read_bytes()
    ends = [len(line) for line in _prefixes(whole)]
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        broken = manifest.Journal(tmp_path / "voxbind")
        assert len(broken.of("one")) == sum(end <= length for end in ends)
        broken.add("one", observation("one:new"))
        again = manifest.Journal(tmp_path / "voxbind").of("one")
        assert len(again) == sum(end <= length for end in ends) + 1


def _prefixes(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return [b"\n".join(lines[:number]) for number in range(2, len(lines) + 1)]


# --- temporary folders -------------------------------------------------------------------

ABANDON = """
import os, signal
from voxbind_build.common.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "deep").mkdir()
    (folder / "deep" / "file").touch()
    print(folder, flush=True)
    input()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_temporary_folders_of_killed_processes_are_removed_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", ABANDON],
        env={
            **os.environ,
            "TMPDIR": str(tmp_path),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    theirs = Path(process.stdout.readline().strip())
    notes = tmp_path / "voxbind-tmp-of-mine"
    elsewhere = tmp_path / "elsewhere"
    for folder in (notes, elsewhere):
        folder.mkdir()
        (folder / "keep").touch()
    (tmp_path / "voxbind-tmp-abcdefgh").symlink_to(elsewhere)
    with scratch_folder() as ours:
        remove_abandoned()
        assert ours.is_dir()
        assert (theirs / "deep" / "file").exists()
        process.communicate("\n")
        assert process.returncode == -signal.SIGKILL
        assert (theirs / "deep" / "file").exists()
        remove_abandoned()
        assert ours.is_dir()
        assert not theirs.exists()
    assert not ours.exists()
    assert (notes / "keep").exists()
    assert (elsewhere / "keep").exists()


# --- a full disk -------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    command = [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, *, leave: int) -> Path:
    """Fill a disk but for some bytes, and return the file that does it."""
    ballast = folder / "ballast"
    space = os.statvfs(folder)
    ballast.write_bytes(bytes(max(0, space.f_bavail * space.f_frsize - leave)))
    return ballast


@pytest.mark.parametrize("leave", [8 << 10, 90 << 10], ids=["journal", "package"])
def test_a_full_disk_is_one_sentence_and_the_package_stays(
    toylib: Path, built: Path, small_disk: Path, search_path: str, leave: int
) -> None:
    package = Path(shutil.copytree(built, small_disk / "voxbind"))
    smooth = toylib / "filters" / "_smooth.py"
    smooth.write_text(smooth.read_text().replace("size=3", "size=5"))
    ballast = fill(small_disk, leave=leave)
    before = contents(package)
    toml = toylib.parent / "toylib.toml"
    build = start_build(
        package, "--library", str(toml), libraries=toylib.parent, search_path=search_path
    )
    _, errors = build.communicate(timeout=300)
    (sentence,) = [line for line in errors.splitlines() if line.startswith("error:")]
    assert build.returncode == 1
    assert "Traceback" not in errors
    assert str(small_disk) in sentence
    assert "(No space left on device). Free space on its disk and build again" in sentence
    assert contents(package) == before
    assert {path.name for path in small_disk.iterdir()} <= {"ballast", "voxbind", JOURNAL}
    kept = entries(package)
    ballast.unlink()
    report = pipeline.build([libraries.load(toml)], package)
    assert (report.rows[0].measured == 0) is (leave > 50_000)  # then the disk was full at the end
    recorded = manifest.read_record(package).observations["toylib"]
    changed = [name for name in recorded if name.startswith("toylib.filters._smooth:")]
    assert report.rows[0].measured == len(changed) - kept
    assert pipeline.check([libraries.load(toml)], package).agrees
    assert [path.name for path in small_disk.iterdir()] == ["voxbind"]


def test_a_full_disk_for_temporary_files_is_one_sentence(
    toylib: Path, package: Path, small_disk: Path, search_path: str
) -> None:
    smooth = toylib / "filters" / "_smooth.py"
    smooth.write_text(smooth.read_text().replace("size=3", "size=5"))
    before = contents(package)
    fill(small_disk, leave=40 << 10)
    build = start_build(
        package,
        *("--library", str(toylib.parent / "toylib.toml")),
        libraries=toylib.parent,
        search_path=search_path,
        env={"TMPDIR": str(small_disk)},
    )
    _, errors = build.communicate(timeout=300)
    assert build.returncode == 1
    assert "Traceback" not in errors
    assert f"error: {small_disk}" in errors
    assert "No space left on device" in errors
    assert contents(package) == before
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_a_limit_on_the_size_of_files_is_one_sentence(tmp_path: Path) -> None:
    """What a quota, too, looks like: a write fails, and the folder's old files stay."""
    out = tmp_path / "package"
    disk.write({"a.py": "old\n"}, out)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, before[1]))
    try:
        with pytest.raises(disk.OutputError, match=r"ulimit -f.*the package is as it was"):
            disk.write({"a.py": "new\n" * 1000}, out, {"a.py"})
        with (
            pytest.raises(disk.OutputError, match=r"measured\.jsonl can't be written.*ulimit -f"),
            contextlib.ExitStack() as stack,
        ):
            stack.enter_context(disk.claimed(out, print))
            journal = manifest.Journal(out)
            for number in range(100):
                journal.add("one", observation(f"one:f{number}"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert contents(out) == {"a.py": b"old\n"}
    assert manifest.Journal(out).of("one")
