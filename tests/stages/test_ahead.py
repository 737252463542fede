"""What is started before the processes are forked serves them, and harms none."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.live_descriptions import describe_name
from voxbind_build import libraries
from voxbind_build.build import pipeline
from voxbind_build.model import LibrarySpec, ProbeTask
from voxbind_build.probe.sandbox import pool as sandbox
from voxbind_build.probe.sandbox.preload import outlives_fork


def fine(number):
    """Start, and go on in a child."""


def missing(number):
    raise RuntimeError("no device")


def crashes_in_a_child(number):
    if number == 2:
        os._exit(139)


def hangs_in_a_child(number):
    if number == 2:
        time.sleep(3600)


@pytest.mark.parametrize(
    ("start", "outlives"),
    [(fine, True), (missing, False), (crashes_in_a_child, False), (hangs_in_a_child, False)],
)
def test_a_device_is_started_ahead_only_where_a_child_can_go_on(start, outlives):
    assert outlives_fork(start, patience=3) is outlives


def test_kernels_are_kept_apart_from_the_users(tmp_path, monkeypatch):
    """They are compiled for the same bits everywhere, the user's for speed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    libraries.prepare(libraries.load("pyclesperanto"))
    task = ProbeTask(
        description=describe_name("pyclesperanto.absolute"), memory_type="pyclesperanto"
    )
    (observation,) = sandbox.probe([task], jobs=1).values()
    assert not observation.failure
    assert list((tmp_path / ".cache" / "voxbind").rglob("*.bin"))
    assert not (tmp_path / ".cache" / "clesperanto").exists()


COUNTED = """
import os

# The only folder outside its own that a confined process can write to.
with open({log!r}, "a") as log:
    log.write(f"{{os.getpid()}}\\n")


"""
FUNCTION = '''
def scale_by_{number}(image):
    """Multiply.

    Parameters
    ----------
    image : ndarray
        An image.
    """
    return image * {number}
'''


@pytest.fixture
def log() -> Iterator[Path]:
    descriptor, path = tempfile.mkstemp(prefix="voxbind-imports-", dir="/dev/shm")
    os.close(descriptor)
    yield Path(path)
    Path(path).unlink()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs shared memory in a folder")
def test_a_library_is_imported_once_and_its_processes_are_forked(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once to list its names, and once to measure, however many functions are measured."""
    source = COUNTED.format(log=str(log)) + "".join(FUNCTION.format(number=n) for n in range(2, 14))
    (tmp_path / "counted.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    spec = LibrarySpec(name="counted", distribution="counted", modules=("counted",))
    report = pipeline.build([spec], tmp_path / "out" / "voxbind", jobs=2)
    assert report.rows[0].measured == 12
    imports = log.read_text().split()
    assert len(imports) == len({*imports}) == 2
