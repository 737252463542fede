"""The process from which all measuring processes are forked."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import psutil

from voxbind_build.memories.lookup import facts
from voxbind_build.model import ProbeTask
from voxbind_build.probe.sandbox.confinement import ENVIRONMENT, apply, server_home
from voxbind_build.probe.sandbox.preload import AHEAD, DEVICES, HOME

__all__ = ["fork_server"]

_LONGEST_SOCKET_FOLDER = 84
"""Bytes: a socket's path has at most 104 on macOS, of which its own name takes 18."""
_SHORT_FOLDER = "/tmp"  # a folder of its own is made in it
_SCRATCH = "VOXBIND_SCRATCH"
"""Environment variable that marks all processes which a build has started."""


@contextlib.contextmanager
def fork_server(
    tasks: Sequence[ProbeTask],
    scratch: Path,
    ahead: Collection[str] = (),
    *,
    keeps_kernels: bool = True,
) -> Iterator[multiprocessing.context.BaseContext]:
    """Yield a context whose processes start with a single thread and with the libraries imported.

    Libraries whose state doesn't survive a fork are not imported in advance. Compiled kernels are
    kept in the user's cache for builds, or else in the scratch folder.
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
    resource_tracker.ensure_running()  # before the variable is set: it serves all of this process
    context.set_forkserver_preload(
        ["__main__", "voxbind_build.probe.sandbox.preload", "voxbind_build.probe.sandbox.pool"]
    )
    # The server of Python 3.11 doesn't set `sys.path` before it imports modules in advance.
    search_path = os.pathsep.join(path for path in sys.path if path)
    used = {task.memory_type for task in tasks}
    memory_types = sorted(kind for kind in used if facts(kind).outlives_fork)
    variables = {
        "PYTHONPATH": search_path,
        AHEAD: " ".join(sorted(modules)),
        DEVICES: " ".join(memory_types),
        HOME: str(server_home(scratch, used, keeps_kernels=keeps_kernels)),
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

    If the folder's path is too long for a socket, the socket is in a folder below ``/tmp``. The
    standard library has no public name for this.
    """
    process: Any = multiprocessing.current_process()
    settings: dict[str, Any] = process._config
    before = settings.get("tempdir")
    with contextlib.ExitStack() as stack:
        folder = str(scratch)
        if len(os.fsencode(scratch)) >= _LONGEST_SOCKET_FOLDER:
            short = tempfile.TemporaryDirectory(prefix="voxbind-", dir=_SHORT_FOLDER)
            folder = stack.enter_context(short)
        settings["tempdir"] = folder
        try:
            yield
        finally:
            settings["tempdir"] = before


def _stop_server() -> None:
    """End the server, so that the next measurement doesn't start with the modules of this one.

    The standard library has no public function for this. `_stop` alone would wait for every process
    that holds the server's pipe, including those that a callable has started.
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
    """End processes that left their process group; their environment still identifies them."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(_SCRATCH) == str(scratch):
                process.kill()
