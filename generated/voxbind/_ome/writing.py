"""Writes an array into a store region by region, so that an interrupted run can go on.

A run works in a folder beside the image that it writes, ``<name>.partial``. It holds a file that
identifies the run, and a folder for this attempt of the run, with the image and an empty file for
each region that is written. When all regions are written, the folder of the image gets the metadata
that make it an image of OME-Zarr, and is moved to its place. Before that, no program takes it for
an image.

A run that begins again makes another attempt. A region that is written late for the first attempt
goes into the folder of the first attempt, and never into the image of the second.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import product
from math import prod
from pathlib import Path
from typing import Any
from uuid import uuid4

from .._support.untyped import np
from ..errors import StoreError
from .libraries import dask_array, dask_base, zarr
from .metadata import ome_attributes
from .progress import counting

__all__ = ["write"]

_ARRAY, _IMAGE, _REGIONS = "0", "image", "regions"
_RUN, _ATTEMPT, _REPLACED = "run.json", "attempt", "replaced"
_ENTRIES = re.compile(r"run\.(json|tmp)|replaced|[0-9a-f]{32}")
"""Names of all that a run makes in its folder; an attempt is called by a random number."""
_RECORD = "voxbind"
"""The attribute of an image with its record."""


def write(
    path: Path,
    data: Any,
    attributes: dict[str, Any],
    record: dict[str, Any],
    *,
    run: str,
    progress: Any,
    overwrite: bool,
) -> None:
    """Write an image, or go on with a run that was interrupted.

    Parameters
    ----------
    path
        The folder of the image.
    data
        A dask array.
    attributes
        OME's attributes.
    record
        The record of provenance.
    run
        Identifies the computation; empty for dask's name of the array.
    progress
        See `voxbind.over`.
    overwrite
        Whether an image that is there is replaced, and a run that was interrupted begun again.
    """
    record = {**record, "run": run or f"dask:{data.name}"}
    data = data.astype(data.dtype.newbyteorder("="))  # zarr's dtypes have no byte order
    shape = tuple(map(int, data.shape))
    chunks = tuple(max(sizes) for sizes in data.chunks)
    content = {
        "shape": list(shape),
        "chunks": list(chunks),
        "dtype": str(data.dtype),
        "ome": attributes,
        _RECORD: record,
    }
    partial = path.with_name(f"{path.name}.partial")
    replaces = os.path.lexists(path)
    with _clear_errors(path):
        if _is_finished(path, content, overwrite):
            if _attempt_of(partial, content):
                _remove(partial)
            return
        attempt = _begin(partial, path, content, overwrite)
    data = data.rechunk(chunks)
    try:
        _write_regions(path, partial / attempt, data, progress)
        with _clear_errors(path, partial / attempt):
            _check_is_complete(partial, attempt, content, data.numblocks)
            _move(partial, attempt, path, content, overwrite)
    except StoreError:
        if replaces or not _is_of_run(path, content):
            raise
        # Another process has finished the same run. What was written here since is of no use.
        shutil.rmtree(partial / attempt, ignore_errors=True)
        with suppress(OSError):
            partial.rmdir()


def _is_finished(path: Path, content: dict[str, Any], overwrite: bool) -> bool:
    """Whether this run has finished. Anything else at the path must be replaceable.

    Raises
    ------
    StoreError
        If the path isn't an image, or is one of another run and `overwrite` is False.
    """
    if not os.path.lexists(path):
        return False
    if not overwrite and _is_of_run(path, content):
        return True
    if not _is_image(path):
        raise StoreError(
            f"{path} is there already, and isn't an image of OME-Zarr. voxbind.OmeZarr.write "
            "replaces nothing but images, even with overwrite=True. Give another path."
        )
    if not overwrite:
        raise StoreError(
            f"{path} is there already, and another run has written it. Give another path, or "
            "overwrite=True to replace it."
        )
    return False


def _is_image(path: Path) -> bool:
    try:
        _, attributes = ome_attributes(zarr().open_group(path, mode="r"))
    except (OSError, KeyError, ValueError, TypeError):
        return False
    return "multiscales" in attributes


def _is_of_run(path: Path, content: dict[str, Any]) -> bool:
    """Whether the image at this place is the finished one of this run."""
    try:
        group = zarr().open_group(path, mode="r")
        written = group[_ARRAY]
    except (OSError, KeyError, ValueError, TypeError):
        return False
    there = {
        "shape": list(written.shape),
        "chunks": list(written.chunks),
        "dtype": str(written.dtype),
        "ome": group.attrs.get("ome"),
        _RECORD: group.attrs.get(_RECORD),
    }
    return bool(there == json.loads(json.dumps(content)))


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, indent=1)


def _attempt_of(partial: Path, content: dict[str, Any]) -> str:
    """Return the attempt of this run in a folder; empty if the folder isn't of this run."""
    try:
        there = json.loads((partial / _RUN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    attempt = str(there.pop(_ATTEMPT, ""))
    return attempt if _text(there) == _text(content) else ""


def _begin(partial: Path, path: Path, content: dict[str, Any], overwrite: bool) -> str:
    """Make the folder of the run, or check that the one that is there is of the same run.

    Returns the name of the attempt.
    """
    note = partial / _RUN
    if note.exists() and not overwrite:
        if attempt := _attempt_of(partial, content):
            return attempt
        raise StoreError(
            f"{partial} is of a run that was interrupted, and that computed something else than "
            f"this one: see {note}. Give overwrite=True to begin again, or another path. If it is "
            "the same computation, and dask gives it another name in each process, name it with "
            "run='...' from the start."
        )
    attempt = uuid4().hex
    if os.path.lexists(partial):
        _clear(partial, path, attempt)
    work = partial / attempt
    (work / _REGIONS).mkdir(parents=True)
    for parent in _groups_above(path):
        zarr().open_group(parent, mode="a")
    group = zarr().create_group(work / _IMAGE, zarr_format=3)
    group.create_array(
        _ARRAY,
        shape=content["shape"],
        chunks=content["chunks"],
        dtype=content["dtype"],
        dimension_names=[axis["name"] for axis in content["ome"]["multiscales"][0]["axes"]],
    )
    temporary = note.with_suffix(".tmp")
    temporary.write_text(_text({**content, _ATTEMPT: attempt}), encoding="utf-8")
    temporary.replace(note)  # the run begins when all of this is there
    return attempt


def _clear(partial: Path, path: Path, attempt: str) -> None:
    """Remove the folder of an earlier run, at once, so that nobody finds a part of it."""
    foreign = [file.name for file in partial.iterdir() if not _ENTRIES.fullmatch(file.name)]
    if foreign:
        raise StoreError(
            f"{partial} is where a run works on {path.name}, and has a file that isn't of a run: "
            f"{min(foreign)}. Move it, or give another path."
        )
    if os.path.lexists(partial / _REPLACED) and not os.path.lexists(path):
        (partial / _REPLACED).replace(path)  # that run was killed while it replaced the image
    old = partial.with_name(f"{partial.name}.{attempt}")
    partial.replace(old)
    shutil.rmtree(old, ignore_errors=True)


def _remove(partial: Path) -> None:
    """Remove the folder of a run that has finished, first of all what says that it goes on."""
    (partial / _RUN).unlink(missing_ok=True)
    shutil.rmtree(partial, ignore_errors=True)


def _check_is_complete(
    partial: Path, attempt: str, content: dict[str, Any], numblocks: tuple[int, ...]
) -> None:
    if _attempt_of(partial, content) != attempt:
        raise StoreError(_begun_again(partial))
    # A file system of many machines may list a folder as it was before: each file is looked for.
    notes = partial / attempt / _REGIONS
    positions = _missing(partial / attempt, numblocks)
    missing = [position for position in positions if not (notes / _file_of(position)).exists()]
    if missing:
        raise StoreError(
            f"{len(missing)} of {prod(numblocks)} regions aren't noted as written in {partial}: "
            "another program has removed their notes. Call write again to write them."
        )


def _begun_again(partial: Path) -> str:
    return (
        f"Another run has begun again in {partial} while this one was writing. This run has "
        "stopped, and hasn't written an image. Let one run at a time write an image, and give "
        "different images different paths."
    )


def _move(
    partial: Path, attempt: str, path: Path, content: dict[str, Any], overwrite: bool
) -> None:
    """Make an image of OME-Zarr of what was written, and move it to its place."""
    image = partial / attempt / _IMAGE
    group = zarr().open_group(image, mode="r+")
    group.attrs.update({"ome": content["ome"], _RECORD: content[_RECORD]})
    if _is_finished(path, content, overwrite):
        _remove(partial)
        return
    replaced = partial / _REPLACED
    if os.path.lexists(path):
        path.replace(replaced)
    try:
        image.replace(path)
    except OSError:
        if os.path.lexists(replaced):
            replaced.replace(path)
        raise
    _remove(partial)


def _groups_above(path: Path) -> list[Path]:
    """Return the folders above an image that are in a store of zarr, and must be groups of it."""
    above: list[Path] = []
    for parent in path.parents:
        if (parent / "zarr.json").exists():
            return above[::-1]
        above.append(parent)
    return []


def _missing(work: Path, numblocks: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the positions of the regions that aren't written."""
    done = {file.name for file in (work / _REGIONS).iterdir()}
    positions = product(*map(range, numblocks))
    return [position for position in positions if _file_of(position) not in done]


def _write_regions(path: Path, work: Path, data: Any, progress: Any) -> None:
    written = data.map_blocks(
        _write_region,
        path=str(path),
        folder=str(work),
        dtype=bool,
        chunks=tuple((1,) * count for count in data.numblocks),
        meta=np.empty((0,) * data.ndim, bool),
    )
    with _clear_errors(path, work):
        missing = _missing(work, data.numblocks)
    if missing:
        with counting(work / _REGIONS, prod(data.numblocks), path.name, progress):
            dask_base().compute_as_if_collection(
                dask_array().Array,
                written.__dask_graph__(),
                [(written.name, *position) for position in missing],
            )


def _write_region(block: Any, *, path: str, folder: str, block_info: Any = None) -> Any:
    """Write a region and then note that it is written. Doing it twice gives the same."""
    info = block_info[0]
    region = tuple(slice(*bounds) for bounds in info["array-location"])
    values, work = _on_host(block), Path(folder)
    with _clear_errors(Path(path), work):
        array = zarr().open_array(work / _IMAGE / _ARRAY, mode="r+")
        array[region] = values
        (work / _REGIONS / _file_of(info["chunk-location"])).touch()
    return np.ones((1,) * array.ndim, bool)


def _on_host(block: Any) -> Any:
    """Return a block of CuPy in NumPy's memory."""
    get = getattr(block, "get", None)
    return get() if callable(get) else block


def _file_of(position: tuple[int, ...]) -> str:
    return ".".join(map(str, position)) or "0"


@contextmanager
def _clear_errors(path: Path, work: Path | None = None) -> Generator[None]:
    """Explain errors of the file system, in a step of this module that reads or writes files.

    The computation isn't such a step: its errors pass through.
    """
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        if work is not None and not (work / _REGIONS).is_dir():
            raise StoreError(_begun_again(work.parent)) from error
        raise StoreError(
            f"{path} can't be written: {error}. Is the disk full, or may its folder only be read? "
            "What is written so far stays beside it, in a folder whose name ends in .partial: call "
            "write again to go on."
        ) from error
