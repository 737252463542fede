"""Times lazy calls with dask arrays beside `map_overlap` by hand."""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

from timed_calls import image, named
from timing import Effort, Timer, interleaved

LENGTH, CHUNK = 128, 32
"""Length of the volume and of a chunk along each axis: 64 chunks."""
# By function: its options, and its reach.
FUNCTIONS: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("gaussian_filter", {"sigma": 1}, 4),
    ("uniform_filter", {"size": 3}, 1),
    ("grey_erosion", {"size": 3}, 1),
)


class Overhead(NamedTuple):
    """The processor times of one step, in seconds for all chunks."""

    function: str
    step: str
    chunks: int
    by_hand: float
    voxbind: float


def measured(effort: Effort) -> list[Overhead]:
    """Time each function of `FUNCTIONS`: building the graph, and computing the array."""
    da = import_module("dask.array")
    lazy = da.from_array(image(f"{LENGTH}x{LENGTH}x{LENGTH}"), chunks=CHUNK)
    rows = []
    for name, options, reach in FUNCTIONS:
        calls = {
            "by hand": _by_hand(named(f"scipy.ndimage.{name}"), lazy, reach, options),
            "voxbind": _given(named(f"voxbind.scipy.ndimage.{name}"), lazy, options),
        }
        for step, run in (("graph", _built), ("computed", _computed)):
            best = interleaved({key: _timer(run(call)) for key, call in calls.items()}, effort)
            rows.append(Overhead(name, step, lazy.npartitions, best["by hand"], best["voxbind"]))
            print(rows[-1], flush=True)
    return rows


def _timer(call: Callable[[], Any]) -> Timer:
    """Return the timer of a call, in processor time."""
    return timeit.Timer(call, timer=time.process_time).timeit


def _by_hand(function: Any, lazy: Any, reach: int, options: dict[str, Any]) -> Callable[[], Any]:
    return lambda: lazy.map_overlap(
        function, depth=reach, boundary="none", dtype=lazy.dtype, meta=lazy._meta, **options
    )


def _given(function: Any, lazy: Any, options: dict[str, Any]) -> Callable[[], Any]:
    return lambda: function(lazy, **options)


def _built(call: Callable[[], Any]) -> Callable[[], Any]:
    """Return a call that builds the graph with all its tasks."""
    return lambda: dict(call().__dask_graph__())


def _computed(call: Callable[[], Any]) -> Callable[[], Any]:
    """Return a call that computes the array in this thread."""
    return lambda: call().compute(scheduler="synchronous")
