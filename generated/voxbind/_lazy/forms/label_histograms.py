"""Histograms of an array, or of each of its labels, between two given ends.

The library's function counts the elements of each chunk, and the counts are added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._memory.lookup import to_host
from ..._support.untyped import np
from .by_label import labelled
from .tree import caller_of, combined, last_step, lazy_number, of_chunks, untraced

__all__ = ["LABEL_HISTOGRAMS", "label_histogram"]

LABEL_HISTOGRAMS = ("scipy.ndimage.histogram", "cupyx.scipy.ndimage.histogram")
"""The library's functions, by name."""


def label_histogram(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the histogram of a dask array, or an array with one for each index."""
    caller = caller_of(facts, arguments, image.parameter)
    given = labelled(facts.name, arguments, image)
    index, bins = arguments["index"], arguments["bins"]
    call = partial(untraced, facts.function, min=arguments["min"], max=arguments["max"], bins=bins)
    parts = of_chunks(caller, partial(_counts, call, index), *given.arrays)
    counts = last_step(caller, partial(_finished, given.shape))(combined(_added, parts))
    if given.shape:
        return lazy_number(counts, "object", given.shape)
    return lazy_number(counts, "int64", (int(bins),))


def _counts(call: Any, index: Any, block: Any, labels: Any = None) -> list[Any]:
    """Return a histogram for each index; None if no element has this label."""
    values = to_host(block, "input")
    result = call(values, labels=None if labels is None else to_host(labels, "labels"), index=index)
    return [*result.ravel()] if np.ndim(index) else [result]


def _added(parts: list[list[Any]]) -> list[Any]:
    return [
        np.sum([counts for counts in histograms if counts is not None], axis=0)
        if any(counts is not None for counts in histograms)
        else None
        for histograms in zip(*parts, strict=True)
    ]


def _finished(shape: tuple[int, ...], histograms: list[Any]) -> Any:
    if not shape and histograms[0] is None:
        raise ValueError("No element has the label that 'index' names, so it has no histogram.")
    if not shape:
        return histograms[0]
    result = np.empty(len(histograms), object)
    for number, counts in enumerate(histograms):
        result[number] = counts
    return result.reshape(shape)
