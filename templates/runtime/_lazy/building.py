"""From a call with dask arrays to the blocks in which it is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
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
from .refusals import refuse_ambiguous, refuse_measured
from .result_dtypes import dtype_by_rule, dtype_of_argument, dtype_of_result

__all__ = ["Axes", "arguments_in_words", "built", "changed_options", "plain_arguments"]

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
    colours = "".join(letter for letter in axes.order if letter not in axes.looped + axes.spatial)
    refuse_measured(facts, first, axes.spatial, colours)
    if colours and not axes.names:
        refuse_ambiguous(facts, arguments, first)
    result = _axes_of_result(facts, arguments, first, axes, options)
    halo = halo_of_call(
        facts, arguments, len(axes.spatial), first.parameter, first.array.dtype, options
    )
    if halo.elements is None or not {*axes.spatial} <= {*result}:
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
            lengths_of_result=_other_lengths(facts, colours),
            undivided=undivided,
            halo=elements,
            minimum={last: _SMALLEST} if may_be_colours else {},
            dtype=_dtype(facts, images, arguments, options),
            modified=facts.modified,
            verify=options.verify,
            words=arguments_in_words(rest),
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


def changed_options(facts: Measured, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with which the result is of another kind than with the defaults.

    With a single index, the result is a number, as without one.
    """
    plain = plain_arguments(facts, arguments)
    return {
        name: plain[name]
        for name in facts.result_options
        if name in plain
        and (isinstance(plain[name], bool) or not isinstance(plain[name], Integral))
    }


def _given_shape(facts: Measured, arguments: Mapping[str, Any], axes: Axes) -> dict[str, Any]:
    """Return the arguments that give the result another shape than the image's."""
    plain = plain_arguments(facts, arguments)
    own = [axes.lengths[letter] for letter in axes.spatial]
    resizing = facts.lazy.resizing_options
    return {
        name: value
        for name, value in plain.items()
        if (facts.axis_arguments.get(name) == "shape" and not _is_shape(value, own))
        or any(is_same(value, other) for other in resizing.get(name, ()))
    }


def _other_lengths(facts: Measured, colours: str) -> dict[str, int]:
    """Return the number of the result's colours, if it isn't that of the image's."""
    if not colours or len(facts.lazy.colours) < 2:
        return {}
    number, other = facts.lazy.colours
    return {} if number == other else {colours: other}


def _is_shape(value: Any, shape: Sequence[int]) -> bool:
    """Return whether an argument is a shape; a number isn't."""
    return hasattr(value, "__len__") and [*value] == [*shape]


def _axes_of_result(
    facts: Measured, arguments: Mapping[str, Any], first: Image, axes: Axes, options: LazyOptions
) -> str:
    kinds, changed = facts.kinds, changed_options(facts, arguments)
    if facts.is_random:
        reason = "draws random numbers, which would be others for each block"
    elif facts.lazy.keeps_state:
        reason = "keeps a state from call to call, so that blocks would depend on their order"
    elif changed:
        reason = (
            f"returns other results with {arguments_in_words(changed)}, which can't be joined "
            "from those of blocks"
        )
    elif facts.contract is ProcessingContract.VOLUMETRIC_TO_SLICE:
        reason = "makes a slice of a volume, and needs all of its slices"
    elif shape := _given_shape(facts, arguments, axes):
        reason = f"returns an array of another shape with {arguments_in_words(shape)}"
    elif facts.result_colours == "added":
        reason = "adds an axis of colours, whose length isn't known before"
    elif kinds in IMAGES or (kinds == "other" and options.dtype is not None):
        kept = axes.looped + axes.spatial if facts.result_colours else axes.order
        return "".join(letter for letter in axes.order if letter in kept)
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
    facts: Measured, images: Sequence[Image], arguments: Mapping[str, Any], options: LazyOptions
) -> str:
    first = images[0]
    if options.dtype is not None:
        return str(np.dtype(options.dtype))
    if named := dtype_of_argument(facts, arguments):
        return named
    dtypes = [image.array.dtype for image in images]
    if named := dtype_by_rule(facts, arguments, dtypes):
        return named
    return dtype_of_result(facts.name, facts.dtypes, first.parameter, first.array.dtype)


def arguments_in_words(arguments: Mapping[str, Any]) -> str:
    """Return the arguments of a call for messages, shortened."""
    if not arguments:
        return "its defaults"
    return ", ".join(f"{name}={_short(value)}" for name, value in arguments.items())


def _short(value: Any) -> str:
    text = f"an array of shape {shape_of(value, '')}" if is_array(value) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
