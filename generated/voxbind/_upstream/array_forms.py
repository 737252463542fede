"""Libraries whose images have other forms: a batch axis before Y and X, or a class of their own.

A wrapper of such a library takes the same arrays as any other wrapper. What is given to the library
has the form that the library takes, and results come back without what was added.
"""

from __future__ import annotations

# Results of a library are `Any`, and a test of their class makes their members unknown to pyright.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple, Required, TypedDict

from .first_use import import_dotted
from .image_axes import COLOURS, channels_first, mapped, replaced, without_axes

__all__ = ["Forms", "ImageClass", "in_form", "is_complete", "with_axes", "with_class"]


class Forms(TypedDict, total=False):
    """How a library takes images, if not as arrays of the axes Y and X."""

    images: Required[Mapping[str, Mapping[str, int]]]
    """By function, the positions of the parameters that take images; -1 for a keyword. For
    ``*args``, the position of the first one: ``{"*args": 2}``."""
    axes: str
    """The axes of an image: ``NCYX``."""
    channels: tuple[str, ...]
    """The functions that need colour images."""
    image_class: tuple[str, str, str]
    """Dotted names of the library's class of images, and of the functions that make such an image
    of a NumPy array and a NumPy array of it."""


class ImageClass(NamedTuple):
    """A library's class of images, and its functions from and to NumPy's arrays."""

    kind: type
    from_array: Callable[[Any], Any]
    to_array: Callable[[Any], Any]


def in_form(name: str, function: Any, forms: Forms) -> Any:
    """Return a function of arrays with the axes Y and X, or Z, Y and X.

    Parameters
    ----------
    name
        The function's name in its module.
    function
        The library's function.
    forms
        How the library takes images. A function that isn't listed is returned unchanged.
    """
    images = forms["images"].get(name)
    if images is None:
        return function
    if axes := forms.get("axes"):
        return with_axes(function, images, axes, name in forms.get("channels", ()))
    names = forms.get("image_class", ())
    return with_class(function, images, ImageClass(*map(import_dotted, names)))


def is_complete(shape: tuple[int, ...], axes: str, needs_channels: bool) -> bool:
    """Return whether an array has all axes that its library takes, such as N, C, Y and X.

    Parameters
    ----------
    shape
        The array's shape.
    axes
        The axes of the library's images: ``NCYX``.
    needs_channels
        Whether the function takes colour images. It then takes an array as (..., C, Y, X) or as
        (..., Y, X, C), and three or four channels show which one it is.
    """
    if needs_channels and len(shape) > 2:
        return shape[-3] in COLOURS or (len(shape) >= len(axes) and shape[-1] not in COLOURS)
    return len(shape) >= len(axes)


def with_axes(
    function: Callable[..., Any], images: Mapping[str, int], axes: str, needs_channels: bool
) -> Callable[..., Any]:
    """Return a function that adds the axes before Y and X to images that lack them.

    Parameters
    ----------
    function
        The library's function.
    images
        The position of each parameter that takes an image; -1 if it is given by keyword only.
    axes
        The axes of the library's images: ``NCYX``.
    needs_channels
        Whether the function takes colour images.
    """
    added = len(axes) - 2

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        changes: list[tuple[bool, bool]] = []
        """For each image, whether axes were added, and whether its channels were the last axis."""

        def change(image: Any) -> Any:
            shape = tuple(getattr(image, "shape", ()))
            if len(shape) < 2:
                return image
            is_added = not is_complete(shape, axes, needs_channels)
            has_last = is_added and needs_channels and len(shape) > 2
            changes.append((is_added, has_last))
            if has_last:
                return channels_first(image, added)
            return image[(None,) * added] if is_added else image

        result = function(*replaced(images, change, args, kwargs), **kwargs)
        is_added, has_last = changes[0] if changes else (False, False)
        if not is_added:  # the result has the axes of the first image
            return result
        return mapped(result, lambda array: without_axes(array, added, has_last=has_last))

    return call


def _as_numpy(image: Any) -> Any:
    """Return an array of NumPy: the first image is one already, arrays beside it may be others."""
    if not hasattr(image, "__array__"):
        return image
    import numpy as np  # imported by the library that is called

    return np.asanyarray(image)


def _converted(from_array: Callable[[Any], Any], array: Any) -> Any:
    """Return a library's image of an array.

    Some of these classes have booleans, such as DIPlib's. Others refuse them, such as SimpleITK's:
    masks are 0 and 1 there.
    """
    if array.dtype != bool:
        return from_array(array)
    try:
        return from_array(array)
    except Exception:  # libraries raise errors of all kinds, also of their own
        return from_array(array.view("uint8"))


def with_class(
    function: Callable[..., Any], images: Mapping[str, int], image_class: ImageClass
) -> Callable[..., Any]:
    """Return a function that takes NumPy's arrays in place of a library's images.

    If an image of the library is given, the result stays the library's too.

    Parameters
    ----------
    function
        The library's function.
    images
        The position of each parameter that takes an image; -1 if it is given by keyword only.
    image_class
        The library's class of images.
    """
    kind, from_array, to_array = image_class

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        is_own = False

        def change(image: Any) -> Any:
            nonlocal is_own
            if isinstance(image, kind):
                is_own = True
                return image
            if len(getattr(image, "shape", ())) < 2:
                return image
            return _converted(from_array, _as_numpy(image))

        result = function(*replaced(images, change, args, kwargs), **kwargs)
        if is_own:
            return result
        return mapped(result, lambda value: to_array(value) if isinstance(value, kind) else value)

    call.image_class = kind  # type: ignore[attr-defined] # for `voxbind._dispatch`
    return call
