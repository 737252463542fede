"""Which GPUs and libraries the tests of this folder run on; without them they are skipped."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import torch

from helpers.gpu_libraries import COUNT, NAMES, Library
from helpers.gpu_libraries import library as library_of


@pytest.fixture(scope="session", autouse=True)
def _needs_a_gpu() -> None:
    if not COUNT:
        pytest.skip("no NVIDIA GPU that PyTorch can use")


@pytest.fixture(params=range(max(COUNT, 1)), ids="cuda:{}".format)
def gpu(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def device(gpu: int) -> torch.device:
    return torch.device("cuda", gpu)


@pytest.fixture(scope="session")
def cupy() -> Any:
    return pytest.importorskip("cupy", reason="CuPy isn't installed", exc_type=ImportError)


@pytest.fixture(params=NAMES)
def library(request: pytest.FixtureRequest) -> Library:
    """Each library whose arrays are on a GPU."""
    if request.param == "cupy":
        request.getfixturevalue("cupy")
    return library_of(request.param)


@pytest.fixture
def libraries(cupy: Any) -> dict[str, Library]:
    """Both libraries, by name."""
    return {name: library_of(name) for name in NAMES}


@pytest.fixture(scope="session")
def cle() -> Any:
    """The wrapped pyclesperanto, where that has a device."""
    upstream = pytest.importorskip("pyclesperanto", reason="pyclesperanto isn't installed")
    try:
        found = upstream.get_device()
    except (AttributeError, RuntimeError):
        found = None
    if found is None:
        pytest.skip("pyclesperanto finds no device")
    return import_module("voxbind.pyclesperanto")
