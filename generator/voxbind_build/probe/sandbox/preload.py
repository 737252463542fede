"""Imported once by the server from which the sandbox's processes are forked.

Imports the libraries in advance, and starts devices that survive a fork, so that each process has
them from its start. If a library can't be imported or a device can't be started, the process that
needs it tries again, where a failure does no harm to others.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import re
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from voxbind_build.memories.lookup import memory
from voxbind_build.probe.inputs.roles import table
from voxbind_build.probe.sandbox.confinement import confine_server, share_caches

AHEAD = "VOXBIND_AHEAD"
"""Environment variable with the names of modules to import, separated by spaces."""
DEVICES = "VOXBIND_DEVICES"
"""Environment variable with the memories whose devices are started, separated by spaces."""
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
    """Return whether a device that a process has started can be used in a child of the process.

    This is tried in child processes, since drivers don't document it: those with threads hang or
    crash after a fork.

    Parameters
    ----------
    start
        Starts a device, or uses it if it is started. Each new number compiles a new kernel.
    patience
        Seconds after which the device counts as hanging.
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


def _warm_up() -> None:
    """Do once what each process would do anew: read the probe's tables and compile their patterns.

    `fnmatch` and `re` keep what they have compiled. NumPy imports `numpy.random` at first use.
    """
    importlib.import_module("numpy.random")
    known = table()
    names = {name for rule in known.rule for name in rule.names}
    for pattern in names.union(known.names, known.neutral, known.idle):
        fnmatchcase("", pattern)
    for rule in known.rule:
        re.compile(rule.documented)
        re.compile(rule.described)


def _serve(home: Path) -> None:
    """Prepare this process as the server: confine it, import modules and start devices."""
    confine_server(home)
    for name in os.environ.pop(AHEAD, "").split():
        with _quietly():
            importlib.import_module(name)
    kind: Any  # of memory, as the sandbox names it
    for kind in os.environ.pop(DEVICES, "").split():
        with _quietly():
            space = memory(kind)
            if outlives_fork(space.start):
                space.start(3)
        # The caches are linked only now, so that the start above compiled a kernel, which loaded
        # the compiler.
        list(share_caches(home, kind))
    _warm_up()
    # Otherwise the garbage collector of each process looks through all objects of the libraries,
    # and copies the memory that they are in.
    gc.collect()
    gc.freeze()


if HOME in os.environ:
    _serve(Path(os.environ.pop(HOME)))
