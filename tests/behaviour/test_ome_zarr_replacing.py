"""An image of OME-Zarr is replaced if that is asked for, and by one run at a time."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.ome_runs import CHUNKS, MOVIE, during, failing, image
from voxbind import OmeZarr

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
zarr = pytest.importorskip("zarr")
pytest.importorskip("ome_zarr_models")


def test_an_image_is_not_replaced_unless_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    OmeZarr.write(path, image())
    with pytest.raises(voxbind.StoreError, match=r"is there already, and another run.*overwrite"):
        OmeZarr.write(path, image() + 1)
    np.testing.assert_array_equal(OmeZarr(path).read().values, MOVIE)
    OmeZarr.write(path, image() + 1, overwrite=True)
    np.testing.assert_array_equal(OmeZarr(path).read().values, MOVIE + 1)


def put(path: Path, kind: str) -> None:
    """Put something at a path that isn't an image."""
    if kind == "file":
        path.write_text("thesis")
        return
    if kind == "plate":
        zarr.open_group(path, mode="w").attrs["ome"] = {"version": "0.5", "plate": {"wells": []}}
    (path / "A").mkdir(parents=True)
    (path / "A" / "thesis.txt").write_text("thesis")


@pytest.mark.parametrize("kind", ["file", "folder", "plate"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_only_an_image_is_replaced(tmp_path: Path, kind: str, overwrite: bool) -> None:
    path = tmp_path / "a.zarr"
    put(path, kind)
    lazy = da.from_array(MOVIE, chunks=CHUNKS).map_blocks(failing("computed", 0))
    with pytest.raises(voxbind.StoreError, match=r"isn't an image of OME-Zarr"):
        OmeZarr.write(path, image(lazy), overwrite=overwrite)
    assert (path if kind == "file" else path / "A" / "thesis.txt").read_text() == "thesis"
    assert [*tmp_path.iterdir()] == [path]


def test_a_folder_that_no_run_has_made_is_not_removed(tmp_path: Path) -> None:
    thesis = tmp_path / "a.zarr.partial" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("thesis")
    with pytest.raises(voxbind.StoreError, match=r"isn't of a run: thesis\.txt"):
        OmeZarr.write(tmp_path / "a.zarr", image(), overwrite=True)
    assert thesis.read_text() == "thesis"


def test_an_image_stays_until_the_one_that_replaces_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zarr"
    OmeZarr.write(path, image())
    replace = Path.replace

    def refuse(source: Path, target: Path) -> Path:
        if source.name == "image":
            raise PermissionError("no")
        return replace(source, target)

    with monkeypatch.context() as context:
        context.setattr(Path, "replace", refuse)
        with pytest.raises(voxbind.StoreError, match="can't be written: no"):
            OmeZarr.write(path, image() + 1, overwrite=True)
    np.testing.assert_array_equal(OmeZarr(path).read().values, MOVIE)
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as context:
        context.setattr(Path, "replace", interrupt(replace))
        OmeZarr.write(path, image() + 1, overwrite=True)
    assert not path.exists()
    broken = image(image().data.map_blocks(failing("no luck"), dtype="float32"))
    with pytest.raises(RuntimeError, match="no luck"):
        OmeZarr.write(path, broken, overwrite=True)
    np.testing.assert_array_equal(OmeZarr(path).read().values, MOVIE)


def interrupt(replace: Any) -> Any:
    """Return a `Path.replace` that stops the program when the image is to be moved."""

    def interrupted(source: Path, target: Path) -> Any:
        if source.name == "image":
            raise KeyboardInterrupt
        return replace(source, target)

    return interrupted


@pytest.mark.parametrize("finishes", [False, True])
def test_a_run_that_another_one_replaced_reports_it(tmp_path: Path, finishes: bool) -> None:
    path = tmp_path / "a.zarr"
    other = image((image() + 1).data)
    if not finishes:
        other = image(other.data.map_blocks(failing("no luck", 1), dtype="float32"))

    def begin_again() -> None:
        with suppress(RuntimeError):
            OmeZarr.write(path, other, run="B", overwrite=True)

    with dask.config.set(scheduler="synchronous"):
        with pytest.raises(voxbind.StoreError, match="Another run has begun again"):
            OmeZarr.write(path, during(begin_again), run="A")
        assert path.exists() == finishes
        OmeZarr.write(path, image((image() + 1).data), run="B")
    np.testing.assert_array_equal(OmeZarr(path).read().values, MOVIE + 1)


def test_regions_without_a_note_are_reported_and_written_by_the_next_call(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"

    def forget() -> None:
        notes = [*tmp_path.glob("a.zarr.partial/*/regions/*")]
        for note in notes[:2]:
            note.unlink()

    with dask.config.set(scheduler="synchronous"):
        with pytest.raises(voxbind.StoreError, match="2 of 6 regions aren't noted as written"):
            OmeZarr.write(path, during(forget), run="A")
        assert not path.exists()
        OmeZarr.write(path, image(), run="A")
    np.testing.assert_array_equal(OmeZarr(path).read().values, MOVIE)


def test_a_run_that_another_process_has_finished_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    twin = during(lambda: OmeZarr.write(path, image(), run="A"))
    with dask.config.set(scheduler="synchronous"):
        there = OmeZarr.write(path, twin, run="A")
    np.testing.assert_array_equal(there.read().values, MOVIE)


def test_a_finished_run_leaves_the_run_that_replaces_its_image_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    OmeZarr.write(path, image(), run="A")
    doubled = image(during(lambda: OmeZarr.write(path, image(), run="A")).data * 2)
    with dask.config.set(scheduler="synchronous"):
        OmeZarr.write(path, doubled, run="B", overwrite=True)
    np.testing.assert_array_equal(OmeZarr(path).read().values, MOVIE * 2)
