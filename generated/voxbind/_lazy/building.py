"""From a call with dask arrays to the blocks in which it is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .._axes.layout import Image
from .._axes.lazy_options import LazyOptions
from .._axes.measured import Measured
from .._memory.exporter_memory import is_dask_array
from .._memory.lookup import is_array, shape_of
from .._support.contract import ProcessingContract
from .._support.untyped import np
from .._upstream.defaults import is_same
from ..errors import MemoryTypeError
from .block_calls import BlockCall
from .graph import Job, lazy_result
from .halo import Halo, halo_of_call
from .inputs import dask_numbers
from .result_dtypes import dtype_of_output, dtype_of_result

__all__ = ["Axes", "built", "plain_arguments"]

IMAGES = ("image", "mask", "labels")
"""Kinds of results that have the shape of the image."""
_RESULTS = {
    "resized": "an array of another shape",
    "points": "coordinates",
    "table": "a table",
    "histogram": "a histogram",
    "other": "no image",
}
_SMALLEST = 5
"""Smallest length of a block along its last axis: a library may take 3 or 4 for colours."""


class Axes(NamedTuple):
    """The axes of a call."""

    order: str
    """All axes, in the order of the result."""
    lengths: Mapping[str, int]
    looped: str
    """Axes that are looped over."""
    spatial: str
    """Axes that the function gets, in its order, without that of colours."""
    names: str
    """What `voxbind.over` calls the axes, for messages."""


def built(
    facts: Measured,
    arguments: Mapping[str, Any],
    images: Sequence[Image],
    axes: Axes,
    options: LazyOptions,
    call: Callable[[Mapping[str, Any]], BlockCall],
) -> Any:
    """Return the lazy result of a call.

    Parameters
    ----------
    facts
        What was measured about the function.
    arguments
        All arguments by parameter.
    images
        Those of them that are cut by block, the image first.
    axes
        The axes of the call.
    options
        What `voxbind.over` was given.
    call
        Returns the call of a block, from the arguments that aren't cut.

    Raises
    ------
    MemoryTypeError
        If the function can't be computed by block.
    """
    first = images[0]
    result = _axes_of_result(facts, first, axes, options)
    halo = halo_of_call(
        facts, arguments, len(axes.spatial), first.parameter, first.array.dtype, options
    )
    if halo.elements is None or result != axes.order:
        _refuse_merging(facts, first, axes, halo)
        elements: Mapping[str, int] = {}
        undivided = "".join(letter for letter in axes.order if letter not in axes.looped)
    else:
        elements = dict(zip(axes.spatial, halo.elements, strict=True))
        undivided = "".join(
            letter
            for letter in axes.order
            if letter not in axes.looped and letter not in axes.spatial
        )
    cut = [image.parameter for image in images]
    numbers = dask_numbers(arguments, cut)
    rest = {
        name: value
        for name, value in plain_arguments(facts, arguments).items()
        if name not in cut and name not in numbers
    }
    last = axes.spatial[-1] if axes.spatial else ""
    may_be_colours = last and axes.lengths[last] >= _SMALLEST and last == axes.order[-1]
    return lazy_result(
        Job(
            name=facts.name,
            call=call(rest),
            images=images,
            numbers=numbers,
            order=axes.order,
            lengths=axes.lengths,
            result=result,
            undivided=undivided,
            halo=elements,
            minimum={last: _SMALLEST} if may_be_colours else {},
            dtype=_dtype(facts, first, arguments, options),
            modified=facts.modified,
            verify=options.verify,
            words=_words(rest),
        )
    )


def plain_arguments(facts: Measured, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that differ from their defaults."""
    parameters = facts.signature.parameters
    return {
        name: value
        for name, value in arguments.items()
        if name not in parameters or not is_same(value, parameters[name].default)
    }


def _axes_of_result(facts: Measured, first: Image, axes: Axes, options: LazyOptions) -> str:
    kinds = facts.kinds
    if facts.is_random:
        reason = "draws random numbers, which would be others for each block"
    elif facts.contract is ProcessingContract.VOLUMETRIC_TO_SLICE:
        reason = "makes a slice of a volume, and needs all of its slices"
    elif kinds in IMAGES or (kinds == "other" and options.dtype is not None):
        return axes.order
    elif kinds == "scalar":
        return "".join(letter for letter in axes.order if letter in axes.looped)
    else:
        what = _RESULTS.get(kinds, "no image") if isinstance(kinds, str) else "several results"
        reason = f"returns {what}, which can't be joined from those of blocks"
    raise MemoryTypeError(
        f"{facts.name} was given {first.parameter!r}, a dask array. It {reason}. Compute the array "
        f"first: {first.parameter}.compute()."
    )


def _refuse_merging(facts: Measured, first: Image, axes: Axes, halo: Halo) -> None:
    """Raise if the entire image would become one block."""
    kept = [letter for letter in first.axes if letter not in axes.looped]
    divided = [len(first.array.chunks[first.axes.index(letter)]) > 1 for letter in kept]
    if axes.looped or not any(divided) or not is_dask_array(first.array):
        return
    image, ndim = first.parameter, len(axes.spatial)
    names = "ZYX"[-ndim:] if ndim <= 3 else "ZYX"
    example = axes.names or names
    if facts.kinds == "scalar":
        reason, advice = "it returns a number for the entire image", ""
    else:
        reason = halo.reason
        advice = (
            "; or, if you know how many neighbours the result depends on in each direction, say "
            f'so: voxbind.over({facts.name}, "{example}", reach=4)({image})'
        )
    raise MemoryTypeError(
        f"{facts.name} was given {image!r}, a dask array in {first.array.npartitions} chunks, and "
        f"{reason}. Compute the array first, {image}.compute(){advice}."
    )


def _dtype(
    facts: Measured, first: Image, arguments: Mapping[str, Any], options: LazyOptions
) -> str:
    if options.dtype is not None:
        return str(np.dtype(options.dtype))
    for output in facts.outputs:
        if named := dtype_of_output(arguments.get(output)):
            return named
    return dtype_of_result(facts.name, facts.dtypes, first.parameter, first.array.dtype)


def _words(arguments: Mapping[str, Any]) -> str:
    if not arguments:
        return "its defaults"
    return ", ".join(f"{name}={_short(value)}" for name, value in arguments.items())


def _short(value: Any) -> str:
    text = f"an array of shape {shape_of(value, '')}" if is_array(value) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
