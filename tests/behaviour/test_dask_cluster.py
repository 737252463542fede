"""Blocks of dask arrays in other processes, with a limit of memory, of which one is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

import voxbind

ndimage: Any = import_module("voxbind.scipy.ndimage")
feature, filters, measure = (
    import_module(f"voxbind.skimage.{name}") for name in ("feature", "filters", "measure")
)
dask: Any = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

VOLUME = np.random.default_rng(0).random((6, 48, 40))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Give a client of two worker processes of 512 MiB each."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit="512MiB",
            dashboard_address=None,
            host="127.0.0.1",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.timeout(120)
def test_a_cluster_gives_the_same(client: Any) -> None:
    lazy = da.from_array(VOLUME, chunks=(2, 24, 20))
    blurred = voxbind.over(filters.gaussian, "ZYX", reach=4, verify=4)(lazy, sigma=1)
    np.testing.assert_allclose(blurred.compute(), filters.gaussian(VOLUME, sigma=1), atol=1e-12)
    np.testing.assert_array_equal(feature.canny(lazy).compute(), feature.canny(VOLUME))
    labels, count = ndimage.label(lazy > 0.6)
    expected, number = ndimage.label(VOLUME > 0.6)
    np.testing.assert_array_equal(labels.compute(), expected)
    assert int(count) == number
    threshold = filters.threshold_otsu((lazy * 255).astype(np.uint8))
    assert int(threshold) == filters.threshold_otsu((VOLUME * 255).astype(np.uint8))


@pytest.mark.timeout(120)
def test_an_error_in_a_worker_names_the_block(client: Any) -> None:
    lazy = da.from_array(VOLUME, chunks=(2, 24, 20))
    function = voxbind.over(ndimage.gaussian_filter, "ZYX", reach=4)
    with pytest.raises(RuntimeError, match="boundary mode not supported") as info:
        function(lazy, 1, mode="sideways").blocks[0, 1, 1].compute()
    assert any("for block (0, 1, 1) of (1, 2, 2)" in note for note in info.value.__notes__)


@pytest.mark.timeout(120)
def test_workers_import_only_the_library_that_they_call(client: Any) -> None:
    lazy = da.from_array(VOLUME, chunks=(2, 24, 20))
    voxbind.over(ndimage.gaussian_filter, "ZYX", reach=4)(lazy, 1).compute()

    def libraries() -> set[str]:
        import sys

        return {"torch", "cupy", "pyclesperanto", "jax"} & {*sys.modules}

    assert client.run(libraries) == {name: set() for name in client.scheduler_info()["workers"]}


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("kills_a_worker")
def test_a_worker_that_is_killed_loses_nothing(client: Any) -> None:
    lazy = da.from_array(np.tile(VOLUME, (8, 1, 1)), chunks=(2, 48, 40))
    edges = feature.canny(lazy, sigma=2).persist()
    pids = client.run(os.getpid)
    os.kill(next(iter(pids.values())), signal.SIGKILL)
    expected = np.tile(feature.canny(VOLUME, sigma=2), (8, 1, 1))
    np.testing.assert_array_equal(edges.compute(), expected)


@pytest.mark.timeout(180)
@pytest.mark.usefixtures("kills_a_worker")
def test_forms_of_several_passes_survive_a_worker_that_is_killed_in_the_middle(
    client: Any, tmp_path: Path
) -> None:
    image = np.tile((VOLUME * 255).astype(np.uint8), (4, 1, 1))

    def slow(block: Any) -> Any:
        (tmp_path / uuid4().hex).touch()
        time.sleep(0.2)
        return block

    lazy = da.from_array(image, chunks=(2, 24, 40)).map_blocks(slow, dtype=image.dtype)
    labels, count = ndimage.label(lazy > 150)
    results = [
        labels,
        count,
        filters.threshold_otsu(lazy),
        ndimage.extrema(lazy),
        ndimage.center_of_mass(lazy),
        measure.regionprops_table(labels, properties=("label", "area", "centroid")),
    ]
    future = client.compute(dask.delayed(results))
    while len([*tmp_path.iterdir()]) < 8:  # of 24 chunks
        time.sleep(0.05)
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    computed = future.result()
    expected, number = ndimage.label(image > 150)
    np.testing.assert_array_equal(computed[0], expected)
    assert int(computed[1]) == number
    assert int(computed[2]) == filters.threshold_otsu(image)
    for one, other in zip(computed[3], ndimage.extrema(image), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(computed[4], ndimage.center_of_mass(image), rtol=1e-12)
    table = measure.regionprops_table(expected, properties=("label", "area", "centroid"))
    for name, column in table.items():
        np.testing.assert_allclose(computed[5][name], column, rtol=1e-12)
