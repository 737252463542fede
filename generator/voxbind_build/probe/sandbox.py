"""Observes callables in processes that may die.

Each callable has a process of its own, forked from a server that has the libraries
imported already, so that a start costs milliseconds. Nothing that one callable does
to its process (a leak, a stray thread, a changed global) can reach another's
observation, and what is seen doesn't depend on the order or the number of jobs.

A pool of long-lived workers would be a little faster, but a worker that leaves with
`os._exit(0)` would go unnoticed until the time limit, and a late crash would be
blamed on the next callable.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.forkserver
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

import pebble
import psutil
from pebble.concurrent import process as in_process

from voxbind_build.model import Observation, ProbeTask
from voxbind_build.probe.ahead import AHEAD
from voxbind_build.probe.observe import observe

TIME_LIMIT = 300.0
"""Seconds for all calls of one callable; so many that a slow machine sees the same."""
MEMORY_LIMIT = 1 << 30
"""Bytes above what the process holds at its start."""
FILE_LIMIT = 256 << 20
"""Bytes of the largest file that a callable can write."""

_ENVIRONMENT = {
    "MPLBACKEND": "Agg",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "VECLIB_MAXIMUM_THREADS": "1",
}


def probe(
    tasks: Sequence[ProbeTask],
    *,
    jobs: int | None = None,
    on_done: Callable[[Observation], None] = lambda observation: None,
    time_limit: float = TIME_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
) -> dict[str, Observation]:
    """Observe callables in parallel, each at its own risk.

    Parameters
    ----------
    tasks
        One for each definition.
    jobs
        Processes at a time; by default one for each usable core.
    on_done
        Called here with each observation as it comes in.
    time_limit, memory_limit
        Seconds and bytes that one callable may use.

    Returns
    -------
    dict
        Observations by definition, sorted. Where a callable took its process down,
        `Observation.failure` says how.
    """
    observations: dict[str, Observation] = {}
    with _scratch() as scratch, _fork_server(tasks) as context:
        # pebble's types name the argument `mp_context`, its code reads `context`.
        run_apart: Any = in_process
        start = run_apart(timeout=time_limit, daemon=False, context=context)(_observe)
        waiting = deque(enumerate(tasks))
        running: dict[Future[Observation], tuple[ProbeTask, Path]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < (jobs or usable_cores()):
                    number, task = waiting.popleft()
                    folder = scratch / str(number)
                    folder.mkdir()
                    running[start(task, folder, time_limit, memory_limit)] = task, folder
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task, folder = running.pop(future)
                    observation = _outcome(future, task, time_limit)
                    _end_processes(folder)
                    shutil.rmtree(folder, ignore_errors=True)
                    observations[observation.definition] = observation
                    on_done(observation)
        finally:
            _break_off({future: folder for future, (_, folder) in running.items()})
    return dict(sorted(observations.items()))


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _break_off(running: Mapping[Future[Observation], Path]) -> None:
    """End what still runs; a process that is just being started is ended a moment later."""
    left = set(running)
    give_up = time.monotonic() + 5
    while left and time.monotonic() < give_up:
        for future in left:
            _end_processes(running[future])
        left = wait(left, timeout=0.05).not_done
    for future in left:
        future.cancel()


def _outcome(future: Future[Observation], task: ProbeTask, time_limit: float) -> Observation:
    try:
        return future.result()
    except TimeoutError:
        failure = f"took longer than {time_limit:g} s"
    except pebble.ProcessExpired as error:
        failure = _last_words(error.exitcode)
    except Exception as error:
        failure = f"gave an answer that can't be read: {type(error).__name__}"
    return _failed(task, failure)


def _failed(task: ProbeTask, failure: str) -> Observation:
    description = task.description
    return Observation(
        definition=description.definition,
        fingerprint=description.fingerprint,
        roles=task.roles,
        failure=failure,
    )


def _last_words(exitcode: int | None) -> str:
    if exitcode is None:
        return "ended its process"
    if exitcode >= 0:
        return f"ended its process with exit code {exitcode}"
    with contextlib.suppress(ValueError):
        return f"ended its process by {signal.Signals(-exitcode).name}"
    return f"ended its process by signal {-exitcode}"


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="voxbind-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _fork_server(tasks: Sequence[ProbeTask]) -> Iterator[multiprocessing.context.BaseContext]:
    """Give a context whose processes start with single threads and the libraries imported.

    GPU libraries are not imported ahead: their state doesn't outlive a fork.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        yield multiprocessing.get_context("spawn")
        return
    modules = {
        task.description.definition.partition(":")[0]
        for task in tasks
        if task.memory_type == "numpy"
    }
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["__main__", "voxbind_build.probe.ahead", "voxbind_build.probe.sandbox"]
    )
    # The server of Python 3.11 doesn't set `sys.path` before it imports ahead.
    search_path = os.pathsep.join(path for path in sys.path if path)
    ahead = {"PYTHONPATH": search_path, AHEAD: " ".join(sorted(modules))}
    with _environment({**_ENVIRONMENT, **ahead}):
        try:
            yield context
        finally:
            _stop_server()


def _stop_server() -> None:
    """End the server, which would give the next measurement the modules of this one.

    The standard library has no public name for this. A plain `_stop` waits for every
    process that holds the server's pipe, also for one that a callable sent off.
    """
    server: Any = multiprocessing.forkserver._forkserver
    if server._forkserver_pid is not None:
        os.kill(server._forkserver_pid, signal.SIGKILL)
        server._stop()


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


# --- in the other process ----------------------------------------------------------------


def _observe(task: ProbeTask, folder: Path, time_limit: float, memory_limit: int) -> Observation:
    """Observe one callable behind limits; everything it starts is in one process group."""
    os.setpgid(0, 0)
    (folder / _GROUP).write_text(str(os.getpid()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work = folder / "work"
    work.mkdir()
    os.chdir(work)
    os.environ.update(_ENVIRONMENT)
    _silence()
    _limit(time_limit, memory_limit)
    try:
        return observe(task)
    except BaseException as error:
        return _failed(task, f"couldn't be observed: {type(error).__name__}: {error}")


def _silence() -> None:
    """Cut the standard streams off, for Python and for what isn't Python."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


def _limit(time_limit: float, memory_limit: int) -> None:
    held = getattr(psutil.Process().memory_info(), "data", 0)
    limits = {
        # Writable private memory: unlike the whole address space, it doesn't count
        # what GPU drivers merely reserve.
        resource.RLIMIT_DATA: held + memory_limit,
        resource.RLIMIT_FSIZE: FILE_LIMIT,
        resource.RLIMIT_CORE: 0,
        # For a hang that holds the interpreter's lock when nobody is left to end it.
        resource.RLIMIT_CPU: int(4 * time_limit) + 1,
    }
    for kind, limit in limits.items():
        _, hard = resource.getrlimit(kind)
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.killpg(0, signal.SIGKILL)


# --- on both sides -----------------------------------------------------------------------

_GROUP = "group"
"""File in which a process leaves the number of its group."""


def _end_processes(folder: Path) -> None:
    """End what a callable has left behind: child processes, and threads that won't end."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        os.killpg(int((folder / _GROUP).read_text()), signal.SIGKILL)
