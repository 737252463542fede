"""Whether there is an NVIDIA GPU to work on, asked of its driver alone: no library is imported."""

from __future__ import annotations

import sys
from functools import cache

__all__ = ["count", "wanting"]

_DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1", "libcuda.so")


@cache
def count() -> int:
    """Return how many NVIDIA GPUs the driver shows to this process; 0 without a driver."""
    # Only who has no GPU, or no CuPy yet, needs `ctypes`.
    from ctypes import CDLL, byref, c_int

    for name in _DRIVERS:
        try:
            driver = CDLL(name)
        except OSError:
            continue
        found = c_int()
        if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(byref(found)) == 0:
            return found.value
    return 0


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
    absent = f" Missing as well: {', '.join(missing)}." if missing else ""
    return (
        f"{subject} needs an NVIDIA GPU, and none is found here (its driver shows none, or there "
        f"is no driver).{absent} On a machine with a GPU, install NVIDIA's driver (`nvidia-smi` "
        f"lists what it finds) and the library: pip install {wanted}. `voxbind doctor` tells more. "
        "voxbind.auto has the same functions, and runs them on the CPU where there is no GPU."
    )
