"""`voxbind build` as processes of their own, to be stopped, killed or run side by side."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def start_build(
    package: Path, *arguments: str, libraries: Path, search_path: str, **options: Any
) -> subprocess.Popen[str]:
    """Start a build of the package; `libraries` is the folder of the library that it measures."""
    variables = options.pop("env", {})
    path = os.pathsep.join([str(libraries), search_path])
    return subprocess.Popen(
        [sys.executable, "-m", "voxbind_build", "build", "--out", str(package), *arguments],
        env={**os.environ, "PYTHONPATH": path, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_until(condition: Callable[[], Any], seconds: float = 120) -> None:
    """Wait until a condition holds; fail after some time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)
