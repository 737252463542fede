"""Imports a library in a new process, and returns the names of its modules."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from voxbind_build.discover.live_worker import LiveImport, Request

__all__ = ["LiveImport", "inspect_live"]

_SECONDS = 300
"""Longest time for the import; a library that takes longer than this hangs."""

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
    request = Request(tuple(modules), tuple(str(path) for path in search_path or ()))
    try:
        process = subprocess.run(
            [
                sys.executable,
                "-P",
                "-c",
                _START,
                json.dumps(sys.path),
                msgspec.json.encode(request),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the import took longer than {_SECONDS} s"
    except OSError as error:
        return f"no process could be started: {error.strerror}"
    if process.returncode < 0:
        return f"the import ended its process with {_signal_name(-process.returncode)}"
    try:
        return msgspec.json.decode(process.stdout, type=LiveImport)
    except msgspec.MsgspecError:
        return f"the import ended its process with exit code {process.returncode}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
