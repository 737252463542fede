"""Calls a function on the blocks of arrays with named axes."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from functools import partial
from inspect import BoundArguments
from typing import Any

from .._memory.exporter_memory import is_dask_array
from .._memory.lookup import is_array, shape_of
from .._memory.numpy_memory import numpy_dtype
from .._settings.context import change
from .._support.contract import ProcessingContract
from .._support.untyped import np
from ..errors import DimensionError
from .cutting import block
from .joining import Context, Finish, joined
from .layout import Image, Layout, colour_axis, laid_out
from .lazy_options import NO_OPTIONS, LazyOptions
from .looping import positions, results
from .measured import Measured

__all__ = ["call", "colours_of", "is_data_array", "named_images", "slice_by_slice"]

_CHANNEL_AXIS = "channel_axis"
_SLICE_BY_SLICE = "slice_by_slice"
_SEEDS = ("rng", "seed")


def is_data_array(value: object) -> bool:
    """Whether a value is an array of xarray, which is never imported to find out."""
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(value, getattr(xarray, "DataArray", ()))


def call(
    function: Callable[..., Any],
    facts: Measured,
    arguments: Mapping[str, Any],
    images: Sequence[Image],
    finish: Callable[[Layout], Finish],
    *,
    colours: str,
    progress: Any = False,
    options: LazyOptions = NO_OPTIONS,
) -> Any:
    """Call a function on each block of the images, and join the results.

    Parameters
    ----------
    function
        The wrapper.
    facts
        What was measured about it.
    arguments
        All arguments by parameter, in the order of the signature.
    images
        Those of them that have named axes, the image first.
    finish
        Makes the results that the caller gets.
    colours
        The axis of colours; empty if there is none.
    progress
        See `voxbind.over`.
    options
        What `voxbind.over` was given for dask arrays.
    """
    layout = laid_out(images, facts, colours)
    if any(is_dask_array(image.array) for image in images) and (
        layout.looped or layout.is_reordered or options != NO_OPTIONS
    ):
        from .._lazy.named import call_lazily  # only for whoever has a dask array

        return call_lazily(
            function, facts, arguments, images, layout, finish(layout), options, colours=colours
        )
    _refuse_outputs(facts, arguments, layout)
    arguments = dict(arguments)
    parameter = facts.signature.parameters.get(_CHANNEL_AXIS)
    if parameter is not None and colours:
        arguments[_CHANNEL_AXIS] = -1
    elif parameter is not None and parameter.default is not None and facts.takes_colours:
        arguments[_CHANNEL_AXIS] = None
    _make_generators(facts, arguments)
    places = positions(layout)

    def run(place: Mapping[str, int]) -> Any:
        blocks = {
            image.parameter: block(image, kept, place)
            for image, kept in zip(images, layout.kept, strict=True)
        }
        return _pass_on(function, facts, {**arguments, **blocks})

    shape = tuple(images[0].length(letter) for letter in layout.kept[0])
    finished = finish(layout)
    if is_dask_array(images[0].array) and not finished.gives_names:
        return run({})  # lazy, and there is nothing to join
    projected = ""
    if facts.contract is ProcessingContract.VOLUMETRIC_TO_SLICE and len({*shape}) < len(shape):
        small = {**arguments, images[0].parameter: _small_volume(images[0])}
        projected = _axes_of_projection(partial(_pass_on, function, facts, small), layout.kept[0])
    context = Context(facts, layout, shape, projected, places, finished)
    return joined(results(run, places, facts.name, facts.runs_in_threads, progress), context)


def slice_by_slice(
    facts: Measured, arguments: Mapping[str, Any]
) -> tuple[Measured, dict[str, Any]]:
    """Return the facts and arguments of a call that asks for slices: Z is looped over too."""
    arguments = dict(arguments)
    if not arguments.get(_SLICE_BY_SLICE):
        return facts, arguments
    del arguments[_SLICE_BY_SLICE]
    return facts._replace(contract=ProcessingContract.PURE_2D), arguments


def _pass_on(function: Callable[..., Any], facts: Measured, arguments: Mapping[str, Any]) -> Any:
    names = [name for name in facts.signature.parameters if name in arguments]
    bound = BoundArguments(facts.signature, OrderedDict((name, arguments[name]) for name in names))
    return function(*bound.args, **bound.kwargs)


def _small_volume(image: Image) -> Any:
    """Return a volume whose axes have different lengths: 2, 3 and 4."""
    return np.zeros((2, 3, 4), numpy_dtype(image.array) or np.float32)


def _axes_of_projection(call: Callable[[], Any], kept: str) -> str:
    """Return the axes of the result that a function gives for a small volume.

    A result of a volume with equal lengths doesn't show which axis is gone. Empty if the call fails
    or no axis is gone.
    """

    def run() -> Any:
        change(transfers="allow", logs=())  # the caller didn't ask for this call
        return call()

    try:
        shape = tuple(copy_context().run(run).shape)
    except Exception:
        return ""
    return {(3, 4): kept[1:], (2, 4): kept[::2], (2, 3): kept[:2]}.get(shape, "")


def named_images(
    facts: Measured,
    arguments: Mapping[str, Any],
    first: Image,
    colours: str,
    letters_of: Callable[[Any, str], str] | None = None,
) -> list[Image]:
    """Return the images among the arguments.

    An array without names has all axes of the first image, or those of a block, both perhaps
    without the axis of colours, or those that are looped over.

    Parameters
    ----------
    facts
        What was measured about the function.
    arguments
        The arguments by parameter.
    first
        The image.
    colours
        Its axis of colours; empty if there is none.
    letters_of
        Returns the axes of an array of xarray, by its parameter. None if its names don't count.
    """
    whole = laid_out([first], facts, colours)
    axes = [first.axes, "".join(letter for letter in first.axes if letter in whole.kept[0])]
    if colours:
        axes += [letters.replace(colours, "") for letters in axes]
    axes.append(whole.looped)
    images = [first]
    for name in facts.images:
        value: Any = arguments.get(name)
        if name == first.parameter or not is_array(value):
            continue
        shape = shape_of(value, name)
        if not shape:  # a number
            continue
        if is_data_array(value):
            array = value.data
            if letters_of is not None:
                images.append(Image(name, array, shape, letters_of(value, name)))
                continue
            value = array
        fitting = [letters for letters in dict.fromkeys(axes) if len(letters) == len(shape)]
        if len(fitting) > 1:
            lengths = [tuple(first.length(letter) for letter in letters) for letters in fitting]
            fitting = [
                letters for letters, length in zip(fitting, lengths, strict=True) if length == shape
            ]
        if len(fitting) != 1:
            accepted = " or ".join(
                f"({', '.join(letters)})" for letters in dict.fromkeys(axes) if letters
            )
            raise DimensionError(
                f"{facts.name} was given {first.parameter!r} of shape {first.shape} with the axes "
                f"({', '.join(first.axes)}), and {name!r} of shape {shape}. Accepted as {name!r} "
                f"are arrays with the axes {accepted}. An axis of length 1 is used for all: "
                f"{name}[:, None]."
            )
        images.append(Image(name, value, shape, fitting[0]))
    return images


def _refuse_outputs(facts: Measured, arguments: Mapping[str, Any], layout: Layout) -> None:
    given = [name for name in facts.outputs if is_array(arguments.get(name))]
    if given and (layout.looped or layout.is_reordered):
        raise DimensionError(
            f"{facts.name} was given {given[0]!r}, and it is called for parts of the image. Leave "
            f"{given[0]!r} out: the results are put into one array anyway."
        )


def _make_generators(facts: Measured, arguments: dict[str, Any]) -> None:
    """Replace an integer seed by a generator, so that each block gets random numbers of its own."""
    for name in _SEEDS:
        seed = arguments.get(name)
        if facts.is_random and isinstance(seed, (int, np.integer)) and type(seed) is not bool:
            arguments[name] = np.random.default_rng(seed)


def colours_of(axes: str, facts: Measured, arguments: Mapping[str, Any], is_given: bool) -> str:
    """Return the axis of colours of an image; see `voxbind._axes.layout.colour_axis`."""
    return colour_axis(axes, facts, arguments.get(_CHANNEL_AXIS), is_given)
