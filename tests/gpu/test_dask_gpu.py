"""Dask arrays of CuPy chunks: each block stays on the GPU, and so does the result."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

import voxbind

pytestmark = pytest.mark.gpu

VOLUME = np.random.default_rng(0).random((6, 40, 36)).astype(np.float32)


@pytest.fixture(scope="module")
def lazy(cupy: Any) -> Any:
    da = pytest.importorskip("dask.array")
    return da.from_array(cupy.asarray(VOLUME), chunks=(3, 20, 18), asarray=False)


def test_blocks_stay_on_the_gpu(cupy: Any, lazy: Any) -> None:
    ndimage: Any = import_module("voxbind.cupyx.scipy.ndimage")
    function = voxbind.over(ndimage.gaussian_filter, "ZYX", reach=4, verify=True)
    with voxbind.transfers("forbid"):
        result = function(lazy, sigma=1)
    assert isinstance(result._meta, cupy.ndarray)
    computed = result.compute()
    assert isinstance(computed, cupy.ndarray)
    expected = ndimage.gaussian_filter(cupy.asarray(VOLUME), sigma=1)
    cupy.testing.assert_allclose(computed, expected, atol=1e-5)


def test_labels_are_merged_on_the_gpu(cupy: Any, lazy: Any) -> None:
    ndimage: Any = import_module("voxbind.cupyx.scipy.ndimage")
    labels, count = ndimage.label(lazy > 0.6)
    expected, number = ndimage.label(cupy.asarray(VOLUME) > 0.6)
    assert int(count) == number
    computed = labels.compute()
    assert isinstance(computed, cupy.ndarray)
    pairs = cupy.unique(cupy.stack([computed.ravel(), expected.ravel()]), axis=1)
    assert pairs.shape[1] == number + 1


def test_auto_runs_the_twin_on_blocks_of_the_gpu(cupy: Any, lazy: Any) -> None:
    ndimage: Any = import_module("voxbind.auto").ndimage
    with voxbind.transfers("forbid"):
        result = voxbind.over(ndimage.gaussian_filter, "ZYX", reach=4)(lazy, sigma=1).compute()
    assert isinstance(result, cupy.ndarray)
