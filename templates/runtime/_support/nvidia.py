"""Whether there is an NVIDIA GPU to work on, asked of its driver alone: no library is imported."""

from __future__ import annotations

import sys
from functools import cache
from typing import NamedTuple

__all__ = ["count", "lack", "wanting"]

_DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1", "libcuda.so")
_NO_DEVICE = 100


class _Answer(NamedTuple):
    """What the driver says."""

    gpus: int = 0
    lack: str = ""
    """Why there is no GPU."""
    remedy: str = ""


def count() -> int:
    """Return how many NVIDIA GPUs the driver shows to this process; 0 without a driver."""
    return _asked().gpus


def lack() -> str:
    """Say why the driver shows no GPU; empty if it shows one."""
    return _asked().lack


@cache
def _asked() -> _Answer:
    # `ctypes` is needed only without a GPU, or before CuPy is imported.
    from ctypes import CDLL, byref, c_int

    for name in _DRIVERS:
        try:
            driver = CDLL(name)
        except OSError:
            continue
        count = c_int()
        failed = driver.cuInit(0) or driver.cuDeviceGetCount(byref(count))
        if not failed and count.value:
            return _Answer(count.value)
        if failed not in (0, _NO_DEVICE):
            return _Answer(
                lack=f"NVIDIA's driver is installed and fails with CUDA's error {failed}",
                remedy="Restart the machine, or reinstall the driver: `nvidia-smi` reports what "
                "is wrong with it.",
            )
        return _without_device()
    return _Answer(
        lack="there is no NVIDIA driver here",
        remedy="On a machine with a GPU, install its driver: `nvidia-smi` lists what it finds.",
    )


def _without_device() -> _Answer:
    import os

    lack = "NVIDIA's driver is installed and shows no GPU"
    hides = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hides is None:
        return _Answer(lack=lack, remedy="`nvidia-smi` lists what the driver finds.")
    return _Answer(
        lack=f"{lack}, with CUDA_VISIBLE_DEVICES={hides!r}",
        remedy="Unset CUDA_VISIBLE_DEVICES, and restart Python.",
    )


def wanting(subject: str, wanted: str, modules: tuple[str, ...]) -> str:
    """Say what a GPU library lacks on this machine, and how to install it.

    Parameters
    ----------
    subject
        The module that can't be used.
    wanted
        The requirement that pip installs.
    modules
        Top-level modules that it needs.

    Returns
    -------
    str
        A message; empty if there is a GPU.
    """
    if count():
        return ""
    from importlib.util import find_spec

    missing = [name for name in dict.fromkeys(modules) if find_spec(name) is None]
    absent = f" Not installed either: {', '.join(missing)}." if missing else ""
    return (
        f"{subject} needs an NVIDIA GPU: {lack()}.{absent} {_asked().remedy} Install the "
        f"library with: pip install {wanted}. `voxbind doctor` reports more. voxbind.auto has the "
        "same functions, and runs them on the CPU if there is no GPU."
    )
