"""Which axes a function takes, and which are looped over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .._support.contract import ProcessingContract
from ..errors import DimensionError
from .measured import Measured
from .names import CHANNEL, LETTERS, SAMPLES, SPATIAL

__all__ = ["Image", "Layout", "colour_axis", "laid_out", "spatial_axes", "takes_whole"]

_VOLUME = (3, "takes a (Z, Y, X) volume")
_NEEDED = {
    ProcessingContract.PURE_2D: (2, "takes a (Y, X) image"),
    ProcessingContract.PURE_3D: _VOLUME,
    ProcessingContract.VOLUMETRIC_TO_SLICE: _VOLUME,
}
"""For contracts that need more than one, the number of spatial axes, also in words."""


class Image(NamedTuple):
    """An array with named axes that was passed for an image."""

    parameter: str
    array: Any
    shape: tuple[int, ...]
    axes: str
    """A letter for each axis."""

    def length(self, letter: str) -> int:
        """Return the length of an axis."""
        return self.shape[self.axes.index(letter)]


class Layout(NamedTuple):
    """The axes of a call."""

    looped: str
    """Axes that are looped over, in the order of the result."""
    lengths: tuple[int, ...]
    """Their lengths."""
    kept: tuple[str, ...]
    """For each image, the axes that the function gets, in the order in which it gets them."""
    order: str
    """All axes, in the order of the result."""

    @property
    def is_reordered(self) -> bool:
        """Whether the function gets spatial axes in another order than the image has them."""
        spatial = [letter for letter in self.order if letter in self.kept[0] and letter in SPATIAL]
        return spatial != [letter for letter in self.kept[0] if letter in SPATIAL]


def spatial_axes(axes: str, facts: Measured) -> str:
    """Return the spatial axes that a function takes, in its order.

    A function of images takes two of them: Y and X if the image has all three.
    """
    spatial = "".join(letter for letter in SPATIAL if letter in axes)
    if facts.contract is ProcessingContract.PURE_2D and len(spatial) == len(SPATIAL):
        return spatial.replace("Z", "")
    return spatial


def takes_whole(axes: str, facts: Measured, colours: str) -> str:
    """Return the axes that a function takes at once, in the order in which it takes them.

    Parameters
    ----------
    axes
        The axes of the image.
    facts
        What was measured about the function.
    colours
        The axis of colours; empty if there is none.

    Raises
    ------
    DimensionError
        If the function needs other axes.
    """
    spatial = spatial_axes(axes, facts)
    wanted, needs = _NEEDED.get(facts.contract, (1, "works on spatial axes"))
    if len(spatial) < wanted:
        spatial_in_words = " and ".join(spatial)
        has = f"only {spatial_in_words} {'are' if spatial[1:] else 'is'}" if spatial else "none is"
        raise DimensionError(
            f"{facts.name} {needs}, and of the axes {', '.join(axes)} {has} spatial. Name the "
            "spatial axes Z, Y and X."
        )
    if facts.needs_colours and not colours:
        raise DimensionError(
            f"{facts.name} needs an axis of colours, and the axes are {', '.join(axes)}. Name the "
            "axis of colours S."
        )
    return spatial + colours


def colour_axis(axes: str, facts: Measured, channel_axis: Any, is_given: bool) -> str:
    """Return the axis that holds colours; empty if there is none.

    Parameters
    ----------
    axes
        The axes of the image.
    facts
        What was measured about the function.
    channel_axis
        The argument of this name; None without one.
    is_given
        Whether the caller passed it.

    Raises
    ------
    DimensionError
        If `channel_axis` is another axis than that of channels or samples.
    """
    if is_given and channel_axis is not None:
        try:
            letter = axes[channel_axis]
        except (IndexError, TypeError):
            letter = "?"
        if letter not in (SAMPLES, CHANNEL) or (SAMPLES in axes and letter != SAMPLES):
            raise DimensionError(
                f"{facts.name} was given channel_axis={channel_axis!r} and an image with the axes "
                f"{', '.join(axes)}. Name the axis of colours S, and leave channel_axis out."
            )
        return str(letter)
    if SAMPLES in axes:
        return SAMPLES if facts.takes_colours else ""
    return CHANNEL if facts.needs_colours and CHANNEL in axes else ""


def laid_out(images: Sequence[Image], facts: Measured, colours: str) -> Layout:
    """Return the axes of a call.

    Raises
    ------
    DimensionError
        If an axis is empty, or two images have different lengths on an axis that is looped over.
    """
    first, *others = images
    for image in images:
        if 0 in image.shape:
            empty = image.axes[image.shape.index(0)]
            raise DimensionError(
                f"{facts.name} was given {image.parameter!r} of shape {image.shape}, whose axis "
                f"{empty} is empty. Give at least one element on each axis."
            )
    kept = [takes_whole(first.axes, facts, colours)]
    is_2d = facts.contract is ProcessingContract.PURE_2D
    shared = kept[0] if is_2d else SPATIAL + colours
    for image in others:
        kept.append("".join(letter for letter in shared if letter in image.axes))
    rest = {
        letter
        for image, passed in zip(images, kept, strict=True)
        for letter in image.axes
        if letter not in passed
    }
    further = sorted(rest - {*first.axes}, key=LETTERS.index)
    start = min(first.axes.index(letter) for letter in kept[0])
    order = first.axes[:start] + "".join(further) + first.axes[start:]
    looped = "".join(letter for letter in order if letter not in kept[0])
    lengths = tuple(_length(letter, images, kept, facts) for letter in looped)
    return Layout(looped, lengths, tuple(kept), order)


def _length(letter: str, images: Sequence[Image], kept: Sequence[str], facts: Measured) -> int:
    lengths = {
        image.parameter: image.length(letter)
        for image, passed in zip(images, kept, strict=True)
        if letter in image.axes and letter not in passed
    }
    different = {*lengths.values()} - {1}
    if len(different) > 1:
        lengths_in_words = " and ".join(f"{name!r} ({length})" for name, length in lengths.items())
        raise DimensionError(
            f"{facts.name} is looped over the axis {letter}, on which {lengths_in_words} "
            "differ in length. Give arrays of the same length there, or of length 1, which is then "
            "used for all."
        )
    return different.pop() if different else 1
