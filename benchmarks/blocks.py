"""Times lazy calls with dask arrays beside `map_overlap` by hand, and dask-image's functions."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from timed_calls import image, named
from timing import Effort, Pair, Row, Topic, interleaved, timer

import voxbind

# By function: its options, its reach, and dask-image's function.
FUNCTIONS: tuple[tuple[str, dict[str, Any], int, str], ...] = (
    ("gaussian_filter", {"sigma": 1}, 4, "ndfilters.gaussian_filter"),
    ("median_filter", {"size": 3}, 1, "ndfilters.median_filter"),
    ("grey_erosion", {"size": 3}, 1, ""),
)


def topic(effort: Effort, size: int) -> Topic | None:
    """Measure on a cube in chunks of 32 x 32 x 32; None if dask isn't installed.

    Parameters
    ----------
    effort
        How long to measure.
    size
        Number of elements along each axis.
    """
    try:
        da = import_module("dask.array")
    except ImportError:
        return None
    shape = f"{size}x{size}x{size}"
    lazy = da.from_array(image(shape), chunks=32)
    rows = []
    for name, options, reach, other in FUNCTIONS:
        upstream, wrapper = named(f"scipy.ndimage.{name}"), named(f"voxbind.scipy.ndimage.{name}")
        ours = voxbind.over(wrapper, "ZYX", reach=reach)
        calls: dict[str, Callable[[], Any]] = {
            "by hand": _by_hand(upstream, lazy, reach, options),
            "voxbind": _given(ours, lazy, options),
        }
        if other and (function := _of_dask_image(other)) is not None:
            calls["dask-image"] = _given(function, lazy, options)
        for step, run in (("graph", _built), ("computed", _computed)):
            best = interleaved({key: timer(run(call)) for key, call in calls.items()}, effort)
            what = f"{name} {shape}, {lazy.npartitions} chunks: {step}"
            rows.append(Row(what, Pair(best["by hand"], best["voxbind"])))
            if "dask-image" in best:
                pair = Pair(best["by hand"], best["dask-image"])
                rows.append(Row(f"{what}, dask-image", pair, is_yardstick=True))
    return Topic(
        "Blocks of a dask array",
        "dask's map_overlap, called by hand with the reach",
        "a ratio of 1.0 for the computed array",
        rows,
        in_chart=False,
    )


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


def _of_dask_image(name: str) -> Any:
    module, _, function = name.rpartition(".")
    try:
        return getattr(import_module(f"dask_image.{module}"), function)
    except ImportError:
        return None
