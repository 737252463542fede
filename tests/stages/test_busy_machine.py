"""A build on a busy machine writes the same bytes as one on a quiet machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from voxbind_build import libraries, manifest
from voxbind_build.build import pipeline
from voxbind_build.build.progress import Silent
from voxbind_build.cli.places import default_package
from voxbind_build.model import Exclusion, LibrarySpec
from voxbind_build.probe.sandbox import pool as sandbox

LOOPS = 10
FEW_LOOPS = 2
"""For functions that are slow themselves; with more loops they take more than ten minutes."""
LOOP = """
import os
parent = os.getppid()
while os.getppid() == parent:  # which changes if the tests are killed
    pass
"""
STEADY = LibrarySpec(name="steady", distribution="steady", modules=("steady",))
SOURCE = '''
"""A library whose functions take different times, of the processor and by the clock."""
import time


def invert(image):
    """Invert an image.

    Parameters
    ----------
    image : ndarray
        Of any number of axes.
    """
    return image.max() - image


def compute(image):
    """Take half a second of the processor for each volume of uint16.

    Parameters
    ----------
    image : ndarray
        Of any number of axes.
    """
    end = time.process_time() + 0.5 * (image.ndim == 3 and image.dtype == "uint16")
    while time.process_time() < end:
        pass
    return image + image.min()


def wait(image):
    """Sleep half a second for each volume of uint16.

    Parameters
    ----------
    image : ndarray
        Of any number of axes.
    """
    time.sleep(0.5 * (image.ndim == 3 and image.dtype == "uint16"))
    return image - image.min()
'''
TOOK_LONG = {
    "pyclesperanto.eroded_otsu_labeling",
    "pyclesperanto.labels_neighbors_statistics",
    "pyclesperanto.fft.deconvolve",
}
"""Functions whose contracts were wrong on a busy machine when limits counted elapsed time."""


class Machine(Silent):
    """A reporter that keeps the machine busy with endless loops while functions are measured."""

    def __init__(self, loops: int) -> None:
        self.loops = loops
        self.processes: list[subprocess.Popen[bytes]] = []
        self.measured = 0

    def start(self, totals: Mapping[str, int], seconds_left: Callable[[], float]) -> None:
        loop = [sys.executable, "-I", "-S", "-c", LOOP]
        self.processes = [subprocess.Popen(loop) for _ in range(self.loops)]

    def advance(self, library: str) -> None:
        assert {process.poll() for process in self.processes} <= {None}
        self.measured += 1

    def finish(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes = []


@contextmanager
def machine(loops: int) -> Iterator[Machine]:
    made = Machine(loops)
    try:
        yield made
    finally:
        made.finish()


def files(spec: LibrarySpec, out: Path, loops: int, time_limit: float) -> dict[str, bytes]:
    """Measure a library, and return the files of the package."""
    with machine(loops) as reporter:
        report = pipeline.build([spec], out, jobs=2, time_limit=time_limit, reporter=reporter)
    assert report.notes == ()
    assert reporter.measured
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_busy_machine_writes_the_same_package_of_slow_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call may take two seconds of the processor: by the clock it takes more on this machine."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    (folder / "steady.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(folder)
    quiet = files(STEADY, tmp_path / "quiet" / "voxbind", 0, time_limit=8)
    busy = files(STEADY, tmp_path / "busy" / "voxbind", LOOPS, time_limit=8)
    assert [path for path in quiet.keys() | busy if quiet.get(path) != busy.get(path)] == []
    assert quiet["manifest.json"].count(b'"contract": "FLEXIBLE"') == 3


@pytest.mark.slow
def test_a_busy_machine_observes_what_the_committed_record_says(tmp_path: Path) -> None:
    spec = libraries.load("pyclesperanto")
    functions = manifest.read(default_package() / manifest.MANIFEST).libraries[spec.name].functions
    others = [name for name in functions if functions[name].form == "function"]
    left_out = Exclusion(reason="internal", detail="Not part of this test.")
    tables = {
        field: {name: entry for name, entry in getattr(spec, field).items() if name in TOOK_LONG}
        for field in ("roles", "only", "needs_output")
    }
    exclude = {**spec.exclude, **dict.fromkeys({*others} - TOOK_LONG, left_out)}
    path = manifest.observations_path(spec.name)
    written = files(
        replace(spec, exclude=exclude, **tables),
        tmp_path / "voxbind",
        FEW_LOOPS,
        sandbox.TIME_LIMIT,
    )
    busy = manifest.decode_observations(written[path])
    recorded = manifest.decode_observations((default_package() / path).read_bytes())
    for name in TOOK_LONG:
        definition = functions[name].definition
        assert busy[definition] == recorded[definition], name
