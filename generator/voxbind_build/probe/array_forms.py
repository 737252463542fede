"""Calls libraries whose images have other forms: a batch axis, or a class of their own.

The run time does the same in ``voxbind._upstream.array_forms``, with the same code for the axes.
Here a last axis of three or four channels shows that an image has colours, since no test volume is
that narrow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from voxbind_build.common.image_axes import (
    COLOURS,
    channels_first,
    mapped,
    replaced,
    without_axes,
)
from voxbind_build.libraries import import_dotted
from voxbind_build.model import IMAGE_ROLES, ImageClass, ProbeTask

__all__ = ["in_form"]


def in_form(
    function: Callable[..., Any], task: ProbeTask, roles: dict[str, str]
) -> Callable[..., Any]:
    """Return a function that takes images as the other libraries do.

    Parameters
    ----------
    function
        The library's function.
    task
        Its task, with the axes of the library's images and their class.
    roles
        The roles of its parameters.
    """
    if not task.axes and task.image_class is None:
        return function
    positions = {
        parameter.name: -1 if parameter.kind == "KEYWORD_ONLY" else position
        for position, parameter in enumerate(task.description.parameters)
        if roles.get(parameter.name) in IMAGE_ROLES
    }
    if task.image_class is not None:
        return _with_class(function, positions, task.image_class)
    return _with_axes(function, positions, len(task.axes) - 2)


def _with_class(
    function: Callable[..., Any], positions: dict[str, int], image_class: ImageClass
) -> Callable[..., Any]:
    kind = _dotted(image_class.name)
    from_array, to_array = _dotted(image_class.from_array), _dotted(image_class.to_array)

    def change(value: Any) -> Any:
        if not isinstance(value, np.ndarray) or value.ndim < 2:
            return value
        if value.dtype != bool:
            return from_array(value)
        try:
            return from_array(value)
        except Exception:  # the class has no booleans: its masks are 0 and 1
            return from_array(value.view(np.uint8))

    def call(*args: Any, **kwargs: Any) -> Any:
        result = function(*replaced(positions, change, args, kwargs), **kwargs)
        return mapped(result, lambda image: to_array(image) if isinstance(image, kind) else image)

    return call


def _with_axes(
    function: Callable[..., Any], positions: dict[str, int], added: int
) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        has_channels = False

        def change(value: Any) -> Any:
            nonlocal has_channels
            shape = tuple(getattr(value, "shape", ()))
            if len(shape) < 2:
                return value
            if len(shape) > 2 and shape[-1] in COLOURS:
                has_channels = True
                return channels_first(value, added)
            return value[(None,) * added]

        result = function(*replaced(positions, change, args, kwargs), **kwargs)
        return mapped(result, lambda array: without_axes(array, added, has_last=has_channels))

    return call


def _dotted(name: str) -> Any:
    """Return an object by its dotted name, such as ``dask.array.Array.compute``."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_dotted(module), attribute)
    except ImportError:  # an attribute of a class
        return getattr(_dotted(module), attribute)
