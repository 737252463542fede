"""The arguments of a function for one part of an array, made from those for the whole array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._memory.lookup import NUMPY
from .._support.classes import class_of
from .._support.contract import ProcessingContract
from .layout import Image, Layout
from .measured import Measured
from .slice_arguments import replace_for_slices

__all__ = ["arguments_of_parts"]


def arguments_of_parts(
    facts: Measured, arguments: Mapping[str, Any], image: Image, layout: Layout
) -> dict[str, Any]:
    """Return the arguments of a call for one part of the image.

    A shape of the whole image loses the lengths of the axes that are looped over. For a function of
    2-D images, an argument with an entry for each axis of a volume becomes one for its slices, as
    in a call with an array without names.

    Raises
    ------
    DimensionError
        If an argument for the volume says more than an argument for slices can.
    """
    arguments = dict(arguments)
    kept = layout.kept[0]
    looped = [letter for letter in image.axes if letter not in kept]
    if not looped:
        return arguments
    part = tuple(image.length(letter) for letter in kept)
    if image.axes == "".join(looped) + kept:
        lengths = image.shape[: len(looped)]
        for name, kind in facts.axis_arguments.items():
            value: Any = arguments.get(name)
            if kind == "shape" and _is_shape_of(value, image.shape, lengths):
                arguments[name] = value[len(looped) :]
    if facts.contract is ProcessingContract.PURE_2D:
        # Z is the axis next to Y and X, whatever it is called.
        cut = image.length("Z" if "Z" in looped else looped[-1])
        replace_for_slices(
            *(facts.name, facts.axis_arguments, arguments, (cut, *part), NUMPY),
            takes_volumes=facts.is_sliced,
        )
    return arguments


def _is_shape_of(value: Any, shape: tuple[int, ...], lengths: tuple[int, ...]) -> bool:
    """Return whether a value has a length for each axis, the first of which are those given."""
    if not issubclass(class_of(value), (tuple, list)) or len(value) != len(shape):
        return False
    return tuple(value[: len(lengths)]) == lengths
