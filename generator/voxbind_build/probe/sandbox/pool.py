"""Observes callables in processes that may crash.

Each callable runs in a separate process, forked from a server that has already imported the
libraries, so that a start takes milliseconds. Effects of a callable on its process (a leak, a stray
thread, a changed global) can't reach the observation of another one, and observations don't depend
on the order or the number of jobs. If a call ends its process, the callable is observed again in a
new process, without that call.

Limits count the processor time of the callable's process, so that the result doesn't depend on the
load of the machine. A callable that sleeps or waits is ended after ten times the limit in elapsed
time, and a process that does nothing at all a little later than a call would be. A call that ends
because of a limit, a signal from outside or a lack of memory is inconclusive, not refused. Its
callable is observed once more at the end, with nothing else running. So is one that crashes: on a
busy machine, a library may crash because it can't start a thread. A crash counts if it happens in
that second observation.

A pool of long-lived workers would be a little faster, but a worker that exits with `os._exit(0)`
would go unnoticed until the time limit, and a late crash would be attributed to the next callable.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import shutil
import signal
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
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
    Limits,
    threads,
)
from voxbind_build.probe.sandbox.fork_server import fork_server
from voxbind_build.probe.sandbox.idleness import IdleWatch, processor_time
from voxbind_build.probe.sandbox.worker import CALL, GROUP, observe_apart

TIME_LIMIT = 300.0
"""Seconds of processor time for all calls of one callable, enough for slow machines too."""
PATIENCE = 10.0
"""Factor from the limits of processor time to those of elapsed time."""
IDLE = 1.5
"""How many times longer than one call, by the clock, a process may use no processor time: it waits
for a lock that was held when it was forked, for example."""
MEMORY_LIMIT = 1 << 30
"""Bytes in addition to those that the process uses at its start."""
GPU_PROCESS_LIMIT = 8 << 30
"""Bytes of a process that works on a GPU; the driver uses more than any function."""
CALL_LIMIT = 10.0
"""Seconds of processor time for one call, a hundred times as long as a call on such small images
should take."""
GPU_CALL_LIMIT = 60.0
"""Seconds of processor time for one call on a GPU; the first calls start it and compile kernels."""
FATAL_LIMIT = 12
"""Number of calls that may end their process before a callable is given up."""
INCONCLUSIVE_LIMIT = 6
"""Number of those calls that may be inconclusive."""
DISK_LIMIT = 1 << 30
"""Total size of the files in a callable's folder, in bytes."""

_MEMORY_FAULTS = frozenset((signal.SIGABRT, signal.SIGSEGV))
"""Signals after invalid memory accesses; which of them is sent depends on chance."""
_FAULTS = _MEMORY_FAULTS | {
    *(signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS, signal.SIGTRAP),
}
"""Signals that a process causes itself; all others come from outside."""


