"""Denoise, threshold, label and measure a real volume, wherever it is.

The volume is the brain scan that nibabel's wheel carries, as (Z, Y, X). The same lines run on the
CPU and on an NVIDIA GPU: `voxbind.auto` calls the library that works where the array is. While
they run nothing may move between memories, so that a copy would be an error. Prints the objects,
and which library ran where.

    python examples/chain.py [--memory numpy|torch|cupy|torch-cuda]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import nibabel
import numpy as np
from rich.console import Console
from rich.table import Table

import voxbind
from voxbind._settings.trace_log import TraceLog
from voxbind.auto import filters, measure, morphology, ndimage

ABOUT = "Denoise, threshold, label and measure a real volume, wherever it is."
LARGEST = 8
"""How many objects are printed."""


def segmented(volume: Any) -> tuple[Any, Any]:
    """(Z, Y, X) scan -> labels of the small bright structures, and a table of them."""
    quiet = ndimage.median_filter(volume, size=3)
    smooth = filters.gaussian(quiet, sigma=1)
    tops = ndimage.white_tophat(smooth, size=5)
    bright = tops > filters.threshold_yen(tops)
    labels = measure.label(morphology.remove_small_objects(bright, max_size=30))
    properties = ("label", "area", "centroid")
    return labels, measure.regionprops_table(labels, quiet, properties=properties)


def brain() -> np.ndarray:
    """Load nibabel's scan as float32 in [0, 1], axes (Z, Y, X), 2.2 x 2 x 2 mm."""
    path = files("nibabel") / "tests" / "data" / "example4d.nii.gz"
    scan = np.asarray(nibabel.load(str(path)).dataobj)[..., 0].transpose(2, 1, 0)
    return np.ascontiguousarray(scan, dtype=np.float32) / np.float32(scan.max())


def to_torch(array: np.ndarray) -> Any:
    """Give a tensor on the CPU, which shares the array's buffer."""
    import torch

    return torch.from_numpy(array)


def to_torch_cuda(array: np.ndarray) -> Any:
    """Give a tensor on the current GPU."""
    return to_torch(array).cuda()


def to_cupy(array: np.ndarray) -> Any:
    """Give CuPy's array on the current GPU."""
    import cupy

    return cupy.asarray(array)


MEMORIES: dict[str, Callable[[np.ndarray], Any]] = {
    "numpy": lambda array: array,
    "torch": to_torch,
    "cupy": to_cupy,
    "torch-cuda": to_torch_cuda,
}


def on_host(value: Any) -> np.ndarray:
    """Give an array of any of these memories as NumPy's, to print it."""
    for way in ("get", "cpu"):
        if hasattr(value, way):
            value = getattr(value, way)()
    return np.asarray(value)


def objects(columns: dict[str, Any]) -> Table:
    """Tell the largest objects."""
    found = {name: on_host(column) for name, column in columns.items()}
    table = Table(title=f"The largest of {len(found['label'])} bright structures")
    for name in ("label", "voxels", "z", "y", "x"):
        table.add_column(name, justify="right")
    for row in np.argsort(-found["area"], kind="stable")[:LARGEST]:
        centre = (f"{found[f'centroid-{axis}'][row]:.1f}" for axis in range(3))
        table.add_row(str(found["label"][row]), f"{found['area'][row]:.0f}", *centre)
    return table


def calls(log: TraceLog) -> Table:
    """Tell what ran where, and how much moved."""
    table = Table(title="What ran")
    for name in ("function", "device", "ms", "bytes copied", "bytes shared"):
        table.add_column(name, justify="left" if name in ("function", "device") else "right")
    for row in log.rows():
        moved = (f"{row[name]:,}" for name in ("bytes_copied", "bytes_shared"))
        table.add_row(row["function"], row["device"], f"{row['seconds'] * 1e3:.1f}", *moved)
    return table


def main(memory: str) -> None:
    """Run the chain where nothing may move, and print what came of it."""
    try:
        volume = MEMORIES[memory](brain())
    except Exception as error:
        sentence = f"--memory {memory} can't be had here: {error}. `voxbind doctor` tells more."
        raise SystemExit(sentence) from None
    with voxbind.transfers("forbid"), voxbind.trace() as log:
        labels, table = segmented(volume)
    if type(labels) is not type(volume):
        raise SystemExit("the labels came back in another memory: please report it")
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(objects(table))
    console.print(calls(log))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python examples/chain.py", description=ABOUT)
    parser.add_argument("--memory", choices=MEMORIES, default="numpy", help="where the volume is")
    main(parser.parse_args().memory)
