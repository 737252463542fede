"""Times 2-D functions on volumes, slice by slice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from peers import Peer
from timed_calls import Call, given, image, loop, named
from timing import Effort, Pair, Row, Topic, interleaved, timer

import voxbind

FUNCTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("skimage.feature.canny", {}),
    ("skimage.filters.median", {"slice_by_slice": True}),
    ("skimage.filters.sobel_h", {}),
)


def topic(effort: Effort, peers: Mapping[str, Peer], depth: int, cores: int) -> Topic:
    """Measure on a volume, with one thread and with as many threads as there are cores.

    Parameters
    ----------
    effort
        How long to measure.
    peers
        The peers' processes, by name.
    depth
        Number of slices.
    cores
        Number of cores.
    """
    rows = []
    shape = f"{depth}x256x256"
    threads = getattr(voxbind, "workers", None)
    for name, options in FUNCTIONS:
        wrapper, volume = named(f"voxbind.{name}"), image(shape)
        call = given(wrapper, volume, **options)
        timers = {"loop": timer(loop(named(name), volume)), "voxbind": timer(call)}
        if threads is not None:
            timers["threaded"] = timer(_within(partial(threads, cores), call))
        pair = peers["OpenHCS"].pair("loop", "openhcs", name, shape) if "OpenHCS" in peers else ""
        if not isinstance(pair, str):
            timers["OpenHCS loop"], timers["OpenHCS"] = pair
        best = interleaved(timers, effort)
        peer = pair if isinstance(pair, str) else Pair(best["OpenHCS loop"], best["OpenHCS"])
        peer_times = {"OpenHCS": peer} if peer else {}
        rows.append(Row(f"{name} {shape}", Pair(best["loop"], best["voxbind"]), peer_times))
        if threads is not None:
            label = f"{name} {shape}, voxbind.workers({cores})"
            rows.append(Row(label, Pair(best["loop"], best["threaded"])))
    return Topic(
        "A 2-D function on a volume",
        "a loop over the slices into one preallocated array",
        "a ratio of 1.0, and with two threads on two idle cores 0.59 (1.7 times faster)",
        rows,
    )


def _within(setting: Callable[[], AbstractContextManager[object]], call: Call) -> Call:
    """Make a call that runs inside a context manager."""

    def run() -> object:
        with setting():
            return call()

    return run
