"""Counts of the values of a dask array: of each integer, or of the bins between two floats."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from ..._memory.lookup import to_host
from ..._support.untyped import np
from .tree import Caller, combined, of_chunks

__all__ = ["Counts", "counts_of", "ends_of"]

_SMALL = 2
"""Largest size of an integer, in bytes, for which each value gets a counter of its own."""


class Counts(NamedTuple):
    """How often the values of an array occur."""

    values: Any
    """The values that occur, in ascending order; of floats, the smallest and the largest value."""
    counts: Any
    """The number of elements with each value; of floats, in each bin."""
    edges: Any
    """The edges of the bins; None for integers."""

    @property
    def centres(self) -> Any:
        """The centres of the bins of floats."""
        return (self.edges[:-1] + self.edges[1:]) / 2.0


def counts_of(caller: Caller, array: Any, bins: int, mask: Any = None) -> Any:
    """Return a task that gives the `Counts` of a dask array.

    Parameters
    ----------
    caller
        The call that they are for.
    array
        The dask array.
    bins
        Number of bins for floats and booleans. Integers are counted one by one.
    mask
        A dask array in the same chunks; elements that are 0 there aren't counted.
    """
    arrays = [array] if mask is None else [array, mask]
    if array.dtype.kind in "iu":
        return combined(_together, of_chunks(caller, _count_values, *arrays))
    ends = ends_of(caller, *arrays)
    count = partial(_count_bins, bins=bins)
    return combined(_added, of_chunks(caller, count, *arrays, shared=ends))


def ends_of(caller: Caller, *arrays: Any) -> Any:
    """Return a task that gives the smallest and the largest value of an array, NaN if it has one.

    An element doesn't count if the second array, a mask, is 0 there.
    """
    return combined(_outer, of_chunks(caller, _ends, *arrays))


def _chosen(block: Any, mask: Any) -> Any:
    values = to_host(block, "image")
    values = values.ravel() if mask is None else values[to_host(mask, "mask").astype(bool)]
    return values.astype(np.uint8) if values.dtype == bool else values


def _count_values(block: Any, mask: Any = None) -> Counts:
    values = _chosen(block, mask)
    if values.dtype.itemsize > _SMALL:
        different, counts = np.unique(values, return_counts=True)
        return Counts(different, counts, None)
    lowest = int(np.iinfo(values.dtype).min)
    counts = np.bincount(values.astype(np.int64) - lowest)
    (present,) = np.nonzero(counts)
    return Counts((present + lowest).astype(values.dtype), counts[present], None)


def _together(parts: list[Counts]) -> Counts:
    values, places = np.unique(np.concatenate([part.values for part in parts]), return_inverse=True)
    counts = np.zeros(len(values), np.int64)
    np.add.at(counts, places.ravel(), np.concatenate([part.counts for part in parts]))
    return Counts(values, counts, None)


def _ends(block: Any, mask: Any = None) -> Any:
    return _smallest_and_largest(_chosen(block, mask))


def _outer(parts: list[Any]) -> Any:
    return _smallest_and_largest(np.concatenate(parts))


def _smallest_and_largest(values: Any) -> Any:
    """Return two elements, or none if the mask is 0 in all chunks that were looked at."""
    return np.stack([values.min(), values.max()]) if values.size else values


def _count_bins(ends: Any, block: Any, mask: Any = None, *, bins: int) -> Counts:
    limits = (ends[0], ends[1]) if ends.size else None
    counts, edges = np.histogram(_chosen(block, mask), bins=bins, range=limits)
    return Counts(ends, counts, edges)


def _added(parts: list[Counts]) -> Counts:
    return parts[0]._replace(counts=np.sum([part.counts for part in parts], axis=0))
