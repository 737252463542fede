"""Calls a function on the blocks of arrays with named axes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._memory.exporter_memory import is_dask_array
from .._memory.lookup import is_array, shape_of
from .._support.contract import ProcessingContract
from ..errors import DimensionError
from .blocks import call_blocks
from .joining import Finish
from .layout import Image, Layout, colour_axis, laid_out
from .lazy_options import NO_OPTIONS, LazyOptions
from .measured import Measured
from .part_arguments import arguments_of_parts

__all__ = ["call", "colours_of", "is_data_array", "named_images", "slice_by_slice"]

_CHANNEL_AXIS = "channel_axis"
_SLICE_BY_SLICE = "slice_by_slice"


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
    arguments = arguments_of_parts(facts, arguments, images[0], layout)
    if any(is_dask_array(image.array) for image in images) and (
        layout.looped or layout.is_reordered or options != NO_OPTIONS
    ):
        from .._lazy.named import call_lazily  # only for whoever has a dask array

        return call_lazily(
            function, facts, arguments, images, layout, finish(layout), options, colours=colours
        )
    return call_blocks(
        function,
        facts,
        arguments,
        images,
        layout,
        finish(layout),
        colours=colours,
        progress=progress,
    )


def slice_by_slice(
    facts: Measured, arguments: Mapping[str, Any]
) -> tuple[Measured, dict[str, Any]]:
    """Return the facts and arguments of a call that asks for slices: Z is looped over too."""
    arguments = dict(arguments)
    if not arguments.get(_SLICE_BY_SLICE):
        return facts, arguments
    del arguments[_SLICE_BY_SLICE]
    return facts._replace(contract=ProcessingContract.PURE_2D, is_sliced=True), arguments


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


def colours_of(axes: str, facts: Measured, arguments: Mapping[str, Any], is_given: bool) -> str:
    """Return the axis of colours of an image; see `voxbind._axes.layout.colour_axis`."""
    return colour_axis(axes, facts, arguments.get(_CHANNEL_AXIS), is_given)
