"""What a callable may use of the machine: memory, time, files, screen and environment.

This guards against functions that fail, not against functions that attack: what a callable
writes to the working folder, the home or the folder of temporary files lands in a folder that
is removed afterwards, and where Linux can (see `landlock`) writes to other places and signals
to other processes are refused.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from voxbind_build.memories.lookup import facts
from voxbind_build.model import MemoryType
from voxbind_build.probe.sandbox.landlock import confine

FILE_LIMIT = 256 << 20
"""Bytes of the largest file that a callable can write."""
PROCESS_LIMIT = 256
"""Processes and threads that a callable can start beside those that its user has."""

ENVIRONMENT: dict[str, str | None] = {
    "BROWSER": "true",
    # Launches wait for their kernels, so that an error is raised by the call that made it.
    "CUDA_LAUNCH_BLOCKING": "1",
    # The caches are found below the home.
    "CUDA_CACHE_PATH": None,
    "CUPY_CACHE_DIR": None,
    "CUPY_CACHE_IN_MEMORY": None,
    # Like the host's memory: what takes more is an error of that call.
    "CUPY_GPU_MEMORY_LIMIT": str(1 << 30),
    "CUPY_TF32": None,
    # Intel's OpenCL on the CPU: the same instructions on every processor, so the same bits. A
    # kernel is run a few times on a small image, and compiles in two thirds of the time without
    # vectors.
    "CL_CONFIG_CPU_TARGET_ARCH": "corei7",
    "CL_CONFIG_CPU_TBB_NUM_WORKERS": "1",
    "CL_CONFIG_CPU_VECTORIZER_MODE": "1",
    "DISPLAY": None,
    "MPLBACKEND": "Agg",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONBREAKPOINT": "0",
    "PYTHONHASHSEED": "0",
    "QT_QPA_PLATFORM": "offscreen",
    "SDL_VIDEODRIVER": "dummy",
    "VECLIB_MAXIMUM_THREADS": "1",
    "WAYLAND_DISPLAY": None,
}
"""No screen, one thread, no randomness of hashes; None for what is taken away."""
NO_OTHER_HOMES = dict.fromkeys(("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"))
_KEPT = ".cache/voxbind"
"""Below the user's home."""


def settle(folder: Path, memory_type: MemoryType) -> None:
    """Move this process into a folder of its own, and keep it there.

    Parameters
    ----------
    folder
        An empty folder, which is removed when the callable is done.
    memory_type
        Decides which caches outlive the callable.
    """
    places = {name: folder / name for name in ("work", "home", "temporary")}
    for place in places.values():
        place.mkdir()
    caches = list(share_caches(places["home"], memory_type))
    apply(ENVIRONMENT)
    apply({"HOME": str(places["home"]), "TMPDIR": str(places["temporary"])})
    apply(NO_OTHER_HOMES)
    tempfile.tempdir = None  # may have been looked up before
    os.chdir(places["work"])
    confine([folder, *caches, Path("/dev/shm")], devices=[Path("/dev"), Path("/proc/self")])


def server_home(scratch: Path) -> Path:
    """Make the home of the process that others are forked from, which has their caches at hand."""
    home = scratch / "home"
    kept = home / _KEPT
    kept.parent.mkdir(parents=True)
    with contextlib.suppress(OSError):
        # Which may not be there: it is made when there is something to keep.
        kept.symlink_to(Path.home() / _KEPT, target_is_directory=True)
    return home


def share_caches(home: Path, memory_type: MemoryType) -> Iterator[Path]:
    """Show the caches of compiled kernels in a new home, and name them.

    They serve all callables. They are kept apart from the user's own, which are compiled for
    speed on this processor.
    """
    for cache in facts(memory_type).kernel_caches:
        kept = (Path.home() / _KEPT).resolve() / cache
        with contextlib.suppress(OSError):
            kept.mkdir(parents=True, exist_ok=True)
            (home / cache).parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(home / cache, ignore_errors=True)
            (home / cache).symlink_to(kept, target_is_directory=True)
            yield kept


def silence() -> None:
    """Cut the standard streams off, for Python and for what isn't Python."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


class Limits(NamedTuple):
    """What one callable may use."""

    seconds: float
    """Of processor time, for all calls."""
    seconds_a_call: float
    """Of processor time."""
    patience: float
    """How many times as long each of these may take by the clock."""
    memory: int
    """Bytes above what the process holds."""
    running: int
    """Threads that the user has at the start of it all."""


def limit(limits: Limits, *, watched: bool = False) -> None:
    """Limit what this process may use from now on.

    Parameters
    ----------
    limits
        How much that is.
    watched
        Whether somebody else watches the memory.
    """
    held = getattr(psutil.Process().memory_info(), "data", 0)
    resources = {
        # Writable private memory: unlike the whole address space, it doesn't count
        # what GPU drivers merely reserve.
        resource.RLIMIT_DATA: held + limits.memory,
        resource.RLIMIT_FSIZE: FILE_LIMIT,
        resource.RLIMIT_CORE: 0,
        # Counts all of the user's; the kernel doesn't hold root to it.
        resource.RLIMIT_NPROC: limits.running + PROCESS_LIMIT,
        resource.RLIMIT_CPU: max(1, round(limits.seconds)),
    }
    if watched:
        del resources[resource.RLIMIT_DATA]
    for kind, most in resources.items():
        _, hard = resource.getrlimit(kind)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))


def threads() -> int:
    """Count the threads of this user."""
    user = os.getuid()
    return sum(
        process.info["num_threads"] or 1
        for process in psutil.process_iter(["uids", "num_threads"])
        if process.info["uids"] is not None and process.info["uids"].real == user
    )


def apply(variables: Mapping[str, str | None]) -> None:
    """Set variables of the environment; None takes one away."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
