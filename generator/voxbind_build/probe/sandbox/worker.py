"""Observes one callable in the present process, with limits."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import signal
import threading
from pathlib import Path

from voxbind_build.memories.lookup import facts
from voxbind_build.model import Observation, ProbeTask
from voxbind_build.probe.invoke import is_exhausted, tell_error
from voxbind_build.probe.protocol.function_run import blank, failed, observe
from voxbind_build.probe.protocol.twin_agreement import agree
from voxbind_build.probe.sandbox.confinement import Limits, limit, settle, silence

GROUP = ".group"
"""Suffix of the file beside a callable's folder that contains the number of its process group."""
CALL = ".call"
"""Name of the file in a callable's folder that contains the number of the present call."""
_DIGITS = 8
"""Length of that file."""


def observe_apart(task: ProbeTask, folder: Path, limits: Limits) -> Observation:
    """Observe one callable with limits; all processes that it starts are in one process group.

    Parameters
    ----------
    task
        The callable.
    folder
        An empty folder for its files.
    limits
        Its limits.
    """
    os.setpgid(0, 0)
    folder.with_suffix(GROUP).write_text(str(os.getpid()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # The pool's handler would exit with a code, as if the callable had ended the process itself.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    journal = _numbers(folder / CALL)

    def before_call(number: int) -> None:
        journal[:] = b"%*d" % (_DIGITS, number)
        # The default actions of these signals end the process even if the function holds the
        # interpreter's lock.
        signal.setitimer(signal.ITIMER_PROF, limits.seconds_a_call)
        signal.setitimer(signal.ITIMER_REAL, limits.patience * limits.seconds_a_call)

    try:
        silence()
        limit(limits, watched=facts(task.memory_type).on_gpu)
        settle(folder, task.memory_type)
        return (agree if task.beside else observe)(task, before_call)
    except BaseException as error:
        failure = f"couldn't be observed: {tell_error(error)}"
        return failed(blank(task), failure, is_exhausted(error))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _numbers(path: Path) -> mmap.mmap:
    """Create a file for a number, and map it into memory.

    Opening the file before each call took longer than most calls. What is written to the memory is
    in the file even if the process crashes, or if a callable has closed all files.
    """
    path.write_bytes(b"%*d" % (_DIGITS, 0))
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), _DIGITS)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.killpg(0, signal.SIGKILL)
