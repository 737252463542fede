"""Writes a synthetic plate in OME-Zarr: wells of fields with the axes T, C, Z, Y, X.

Each field shows nuclei (DAPI), the cytoplasm around them (GFP) and spots in it (RFP), unevenly lit
and with the noise of a camera. The wells of a column got the same dose, on which the number of
cells depends. The same arguments give the same values.

    python examples/plate/synthetic.py PLATE [--wells 96] [--size 64]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

import voxbind

ROWS, COLUMNS = "ABCDEFGH", range(1, 13)
CHANNELS = ("DAPI", "GFP", "RFP")
SCALE = {"z": 2.0, "y": 0.5, "x": 0.5}
"""Micrometers of an element."""
DARK = 100
"""What the camera reads without light."""
PHOTONS = 12.0
"""Brightness of a pixel per photon."""


def names_of_wells(count: int) -> list[str]:
    """Return the first wells of a plate with 8 x 12 of them, column by column: ``A/1``, ``B/1``."""
    return [f"{row}/{column}" for column in COLUMNS for row in ROWS][:count]


def illumination(size: int) -> xr.DataArray:
    """Return the image of a uniform sample for each channel, axes (C, Y, X)."""
    position = np.linspace(-1, 1, size)
    radius = position[:, None] ** 2 + position**2
    falls = np.array([0.25, 0.3, 0.35])[:, None, None]
    flat = DARK + 1000 * (1 - falls * radius)
    return with_scale(flat.round().astype(np.uint16), "cyx", "flat")


def with_scale(values: np.ndarray[Any, Any], axes: str, name: str) -> xr.DataArray:
    """Return an array with names of axes and channels, and positions in micrometers."""
    coordinates: dict[str, Any] = {
        axis: (axis, np.arange(length) * SCALE[axis], {"units": "micrometer"})
        for axis, length in zip(axes, values.shape, strict=True)
        if axis in SCALE
    }
    if "c" in axes:
        coordinates["c"] = [*CHANNELS]
    return xr.DataArray(values, dims=[*axes], coords=coordinates, name=name)


def field(well: str, number: int, size: int, flat: xr.DataArray) -> xr.DataArray:
    """Return a field of a well, axes (T, C, Z, Y, X) of lengths (2, 3, 4, size, size)."""
    row, column = well.split("/")
    rng = np.random.default_rng((ROWS.index(row), int(column), number))
    cells = max(2, round((13 - int(column)) * (size / 64) ** 2))
    z = np.arange(4)[:, None, None] * SCALE["z"]
    y, x = np.meshgrid(*[np.arange(size) * SCALE["y"]] * 2, indexing="ij")
    centers = rng.uniform((2, 2, 2), (6, size / 2 - 2, size / 2 - 2), (cells, 3))
    values = np.empty((2, len(CHANNELS), 4, size, size))
    for time in range(2):
        centers = centers + rng.normal(0, 0.3, centers.shape)
        light = np.full((len(CHANNELS), 4, size, size), 5.0)
        for center in centers:
            distance = (z - center[0]) ** 2 + (y - center[1]) ** 2 + (x - center[2]) ** 2
            light[0] += 80 * np.exp(-distance / 4)
            light[1] += 40 * np.exp(-distance / 12)
            spot = center + rng.normal(0, 1, 3)
            distance = (z - spot[0]) ** 2 + (y - spot[1]) ** 2 + (x - spot[2]) ** 2
            light[2] += 60 * np.exp(-distance / 0.8)
        even = (flat.values - DARK)[:, None] / 1000
        values[time] = DARK + PHOTONS * rng.poisson(light * even) + rng.normal(0, 2, light.shape)
    limited = values.round().clip(0, 65535).astype(np.uint16)
    return with_scale(limited, "tczyx", f"{well}/{number}")


def write_plate(path: Path, wells: list[str], fields: int) -> None:
    """Write the metadata of a plate and its wells, which its images go into."""
    rows = [row for row in ROWS if any(well.startswith(row) for well in wells)]
    columns = sorted({int(well.split("/")[1]) for well in wells})
    described = [
        {
            "path": well,
            "rowIndex": rows.index(well.split("/")[0]),
            "columnIndex": columns.index(int(well.split("/")[1])),
        }
        for well in wells
    ]
    plate = {
        "name": path.stem,
        "version": "0.5",
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": str(column)} for column in columns],
        "wells": described,
        "field_count": fields,
    }
    zarr.open_group(path, mode="a").attrs["ome"] = {"version": "0.5", "plate": plate}
    images = [{"path": str(number)} for number in range(fields)]
    for well in wells:
        zarr.open_group(path / well.split("/")[0], mode="a")
        group = zarr.open_group(path / well, mode="a")
        group.attrs["ome"] = {"version": "0.5", "well": {"version": "0.5", "images": images}}


def make(path: Path, wells: int = 96, fields: int = 4, size: int = 64) -> None:
    """Write a plate, and the image of a uniform sample beside it: ``<path>.flat``."""
    flat = illumination(size)
    voxbind.OmeZarr.write(flat_of(path), flat)
    names = names_of_wells(wells)
    write_plate(path, names, fields)
    for well in names:
        for number in range(fields):
            image = field(well, number, size, flat)
            chunks = {"t": 1, "c": 1, "z": 4, "y": size, "x": size}
            voxbind.OmeZarr.write(path / well / str(number), image.chunk(chunks))


def flat_of(path: Path) -> Path:
    """Return where the image of a uniform sample is."""
    return path.with_name(f"{path.name}.flat")


def main(arguments: list[str]) -> None:
    """Write the plate that the command line names."""
    parser = argparse.ArgumentParser(prog="python examples/plate/synthetic.py")
    parser.add_argument("plate", type=Path, help="the folder to write")
    parser.add_argument("--wells", type=int, default=96, choices=range(1, 97), metavar="1-96")
    parser.add_argument("--size", type=int, default=64, help="pixels along Y and X")
    options = parser.parse_args(arguments)
    make(options.plate, options.wells, size=options.size)
    print(f"{options.wells} wells in {options.plate}")


if __name__ == "__main__":
    main(sys.argv[1:])
