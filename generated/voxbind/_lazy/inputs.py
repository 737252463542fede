"""Checks of the arrays among the arguments of a call with dask arrays."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from .._memory.exporter_memory import is_dask_array
from .._memory.lookup import LibraryMemory, is_array, memory_of
from .._support.untyped import np
from ..errors import DimensionError, MemoryTypeError, class_name

__all__ = [
    "check_image",
    "dask_numbers",
    "in_chunks",
    "in_same_chunks",
    "refuse_complex",
    "refuse_others",
    "refuse_outputs",
    "refuse_unlike_first",
    "without_empty_chunks",
]


def check_image(name: str, parameter: str, array: Any) -> None:
    """Raise if a dask array can't be processed by block.

    Raises
    ------
    DimensionError
        If its chunks have unknown sizes, or it has no axes, or an empty one.
    MemoryTypeError
        If its chunks are masked arrays, or of a library that isn't supported.
    """
    subject = f"{name} was given {parameter!r}, a dask array"
    if any(size != size for sizes in array.chunks for size in sizes):  # NaN
        raise DimensionError(
            f"{subject} with chunks of unknown size, shape {array.shape}. Call "
            f"{parameter}.compute_chunk_sizes() first."
        )
    if not array.ndim:
        raise DimensionError(
            f"{subject} without axes: a lazy number. Give an array with axes, or compute the "
            f"number first: {parameter}.compute()."
        )
    if 0 in array.shape:
        raise DimensionError(
            f"{subject} of shape {array.shape}, whose axis {array.shape.index(0)} is empty. Give "
            "at least one element on each axis."
        )
    meta = getattr(array, "_meta", None)
    if isinstance(meta, np.ma.MaskedArray):
        raise MemoryTypeError(
            f"{subject} of masked arrays, whose mask would be lost. Fill it first: "
            f"dask.array.ma.filled({parameter}, value)."
        )
    if not isinstance(memory_of(meta), LibraryMemory):
        raise MemoryTypeError(
            f"{subject} whose chunks are of type {class_name(meta)}. Accepted are chunks of NumPy "
            f"or CuPy: {parameter}.map_blocks(numpy.asarray, dtype={parameter}.dtype)."
        )


def without_empty_chunks(array: Any) -> Any:
    """Return a dask array without the chunks that have no elements."""
    sizes = tuple(tuple(size for size in axis if size) for axis in array.chunks)
    return array if sizes == array.chunks else array.rechunk(sizes)


def in_chunks(name: str, parameter: str, value: Any, image: str) -> Any:
    """Return a further image as a dask array, or as a NumPy array, which is cut by block.

    Raises
    ------
    MemoryTypeError
        If it is an array of another library.
    """
    if is_dask_array(value):
        check_image(name, parameter, value)
        return value
    if isinstance(value, (list, tuple)):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray):
        return value
    raise MemoryTypeError(
        f"{name} was given {image!r}, a dask array, and {parameter!r} of type "
        f"{class_name(value)}. Give {parameter!r} in the same chunks: "
        f"dask.array.from_array({parameter}, chunks={image}.chunks)."
    )


def in_same_chunks(name: str, parameter: str, value: Any, image: str, array: Any) -> Any:
    """Return a further image as a dask array in the chunks of the image.

    Raises
    ------
    DimensionError
        If it has another shape.
    MemoryTypeError
        If it is an array of another library.
    """
    other = in_chunks(name, parameter, value, image)
    if tuple(other.shape) != tuple(array.shape):
        raise DimensionError(
            f"{name} was given {image!r} of shape {array.shape}, a dask array, and {parameter!r} "
            f"of shape {tuple(other.shape)}. Give both the same shape."
        )
    da: Any = sys.modules["dask.array"]
    lazy = other if is_dask_array(other) else da.from_array(other, chunks=array.chunks)
    return lazy.rechunk(array.chunks)


def refuse_complex(name: str, parameter: str, array: Any) -> None:
    """Raise if a dask array has complex elements, for a reduction that adds up real ones."""
    if array.dtype.kind == "c":
        raise MemoryTypeError(
            f"{name} was given {parameter!r}, a dask array of dtype {array.dtype}, and accepts "
            f"dask arrays of integers and floats. Compute the array first: {parameter}.compute()."
        )


def refuse_unlike_first(
    name: str, first: str, value: Any, other: str, lazy: Any
) -> MemoryTypeError:
    """Return the error for an image in memory with a further image or a number of dask."""
    if not lazy.ndim:
        return MemoryTypeError(
            f"{name} was given {first!r} of type {class_name(value)} and {other!r}, a lazy number "
            f"of dask. Compute the number first: {other}.compute()."
        )
    return MemoryTypeError(
        f"{name} was given {first!r} of type {class_name(value)} and {other!r}, a dask array. Give "
        f"both as dask arrays, dask.array.from_array({first}, chunks={other}.chunks), or both in "
        f"memory: {other}.compute()."
    )


def refuse_others(name: str, arguments: Mapping[str, Any], images: Iterable[str]) -> None:
    """Raise if an argument that isn't cut by block is a dask array with axes."""
    known = {*images}
    for parameter, value in arguments.items():
        if parameter in known or not is_dask_array(value) or not value.ndim:
            continue
        raise MemoryTypeError(
            f"{name} was given {parameter!r}, a dask array of shape {value.shape}. Each block "
            f"needs all of it: give {parameter}.compute()."
        )


def refuse_outputs(name: str, arguments: Mapping[str, Any], outputs: Iterable[str]) -> None:
    """Raise if an output array is given with a lazy image."""
    for output in outputs:
        if is_array(arguments.get(output)):
            raise MemoryTypeError(
                f"{name} was given {output!r}, an array for the result, and a dask array. The "
                f"result is computed later: leave {output!r} out, and store it with "
                "dask.array.store or to_zarr."
            )


def dask_numbers(arguments: Mapping[str, Any], images: Iterable[str]) -> dict[str, Any]:
    """Return the arguments that are dask arrays without axes, such as lazy thresholds."""
    known = {*images}
    return {
        parameter: value
        for parameter, value in arguments.items()
        if parameter not in known and is_dask_array(value) and not value.ndim
    }
