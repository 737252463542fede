"""Writes an image of OME-Zarr, and is killed after some regions: see `test_ome_zarr_runs.py`.

python interrupted_run.py IN OUT LOG SIGMA REGIONS
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import dask

import voxbind
from voxbind.skimage import filters


def main(source: str, target: str, log: str, sigma: float, regions: int) -> None:
    """Blur an image, note each region that is computed, and kill the process after some."""

    def noted(block: Any) -> Any:
        with Path(log).open("a") as file:
            file.write("region\n")
        if len(Path(log).read_text().splitlines()) > regions:
            os.kill(os.getpid(), signal.SIGKILL)
        return block

    image = voxbind.OmeZarr(source).read()
    with voxbind.trace() as trace:
        smooth = filters.gaussian(image, sigma=sigma)
    noted.__dask_tokenize__ = lambda: "noted"  # type: ignore[attr-defined]
    watched = smooth.copy(
        data=smooth.data.map_blocks(noted, dtype=smooth.dtype, meta=smooth.data._meta)
    )
    with dask.config.set(scheduler="synchronous"):
        voxbind.OmeZarr.write(target, watched, trace=trace)


if __name__ == "__main__":
    main(*sys.argv[1:4], float(sys.argv[4]), int(sys.argv[5]))
