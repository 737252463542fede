"""What runs in a process of its own: one callable, observed behind limits."""

from __future__ import annotations

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
"""Ending of the file, beside a callable's folder, that has the number of its process group."""
CALL = ".call"
"""File, in a callable's folder, that has the number of the call that is made."""


def observe_apart(task: ProbeTask, folder: Path, limits: Limits) -> Observation:
    """Observe one callable behind limits; everything it starts is in one process group."""
    os.setpgid(0, 0)
    folder.with_suffix(GROUP).write_text(str(os.getpid()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # The pool would have its processes leave with an exit code, like one that leaves by itself.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    journal = folder / CALL

    def before_call(number: int) -> None:
        journal.write_text(str(number))
        # The default actions end the process whatever the function does, the interpreter's lock
        # in hand too.
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


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.killpg(0, signal.SIGKILL)
