"""Denoise, threshold, label and measure two real images through voxbind's wrappers.

The 2-D image is scikit-image's immunohistochemically stained colon; the volume is the
brain scan that nibabel's wheel carries, as (Z, Y, X). Both go through once as NumPy arrays
and once as PyTorch tensors. Prints what ran, and writes input and results to a PNG.

    python examples/pipeline.py [PNG]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib
import nibabel
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from skimage import data

from voxbind import registry
from voxbind.scipy import ndimage
from voxbind.skimage import color, feature, filters, measure, morphology, restoration

matplotlib.use("Agg")
import matplotlib.pyplot as plt


class Log:
    """Runs wrappers and keeps a row about each call."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []

    def run(self, wrapper: Callable[..., Any], image: Any, *args: Any, **kwargs: Any) -> Any:
        """Call the wrapper and write down what came of it."""
        started = time.perf_counter()
        result = wrapper(image, *args, **kwargs)
        milliseconds = (time.perf_counter() - started) * 1e3
        name = f"{wrapper.__module__}.{wrapper.__name__}".removeprefix("voxbind.")
        facts = registry.functions()[name]
        per_slice = facts.contract == "PURE_2D" and image.ndim == 3 and not facts.needs_channels
        self.rows.append(
            (
                name,
                str(facts.contract),
                "per slice" if per_slice else "direct",
                told(image),
                told(result),
                f"{milliseconds:.1f}",
            )
        )
        return result


def told(value: Any) -> str:
    """Memory, dtype and shape of an array; the value itself of a number."""
    if hasattr(value, "shape") and value.ndim:
        shape = "x".join(map(str, value.shape))
        return f"{type(value).__module__}.{type(value).__name__} {value.dtype} {shape}"
    if isinstance(value, dict):
        return f"table of {len(next(iter(value.values())))} rows"
    return f"{float(value):.4g}"


def nuclei(log: Log, stained: Any) -> tuple[Any, Any, Any]:
    """(Y, X, 3) stained tissue -> haematoxylin (Y, X), labels (Y, X), table of nuclei."""
    haematoxylin = log.run(color.rgb2hed, stained)[..., 0]
    smooth = log.run(filters.gaussian, haematoxylin, sigma=2)
    bright = smooth > log.run(filters.threshold_otsu, smooth)
    cleaned = log.run(morphology.remove_small_objects, bright, max_size=60)
    labels = log.run(measure.label, cleaned)
    table = log.run(measure.regionprops_table, labels, properties=("label", "area", "centroid"))
    return haematoxylin, labels, table


def bright_tissue(log: Log, volume: Any) -> tuple[Any, Any, Any]:
    """(Z, Y, X) scan -> edges of every slice, labels and table of small bright structures."""
    quiet = log.run(ndimage.median_filter, volume, size=3)
    quiet = log.run(restoration.denoise_tv_chambolle, quiet, weight=0.02)
    edges = log.run(feature.canny, quiet, sigma=1.5)
    tops = log.run(ndimage.white_tophat, quiet, size=9)
    bright = tops > log.run(filters.threshold_otsu, tops)
    labels = log.run(measure.label, log.run(morphology.remove_small_objects, bright, max_size=30))
    table = log.run(measure.regionprops_table, labels, properties=("label", "area", "centroid"))
    return edges, labels, table


def brain() -> np.ndarray:
    """Load nibabel's scan as float32 in [0, 1], axes (Z, Y, X), 2.2 x 2 x 2 mm."""
    path = files("nibabel") / "tests" / "data" / "example4d.nii.gz"
    scan = np.asarray(nibabel.load(str(path)).dataobj)[..., 0].transpose(2, 1, 0)
    return np.ascontiguousarray(scan, dtype=np.float32) / np.float32(scan.max())


def main(png: Path) -> None:
    """Run both pipelines in both memories, compare, print and draw."""
    tissue, volume = data.immunohistochemistry(), brain()
    log = Log()
    stain, spots, spot_table = nuclei(log, tissue)
    edges, regions, region_table = bright_tissue(log, volume)

    _, torch_spots, _ = nuclei(log, torch.from_numpy(tissue))
    torch_edges, torch_regions, _ = bright_tissue(log, torch.from_numpy(volume))
    pairs = ((spots, torch_spots), (edges, torch_edges), (regions, torch_regions))
    same = all(np.array_equal(array, tensor.numpy()) for array, tensor in pairs)
    if not same:
        raise SystemExit("NumPy and torch results differ: please report it")

    columns = ("function", "contract", "ran", "image in", "result", "ms")
    table = Table(*columns, title="What ran")
    for row in log.rows:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(table)
    console.print(
        f"{len(spot_table['label'])} nuclei in 2-D, {len(region_table['label'])} bright structures "
        f"in 3-D; torch tensors gave the same values as NumPy arrays."
    )
    draw(png, [tissue, stain, spots], [volume[12], edges[12], regions[12]])
    console.print(f"Picture: {png}")


def draw(png: Path, *rows: list[Any]) -> None:
    """Write a grid of images: one row an input with its results."""
    titles = (
        ("stained tissue", "haematoxylin", "nuclei"),
        ("slice 12", "canny", "bright structures"),
    )
    figure, axes = plt.subplots(2, 3, figsize=(12, 8), layout="constrained")
    for row, names, panels in zip(rows, titles, axes, strict=True):
        for image, name, panel in zip(row, names, panels, strict=True):
            labels = image.dtype.kind == "i" and image.ndim == 2
            shown = np.ma.masked_equal(image, 0) if labels else image
            panel.imshow(shown, cmap="prism" if labels else "gray", interpolation="nearest")
            panel.set_title(name)
            panel.set_axis_off()
    png.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(png, dpi=100)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("out/pipeline.png"))
