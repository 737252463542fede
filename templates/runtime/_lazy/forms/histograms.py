"""Functions that need no more of the other chunks than the histogram of the image.

They call their library's `histogram`. A copy of the function gets the histogram that was counted
chunk by chunk, so that the rest of the computation is the library's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from numbers import Integral
from typing import Any, Literal, NamedTuple

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._memory.lookup import from_host_like, to_host
from ..._support.untyped import np
from ..._upstream.first_use import import_dotted
from ..building import plain_arguments
from ..inputs import in_same_chunks
from ..result_dtypes import dtype_of_result
from .counting import Counts, counts_of
from .library_copy import copy_with
from .tree import array_of_chunks, caller_of, delayed, last_step, lazy_number

__all__ = ["from_histogram", "is_from_histogram"]

_COUNTER, _BINS, _MASK = "histogram", "nbins", "mask"
_LIBRARY_BINS = "skimage.exposure.histogram"


class Use(NamedTuple):
    """How a function uses the histogram of its image."""

    result: Literal["number", "thresholds", "curves", "image"]
    """A number; `classes` - 1 numbers; the heights and the centres of the bins; or an image, whose
    elements depend on the same element and on the histogram."""
    kinds: str = "iuf"
    """Kinds of dtypes for which it uses nothing else of the image."""
    mean: str = ""
    """Parameter with a function that returns the mean of the image; its default is `np.mean`."""
    fixed: Mapping[str, Any] = {}
    """Arguments for which this holds, if it doesn't hold for all."""


_USES: Mapping[str, Use] = {
    "skimage.exposure.cumulative_distribution": Use("curves", "biuf"),
    "skimage.exposure.equalize_hist": Use("image", "biuf"),
    "skimage.exposure.histogram": Use(
        "curves", "biuf", fixed={"source_range": "image", "channel_axis": None}
    ),
    "skimage.filters.threshold_li": Use(
        "number", "iu", "initial_guess", {"initial_guess": None, "iter_callback": None}
    ),
    "skimage.filters.threshold_multiotsu": Use("thresholds", fixed={"hist": None}),
    "skimage.filters.threshold_triangle": Use("number", "biuf"),
}
"""By the name of the library's function."""


def is_from_histogram(facts: Measured, arguments: Mapping[str, Any]) -> bool:
    """Whether a call needs only the histogram of its image, besides the chunk that it computes."""
    use = _USES.get(facts.upstream)
    if use is None or arguments[facts.images[0]].dtype.kind not in use.kinds:
        return False
    bins = arguments.get(_BINS, 1)
    return isinstance(bins, Integral) and all(
        arguments.get(name) == value for name, value in use.fixed.items()
    )


def from_histogram(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the lazy result of a function that needs the histogram of the image."""
    use, array = _USES[facts.upstream], image.array
    mask = arguments.get(_MASK)
    if mask is not None:
        mask = in_same_chunks(facts.name, _MASK, mask, image.parameter, array)
    caller = caller_of(facts, arguments, image.parameter)
    counted = counts_of(caller, array, int(arguments.get(_BINS, 0)), mask)
    rest = plain_arguments(facts, arguments)
    rest.pop(image.parameter, None)
    rest.pop(_MASK, None)
    dtype = dtype_of_result(facts.name, facts.dtypes, image.parameter, array.dtype)
    if use.result == "image":
        call = partial(_of_block, facts.upstream, image.parameter, rest, dtype)
        masks = () if mask is None else (mask,)
        meta = array._meta.astype(dtype)
        return array_of_chunks(caller, call, array, *masks, meta=meta, counted=counted)
    centres = "int64" if array.dtype.kind in "iu" else _float_dtype(array.dtype)
    call = partial(_of_all, facts.upstream, image.parameter, rest)
    if use.result == "curves":
        heights = "float64" if arguments.get("normalize") else dtype
        length = float("nan") if array.dtype.kind in "iu" else int(arguments[_BINS])
        curves = last_step(caller, call)(counted)
        return tuple(
            lazy_number(delayed(_member)(curves, index, each), each, (length,))
            for index, each in enumerate((heights, centres))
        )
    shape = () if use.result == "number" else (int(arguments["classes"]) - 1,)
    number = delayed(_as_dtype)(last_step(caller, call)(counted), dtype)
    return lazy_number(number, dtype, shape)


def _float_dtype(dtype: Any) -> str:
    return str(dtype) if dtype.kind == "f" else "float64"


def _member(members: tuple[Any, ...], index: int, dtype: str) -> Any:
    return np.asarray(members[index]).astype(dtype)


def _as_dtype(value: Any, dtype: str) -> Any:
    return np.asarray(value).astype(dtype)


def _of_all(upstream: str, image: str, arguments: Mapping[str, Any], counted: Counts) -> Any:
    """Call the function with one element of each value, and the histogram of all elements."""
    use, values = _USES[upstream], counted.values
    if use.mean:
        arguments = {use.mean: partial(_mean, counted.counts), **arguments}
    if upstream == _LIBRARY_BINS:
        return _histogram(counted, values, **arguments)
    function = copy_with(import_dotted(upstream), _COUNTER, partial(_histogram, counted))
    return function(**{image: values}, **arguments)


def _of_block(
    upstream: str,
    image: str,
    arguments: Mapping[str, Any],
    dtype: str,
    block: Any,
    mask: Any = None,
    *,
    counted: Counts,
) -> Any:
    """Call the function with a chunk, and the histogram of all chunks."""

    def histogram(*_: Any, **__: Any) -> Any:
        return _histogram(counted, counted.values)

    function = copy_with(import_dotted(upstream), _COUNTER, histogram)
    masks = {} if mask is None else {_MASK: to_host(mask, _MASK)}
    result = function(**{image: to_host(block, image)}, **masks, **arguments).astype(dtype)
    return from_host_like(result, block)


def _mean(counts: Any, values: Any) -> Any:
    """Return the mean of integers of which each occurs several times."""
    total = sum(int(value) * int(count) for value, count in zip(values, counts, strict=True))
    return np.float64(total) / counts.sum()


def _histogram(
    counted: Counts,
    values: Any,
    nbins: int = 0,
    source_range: str = "image",
    normalize: bool = False,
) -> tuple[Any, Any]:
    """Return what the library's `histogram` returns for the image.

    Parameters
    ----------
    counted
        The counts of the image.
    values
        The values that were counted, after what the function did with each element.
    nbins, source_range, normalize
        As in the library.
    """
    if counted.edges is None:
        heights, centres = import_dotted(_LIBRARY_BINS)(values.ravel(), source_range=source_range)
        heights = heights.astype(np.int64)
        heights[heights > 0] = counted.counts[np.argsort(values.ravel(), kind="stable")]
    else:
        heights, centres = counted.counts, counted.centres
    return (heights / np.sum(heights) if normalize else heights), centres
