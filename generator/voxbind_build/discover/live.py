"""Imports a library in a new process, and returns the names of its modules.

The process is confined like those that measure: it has a home, a working folder and a folder of
temporary files of its own, which are removed afterwards; it has limits of time and memory; and if
Linux supports it, it can neither write elsewhere nor send signals to other processes. Processes
that it has started are ended with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import site
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psutil

from voxbind_build.common.scratch import scratch_folder
from voxbind_build.discover.live_worker import LiveImport, LiveModule, Request

__all__ = ["LiveImport", "inspect_live"]

_SECONDS = 300
"""Longest elapsed time for the import, in seconds; a library that takes longer than this hangs."""
_CPU_SECONDS = 200
"""Longest processor time for the import, in seconds."""
_ATTEMPTS = 3
"""How often the import is tried, each time without the module at which it failed."""
_MARK = "VOXBIND_IMPORT"
"""Environment variable that marks all processes that an import has started."""
_NOT_PASSED_ON = (
    *("DISPLAY", "WAYLAND_DISPLAY", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
    *("XDG_RUNTIME_DIR", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONBREAKPOINT"),
)

_START = """\
import sys, json
sys.path[:] = json.loads(sys.argv[1])
from voxbind_build.discover.live_worker import main
main(sys.argv[2])
"""


def inspect_live(
    modules: Sequence[str], search_path: Sequence[Path] | None = None
) -> LiveImport | str:
    """Import modules in a new process.

    If the import of one module hangs or ends the process, the others are imported without it.

    Parameters
    ----------
    modules
        Dotted names of the modules.
    search_path
        Folders to put in front of `sys.path`.

    Returns
    -------
    LiveImport, or str
        The imported modules, or the reason that the process failed.
    """
    failed: dict[str, LiveModule] = {}
    problem = ""
    for _ in range(_ATTEMPTS):
        remaining = tuple(name for name in modules if name not in failed)
        if not remaining:
            break
        with scratch_folder() as folder:
            answer = _import(Request(remaining, tuple(map(str, search_path or ()))), folder)
            at = _module_at(folder)
        if isinstance(answer, LiveImport):
            return msgspec.structs.replace(answer, modules={**answer.modules, **failed})
        problem = f"the import of {at} {answer}" if at else f"the import {answer}"
        if at not in remaining:
            break
        failed[at] = LiveModule(error=problem)
    return problem


def _import(request: Request, folder: Path) -> LiveImport | str:
    """Import modules in a process that has a folder of its own.

    Returns
    -------
    LiveImport, or str
        The imported modules, or a predicate in words that says how the process failed.
    """
    environment = {name: text for name, text in os.environ.items() if name not in _NOT_PASSED_ON}
    for name in ("home", "work", "temporary"):
        (folder / name).mkdir()
    environment |= {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "temporary"),
        "MPLBACKEND": "Agg",
        "BROWSER": "true",
        "QT_QPA_PLATFORM": "offscreen",
        # Otherwise scikit-image imports other packages, which it may hand calls on to.
        "SKIMAGE_NO_DISPATCHING": "1",
        # What the user has installed below the real home stays importable.
        "PYTHONUSERBASE": site.getuserbase(),
        _MARK: str(folder),
    }
    request = msgspec.structs.replace(request, folder=str(folder), cpu_seconds=_CPU_SECONDS)
    command = [sys.executable, "-P", "-c", _START, json.dumps(sys.path)]
    try:
        process = subprocess.Popen(
            [*command, msgspec.json.encode(request)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder / "work",
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        return f"could not be started: {error.strerror}"
    try:
        output, _ = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return f"took longer than {_SECONDS} s"
    finally:
        _end(process, folder)
    if process.returncode == -signal.SIGXCPU:
        return f"took longer than {_CPU_SECONDS} s of processor time"
    if process.returncode < 0:
        return f"ended its process with {_signal_name(-process.returncode)}"
    try:
        return msgspec.json.decode(output, type=LiveImport)
    except msgspec.MsgspecError:
        return f"ended its process with exit code {process.returncode}"


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """End a process and all that it has started, also those that have left its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for other in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if other.pid != os.getpid() and other.environ().get(_MARK) == str(folder):
                other.kill()
    if process.stdout is not None:
        process.stdout.close()
    process.wait()


def _module_at(folder: Path) -> str:
    """Return the module that the process began to import last; empty if it began with none."""
    try:
        return (folder / "module").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
