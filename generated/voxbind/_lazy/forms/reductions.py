"""Sum and mean of an array, or of each of its labels, chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._support.untyped import np
from ..inputs import refuse_complex
from ..result_dtypes import dtype_of_result
from .by_label import labelled, of_index, values_and_labels
from .tree import caller_of, combined, last_step, lazy_number, of_chunks, untraced

__all__ = ["REDUCTIONS", "reduced"]


REDUCTIONS: Mapping[str, bool] = {
    f"{module}.{name}": name == "mean"
    for module in ("scipy.ndimage", "cupyx.scipy.ndimage")
    for name in ("sum", "sum_labels", "mean")
} | {"skimage.filters.threshold_mean": True}
"""By the name of the library's function, whether the sum is divided by the number of elements."""
_OF_LABELS = "float64"
"""Dtype of the result for a sequence of labels."""


class Part(NamedTuple):
    """The labels of a chunk, with the sum and the number of the elements of each."""

    labels: Any
    sums: Any
    counts: Any


def reduced(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the sum or mean of a dask array: one number, or one for each index."""
    is_mean, array = REDUCTIONS[facts.upstream], image.array
    refuse_complex(facts.name, image.parameter, array)
    caller = caller_of(facts, arguments, image.parameter)
    given = labelled(facts.name, arguments, image)
    if given.shape:
        dtype = _OF_LABELS
    elif is_mean:
        dtype = dtype_of_result(facts.name, facts.dtypes, image.parameter, array.dtype)
    else:
        dtype = str(np.sum(np.zeros(1, str(array.dtype))).dtype)
    parts = of_chunks(caller, _part, *given.arrays)
    call = partial(untraced, facts.function)
    finish = partial(_finished, is_mean, call, given.has_labels, given.index, dtype)
    return lazy_number(last_step(caller, finish)(combined(_joined, parts)), dtype, given.shape)


def _part(block: Any, labels: Any = None) -> Part:
    values, numbers = values_and_labels(block, labels)
    present, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return Part(present, _sums(values, places.ravel(), len(present)), counts)


def _sums(values: Any, places: Any, count: int) -> Any:
    dtype = np.sum(values[:0]).dtype if values.dtype.kind != "f" else np.float64
    sums = np.zeros(count, dtype)
    np.add.at(sums, places, values)
    return sums


def _joined(parts: list[Part]) -> Part:
    labels, values, numbers = map(np.concatenate, zip(*parts, strict=True))
    present, places = np.unique(labels, return_inverse=True)
    counts = np.zeros(len(present), np.int64)
    np.add.at(counts, places.ravel(), numbers)
    return Part(present, _sums(values, places.ravel(), len(present)), counts)


def _finished(
    is_mean: bool, function: Any, has_labels: bool, index: Any, dtype: str, whole: Part
) -> Any:
    """Call the function with one element for each label, which stands for all elements of it."""
    labels = whole.labels if has_labels else None
    if not is_mean:
        return np.asarray(function(whole.sums, labels, index)).astype(dtype)
    if labels is None:
        return np.asarray(whole.sums[0] / whole.counts[0]).astype(dtype)
    if index is None:
        chosen = labels > 0
        return np.asarray(whole.sums[chosen].sum() / whole.counts[chosen].sum()).astype(dtype)
    sums, counts = of_index(index, labels, whole.sums, whole.counts)
    return np.asarray(sums / counts).astype(dtype)
