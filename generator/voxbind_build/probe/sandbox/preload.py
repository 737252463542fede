"""Imported once by the server that the sandbox's processes are forked from.

Imports the libraries ahead, and starts their devices where those outlive a fork, so that each
process has them at its start. What can't be imported or started is left to the process that
needs it, where it does no harm to others.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from voxbind_build.memories.lookup import memory
from voxbind_build.probe.sandbox.confinement import NO_OTHER_HOMES, apply, share_caches

AHEAD = "VOXBIND_AHEAD"
"""Environment variable with the modules' names, separated by spaces."""
DEVICES = "VOXBIND_DEVICES"
"""Environment variable with the memories whose devices are to be started, likewise."""
HOME = "VOXBIND_HOME"
"""Environment variable with the server's home, where devices look for compiled kernels."""


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    with (
        contextlib.suppress(BaseException),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(action="ignore"),
    ):
        yield


def outlives_fork(start: Callable[[int], None], patience: float = 20.0) -> bool:
    """Try, in a child, whether what is started once can be used in a child of its own.

    Drivers say nothing of it: those with threads of their own hang or crash.

    Parameters
    ----------
    start
        Starts a device, or uses it where it is started; another number compiles anew.
    patience
        Seconds after which it counts as hanging.
    """
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        try:
            start(1)
            grandchild = os.fork()
            if not grandchild:
                start(2)
                os._exit(0)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]) != 0)
        finally:
            os._exit(1)  # whatever was raised
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _serve(home: Path) -> None:
    """Make this process the server: in a home of its own, with all that can be had ahead."""
    apply({"HOME": str(home), **NO_OTHER_HOMES})
    for name in os.environ.pop(AHEAD, "").split():
        with _quietly():
            importlib.import_module(name)
    kind: Any  # of memory, as the sandbox names it
    for kind in os.environ.pop(DEVICES, "").split():
        with _quietly():
            space = memory(kind)
            if outlives_fork(space.start):
                space.start(3)
        # Only now, so that something was compiled: a compiler is loaded when it is needed.
        list(share_caches(home, kind))


if HOME in os.environ:
    _serve(Path(os.environ.pop(HOME)))
