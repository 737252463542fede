"""Calls that the library was measured to refuse: no graph is built for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._axes.layout import Image
from .._axes.measured import Measured
from .._support.contract import ProcessingContract
from ..errors import DimensionError, MemoryTypeError

__all__ = ["refuse_ambiguous", "refuse_measured"]

_IMAGE = "(Y, X)"
_CHANNEL_AXIS = "channel_axis"


def refuse_measured(facts: Measured, image: Image, spatial: str, colours: str) -> None:
    """Raise if the library never accepted the image's dtype or axes.

    Parameters
    ----------
    facts
        What was measured about the function.
    image
        The image and its axes.
    spatial
        Axes that the function gets, without that of colours.
    colours
        The axis of colours; empty if there is none.

    Raises
    ------
    MemoryTypeError
        If the library refused the image's dtype.
    DimensionError
        If the image lacks an axis, or has another number of colours than the function needs.
    """
    subject = f"{facts.name} was given {image.parameter!r}, a dask array of "
    dtype = str(image.array.dtype.newbyteorder("="))
    if dtype in facts.lazy.refuses:
        accepted = [other for other in facts.dtypes if other not in facts.lazy.refuses]
        raise MemoryTypeError(
            f"{subject}dtype {dtype}, which the library refused when it was measured. Accepted are "
            f"{', '.join(accepted)}: give {image.parameter}.astype(...)."
        )
    if facts.needs_colours:
        _refuse_colours(facts, image, f"{subject}shape {tuple(image.shape)}", spatial, colours)


def refuse_ambiguous(facts: Measured, arguments: Mapping[str, Any], image: Image) -> None:
    """Raise if the last axis of an array without names may be one of colours, which aren't read.

    The library gets such an array as it is, and refuses it.

    Raises
    ------
    DimensionError
        If the function takes a (Y, X) image alone.
    """
    is_of_images = facts.contract is ProcessingContract.PURE_2D and not facts.needs_colours
    if not is_of_images or facts.lazy.reads_colours or arguments.get(_CHANNEL_AXIS) is not None:
        return
    channels = (
        f" If it is one of colours, give {_CHANNEL_AXIS}=-1."
        if _CHANNEL_AXIS in facts.signature.parameters
        else ""
    )
    raise DimensionError(
        f"{facts.name} was given {image.parameter!r}, a dask array of shape {tuple(image.shape)}. "
        f"Its last axis may be one of colours, and the function accepts a (Y, X) image.{channels} "
        f'If it is the axis X of a volume, name the axes: voxbind.over({facts.name}, "ZYX")'
        f"({image.parameter})."
    )


def _refuse_colours(
    facts: Measured, image: Image, subject: str, spatial: str, colours: str
) -> None:
    """Raise if an image has another number of colours than a function needs."""
    number = facts.lazy.colours[0] if facts.lazy.colours else 0
    given = image.length(colours) if colours else 0
    if number and given != number:
        raise DimensionError(
            f"{subject}. It needs an axis of {number} colours, and has {given} along its axis of "
            f"colours. Give an array whose last axis has a length of {number}, or compute the "
            f"array first: {image.parameter}.compute()."
        )
    if len(spatial) < 2 and _IMAGE in facts.lazy.refuses:
        raise DimensionError(
            f"{subject}. It needs an axis of colours besides Y and X. Give a (Y, X, channels) "
            f"array, or compute the array first: {image.parameter}.compute()."
        )
