"""Times language servers and mypy, each in a new process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from peers import HERE, clean_environment
from starting import search_path
from timing import Pair, Row, Topic

import voxbind

sys.path.append(str(HERE.parent / "tests"))
from helpers.language_client import SERVERS, Editor  # the client that the tests use

_PACKAGES = ("skimage", "voxbind.skimage")
_FUNCTION = "gaussian"
_MYPY = ("--strict", "--config-file=", "--no-error-summary", "--num-workers=2")
_NUMPY = "import numpy"


def topic(rounds: int) -> Topic:
    """Measure how long completions and type checks take."""
    rows = [row for server in sorted(SERVERS) for row in _of_server(server, rounds)]
    package = str(Path(voxbind.__path__[0]))
    alone = ("--no-site-packages", package)
    numpy, without_libraries, with_libraries = _best(
        rounds,
        lambda: _checked("-c", _NUMPY),
        lambda: _checked(*alone),
        lambda: _checked(package),
    )
    return Topic(
        "Editors and checkers",
        "the same request for `skimage.filters` itself; for mypy, a program that only imports "
        "numpy",
        "a ratio of at most 1, and less than 3 s for mypy without the libraries",
        [
            *rows,
            Row(
                "mypy --strict over all generated code, no libraries",
                Pair(numpy, without_libraries),
            ),
            Row(
                "mypy --strict over all generated code, all libraries", Pair(numpy, with_libraries)
            ),
        ],
        "Each time is measured in a new process without caches. The details of a function are "
        "requested right after the first list of names, as an editor does.",
        in_chart=False,
    )


def _of_server(server: str, rounds: int) -> list[Row]:
    """Time a server alternately on the library and on its wrappers."""
    completed = dict.fromkeys(_PACKAGES, float("inf"))
    resolved = dict.fromkeys(_PACKAGES, float("inf"))
    for _ in range(rounds):
        for package in _PACKAGES:
            completion_seconds, resolve_seconds = _session(server, package)
            completed[package] = min(completed[package], completion_seconds)
            resolved[package] = min(resolved[package], resolve_seconds)
    library, wrappers = _PACKAGES
    resolve_times: Pair | float = Pair(resolved[library], resolved[wrappers])
    label = f"{server}: the details of {_FUNCTION}"
    if resolved[library] == float("inf"):
        label = f"{label}, which it doesn't find in skimage.filters itself"
        resolve_times = resolved[wrappers]
    return [
        Row(
            f"{server}: from its start to the list of names after `filters.`",
            Pair(completed[library], completed[wrappers]),
        ),
        Row(label, resolve_times),
    ]


def _session(server: str, package: str) -> tuple[float, float]:
    """Return the seconds until the first completions, and the seconds to resolve one of them."""
    with tempfile.TemporaryDirectory() as folder:
        path = [Path(entry) for entry in search_path()]
        start = perf_counter()
        with Editor(SERVERS[server], Path(folder), path) as editor:
            names = editor.completions(editor.open(f"from {package} import filters\nfilters.|\n"))
            completed = perf_counter() - start
            item = next((name for name in names if name.label == _FUNCTION), None)
            if item is None:
                return completed, float("inf")
            start = perf_counter()
            editor.resolved(item)
            return completed, perf_counter() - start


def _checked(*arguments: str) -> float:
    """Return the seconds that mypy takes without a cache."""
    with tempfile.TemporaryDirectory() as cache:
        start = perf_counter()
        subprocess.run(
            [sys.executable, "-m", "mypy", *_MYPY, f"--cache-dir={cache}", *arguments],
            env=clean_environment(),
            cwd=cache,
            check=True,
            capture_output=True,
        )
        return perf_counter() - start


def _best(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """Return the best time of each measurement, taken alternately."""
    return list(map(min, zip(*([side() for side in sides] for _ in range(rounds)), strict=True)))
