"""Adds axes to images before a call, and removes them from its result.

The build copies this file into the package, so that a wrapper calls a library exactly as the probe
has called it.
"""

from __future__ import annotations

# Results of a library are `Any`, and a test of their class makes their members unknown to pyright.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["COLOURS", "channels_first", "mapped", "replaced", "without_axes"]

COLOURS = (3, 4)
"""Numbers of channels that show that an axis is one of colours."""


def replaced(
    images: Mapping[str, int],
    change: Callable[[Any], Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> list[Any]:
    """Change the images among the arguments; return those that are given by position.

    Parameters
    ----------
    images
        The position of each parameter that takes an image; -1 if it is given by keyword only. The
        name of a parameter that takes any number of images starts with ``*``.
    change
        Called with each image; returns what is passed instead.
    args
        The arguments that are given by position.
    kwargs
        The arguments that are given by name, which are changed in place.
    """
    arguments = [*args]
    for name, position in images.items():
        if name.startswith("*"):
            arguments[position:] = [change(argument) for argument in arguments[position:]]
        elif 0 <= position < len(arguments):
            arguments[position] = change(arguments[position])
        elif name in kwargs:
            kwargs[name] = change(kwargs[name])
    return arguments


def channels_first(image: Any, added: int) -> Any:
    """Return (Y, X, C) as (1, C, Y, X), and (Z, Y, X, C) as (1, C, Z, Y, X).

    Parameters
    ----------
    image
        An array or a tensor.
    added
        The number of axes of the library's images before Y and X, that of channels included.
    """
    last = len(image.shape) - 1
    order = (last, *range(last))
    moved = image.permute(order) if hasattr(image, "permute") else image.transpose(order)
    return moved[(None,) * (added - 1)]


def without_axes(result: Any, added: int, *, has_last: bool) -> Any:
    """Return a result without the axes that were added, and with its channels on the last axis.

    Parameters
    ----------
    result
        What a library's function has returned. Anything but arrays is returned unchanged.
    added
        The number of axes that were added to the image.
    has_last
        Whether the image had its channels on the last axis.
    """
    shape = tuple(getattr(result, "shape", ()))
    if len(shape) < 2 or shape[0] != 1:
        return result
    if len(shape) < added + 2:
        return result[0]  # a row of numbers for each image of the batch
    array: Any = result
    if shape[:added] == (1,) * added:
        return array[(0,) * added]
    array = array[(0,) * (added - 1)]
    if has_last and len(array.shape) == 3:
        return array.permute(1, 2, 0) if hasattr(array, "permute") else array.transpose(1, 2, 0)
    return array


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Apply a function to a value, or to each member if it is a tuple, list or dictionary.

    Parameters
    ----------
    value
        A result, or an argument.
    change
        Called with each value that isn't a container; returns the new value.
    """
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(member, change) for member in value))
    if type(value) in (list, tuple):
        return type(value)(mapped(member, change) for member in value)
    if type(value) is dict:
        return {name: mapped(member, change) for name, member in value.items()}
    return change(value)
