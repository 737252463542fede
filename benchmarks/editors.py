"""Times language servers and type checkers, each in a new process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from peers import HERE, clean_environment
from starting import search_path
from timing import Pair, Row, Topic

sys.path.append(str(HERE.parent / "tests"))
from helpers.language_client import SERVERS, Editor  # the client that the tests use

_PACKAGES = ("skimage", "voxbind.skimage")
_FUNCTION = "gaussian"
_PROGRAM = """\
import numpy as np
import torch
from {prefix}scipy import ndimage
from {prefix}skimage import filters, measure, morphology, segmentation

image = np.zeros((64, 64), np.float32)
smooth = filters.gaussian(image, sigma=2)
labels = measure.label(smooth > filters.threshold_otsu(smooth))
filled = morphology.remove_small_holes(labels > 0)
edges = segmentation.find_boundaries(labels)
wide = ndimage.gaussian_filter(image, 2)
tensor = torch.from_numpy(image)
"""
"""A user's program, which imports five modules of the libraries or of their wrappers."""
_CHECKERS = {
    "mypy": ("mypy", "--config-file=", "--ignore-missing-imports", "--cache-dir=cache"),
    "basedpyright": ("basedpyright", "--level=error"),
}


def topic(rounds: int) -> Topic:
    """Measure how long completions and type checks take."""
    rows = [row for server in sorted(SERVERS) for row in _of_server(server, rounds)]
    return Topic(
        "Editors and checkers",
        "the same request for `skimage.filters` itself; for checkers, the same program with the "
        "libraries' own imports",
        "a ratio of at most 1 for editors, and of at most 1.3 for checkers",
        [*rows, *(_of_checker(checker, rounds) for checker in sorted(_CHECKERS))],
        "Each time is measured in a new process without caches. The details of a function are "
        "requested right after the first list of names, as an editor does. The checked program "
        "imports NumPy, PyTorch and five modules.",
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


def _of_checker(checker: str, rounds: int) -> Row:
    """Time a checker alternately on a program with the libraries, and on one with wrappers."""
    times = [[_checked(checker, prefix) for prefix in ("", "voxbind.")] for _ in range(rounds)]
    library, wrappers = map(min, zip(*times, strict=True))
    return Row(
        f"{checker}: a program with NumPy, PyTorch and five modules", Pair(library, wrappers)
    )


def _checked(checker: str, prefix: str) -> float:
    """Return the seconds that a checker takes for the program, without a cache."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "program.py").write_text(_PROGRAM.format(prefix=prefix), encoding="utf-8")
        start = perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", *_CHECKERS[checker], "program.py"],
            env=clean_environment(),
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
        )
        seconds = perf_counter() - start
    # scikit-image has no types, which basedpyright reports of calls in the program itself.
    if done.returncode > 1 or (prefix and done.returncode):
        raise RuntimeError(f"{checker} failed:\n{done.stdout}{done.stderr}")
    return seconds
