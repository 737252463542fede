"""Runs that write OME-Zarr: they are killed, go on, and never leave half an image in its place."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.ome_runs import MOVIE, during, failing, image
from voxbind import OmeZarr

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
xr = pytest.importorskip("xarray")
zarr = pytest.importorskip("zarr")
pytest.importorskip("ome_zarr_models")
filters: Any = import_module("voxbind.skimage.filters")

PROGRAM = Path(__file__).parent / "programs" / "interrupted_run.py"


def expected(sigma: float) -> np.ndarray:
    return np.stack([filters.gaussian(volume, sigma) for volume in MOVIE])


def run(tmp_path: Path, regions: int, sigma: float = 2.0) -> subprocess.CompletedProcess[str]:
    package = Path(voxbind.__file__).parents[1]
    files = [str(tmp_path / name) for name in ("in.zarr", "out.zarr", "log")]
    return subprocess.run(
        [sys.executable, str(PROGRAM), *files, str(sigma), str(regions)],
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )


def computed(tmp_path: Path) -> int:
    return len((tmp_path / "log").read_text().splitlines())


@pytest.mark.timeout(600)
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    OmeZarr.write(tmp_path / "in.zarr", image())
    assert run(tmp_path, regions=3).returncode == -signal.SIGKILL
    assert not (tmp_path / "out.zarr").exists()
    with pytest.raises(voxbind.StoreError, match=r"out\.zarr\.partial is of a run that was inter"):
        OmeZarr(tmp_path / "out.zarr")
    with pytest.raises(voxbind.StoreError, match="no image of OME-Zarr"):
        OmeZarr(*tmp_path.glob("out.zarr.partial/*/image"))

    other = run(tmp_path, regions=100, sigma=3.0)
    assert other.returncode == 1
    assert "computed something else" in other.stderr

    before = computed(tmp_path)
    done = run(tmp_path, regions=100)
    assert done.returncode == 0, done.stderr
    assert before == 4  # three regions, and one that was lost
    assert computed(tmp_path) - before == len(MOVIE) - 3
    np.testing.assert_array_equal(OmeZarr(tmp_path / "out.zarr").read().values, expected(2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.zarr", "log", "out.zarr"]

    finished = computed(tmp_path)
    assert run(tmp_path, regions=100).returncode == 0
    assert computed(tmp_path) == finished  # nothing is computed again


def test_an_error_of_the_computation_is_not_taken_for_one_of_the_store(tmp_path: Path) -> None:
    def lose() -> None:
        raise FileNotFoundError("calibration.csv")

    with pytest.raises(FileNotFoundError, match=r"^calibration\.csv$"):
        OmeZarr.write(tmp_path / "a.zarr", during(lose), run="A")


@pytest.mark.parametrize("order", "<>")
def test_a_finished_run_is_finished_in_any_order_of_bytes(tmp_path: Path, order: str) -> None:
    given = image(MOVIE.astype(f"{order}f4"))
    OmeZarr.write(tmp_path / "a.zarr", given)
    there = OmeZarr.write(tmp_path / "a.zarr", given)
    assert there.read().dtype == np.dtype("f4")
    np.testing.assert_array_equal(there.read().values, MOVIE)


def test_a_relative_path_stays_the_same_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    there = OmeZarr.write("a.zarr", during(lambda: os.chdir("other")))
    np.testing.assert_array_equal(there.read().values, MOVIE)
    monkeypatch.chdir(tmp_path)
    lazy = OmeZarr("a.zarr").read()
    monkeypatch.chdir(tmp_path / "other")
    np.testing.assert_array_equal(lazy.values, MOVIE)
    assert OmeZarr("../a.zarr").levels == 1
    assert [path.name for path in (tmp_path / "other").iterdir()] == []


def test_a_region_that_fails_leaves_no_image_and_the_next_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    data = image().data
    broken = data.map_blocks(failing("no luck"), dtype=data.dtype)
    with pytest.raises(RuntimeError, match="no luck"):
        OmeZarr.write(path, image(broken), run="mine")
    assert not path.exists()
    with pytest.raises(voxbind.StoreError, match="computed something else"):
        OmeZarr.write(path, image(), run="another")
    OmeZarr.write(path, image(), run="mine")
    np.testing.assert_array_equal(OmeZarr(path).read().values, MOVIE)
    assert OmeZarr(path).provenance == {"version": voxbind.__version__, "calls": [], "run": "mine"}


FULL = """
import resource, signal, sys
import numpy as np, xarray as xr, voxbind
image = xr.DataArray(np.random.default_rng(0).random((4, 256, 256)), dims=["z", "y", "x"])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if sys.argv[2] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, resource.RLIM_INFINITY))
voxbind.OmeZarr.write(sys.argv[1], image)
"""


def test_a_full_store_is_reported_and_the_run_goes_on_later(tmp_path: Path) -> None:
    """The system refuses to make a file larger than 64 KiB, as a full disk would."""
    path = tmp_path / "a.zarr"
    environment = {**os.environ, "PYTHONPATH": str(Path(voxbind.__file__).parents[1])}
    command = [sys.executable, "-c", FULL, str(path)]

    def start(state: str) -> subprocess.CompletedProcess[str]:
        options: Any = {"env": environment, "capture_output": True, "text": True}
        return subprocess.run([*command, state], check=False, **options)

    failed = start("full")
    assert failed.returncode == 1
    assert "StoreError" in failed.stderr
    assert "can't be written" in failed.stderr
    assert "Is the disk full" in failed.stderr
    assert not path.exists()
    done = start("free")
    assert done.returncode == 0, done.stderr
    assert OmeZarr(path).shape == (4, 256, 256)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder that nobody can write")
def test_a_store_that_can_only_be_read_is_reported() -> None:
    with pytest.raises(voxbind.StoreError, match="may its folder only be read"):
        OmeZarr.write("/proc/voxbind.zarr", image())


@pytest.mark.parametrize("kind", ["function", "bar"])
def test_progress_counts_the_regions(tmp_path: Path, kind: str) -> None:
    seen: list[int] = []

    class Bar:
        def update(self, n: int, /) -> None:
            seen.append(n)

    def bar(numbers: range) -> Any:
        for number in numbers:
            yield number
            seen.append(1)

    OmeZarr.write(tmp_path / "a.zarr", image(), progress=bar if kind == "function" else Bar())
    assert sum(seen) == len(MOVIE)
    with pytest.raises(TypeError, match="progress=3"):
        OmeZarr.write(tmp_path / "b.zarr", image(), progress=3)


@pytest.mark.parametrize("is_removed", [False, True])
def test_progress_of_a_run_that_fails_counts_nothing_more(tmp_path: Path, is_removed: bool) -> None:
    counted: list[int] = []

    def bar(numbers: range) -> Any:
        for number in numbers:
            yield number
            counted.append(number)

    def fail() -> None:
        if is_removed:
            shutil.rmtree(tmp_path / "a.zarr.partial")
        raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"):
        OmeZarr.write(tmp_path / "a.zarr", during(fail, number=0)[:1], progress=bar)
    assert counted == []


def test_a_run_begins_again_if_the_image_that_it_reads_has_changed(tmp_path: Path) -> None:
    def write(overwrite: bool) -> OmeZarr:
        double = OmeZarr(tmp_path / "in.zarr").read() * 2
        return OmeZarr.write(tmp_path / "out.zarr", double, overwrite=overwrite)

    OmeZarr.write(tmp_path / "in.zarr", image())
    write(overwrite=False)
    write(overwrite=False)
    zarr.open_group(tmp_path / "in.zarr")["0"][2] = 7
    with pytest.raises(voxbind.StoreError, match="another run has written it"):
        write(overwrite=False)
    np.testing.assert_array_equal(write(overwrite=True).read()[2], np.full(MOVIE.shape[1:], 14))


@voxbind.declare("FLEXIBLE")
def slowly_doubled(volume: np.ndarray) -> np.ndarray:
    """Double an image, in a quarter of a second."""
    time.sleep(0.25)
    return volume * 2


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("kills_a_worker")
def test_a_worker_that_is_killed_while_it_writes_loses_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    path = tmp_path / "a.zarr"
    options = {"n_workers": 2, "threads_per_worker": 1, "memory_limit": "1GiB"}
    with (
        distributed.LocalCluster(dashboard_address=None, host="127.0.0.1", **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = client.run(os.getpid)

        def kill() -> None:
            while len([*tmp_path.glob("a.zarr.partial/*/regions/*")]) < 2:
                time.sleep(0.02)
            os.kill(next(iter(pids.values())), signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        doubled: Any = voxbind.over(slowly_doubled, dtype="float32", reach=0)(image())
        there = OmeZarr.write(path, doubled)
        killer.join()
        np.testing.assert_array_equal(there.read().values, MOVIE * 2)
        assert len({*client.run(os.getpid).values()} & {*pids.values()}) == 1
