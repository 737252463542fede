"""Limits a callable's use of the machine: memory, time, files, screen and environment.

This guards against faulty functions, not against malicious ones. The working folder, the home and
the folder of temporary files are in a folder that is removed afterwards. If Linux supports it (see
`landlock`), writing to other places and sending signals to other processes are refused. The same is
true for the process that imports the libraries, from which all others are forked.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from voxbind_build.common.landlock import confine
from voxbind_build.memories.lookup import facts
from voxbind_build.model import MemoryType

FILE_LIMIT = 256 << 20
"""Largest size of a file that a callable can write, in bytes."""
PROCESS_LIMIT = 256
"""Number of processes and threads that a callable can start."""

ENVIRONMENT: dict[str, str | None] = {
    "BROWSER": "true",
    # Launches wait for their kernels, so that an error is raised by the call that caused it.
    "CUDA_LAUNCH_BLOCKING": "1",
    # Without these, caches are below the home.
    "CUDA_CACHE_PATH": None,
    "CUPY_CACHE_DIR": None,
    "CUPY_CACHE_IN_MEMORY": None,
    # Like the limit of host memory: a call that needs more raises an error.
    "CUPY_GPU_MEMORY_LIMIT": str(1 << 30),
    "CUPY_TF32": None,
    # Intel's OpenCL on the CPU: the same instructions, hence the same bits, on every processor. A
    # kernel runs only a few times on a small image, and compiles in two thirds of the time without
    # vectorisation.
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
    # Otherwise scikit-image hands calls on to other packages that are installed.
    "SKIMAGE_NO_DISPATCHING": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "WAYLAND_DISPLAY": None,
}
"""Environment variables: no screen, one thread, fixed hashes. None removes a variable."""
NO_OTHER_HOMES = dict.fromkeys(("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"))
_KEPT = ".cache/voxbind"
"""Folder of caches that are kept, below the user's home."""


def settle(folder: Path, memory_type: MemoryType) -> None:
    """Move this process into a separate folder, and confine its writing to that folder.

    Parameters
    ----------
    folder
        An empty folder, which is removed when the callable is done.
    memory_type
        The memory of the callable's library, which decides which caches are kept.
    """
    places = {name: folder / name for name in ("work", "home", "temporary")}
    for place in places.values():
        place.mkdir()
    caches = list(share_caches(places["home"], memory_type))
    apply(ENVIRONMENT)
    _move(places["home"], places["temporary"])
    os.chdir(places["work"])
    _write_only_in(folder, *caches)


def confine_server(home: Path) -> None:
    """Set the home of the process from which others are forked, and confine its writing.

    It imports the libraries, whose code could otherwise write anywhere. The processes that are
    forked from it keep these limits, and get narrower ones.

    Parameters
    ----------
    home
        Its home in the scratch folder, see `server_home`.
    """
    scratch = home.parent
    temporary = scratch / "temporary"
    temporary.mkdir(exist_ok=True)
    _move(home, temporary)
    _write_only_in(scratch, (home / _KEPT).resolve())


def _move(home: Path, temporary: Path) -> None:
    apply({"HOME": str(home), "TMPDIR": str(temporary), **NO_OTHER_HOMES})
    tempfile.tempdir = None  # may have been looked up before


def _write_only_in(*folders: Path) -> None:
    confine([*folders, Path("/dev/shm")], devices=[Path("/dev"), Path("/proc/self")])


def server_home(
    scratch: Path, memory_types: Iterable[MemoryType], *, keeps_kernels: bool = True
) -> Path:
    """Make the home of the process from which others are forked, with access to the caches.

    Parameters
    ----------
    scratch
        The folder in which the home is made.
    memory_types
        The memories of the callables. The folder of caches is made if any of them keeps something.
    keeps_kernels
        Whether the caches are the user's for builds; if not, they are empty and in the home.
    """
    home = scratch / "home"
    kept = home / _KEPT
    kept.parent.mkdir(parents=True)
    if not keeps_kernels:
        kept.mkdir()
        return home
    with contextlib.suppress(OSError):
        if any(facts(kind).kernel_caches for kind in memory_types):
            (Path.home() / _KEPT).mkdir(parents=True, exist_ok=True)
        kept.symlink_to(Path.home() / _KEPT, target_is_directory=True)
    return home


def share_caches(home: Path, memory_type: MemoryType) -> Iterator[Path]:
    """Link the caches of compiled kernels into a new home, and yield their folders.

    All callables share them. They are separate from the user's caches, whose kernels are compiled
    for speed on this processor.

    Parameters
    ----------
    home
        The new home.
    memory_type
        The memory whose caches are linked.
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
    """Redirect the standard streams to the null device, also for code other than Python."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


class Limits(NamedTuple):
    """The limits of one callable."""

    seconds: float
    """Seconds of processor time for all calls."""
    seconds_a_call: float
    """Seconds of processor time for one call."""
    patience: float
    """Factor from these limits to limits of elapsed time."""
    memory: int
    """Bytes in addition to those that the process uses at the start."""
    running: int
    """Number of the user's threads before the measurement."""


def limit(limits: Limits, *, watched: bool = False) -> None:
    """Limit this process from now on.

    Parameters
    ----------
    limits
        The limits.
    watched
        Whether another process watches the memory, so that it isn't limited here.
    """
    held = getattr(psutil.Process().memory_info(), "data", 0)
    resources = {
        # Writable private memory. The address space would include memory that GPU drivers only
        # reserve.
        resource.RLIMIT_DATA: held + limits.memory,
        resource.RLIMIT_FSIZE: FILE_LIMIT,
        resource.RLIMIT_CORE: 0,
        # Counts all processes of the user; the kernel doesn't apply it to root.
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
    """Set environment variables; None removes a variable."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
