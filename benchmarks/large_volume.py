"""Filters a volume of 4 GiB on workers that may use 1 GB of memory each: one worker, then two."""

from __future__ import annotations

import os
import time
from importlib import import_module
from typing import Any, NamedTuple

from timed_calls import named

CHUNK = 128
"""Length of a chunk along each axis. Its elements are float32, so it has 8 MiB."""
LENGTH = 1024
"""Length of the volume along each axis."""
FUNCTION, SIGMA = "scipy.ndimage.gaussian_filter", 1
LIMIT = 10**9
"""Bytes of memory that a worker may use. dask ends and restarts a worker that uses 95% of them."""


class Volume(NamedTuple):
    """What a computation took."""

    workers: int
    gigabytes: float
    """Size of the volume."""
    seconds: float
    processor: float
    """Processor time of the workers, in seconds."""
    megabytes: float
    """Largest memory of a worker's process."""
    restarted: int
    """Number of workers that dask ended."""


def measured(workers: int, length: int = LENGTH) -> Volume:
    """Compute the mean of a filtered random volume.

    Parameters
    ----------
    workers
        The number of processes, with one thread each.
    length
        Length of the volume along each axis.

    Raises
    ------
    RuntimeError
        If the mean isn't that of random numbers.
    """
    distributed = import_module("dask.distributed")
    random = import_module("dask.array").random.default_rng(0)
    volume = random.random((length,) * 3, chunks=CHUNK, dtype="float32")
    lazy = named(f"voxbind.{FUNCTION}")(volume, sigma=SIGMA).mean(dtype="float64")
    options: dict[str, Any] = {
        "n_workers": workers,
        "threads_per_worker": 1,
        "memory_limit": LIMIT,
        "dashboard_address": None,
    }
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        before: dict[str, tuple[int, float, float]] = client.run(_usage)
        start = time.perf_counter()
        mean = float(lazy.compute())
        seconds = time.perf_counter() - start
        after: dict[str, tuple[int, float, float]] = client.run(_usage)
    if abs(mean - 0.5) > 0.01:
        raise RuntimeError(f"the mean is {mean}, and that of random numbers 0.5")
    kept = {usage[0] for usage in before.values()}
    return Volume(
        workers=workers,
        gigabytes=volume.nbytes / 1e9,
        seconds=seconds,
        processor=sum(usage[1] for usage in after.values())
        - sum(usage[1] for usage in before.values()),
        megabytes=max(usage[2] for usage in after.values()),
        restarted=sum(usage[0] not in kept for usage in after.values()),
    )


def _usage() -> tuple[int, float, float]:
    """Return a worker's process, its processor time, and its largest memory in megabytes."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    return os.getpid(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6
