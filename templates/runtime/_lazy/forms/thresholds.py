"""Thresholds that follow from a histogram, which is counted chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._memory.lookup import to_host
from ..._support.untyped import np
from ..result_dtypes import dtype_of_result
from .tree import combined, delayed, lazy_number, of_chunks

__all__ = ["has_histogram", "thresholded"]

_HISTOGRAM, _BINS = "hist", "nbins"
_SMALL = 2
"""Largest size of an integer, in bytes, for which each value gets a counter of its own."""

Counts = tuple[Any, Any]
"""Values in ascending order, and how often each occurs; for floats, the edges of the bins, followed
by the smallest and the largest value."""


def has_histogram(facts: Measured, arguments: Mapping[str, Any]) -> bool:
    """Whether a function returns a number and accepts a histogram instead of the image."""
    parameters = facts.signature.parameters
    image = facts.images[0]
    if _HISTOGRAM not in parameters or facts.kinds != "scalar":
        return False
    if parameters[image].default is not None or arguments[_HISTOGRAM] is not None:
        return False
    kind = arguments[image].dtype.kind
    return kind in "iu" or (kind == "f" and _BINS in parameters)


def thresholded(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the threshold of a dask array."""
    array = image.array
    dtype = dtype_of_result(facts.name, facts.dtypes, image.parameter, array.dtype)
    rest = {name: value for name, value in arguments.items() if name != image.parameter}
    if array.dtype.kind in "iu":
        counted = combined(_together, of_chunks(_count_values, array))
    else:
        ends = combined(_outer, of_chunks(_ends, array))
        bins = arguments[_BINS]
        count = partial(_count_bins, bins=bins)
        counted = combined(_added, [delayed(count)(block, ends) for block in _blocks(array)])
    finish = partial(_threshold, facts.function, rest, image.parameter, str(array.dtype), dtype)
    return lazy_number(delayed(finish)(counted), dtype)


def _blocks(array: Any) -> list[Any]:
    return list(array.to_delayed().ravel())


def _count_values(block: Any) -> Counts:
    values = to_host(block, "image").ravel()
    if values.dtype.itemsize > _SMALL:
        different, counts = np.unique(values, return_counts=True)
        return different, counts
    lowest = int(np.iinfo(values.dtype).min)
    counts = np.bincount(values.astype(np.int64) - lowest)
    (present,) = np.nonzero(counts)
    return (present + lowest).astype(values.dtype), counts[present]


def _together(parts: list[Counts]) -> Counts:
    values, places = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    counts = np.zeros(len(values), np.int64)
    np.add.at(counts, places.ravel(), np.concatenate([part[1] for part in parts]))
    return values, counts


def _ends(block: Any) -> tuple[Any, Any]:
    values = to_host(block, "image")
    return values.min(), values.max()


def _outer(parts: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    return np.min([low for low, _ in parts]), np.max([high for _, high in parts])


def _count_bins(block: Any, ends: tuple[Any, Any], *, bins: int) -> Counts:
    counts, edges = np.histogram(to_host(block, "image").ravel(), bins=bins, range=ends)
    return np.append(edges, ends), counts


def _added(parts: list[Counts]) -> Counts:
    return parts[0][0], np.sum([counts for _, counts in parts], axis=0)


def _threshold(
    function: Any, arguments: Mapping[str, Any], image: str, given: str, dtype: str, counted: Counts
) -> Any:
    """Call the function with the histogram that it would compute of the entire image."""
    values, counts = counted
    is_integer = np.dtype(given).kind in "iu"
    lowest, highest = (values[0], values[-1]) if is_integer else values[-2:]
    if lowest == highest:  # a function may treat an image of one value in its own way
        flat = np.full((2, 2), lowest, dtype=given)
        return np.asarray(function(**{image: flat, **arguments})).astype(dtype)
    if is_integer:
        centres = np.arange(int(lowest), int(highest) + 1)
        dense = np.zeros(len(centres), np.int64)
        dense[values.astype(np.int64) - int(lowest)] = counts
    else:
        edges = values[:-2]
        centres, dense = (edges[:-1] + edges[1:]) / 2.0, counts
    result = function(**{**arguments, image: None, _HISTOGRAM: (dense, centres)})
    return np.asarray(result).astype(dtype)
