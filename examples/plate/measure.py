"""Measures all cells of a plate in OME-Zarr, on one process or many, into one table.

Each field is corrected for uneven light, denoised and segmented; the labels go into a plate of
OME-Zarr, and a row for each cell, time and channel into a table (Parquet). Lengths are in
micrometers. A run that was killed goes on where it was when it is started again.

    python examples/plate/measure.py PLATE OUT [--workers 2]

OUT gets the folder ``labels.zarr`` and the file ``cells.parquet``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pyarrow as pa
import xarray as xr
from pyarrow import parquet
from rich.progress import track
from synthetic import DARK, flat_of, write_plate

import voxbind
from voxbind import OmeZarr, native
from voxbind.skimage import filters, measure, morphology

PROPERTIES = ("label", "area", "centroid", "mean_intensity")
SMOOTHING = 0.5
"""Standard deviation of the Gaussian filter, in micrometers."""
SMALLEST = 20
"""Elements of the smallest object that is a nucleus."""


def segmented(image: xr.DataArray, flat: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the labels of the nuclei, and the image in even light.

    Parameters
    ----------
    image
        A field, axes (T, C, Z, Y, X): in memory, or a dask array, which gives dask arrays.
    flat
        The image of a uniform sample, axes (C, Y, X), in memory.
    """
    correct = voxbind.over(native.flat_field_correction, dtype="float32")  # of 16-bit images
    even = correct(image, flat, dark=DARK)
    smooth = voxbind.over(filters.gaussian, micrometers="sigma")(even, sigma=SMOOTHING)
    nuclei = smooth.sel(c="DAPI", drop=True)
    bright = nuclei > filters.threshold_otsu(nuclei)
    cleaned = voxbind.over(morphology.remove_small_objects)(bright, max_size=SMALLEST)
    return measure.label(cleaned).astype(np.uint16), even


def measured(labels: xr.DataArray, even: xr.DataArray) -> dict[str, Any]:
    """Return the columns of the table of a field: volumes and positions are in micrometers."""
    table = voxbind.over(measure.regionprops_table, micrometers="spacing")
    columns = table(labels, even, properties=PROPERTIES)
    return {name: np.asarray(column) for name, column in columns.items()}


def process(plate: Path, name: str, out: Path) -> None:
    """Process a field and write its labels and its part of the table, unless they are there."""
    part = part_of(out, name)
    if part.exists():
        return
    image = OmeZarr(plate / name).read()
    flat = OmeZarr(flat_of(plate)).read().compute()
    with voxbind.trace() as log:
        labels, even = segmented(image, flat)
    written = OmeZarr.write(out / "labels.zarr" / name, labels, trace=log)
    columns = measured(written.read().compute(), even.compute())
    well, _, number = name.rpartition("/")
    rows = len(columns["label"])
    keys = {"well": [well] * rows, "field": np.full(rows, int(number), np.int32)}
    table = pa.table({**keys, **columns})
    record = json.dumps(written.provenance["calls"] if written.provenance else [])
    write_table(table.replace_schema_metadata({"voxbind": record}), part)


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table so that half of it never is in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    parquet.write_table(table, temporary)
    temporary.replace(path)


def part_of(out: Path, name: str) -> Path:
    """Return the file of the table's part of a field."""
    return out / "parts" / f"{name.replace('/', '-')}.parquet"


def done(plate: Path, names: list[str], out: Path, workers: int) -> Iterator[None]:
    """Process the fields, and yield after each of them."""
    if workers < 2:
        with dask.config.set(scheduler="synchronous"):
            for name in names:
                yield process(plate, name, out)
        return
    from dask.distributed import Client, LocalCluster, as_completed

    options: dict[str, Any] = {"n_workers": workers, "threads_per_worker": 1}
    with LocalCluster(dashboard_address=None, **options) as cluster, Client(cluster) as client:
        for task in as_completed([client.submit(in_task, plate, name, out) for name in names]):
            yield task.result()


def in_task(plate: Path, name: str, out: Path) -> None:
    """Process a field in a task of dask, whose own graphs run in the task."""
    with dask.config.set(scheduler="synchronous"):
        process(plate, name, out)


def run(plate: Path, out: Path, workers: int = 1) -> Path:
    """Process a plate and return the path of the table.

    Parameters
    ----------
    plate
        The folder of the plate.
    out
        The folder of the results.
    workers
        The number of processes.
    """
    images = OmeZarr.images(plate)
    names = [*images]
    wells = [*dict.fromkeys(name.rpartition("/")[0] for name in names)]
    fields = len(names) // len(wells)
    write_plate(out / "labels.zarr", wells, fields)
    missing = [name for name in names if not part_of(out, name).exists()]
    if len(missing) < len(names):
        print(f"{len(names) - len(missing)} of {len(names)} fields are done already")
    for _ in track(done(plate, missing, out, workers), "fields", total=len(missing)):
        pass
    parts = [parquet.read_table(part_of(out, name)) for name in names]
    write_table(pa.concat_tables(parts), out / "cells.parquet")
    return out / "cells.parquet"


def main(arguments: list[str]) -> None:
    """Process the plate that the command line names, and print the size of the table."""
    parser = argparse.ArgumentParser(prog="python examples/plate/measure.py")
    parser.add_argument("plate", type=Path, help="the folder of the plate")
    parser.add_argument("out", type=Path, help="the folder of the results")
    parser.add_argument("--workers", type=int, default=1, help="number of processes")
    options = parser.parse_args(arguments)
    path = run(options.plate, options.out, options.workers)
    print(f"{parquet.read_metadata(path).num_rows} rows in {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
