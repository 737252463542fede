"""Times how the building of a graph grows with the number of chunks, beside dask by hand."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from timed_calls import named

CHUNK = (32, 32, 32)
SLICE = (1, 64, 64)
COUNTS = (100, 1000, 10_000)
"""Numbers of chunks, or a few more."""
ROUNDS = 5
"""Each graph is built so often, and the quickest time counts."""


class Growth(NamedTuple):
    """The processor times of building a graph with all its tasks, in seconds for all chunks."""

    form: str
    chunks: int
    tasks: int
    by_hand: float
    voxbind: float


def measured() -> list[Growth]:
    """Build graphs of a pointwise function, of one with a reach, and of a function of slices."""
    rows = []
    for form, (array, by_hand, voxbind) in _forms().items():
        for count in COUNTS:
            lazy = array(count)
            times: dict[str, float] = {}
            for name, call in (("by hand", by_hand), ("voxbind", voxbind)):
                times[name], tasks = min(_built(call, lazy) for _ in range(ROUNDS))
            rows.append(Growth(form, lazy.npartitions, tasks, times["by hand"], times["voxbind"]))
            print(rows[-1], flush=True)
    return rows


def _built(call: Callable[[Any], Any], lazy: Any) -> tuple[float, int]:
    """Return the processor time in which a graph is built, and the number of its tasks."""
    gc.collect()  # of the last graph, outside of the time
    start = time.process_time()
    graph = dict(call(lazy).__dask_graph__())
    return time.process_time() - start, len(graph)


def _forms() -> dict[str, tuple[Callable[[int], Any], Callable[[Any], Any], Callable[[Any], Any]]]:
    """Return by form: what makes an array, the call by hand, and the wrapper's call."""
    blurred = named("scipy.ndimage.gaussian_filter")
    options = {"depth": 4, "boundary": "none", "sigma": 1}
    return {
        "pointwise": (
            _volume,
            lambda lazy: lazy.map_blocks(np.negative, meta=lazy._meta),
            lambda lazy: named("voxbind.skimage.util.invert")(lazy),
        ),
        "local": (
            _volume,
            lambda lazy: lazy.map_overlap(blurred, meta=lazy._meta, **options),
            lambda lazy: named("voxbind.scipy.ndimage.gaussian_filter")(lazy, 1),
        ),
        "per slice": (
            _slices,
            lambda lazy: lazy.map_blocks(np.signbit, meta=np.empty((0, 0, 0), bool)),
            lambda lazy: named("voxbind.skimage.feature.canny")(lazy),
        ),
    }


def _volume(count: int) -> Any:
    rows = math.isqrt(count)
    shape = (CHUNK[0], CHUNK[1] * rows, CHUNK[2] * math.ceil(count / rows))
    return import_module("dask.array").zeros(shape, chunks=CHUNK, dtype="float32")


def _slices(count: int) -> Any:
    shape = (count, *SLICE[1:])
    return import_module("dask.array").zeros(shape, chunks=SLICE, dtype="float32")
