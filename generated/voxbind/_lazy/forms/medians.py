"""The median of integers, of an array or of each of its labels, from counts of the values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._support.untyped import np
from .by_label import labelled, values_and_labels
from .tree import caller_of, combined, last_step, lazy_number, of_chunks, untraced

__all__ = ["has_median", "median"]

_MEDIANS = ("scipy.ndimage.median",)

Pairs = tuple[Any, Any]
"""Pairs of a label and a value in ascending order, and how often each occurs."""


def has_median(facts: Measured, arguments: Mapping[str, Any]) -> bool:
    """Whether a call returns the median of integers. Those of floats may all be different."""
    return facts.upstream in _MEDIANS and arguments[facts.images[0]].dtype.kind in "iu"


def median(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the median of a dask array of integers: one number, or one for each index."""
    caller = caller_of(facts, arguments, image.parameter)
    given = labelled(facts.name, arguments, image)
    parts = of_chunks(caller, partial(_pairs, given.is_one_group), *given.arrays)
    index = 1 if given.is_one_group else given.index
    function = partial(untraced, facts.function)
    finish = partial(_finished, function, str(image.array.dtype), given.has_labels, index)
    return lazy_number(last_step(caller, finish)(combined(_joined, parts)), "float64", given.shape)


def _pairs(is_one_group: bool, block: Any, labels: Any = None) -> Pairs:
    values, numbers = values_and_labels(block, labels, is_one_group=is_one_group)
    return _joined([(np.stack([numbers, values]), np.ones(values.size, np.int64))])


def _joined(parts: list[Pairs]) -> Pairs:
    pairs = np.concatenate([part[0] for part in parts], axis=1)
    different, places = np.unique(pairs, axis=1, return_inverse=True)
    counts = np.zeros(different.shape[1], np.int64)
    np.add.at(counts, places.ravel(), np.concatenate([part[1] for part in parts]))
    return different, counts


def _finished(function: Any, dtype: str, has_labels: bool, index: Any, pairs: Pairs) -> Any:
    """Call the function with the two elements of each label that its median is the mean of."""
    (numbers, values), counts = pairs
    present, starts = np.unique(numbers, return_index=True)
    if np.ndim(index) and not np.isin(index, present).all():
        missing = np.setdiff1d(index, present).tolist()
        raise ValueError(
            f"No element has the labels {missing}, so they have no median. Leave them out of "
            "'index': numpy.intersect1d(index, labels) has those that occur."
        )
    stops = np.append(starts[1:], len(numbers))
    middle: list[Any] = []
    for start, stop in zip(starts, stops, strict=True):
        ends = np.cumsum(counts[start:stop])
        total = int(ends[-1])
        middle += [np.searchsorted(ends, place, "right") + start for place in _middle(total)]
    chosen = values[middle].astype(dtype)
    labels = np.repeat(present, 2) if has_labels else None
    return np.asarray(function(chosen, labels, index), np.float64)


def _middle(total: int) -> tuple[int, int]:
    return (total - 1) // 2, total // 2
