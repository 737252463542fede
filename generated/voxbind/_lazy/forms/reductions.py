"""Minimum, maximum, sum and mean of an array, or of each of its labels, chunk by chunk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._memory.exporter_memory import is_dask_array
from ..._memory.lookup import to_host
from ..._support.untyped import np
from ...errors import DimensionError
from ..inputs import in_chunks
from ..result_dtypes import dtype_of_result
from .tree import combined, delayed, lazy_number, of_chunks

__all__ = ["REDUCTIONS", "reduced"]

_LABELS, _INDEX = "labels", "index"


class Reduction(NamedTuple):
    """How a function reduces the elements of each label."""

    per_label: Callable[[Any, Any, int], Any]
    """Returns one number for each label, for elements, their labels and the number of labels."""
    dtype: str
    """Dtype of the result for a sequence of labels; empty if it is the same as for all elements."""
    is_mean: bool = False


def _extreme(function: Any, values: Any, places: Any, count: int) -> Any:
    order = np.argsort(places, kind="stable")
    return function.reduceat(values[order], np.searchsorted(places[order], np.arange(count)))


def _sums(values: Any, places: Any, count: int) -> Any:
    dtype = np.sum(values[:0]).dtype if values.dtype.kind != "f" else np.float64
    sums = np.zeros(count, dtype)
    np.add.at(sums, places, values)
    return sums


_KINDS = {
    "minimum": Reduction(partial(_extreme, np.minimum), ""),
    "maximum": Reduction(partial(_extreme, np.maximum), ""),
    "sum": Reduction(_sums, "float64"),
    "sum_labels": Reduction(_sums, "float64"),
    "mean": Reduction(_sums, "float64", is_mean=True),
}
REDUCTIONS = {
    f"{module}.{name}": reduction
    for module in ("scipy.ndimage", "cupyx.scipy.ndimage")
    for name, reduction in _KINDS.items()
}
"""By the name of the library's function."""


class Part(NamedTuple):
    """The labels of a chunk, with the reduced values and the number of elements of each."""

    labels: Any
    values: Any
    counts: Any


def reduced(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the reduction of a dask array: one number, or one for each index that was given."""
    reduction, array = REDUCTIONS[facts.upstream], image.array
    name, labels, index = facts.name, arguments[_LABELS], arguments[_INDEX]
    dtype = dtype_of_result(name, facts.dtypes, image.parameter, array.dtype)
    arrays = [array]
    shape: tuple[int, ...] = ()
    if labels is not None:
        shape = () if index is None else np.shape(index)
        dtype = (reduction.dtype if shape else "") or dtype
        labels = in_chunks(name, _LABELS, labels, image.parameter)
        if labels.shape != array.shape:
            raise DimensionError(
                f"{name} was given {image.parameter!r} of shape {array.shape}, a dask array, and "
                f"{_LABELS!r} of shape {labels.shape}. Give both the same shape."
            )
        da: Any = sys.modules["dask.array"]
        lazy = labels if is_dask_array(labels) else da.from_array(labels, chunks=array.chunks)
        arrays.append(lazy.rechunk(array.chunks))
    parts = of_chunks(partial(_part, facts.upstream), *arrays)
    whole = combined(partial(_joined, facts.upstream), parts)
    finish = partial(_finished, facts.upstream, facts.function, labels is not None, index, dtype)
    return lazy_number(delayed(finish)(whole), dtype, shape)


def _part(upstream: str, block: Any, labels: Any = None) -> Part:
    values = to_host(block, "input").ravel()
    numbers = np.zeros(values.size, int) if labels is None else to_host(labels, _LABELS).ravel()
    present, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    reduce = REDUCTIONS[upstream].per_label
    return Part(present, reduce(values, places.ravel(), len(present)), counts)


def _joined(upstream: str, parts: list[Part]) -> Part:
    labels = np.concatenate([part.labels for part in parts])
    present, places = np.unique(labels, return_inverse=True)
    values = np.concatenate([part.values for part in parts])
    counts = np.zeros(len(present), np.int64)
    np.add.at(counts, places.ravel(), np.concatenate([part.counts for part in parts]))
    reduce = REDUCTIONS[upstream].per_label
    return Part(present, reduce(values, places.ravel(), len(present)), counts)


def _finished(
    upstream: str, function: Any, has_labels: bool, index: Any, dtype: str, whole: Part
) -> Any:
    """Call the function with one element for each label, which stands for all elements of it."""
    reduction = REDUCTIONS[upstream]
    labels = whole.labels if has_labels else None
    values = whole.values
    if not reduction.is_mean:
        return np.asarray(function(values, labels, index)).astype(dtype)
    if labels is None:
        return np.asarray(values[0] / whole.counts[0]).astype(dtype)
    chosen = labels > 0 if index is None else None
    if chosen is not None:
        return np.asarray(values[chosen].sum() / whole.counts[chosen].sum()).astype(dtype)
    places = np.clip(np.searchsorted(labels, index), 0, len(labels) - 1)
    is_there = labels[places] == index
    sums, counts = (np.where(is_there, each[places], 0) for each in (values, whole.counts))
    return np.asarray(sums / counts).astype(dtype)
