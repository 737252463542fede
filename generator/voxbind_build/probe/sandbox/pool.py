"""Observes callables in processes that may die.

Each callable has a process of its own, forked from a server that has the libraries
imported already, so that a start costs milliseconds. Nothing that one callable does
to its process (a leak, a stray thread, a changed global) can reach another's
observation, and what is seen doesn't depend on the order or the number of jobs.
A call that ends its process costs that call: the callable is observed again in a new
process, which leaves that call out.

Limits count the processor time of the callable's process, so that a busy machine sees what
an idle one sees; what sleeps or waits is ended by the clock, after ten times as long. What a
limit, a signal from outside or a lack of memory ends is inconclusive: no refusal. A callable
with such a call is observed once again at the end, with nothing else running.

A pool of long-lived workers would be a little faster, but a worker that leaves with
`os._exit(0)` would go unnoticed until the time limit, and a late crash would be
blamed on the next callable.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import multiprocessing
import multiprocessing.forkserver
import os
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import pebble
import psutil
from msgspec import structs
from pebble.concurrent import process as in_process

from voxbind_build.common.scratch import scratch_folder
from voxbind_build.memories.cupy_memory import LOST
from voxbind_build.memories.lookup import facts
from voxbind_build.model import Ending, Observation, ProbeTask
from voxbind_build.probe.invoke import is_exhausted
from voxbind_build.probe.protocol.function_run import blank, failed
from voxbind_build.probe.sandbox.confinement import (
    ENVIRONMENT,
    Limits,
    apply,
    server_home,
    threads,
)
from voxbind_build.probe.sandbox.preload import AHEAD, DEVICES, HOME
from voxbind_build.probe.sandbox.worker import CALL, GROUP, observe_apart

TIME_LIMIT = 300.0
"""Seconds of processor time for all calls of one callable; so many that a slow machine sees the
same."""
PATIENCE = 10.0
"""How many times as long as the limit of processor time something may take by the clock."""
MEMORY_LIMIT = 1 << 30
"""Bytes above what the process holds at its start."""
GPU_PROCESS_LIMIT = 8 << 30
"""Bytes of a process that works on a GPU: the driver takes more than any function."""
CALL_LIMIT = 10.0
"""Seconds of processor time for one call: a hundred times what any call on images this small
should take."""
GPU_CALL_LIMIT = 60.0
"""The same for one call on a GPU: the first ones of a process start it and compile kernels."""
FATAL_LIMIT = 12
"""Calls of one callable that may end their process before it is given up."""
INCONCLUSIVE_LIMIT = 6
"""Calls among them that may be inconclusive."""
DISK_LIMIT = 1 << 30
"""Bytes of all files in a callable's folder."""

_MEMORY_FAULTS = frozenset((signal.SIGABRT, signal.SIGSEGV))
"""What follows from writing where one shouldn't: which of them is a matter of luck."""
_FAULTS = _MEMORY_FAULTS | {
    *(signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS, signal.SIGTRAP),
}
"""Signals that a process gets for what it does itself; the others come from outside."""
_LONGEST_SOCKET_FOLDER = 84
"""Bytes: a socket's path has at most 104 on macOS, of which its own name takes 18."""
_SCRATCH = "VOXBIND_SCRATCH"
"""Variable by which to know what a build has started, wherever it has gone."""


