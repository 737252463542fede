"""Thresholds that follow from a histogram, which is counted chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._memory.lookup import from_host_like, memory_of, to_host
from ..._support.untyped import np
from ..building import changed_options
from ..result_dtypes import dtype_of_result
from .counting import Counts, counts_of
from .tree import caller_of, last_step, lazy_number, untraced

__all__ = ["has_histogram", "thresholded"]

_HISTOGRAM, _BINS = "hist", "nbins"


def has_histogram(facts: Measured, arguments: Mapping[str, Any]) -> bool:
    """Whether a function returns a number and accepts a histogram instead of the image."""
    parameters = facts.signature.parameters
    image = facts.images[0]
    if _HISTOGRAM not in parameters or facts.kinds != "scalar":
        return False
    if parameters[image].default is not None or arguments[_HISTOGRAM] is not None:
        return False
    if changed_options(facts, arguments):
        return False
    kind = arguments[image].dtype.kind
    return kind in "iu" or (kind == "f" and _BINS in parameters)


def thresholded(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the threshold of a dask array."""
    array = image.array
    dtype = dtype_of_result(facts.name, facts.dtypes, image.parameter, array.dtype)
    rest = {name: value for name, value in arguments.items() if name != image.parameter}
    caller = caller_of(facts, arguments, image.parameter)
    counted = counts_of(caller, array, arguments.get(_BINS, 0))
    function = partial(untraced, facts.function)
    finish = partial(_threshold, function, rest, image.parameter, array._meta, dtype)
    return lazy_number(last_step(caller, finish)(counted), dtype)


def _threshold(
    function: Any, arguments: Mapping[str, Any], image: str, like: Any, dtype: str, counted: Counts
) -> Any:
    """Call the function with the histogram that it would compute of the entire image.

    It gets arrays in the memory of `like`, an empty array of the image's dtype.
    """

    def number(result: Any) -> Any:
        host = np.asarray(result) if memory_of(result) is None else to_host(result, "result")
        return host.astype(dtype)

    values = counted.values
    lowest, highest = values[0], values[-1]
    if lowest == highest:  # a function may treat an image of one value in its own way
        flat = from_host_like(np.full((2, 2), lowest, dtype=str(like.dtype)), like)
        return number(function(**{image: flat, **arguments}))
    if counted.edges is None:
        centres = np.arange(int(lowest), int(highest) + 1)
        dense = np.zeros(len(centres), np.int64)
        dense[values.astype(np.int64) - int(lowest)] = counted.counts
    else:
        centres, dense = counted.centres, counted.counts
    histogram = (from_host_like(dense, like), from_host_like(centres, like))
    return number(function(**{**arguments, image: None, _HISTOGRAM: histogram}))