def probe(
    tasks: Sequence[ProbeTask],
    *,
    jobs: int | None = None,
    on_start: Callable[[ProbeTask], None] = lambda task: None,
    on_done: Callable[[Observation], ProbeTask | None] = lambda observation: None,
    time_limit: float = TIME_LIMIT,
    call_limit: float = CALL_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
    until: float = math.inf,
    ahead: Collection[str] = (),
    keeps_kernels: bool = True,
) -> dict[str, Observation]:
    """Observe callables in parallel, each in a separate process.

    Parameters
    ----------
    tasks
        One task for each definition.
    jobs
        Number of processes at a time; by default one for each usable core.
    on_start
        Called in this process with each task when its process is started, also if it is repeated.
    on_done
        Called in this process with each new observation. If it returns a task, that is done next.
    time_limit, call_limit
        Limits of processor time in seconds: for one callable, and for one of its calls. The latter
        is at most a quarter of the former.
    memory_limit
        Bytes that one callable may use.
    until
        Time, on the clock of `time.monotonic`, at which unfinished observations are aborted.
    ahead
        Modules to import once for all processes, in addition to those of the callables.
    keeps_kernels
        Whether compiled kernels come from the user's cache for builds, and are kept there. Without
        a server to fork processes from, they always are.

    Returns
    -------
    dict
        Observations by definition, sorted. If a callable ended its process, `Observation.failure`
        says how.
    """
    observations: dict[str, Observation] = {}
    with (
        scratch_folder() as scratch,
        fork_server(tasks, scratch, ahead, keeps_kernels=keeps_kernels) as context,
    ):
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
        watch = IdleWatch(IDLE * PATIENCE * a_call)
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
                    on_start(task)
                ended |= _end_if_full(folder for _, folder in running.values())
                ended |= _end_if_large(
                    folder for task, folder in running.values() if facts(task.memory_type).on_gpu
                )
                if watch.is_due():
                    ended |= _end_if_idle(running, watch)
                for future in wait(running, timeout=1, return_when=FIRST_COMPLETED).done:
                    task, folder = running.pop(future)
                    ending = ended.get(folder) or _ending(future, limits)
                    _end_processes(folder)
                    last = _last_call(folder)
                    shutil.rmtree(folder, ignore_errors=True)
                    fatal = {**task.fatal, **({} if ending is None else {last: ending})}
                    if ending is None:
                        observation = future.result()
                    elif last and folder not in ended and _may_go_on(future, fatal):
                        waiting.appendleft(structs.replace(task, fatal=fatal))
                        continue
                    else:
                        observation = _given_up(task, ending, fatal)
                    if (observation.inconclusive or _has_crashed(fatal)) and not alone:
                        again.append(structs.replace(task, fatal={}, again=True))
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
    """End all running processes; one that is just being started is ended a moment later."""
    left = set(running)
    give_up = time.monotonic() + 5
    while left and time.monotonic() < give_up:
        for future in left:
            _end_processes(running[future])
        left = wait(left, timeout=0.05).not_done
    for future in left:
        future.cancel()


def _ending(future: Future[Observation], limits: Limits) -> Ending | None:
    """Return how a process ended; None if it has returned its observation."""
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


def _has_crashed(fatal: Mapping[int, Ending]) -> bool:
    return any(ending.outcome == "crashed" for ending in fatal.values())


def _may_go_on(future: Future[Observation], fatal: Mapping[int, Ending]) -> bool:
    """Return whether to observe a callable again, without the calls that ended its process."""
    error = future.exception()
    if not isinstance(error, pebble.ProcessExpired) or error.exitcode == -signal.SIGXCPU:
        return False  # the callable's time is used up
    inconclusive = sum(ending.outcome == "inconclusive" for ending in fatal.values())
    return len(fatal) <= FATAL_LIMIT and inconclusive < INCONCLUSIVE_LIMIT


def _last_call(folder: Path) -> int:
    """Return the number of a process's last call; 0 if it made none."""
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


def _end_if_full(folders: Iterable[Path]) -> dict[Path, Ending]:
    """End the callables that fill the disk; return their endings, by folder."""
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
    """End the callables that fill the memory; return their endings, by folder."""
    large = {}
    for folder in folders:
        with contextlib.suppress(FileNotFoundError, ValueError, psutil.Error):
            process = psutil.Process(int(folder.with_suffix(GROUP).read_text()))
            if process.memory_info().rss > GPU_PROCESS_LIMIT:
                words = f"used more than {GPU_PROCESS_LIMIT >> 20} MiB of memory"
                large[folder] = Ending(outcome="inconclusive", words=words)
                _end_processes(folder)
    return large


def _end_if_idle(
    running: Mapping[Future[Observation], tuple[ProbeTask, Path]], watch: IdleWatch
) -> dict[Path, Ending]:
    """End the callables that do nothing; return their endings, by folder."""
    idle = {}
    for future, (_, folder) in running.items():
        if watch.is_idle(folder, processor_time(folder.with_suffix(GROUP))):
            words = f"did nothing for {watch.limit:g} s"
            idle[folder] = Ending(outcome="inconclusive", words=words)
            _end_processes(folder)
            if future.cancel():  # ends a process that has no group yet
                future.set_running_or_notify_cancel()  # without it, nobody stops waiting
    return idle


def _end_processes(folder: Path) -> None:
    """End the child processes of a callable, and threads that don't end by themselves."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        os.killpg(int(folder.with_suffix(GROUP).read_text()), signal.SIGKILL)
