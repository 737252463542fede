"""The example of a plate: the numbers of arrays in memory, also after a kill and in processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import voxbind
from voxbind import OmeZarr

for library in ("distributed", "ome_zarr_models", "pyarrow", "xarray", "zarr"):
    pytest.importorskip(library)

ROOT = Path(__file__).parents[2]
PLATE = ROOT / "examples" / "plate"
FIELDS, SIZE = 3, 32


@pytest.fixture(scope="module")
def programs() -> Any:
    """Import the two programs of the example: they make the plate, and measure it."""
    sys.path.insert(0, str(PLATE))
    try:
        yield import_module("synthetic"), import_module("measure")
    finally:
        sys.path.remove(str(PLATE))


@pytest.fixture(scope="module")
def plate(programs: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plate") / "plate.zarr"
    programs[0].make(path, wells=2, fields=FIELDS, size=SIZE)
    return path


@pytest.fixture(scope="module")
def expected(programs: Any, plate: Path) -> dict[str, list[Any]]:
    """Measure the fields as arrays in memory, one after the other."""
    synthetic, measure = programs
    flat = synthetic.illumination(SIZE)
    columns: dict[str, list[Any]] = {}
    for well in ("A/1", "B/1"):
        for number in range(FIELDS):
            image = synthetic.field(well, number, SIZE, flat)
            assert isinstance(image.data, np.ndarray)
            table = measure.measured(*measure.segmented(image, flat))
            rows = len(table["label"])
            table = {"well": [well] * rows, "field": [number] * rows, **table}
            for name, values in table.items():
                columns.setdefault(name, []).extend(np.asarray(values).tolist())
    assert len(columns["label"]) > 20
    return columns


def test_a_run_that_is_killed_goes_on_and_gives_the_numbers_of_arrays_in_memory(
    programs: Any, plate: Path, expected: dict[str, list[Any]], tmp_path: Path
) -> None:
    parquet = import_module("pyarrow.parquet")
    out = tmp_path / "results"
    command = [sys.executable, str(PLATE / "measure.py"), str(plate), str(out)]
    environment = {**os.environ, "PYTHONPATH": str(Path(voxbind.__file__).parents[1])}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while process.poll() is None and not [*out.glob("parts/*.parquet")]:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    parts = {path: path.stat().st_mtime_ns for path in out.glob("parts/*.parquet")}
    assert 0 < len(parts) < 2 * FIELDS
    assert not (out / "cells.parquet").exists()

    path = programs[1].run(plate, out, workers=2)
    assert all(path.stat().st_mtime_ns == changed for path, changed in parts.items())
    table = parquet.read_table(path)
    assert table.to_pydict() == expected
    assert b"skimage.measure.label" in table.schema.metadata[b"voxbind"]
    labels = OmeZarr.images(out / "labels.zarr")
    assert [*labels] == [*OmeZarr.images(plate)]
    assert labels["B/1/2"].scale == {"t": 1, "z": 2, "y": 0.5, "x": 0.5}


def test_the_documented_lines_are_those_of_the_example() -> None:
    (block,) = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "docs/plate.md").read_text(), re.M | re.S
    )
    program = (PLATE / "measure.py").read_text().replace("DARK", "100").replace("SMALLEST", "20")
    program = program.replace("SMOOTHING", "0.5")
    body = [line for line in block.splitlines() if line.startswith("    ")]
    for line in body:
        code = re.sub(r"  # .*", "", line).strip()
        if not code.startswith(("table", "return table")):
            assert code in program, code
