"""Whether there is an NVIDIA GPU to work on, asked of its driver alone: no library is imported."""

from __future__ import annotations

import sys
from functools import cache

__all__ = ["count", "lack", "wanting"]

_DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1", "libcuda.so")
_NO_DEVICE = 100


def count() -> int:
    """Return how many NVIDIA GPUs the driver shows to this process; 0 without a driver."""
    return _asked()[0]


def lack() -> str:
    """Say why the driver shows no GPU; nothing where it shows one."""
    return _asked()[1]


@cache
def _asked() -> tuple[int, str]:
    # Only who has no GPU, or no CuPy yet, needs `ctypes`.
    from ctypes import CDLL, byref, c_int

    for name in _DRIVERS:
        try:
            driver = CDLL(name)
        except OSError:
            continue
        found = c_int()
        failed = driver.cuInit(0) or driver.cuDeviceGetCount(byref(found))
        if not failed and found.value:
            return found.value, ""
        if failed not in (0, _NO_DEVICE):
            return 0, f"NVIDIA's driver is installed and fails with CUDA's error {failed}"
        return 0, "NVIDIA's driver is installed and shows no GPU" + _hidden()
    return 0, "there is no NVIDIA driver here"


def _hidden() -> str:
    import os

    hides = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "" if hides is None else f", with CUDA_VISIBLE_DEVICES={hides!r}"


def wanting(subject: str, wanted: str, modules: tuple[str, ...]) -> str:
    """Say what a library that works on a GPU misses here, and how to get it.

    Parameters
    ----------
    subject
        What can't be used.
    wanted
        What pip installs for it.
    modules
        Top-level modules that it needs.

    Returns
    -------
    str
        A message; empty where there is a GPU.
    """
    if count():
        return ""
    from importlib.util import find_spec

    missing = [name for name in dict.fromkeys(modules) if find_spec(name) is None]
    absent = f" Not installed either: {', '.join(missing)}." if missing else ""
    return (
        f"{subject} needs an NVIDIA GPU: {lack()}.{absent} On a machine with a GPU, install its "
        f"driver (`nvidia-smi` lists what it finds) and the library: pip install {wanted}. "
        "`voxbind doctor` tells more. voxbind.auto has the same functions, and runs them on the "
        "CPU where there is no GPU."
    )