def probe(
    tasks: Sequence[ProbeTask],
    *,
    jobs: int | None = None,
    on_done: Callable[[Observation], ProbeTask | None] = lambda observation: None,
    time_limit: float = TIME_LIMIT,
    call_limit: float = CALL_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
    until: float = math.inf,
    ahead: Collection[str] = (),
) -> dict[str, Observation]:
    """Observe callables in parallel, each at its own risk.

    Parameters
    ----------
    tasks
        One for each definition.
    jobs
        Processes at a time; by default one for each usable core.
    on_done
        Called here with each observation as it comes in. What it returns is done next.
    time_limit, call_limit
        Seconds of processor time that one callable may use, and one call of it; at most a quarter
        of the former.
    memory_limit
        Bytes that one callable may use.
    until
        Moment, as `time.monotonic` tells it, at which what isn't done is broken off.
    ahead
        Modules to import once for all processes, beside those of the callables.

    Returns
    -------
    dict
        Observations by definition, sorted. Where a callable took its process down,
        `Observation.failure` says how.
    """
    observations: dict[str, Observation] = {}
    with scratch_folder() as scratch, _fork_server(tasks, scratch, ahead) as context:
        # pebble's types name the argument `mp_context`, its code reads `context`.
        run_apart: Any = in_process
        by_the_clock = PATIENCE * time_limit
        start = run_apart(timeout=by_the_clock, daemon=False, context=context)(observe_apart)
        waiting = deque(tasks)
        again: deque[ProbeTask] = deque()
        at_a_time, alone = jobs or usable_cores(), False
        numbers = itertools.count()
        running: dict[Future[Observation], tuple[ProbeTask, Path]] = {}
        ended: dict[Path, Ending] = {}
        a_call = min(call_limit, time_limit / 4)
        limits = Limits(time_limit, a_call, PATIENCE, memory_limit, running=threads())
        try:
            while (waiting or running or again) and time.monotonic() < until:
                if not (waiting or running):
                    waiting, again, at_a_time, alone = again, deque(), 1, True
                while waiting and len(running) < at_a_time:
                    task = waiting.popleft()
                    folder = scratch / str(next(numbers))
                    folder.mkdir()
                    running[start(task, folder, limits)] = task, folder
                ended |= _end_if_full(folder for _, folder in running.values())
                ended |= _end_if_large(
                    folder for task, folder in running.values() if facts(task.memory_type).on_gpu
                )
                for future in wait(running, timeout=1, return_when=FIRST_COMPLETED).done:
                    task, folder = running.pop(future)
                    ending = ended.get(folder) or _ending(future, limits)
                    _end_processes(folder)
                    last = _last_call(folder)
                    shutil.rmtree(folder, ignore_errors=True)
                    if ending is None:
                        observation = future.result()
                    else:
                        fatal = {**task.fatal, last: ending}
                        if last and folder not in ended and _may_go_on(future, fatal):
                            waiting.appendleft(structs.replace(task, fatal=fatal))
                            continue
                        observation = _given_up(task, ending, fatal)
                    if observation.inconclusive and not alone:
                        again.append(structs.replace(task, fatal={}))
                        continue
                    observations[observation.definition] = observation
                    if (further := on_done(observation)) is not None:
                        waiting.appendleft(further)
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


def _ending(future: Future[Observation], limits: Limits) -> Ending | None:
    """Return how a process ended; None if it has given its observation."""
    try:
        future.result()
    except TimeoutError:
        words = f"didn't end within {limits.patience * limits.seconds:g} s"
        return Ending(outcome="inconclusive", words=words)
    except pebble.ProcessExpired as error:
        return _last_words(error.exitcode, limits)
    except Exception as error:
        return Ending(
            outcome="inconclusive" if is_exhausted(error) else "crashed",
            words=f"gave an answer that can't be read: {type(error).__name__}",
        )
    return None


def _given_up(task: ProbeTask, ending: Ending, fatal: Mapping[int, Ending]) -> Observation:
    is_open = any(each.outcome == "inconclusive" for each in fatal.values())
    return failed(blank(task), ending.words, is_open)


def _may_go_on(future: Future[Observation], fatal: Mapping[int, Ending]) -> bool:
    """Return whether a callable is to be observed again, without the calls that ended it."""
    error = future.exception()
    if not isinstance(error, pebble.ProcessExpired) or error.exitcode == -signal.SIGXCPU:
        return False  # all of its time is used up
    inconclusive = sum(ending.outcome == "inconclusive" for ending in fatal.values())
    return len(fatal) <= FATAL_LIMIT and inconclusive < INCONCLUSIVE_LIMIT


