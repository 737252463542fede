"""Finds out which NVIDIA GPU a machine has.

Only processes that measure start the GPU, since a process that has started it can't be forked.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from voxbind_build.memories.cupy_memory import Cuda
from voxbind_build.model import Machine

_SECONDS = 300
"""Time limit of a first start, which loads the driver, imports CuPy and compiles a kernel."""
_START = """\
import sys, json
sys.path[:] = json.loads(sys.argv[1])
from voxbind_build.probe.gpu import main
main()
"""


def examine() -> Machine | str:
    """Look for a working GPU, in a separate process.

    Returns
    -------
    Machine or str
        The machine, or a sentence on what is missing.
    """
    try:
        ran = subprocess.run(
            [sys.executable, "-P", "-c", _START, json.dumps(sys.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"CuPy didn't start within {_SECONDS} s"
    if ran.returncode < 0:
        return f"CuPy ended its process with {signal.Signals(-ran.returncode).name}"
    try:
        found: Machine | str = msgspec.json.decode(ran.stdout, type=Machine | str)
    except msgspec.MsgspecError:
        found = f"CuPy ended its process with exit code {ran.returncode}"
    return found


def main() -> None:
    """Write the result of `machine` to standard output as JSON."""
    answer = os.dup(1)
    # Output that libraries print must not mix with the answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    found = machine()
    with os.fdopen(answer, "wb") as stream:
        stream.write(msgspec.json.encode(found))


def machine() -> Machine | str:
    """Start the GPU in this process.

    Returns
    -------
    Machine or str
        The machine, or a sentence on what is missing.
    """
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "there is no NVIDIA driver"
    try:
        space = Cuda()
    except Exception as error:
        return f"CuPy can't be imported: {_first_line(error)}"
    runtime = space._library.cuda.runtime
    try:
        if not runtime.getDeviceCount():
            return "CuPy finds no GPU"
        number = runtime.getDevice()
        properties = runtime.getDeviceProperties(number)
    except Exception as error:
        return f"CuPy finds no GPU that it can use: {_first_line(error)}"
    try:
        space.start(1)
    except Exception as error:
        return f"CuPy can't compile a kernel and run it: {_first_line(error)}"
    return Machine(
        device=properties["name"].decode(),
        capability=f"{properties['major']}.{properties['minor']}",
        driver=_driver(),
        runtime=_runtime(runtime),
        cupy=str(space._library.__version__),
    )


def _runtime(runtime: Any) -> str:
    """Return the version of CUDA that CuPy uses: ``12.4``."""
    with contextlib.suppress(Exception):
        version = int(runtime.runtimeGetVersion())
        return f"{version // 1000}.{version % 1000 // 10}"
    return ""


def _driver() -> str:
    """Return the driver's version, from its library or from its kernel module; empty if unknown."""
    with contextlib.suppress(OSError, AttributeError):
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
        text = ctypes.create_string_buffer(96)
        if nvml.nvmlInit_v2() == 0 and nvml.nvmlSystemGetDriverVersion(text, len(text)) == 0:
            return text.value.decode()
    with contextlib.suppress(OSError):
        told = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8")
        if found := re.search(r"\b\d+\.\d+(\.\d+)?\b", told):
            return found[0]
    return ""


def _first_line(error: BaseException) -> str:
    message = next(filter(None, map(str.strip, str(error).splitlines())), "")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
