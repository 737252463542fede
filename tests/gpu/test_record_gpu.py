"""`voxbind record` on a GPU: functions of CuPy and cuCIM, each beside its twin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

import voxbind
from voxbind_build import libraries, manifest
from voxbind_build.build import record as recording
from voxbind_build.build.report import RecordReport
from voxbind_build.memories.cupy_memory import LOST, Cuda
from voxbind_build.model import Exclusion, LibrarySpec, Machine
from voxbind_build.probe import gpu as cuda

pytestmark = pytest.mark.gpu

PACKAGE = Path(voxbind.__path__[0])
WANTED = {
    "cucim": (
        "cucim.skimage.filters.gaussian",
        "cucim.skimage.filters.sobel",
        "cucim.skimage.filters.threshold_otsu",
    ),
    "cupyx": (
        "cupyx.scipy.ndimage.distance_transform_edt",
        "cupyx.scipy.ndimage.gaussian_filter",
        "cupyx.scipy.ndimage.label",
    ),
}


def few(library: str) -> LibrarySpec:
    """A library of three functions."""
    spec = libraries.load(library)
    names = manifest.read(PACKAGE / manifest.MANIFEST).libraries[library].functions
    left_out = {name: Exclusion(reason="foreign") for name in names if name not in WANTED[library]}
    return replace(spec, exclude={**spec.exclude, **left_out})


@pytest.fixture(scope="module", params=[*WANTED])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, RecordReport]:
    pytest.importorskip(request.param, reason="it isn't installed", exc_type=ImportError)
    file = tmp_path_factory.mktemp("recorded") / "gpu.json"
    report = recording.record([few(request.param)], PACKAGE, to=file, fresh=True, jobs=2)
    return request.param, file, report


def test_functions_are_recorded(made: tuple[str, Path, RecordReport]) -> None:
    library, file, report = made
    (only,) = manifest.read_recordings(file).recordings
    assert len(only.observations) == report.observed == len(WANTED[library])
    for definition, found in only.observations.items():
        assert found.failure == "", definition
        assert found.machine == only.machine.words
        assert {call.outcome for call in found.calls} <= {"returned", "raised"}, definition
    (row,) = report.rows
    assert (row.recorded, row.inferred) == (len(WANTED[library]), 0)


def test_the_machine_is_named(made: tuple[str, Path, RecordReport]) -> None:
    (only,) = manifest.read_recordings(made[1]).recordings
    assert only.machine == cuda.examine()
    assert all(only.machine.words.count(part) == 1 for part in (", driver ", ", CUDA ", ", CuPy "))


def test_results_are_compared_with_the_twins(made: tuple[str, Path, RecordReport]) -> None:
    found = {entry.name: entry.agreement for entry in made[2].compared}
    assert {*found} == {*WANTED[made[0]]}
    for name, agreement in found.items():
        assert agreement.calls > 0, name
        # Which gives the distances that scipy's writes into an output alone.
        assert all("distances=" in told for told in agreement.unlike), name
        if name.rpartition(".")[2] in ("gaussian", "gaussian_filter"):
            # Truth values, which CuPy doesn't round, are all that differs.
            far = {each.dtype for each in agreement.deviations if each.max_relative > 1e-3}
            assert far <= {"bool"}, (name, agreement.deviations)


def test_a_gpu_that_was_left_in_error_ends_its_process() -> None:
    """What reads far outside its memory spoils CUDA for its process, and no other."""
    pytest.importorskip("cupy", reason="CuPy isn't installed", exc_type=ImportError)
    code = """
import sys
sys.path[:] = eval(sys.argv[1])
from voxbind_build.memories.cupy_memory import Cuda
space = Cuda()
space.wait()
kernel = space._library.RawKernel(
    'extern "C" __global__ void stray(float* x) { x[1LL << 40] = 1; }', "stray"
)
try:
    kernel((1,), (1,), (space._library.zeros(1, "float32"),))
finally:
    space.wait()
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, repr(sys.path)], stderr=subprocess.PIPE, check=False
    )
    assert ran.returncode == LOST, ran.stderr.decode()[-500:]
    assert isinstance(cuda.examine(), Machine)


def test_arrays_go_there_and_back() -> None:
    cupy = pytest.importorskip("cupy", reason="CuPy isn't installed", exc_type=ImportError)
    space = Cuda()
    image = np.arange(6, dtype=np.uint16).reshape(2, 3)
    given = space.give(image)
    assert isinstance(given, cupy.ndarray)
    taken = space.take([given, (given, 3), {"a": given}])
    assert taken[1][1] == 3
    for array in (taken[0], taken[1][0], taken[2]["a"]):
        assert array.dtype == image.dtype
        assert np.array_equal(array, image)
    # What CuPy has no dtype for is left for the function to refuse.
    words = np.array(["a"])
    assert space.give(words) is words
    assert space.give(3) == 3
