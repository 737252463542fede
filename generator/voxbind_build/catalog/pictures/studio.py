"""Makes the pictures of many functions, each in a process that may crash."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any

import pebble
from pebble.concurrent import process as in_process

from voxbind_build.catalog.pictures.call import Picture, PictureTask
from voxbind_build.catalog.pictures.worker import picture_apart
from voxbind_build.common.scratch import scratch_folder
from voxbind_build.probe.sandbox.confinement import Limits, threads
from voxbind_build.probe.sandbox.fork_server import fork_server
from voxbind_build.probe.sandbox.pool import MEMORY_LIMIT, usable_cores

__all__ = ["pictures"]

_SECONDS = 30.0
"""Processor time of one function."""
_PATIENCE = 10.0
"""Factor from the limit of processor time to that of elapsed time."""
_TOO_LONG = Picture(
    failure=f"The call took too long: the limit is {_SECONDS:g} s of processor time."
)
"""Which of the two limits ends a call depends on what else the machine does, so both say this."""
_FAULTS = frozenset((signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL))


def pictures(
    tasks: Mapping[str, PictureTask],
    ahead: Sequence[str],
    on_done: Callable[[str], None],
    jobs: int | None = None,
) -> dict[str, Picture]:
    """Make the pictures of functions.

    Parameters
    ----------
    tasks
        The functions, by name.
    ahead
        Modules to import once for all processes.
    on_done
        Called with the name of each function that is done.
    jobs
        Number of processes at a time; by default one for each usable core.
    """
    made: dict[str, Picture] = {}
    limits = Limits(_SECONDS, _SECONDS, _PATIENCE, MEMORY_LIMIT, running=threads())
    probes = [task.probe for task in tasks.values()]
    with scratch_folder() as scratch, fork_server(probes, scratch, ahead) as context:
        # pebble's types name the argument `mp_context`, its code reads `context`.
        run_apart: Any = in_process
        start = run_apart(timeout=_PATIENCE * _SECONDS, daemon=False, context=context)(
            picture_apart
        )
        waiting = list(tasks.items())[::-1]
        running: dict[Future[Picture], tuple[str, Path]] = {}
        while waiting or running:
            while waiting and len(running) < (jobs or usable_cores()):
                name, task = waiting.pop()
                folder = scratch / str(len(waiting))
                folder.mkdir()
                running[start(task, folder, limits)] = (name, folder)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name, folder = running.pop(future)
                made[name] = _outcome(future)
                # At the end, the hundreds of files of each would be removed all at once.
                shutil.rmtree(folder, ignore_errors=True)
                on_done(name)
    return dict(sorted(made.items()))


def _outcome(future: Future[Picture]) -> Picture:
    try:
        return future.result()
    except TimeoutError:
        return _TOO_LONG
    except pebble.ProcessExpired as error:
        if error.exitcode in (-signal.SIGPROF, -signal.SIGXCPU):
            return _TOO_LONG
        return Picture(failure=f"The call ended its process{_signal_name(error.exitcode)}.")


def _signal_name(exitcode: int | None) -> str:
    fault = next((fault for fault in _FAULTS if exitcode == -fault), None)
    return f" by {fault.name}" if fault else ""