def _last_call(folder: Path) -> int:
    """Return the number of the call that a process made last; 0 where it made none."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int((folder / CALL).read_text())
    return 0


def _last_words(exitcode: int | None, limits: Limits) -> Ending:
    if exitcode is None:
        return Ending(outcome="inconclusive", words="its process ended for an unknown reason")
    if exitcode == LOST:
        return _crash(": the GPU was left in error")
    if exitcode >= 0:
        return _crash(f" with exit code {exitcode}")
    limits_by_signal: dict[int, str] = {
        signal.SIGPROF: f"used more than {limits.seconds_a_call:g} s of processor time",
        signal.SIGALRM: f"didn't end within {limits.patience * limits.seconds_a_call:g} s",
        signal.SIGXCPU: f"used more than {limits.seconds:g} s of processor time in all",
    }
    if words := limits_by_signal.get(-exitcode):
        return Ending(outcome="inconclusive", words=words)
    if -exitcode in _MEMORY_FAULTS:
        return _crash(f" by {' or '.join(sorted(fault.name for fault in _MEMORY_FAULTS))}")
    name = f"signal {-exitcode}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-exitcode).name
    if -exitcode in _FAULTS:
        return _crash(f" by {name}")
    return Ending(outcome="inconclusive", words=f"was ended from outside by {name}")


def _crash(how: str) -> Ending:
    return Ending(outcome="crashed", words=f"ended its process{how}")


@contextlib.contextmanager
def _fork_server(
    tasks: Sequence[ProbeTask], scratch: Path, ahead: Collection[str] = ()
) -> Iterator[multiprocessing.context.BaseContext]:
    """Give a context whose processes start with single threads and the libraries imported.

    Libraries whose state doesn't outlive a fork are not imported ahead.
    """
    mark = {_SCRATCH: str(scratch)}
    if "forkserver" not in multiprocessing.get_all_start_methods():
        with _environment(mark):
            yield multiprocessing.get_context("spawn")
        return
    modules = {*ahead} | {
        task.description.definition.partition(":")[0]
        for task in tasks
        if facts(task.memory_type).outlives_fork
    }
    context = multiprocessing.get_context("forkserver")
    resource_tracker.ensure_running()  # without the mark: it serves the whole process
    context.set_forkserver_preload(
        ["__main__", "voxbind_build.probe.sandbox.preload", "voxbind_build.probe.sandbox.pool"]
    )
    # The server of Python 3.11 doesn't set `sys.path` before it imports ahead.
    search_path = os.pathsep.join(path for path in sys.path if path)
    used = {task.memory_type for task in tasks}
    memory_types = sorted(kind for kind in used if facts(kind).outlives_fork)
    variables = {
        "PYTHONPATH": search_path,
        AHEAD: " ".join(sorted(modules)),
        DEVICES: " ".join(memory_types),
        HOME: str(server_home(scratch)),
    }
    with _environment({**ENVIRONMENT, **variables, **mark}), _socket_in(scratch):
        try:
            yield context
        finally:
            _stop_server()
            _end_strays(scratch)


@contextlib.contextmanager
def _socket_in(scratch: Path) -> Iterator[None]:
    """Put the server's socket into the scratch folder, where a killed build's is removed.

    The standard library has no public name for this. A path that is too long for a socket stays
    as it is.
    """
    process: Any = multiprocessing.current_process()
    settings: dict[str, Any] = process._config
    before = settings.get("tempdir")
    if len(os.fsencode(scratch)) < _LONGEST_SOCKET_FOLDER:
        settings["tempdir"] = str(scratch)
    try:
        yield
    finally:
        settings["tempdir"] = before


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
def _environment(variables: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    apply(variables)
    try:
        yield
    finally:
        apply(before)


def _end_strays(scratch: Path) -> None:
    """End processes that left their group: they still have the environment they began with."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(_SCRATCH) == str(scratch):
                process.kill()


def _end_if_full(folders: Iterable[Path]) -> dict[Path, Ending]:
    """End the callables that fill the disk; return what is to be said, by folder."""
    full = {}
    for folder in folders:
        size = 0
        for path in folder.rglob("*"):
            with contextlib.suppress(OSError):
                size += path.lstat().st_blocks * 512
        if size > DISK_LIMIT:
            words = f"wrote more than {DISK_LIMIT >> 20} MiB of files"
            full[folder] = Ending(outcome="inconclusive", words=words)
            _end_processes(folder)
    return full


def _end_if_large(folders: Iterable[Path]) -> dict[Path, Ending]:
    """End the callables that fill the memory; return what is to be said, by folder."""
    large = {}
    for folder in folders:
        with contextlib.suppress(FileNotFoundError, ValueError, psutil.Error):
            process = psutil.Process(int(folder.with_suffix(GROUP).read_text()))
            if process.memory_info().rss > GPU_PROCESS_LIMIT:
                words = f"used more than {GPU_PROCESS_LIMIT >> 20} MiB of memory"
                large[folder] = Ending(outcome="inconclusive", words=words)
                _end_processes(folder)
    return large


def _end_processes(folder: Path) -> None:
    """End what a callable has left behind: child processes, and threads that won't end."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        os.killpg(int(folder.with_suffix(GROUP).read_text()), signal.SIGKILL)
