"""OME-Zarr: axes and scale are read, results are written, and contradictions are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import voxbind
from voxbind import OmeZarr

da = pytest.importorskip("dask.array")
xr = pytest.importorskip("xarray")
zarr = pytest.importorskip("zarr")
pytest.importorskip("ome_zarr_models")
filters: Any = import_module("voxbind.skimage.filters")
measure: Any = import_module("voxbind.skimage.measure")

MOVIE = np.random.default_rng(0).integers(0, 2**12, (2, 2, 4, 20, 24)).astype(np.uint16)
SCALE = {"t": 5.0, "z": 2.0, "y": 0.5, "x": 0.25}
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
CHUNKS = (1, 1, 4, 10, 24)


def image(values: Any = MOVIE, axes: str = "tczyx") -> Any:
    """Return an array with all that OME-Zarr knows of it."""
    coordinates: dict[str, Any] = {
        axis: (axis, 3 + np.arange(length) * SCALE[axis], {"units": UNITS[axis]})
        for axis, length in zip(axes, values.shape, strict=True)
        if axis in SCALE
    }
    if "c" in axes:
        coordinates["c"] = ["DAPI", "GFP"]
    return xr.DataArray(values, dims=[*axes], coords=coordinates, name="cells")


def written(path: Path, values: Any = None) -> Path:
    """Write an image, and return the file of its metadata."""
    OmeZarr.write(path, image(da.from_array(MOVIE, chunks=CHUNKS) if values is None else values))
    return path / "zarr.json"


def edit(file: Path, *keys: Any, value: Any) -> None:
    """Change a value in a file of metadata."""
    content = json.loads(file.read_text())
    inner = content["attributes"]["ome"]
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    file.write_text(json.dumps(content))


@pytest.mark.parametrize("axes", ["tczyx", "czyx", "tzyx", "zyx", "cyx", "yx"])
def test_what_is_written_is_read_again(tmp_path: Path, axes: str) -> None:
    given = image()
    for axis in {*"tczyx"} - {*axes}:
        given = given.isel({axis: 0}, drop=True)
    there = OmeZarr.write(tmp_path / "cells.zarr", given)
    read = OmeZarr(tmp_path / "cells.zarr").read()
    xr.testing.assert_identical(read.compute().drop_attrs(), given.drop_attrs())
    assert there.axes == tuple(axes)
    assert {axis: there.scale[axis] for axis in axes if axis != "c"} == {
        axis: SCALE[axis] for axis in axes if axis != "c"
    }
    assert there.units == {axis: UNITS[axis] for axis in axes if axis != "c"}
    for axis in axes.replace("c", ""):
        assert read[axis].attrs == {"units": UNITS[axis], "scale": SCALE[axis]}


UNITS_OF_OME = {
    "um": "micrometer",
    "µm": "micrometer",
    "microns": "micrometer",
    "nm": "nanometer",
    "metres": "meter",
    "angstrom": "angstrom",
    "pixel": "pixel",
}


@pytest.mark.parametrize("unit", UNITS_OF_OME)
def test_units_get_the_names_of_ome(tmp_path: Path, unit: str) -> None:
    given = image(MOVIE[:, 0, 0], "tyx")
    given.x.attrs["units"] = unit
    given.t.attrs["units"] = "s"
    there = OmeZarr.write(tmp_path / "a.zarr", given)
    assert there.units == {"t": "second", "y": "micrometer", "x": UNITS_OF_OME[unit]}


def test_a_single_position_keeps_its_unit(tmp_path: Path) -> None:
    there = OmeZarr.write(tmp_path / "a.zarr", image(MOVIE[0, 0, 2:3], "zyx"))
    assert there.units["z"] == "micrometer"
    np.testing.assert_array_equal(there.read().z.values, [3])


def test_chunks_are_kept_and_nothing_is_read_before(tmp_path: Path) -> None:
    written(tmp_path / "a.zarr")
    read = OmeZarr(tmp_path / "a.zarr").read()
    assert isinstance(read.data, da.Array)
    assert read.data.chunksize == CHUNKS
    irregular = da.from_array(MOVIE, chunks=((1, 1), 2, 4, (3, 9, 8), 24))
    there = OmeZarr.write(tmp_path / "b.zarr", image(irregular))
    np.testing.assert_array_equal(there.read().values, MOVIE)
    assert there.read().data.chunksize == (1, 2, 4, 9, 24)


def test_time_and_channels_are_looped_without_being_named(tmp_path: Path) -> None:
    written(tmp_path / "a.zarr")
    read = OmeZarr(tmp_path / "a.zarr").read()
    expected = np.stack([[filters.gaussian(part, 1) for part in time] for time in MOVIE])
    smooth = filters.gaussian(read, sigma=1)
    np.testing.assert_array_equal(smooth.values, expected)
    thresholds = filters.threshold_otsu(smooth)
    assert thresholds.dims == ("t", "c")
    blur = voxbind.over(filters.gaussian, micrometers="sigma")(read, sigma=1)
    by_axis = [[filters.gaussian(part, (0.5, 2, 4)) for part in time] for time in MOVIE]
    np.testing.assert_array_equal(blur.values, np.stack(by_axis))


def test_the_record_names_functions_versions_contracts_and_arguments(tmp_path: Path) -> None:
    written(tmp_path / "a.zarr")
    read = OmeZarr(tmp_path / "a.zarr").read()
    with voxbind.trace() as log:
        blur = voxbind.over(filters.gaussian, micrometers="sigma")
        smooth = blur(read, sigma=1)
        bright = smooth > filters.threshold_otsu(smooth)
        labels = measure.label(bright)
    there = OmeZarr.write(tmp_path / "b.zarr", labels, trace=log)
    record = OmeZarr(there.path).provenance
    assert record is not None
    assert record["version"] == voxbind.__version__
    assert [call["function"] for call in record["calls"]] == [
        "skimage.filters.gaussian",
        "skimage.filters.threshold_otsu",
        "skimage.measure.label",
    ]
    first = record["calls"][0]
    described = "array of shape (2, 2, 4, 20, 24), dtype uint16"
    assert first == {
        "function": "skimage.filters.gaussian",
        "library": "scikit-image",
        "version": version("scikit-image"),
        "contract": "FLEXIBLE",
        "evidence": "observed",
        "arguments": {"image": described, "sigma": [0.5, 2.0, 4.0]},
        "calls": 1,
    }
    assert there.read().data.dtype == labels.dtype


def test_the_record_counts_equal_calls_in_memory(tmp_path: Path) -> None:
    with voxbind.trace() as log:
        smooth = voxbind.over(filters.gaussian, "TCZYX")(MOVIE, sigma=2)
    there = OmeZarr.write(tmp_path / "a.zarr", image(smooth), trace=log)
    assert there.provenance is not None
    (call,) = there.provenance["calls"]
    assert call["calls"] == 4
    assert call["arguments"] == {"image": "array of shape (4, 20, 24), dtype uint16", "sigma": 2}


def test_the_same_run_writes_the_same_bytes(tmp_path: Path) -> None:
    def content(name: str) -> dict[str, bytes]:
        folder = tmp_path / name
        written(folder)
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    first = content("a.zarr")
    assert first == content("b.zarr")
    assert len(first) == 2 + 2 * 2 * 2  # metadata of the group and the array, and eight chunks


@pytest.mark.parametrize("ngff", ["0.4", "0.5"])
def test_images_of_the_reference_library_are_read(tmp_path: Path, ngff: str) -> None:
    writer = pytest.importorskip("ome_zarr.writer")
    formats = pytest.importorskip("ome_zarr.format")
    form = formats.format_from_version(ngff)
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2 if ngff == "0.4" else 3)
    axes = [
        {"name": "c", "type": "channel"},
        {"name": "y", "type": "space", "unit": "nanometer"},
        {"name": "x", "type": "space", "unit": "nanometer"},
    ]
    transforms = [
        [
            {"type": "scale", "scale": [1, 500.0 * step, 250.0 * step]},
            {"type": "translation", "translation": [0, 10.0, 20.0]},
        ]
        for step in (1, 2)
    ]
    pyramid = [MOVIE[0, :, 0], MOVIE[0, :, 0, ::2, ::2]]
    writer.write_multiscale(
        pyramid, group, fmt=form, axes=axes, coordinate_transformations=transforms
    )
    there = OmeZarr(tmp_path / "a.zarr")
    assert (there.version, there.levels, there.axes) == (ngff, 2, ("c", "y", "x"))
    assert there.scale == {"c": 1, "y": 500, "x": 250}
    small = there.read(1)
    np.testing.assert_array_equal(small.values, pyramid[1])
    np.testing.assert_array_equal(small.y.values[:2], [10, 1010])
    blur = voxbind.over(filters.gaussian, micrometers="sigma")
    np.testing.assert_array_equal(
        blur(small, sigma=1).values, np.stack([filters.gaussian(c, (1, 2)) for c in pyramid[1]])
    )
    with pytest.raises(IndexError, match="level=2, and has 2 resolutions"):
        there.read(2)


def test_the_reference_library_reads_what_is_written(tmp_path: Path) -> None:
    io = pytest.importorskip("ome_zarr.io")
    reader = pytest.importorskip("ome_zarr.reader")
    written(tmp_path / "a.zarr")
    (node,) = reader.Reader(io.parse_url(str(tmp_path / "a.zarr")))()
    np.testing.assert_array_equal(node.data[0].compute(), MOVIE)
    assert [axis.get("unit") for axis in node.metadata["axes"]] == [
        *("second", None, "micrometer", "micrometer", "micrometer")
    ]
    scale, translation = node.metadata["coordinateTransformations"][0]
    assert scale["scale"] == [5, 1, 2, 0.5, 0.25]
    assert translation["translation"] == [3, 0, 3, 3, 3]
    assert node.metadata["channel_names"] == ["DAPI", "GFP"]


CONTRADICTIONS: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "too few axes": (
        ("multiscales", 0, "axes"),
        [{"name": axis, "type": "space"} for axis in "zyx"],
        "contradicts its arrays: .*axes",
    ),
    "another name than the array's": (
        ("multiscales", 0, "axes", 2, "name"),
        "depth",
        "contradicts its arrays: .*dimension",
    ),
    "a name of another type": (
        ("multiscales", 0, "axes", 0, "type"),
        "channel",
        "contradict",
    ),
    "an unknown axis in space": (("multiscales", 0, "axes", 2, "name"), "w", "contradict"),
    "no scale": (
        ("multiscales", 0, "datasets", 0, "coordinateTransformations"),
        [],
        "contradicts its arrays: .*coordinateTransformations",
    ),
    "a scale of other axes": (
        ("multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "scale"),
        [1.0, 1.0],
        "contradicts its arrays: .*dimension",
    ),
    "a scale of 0": (
        ("multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "scale"),
        [1.0, 1.0, 0.0, 1.0, 1.0],
        "none of a scale 0",
    ),
    "an array that isn't there": (
        ("multiscales", 0, "datasets", 0, "path"),
        "7",
        "contradicts its arrays: .*7",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_metadata_that_contradicts_the_array_is_refused(tmp_path: Path, case: str) -> None:
    keys, value, message = CONTRADICTIONS[case]
    edit(written(tmp_path / "a.zarr"), *keys, value=value)
    with pytest.raises(voxbind.StoreError, match=message) as raised:
        OmeZarr(tmp_path / "a.zarr")
    assert str(tmp_path / "a.zarr") in str(raised.value)


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(voxbind.StoreError, match=r"is no group of zarr\. Check the path"):
        OmeZarr(tmp_path / "nothing.zarr")
    (tmp_path / "file").write_text("")
    with pytest.raises(voxbind.StoreError):
        OmeZarr(tmp_path / "file")
    zarr.open_group(tmp_path / "group.zarr", mode="w")
    with pytest.raises(voxbind.StoreError, match="no image of OME-Zarr"):
        OmeZarr(tmp_path / "group.zarr")
    with pytest.raises(voxbind.StoreError, match="no plate or well"):
        OmeZarr.images(tmp_path / "group.zarr")


WRONG = {
    "no names": (lambda: MOVIE, voxbind.MemoryTypeError, "Give an array of xarray"),
    "another order": (
        lambda: image().transpose("c", "t", "z", "y", "x"),
        voxbind.StoreError,
        r"Give array\.transpose\('t', 'c', 'z', 'y', 'x'\)",
    ),
    "an unknown axis": (
        lambda: image().rename(t="angle"),
        voxbind.StoreError,
        "'angle'.*Rename the dimensions",
    ),
    "no rows": (lambda: image()[..., 0, :], voxbind.StoreError, "needs at least y and x"),
    "unequal distances": (
        lambda: image().assign_coords(z=("z", [0.0, 1, 2, 4], {"units": "micrometer"})),
        voxbind.StoreError,
        r"'z' isn't made of finite numbers at equal.*array\.drop_vars\('z'\)",
    ),
    "positions that aren't numbers": (
        lambda: image().assign_coords(y=[*"abcdefghijklmnopqrst"]),
        voxbind.StoreError,
        "'y' isn't made of finite numbers at equal distances .its dtype is <U1",
    ),
    "a position that isn't finite": (
        lambda: image()[:, :, :1].assign_coords(z=[np.nan]),
        voxbind.StoreError,
        "'z' isn't made of finite numbers",
    ),
    "dates": (
        lambda: image().assign_coords(t=np.array(["2026-01-01", "2026-01-02"], "M8[ns]")),
        voxbind.StoreError,
        r"'t' isn't made of .*Give seconds at equal distances, array\.assign_coords\(t=",
    ),
    "objects": (lambda: image().astype(object), voxbind.StoreError, "dtype object. Give numbers"),
    "text": (lambda: image().astype(str), voxbind.StoreError, "dtype <U.*Give numbers"),
    "an empty axis": (lambda: image()[:0], voxbind.StoreError, "at least one element"),
    "chunks of unknown size": (
        lambda: xr.DataArray(da.zeros((4, 5), chunks=2)[da.ones(4, chunks=2) > 0], dims=[*"yx"]),
        voxbind.StoreError,
        r"unknown size. Give array\.compute_chunk_sizes\(\)",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_ome_zarr_cannot_hold_is_refused(tmp_path: Path, case: str) -> None:
    given, kind, message = WRONG[case]
    with pytest.raises(kind, match=message):
        OmeZarr.write(tmp_path / "a.zarr", given())
    assert not [*tmp_path.iterdir()]


def test_images_of_a_plate(tmp_path: Path) -> None:
    plate = tmp_path / "plate.zarr"
    wells: list[dict[str, Any]] = [
        {"path": f"A/{n}", "rowIndex": 0, "columnIndex": n - 1} for n in (1, 2)
    ]
    described = {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}]}
    zarr.open_group(plate, mode="w").attrs["ome"] = {
        "version": "0.5",
        "plate": {**described, "wells": wells},
    }
    zarr.open_group(plate / "A", mode="a")
    for well in wells:
        group = zarr.open_group(plate / well["path"], mode="a")
        group.attrs["ome"] = {"version": "0.5", "well": {"images": [{"path": "0"}]}}
        OmeZarr.write(plate / well["path"] / "0", image())
    images = OmeZarr.images(plate)
    assert [*images] == ["A/1/0", "A/2/0"]
    np.testing.assert_array_equal(images["A/2/0"].read().values, MOVIE)
    with pytest.raises(voxbind.StoreError, match=r"It is a plate: voxbind\.OmeZarr\.images"):
        OmeZarr(plate)
    import ome_zarr_models.v05 as models

    assert models.HCS.from_zarr(zarr.open_group(plate, mode="r")).n_wells == 2


def test_nothing_is_imported_before_it_is_used() -> None:
    code = (
        "import sys, voxbind; voxbind.OmeZarr; from voxbind import OmeZarr\n"
        "print(*{'zarr', 'dask', 'xarray', 'numpy', 'ome_zarr_models'} & {*sys.modules})"
    )
    package = str(Path(voxbind.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": package},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(voxbind.LibraryMissingError, match=r"needs zarr.*voxbind\[zarr\]"):
        OmeZarr(tmp_path / "a.zarr")
