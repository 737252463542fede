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

from .first_use import import_finished

__all__ = ["Forms", "ImageClass", "in_form", "is_complete", "with_axes", "with_class"]

_COLOURS = (3, 4)


class Forms(TypedDict, total=False):
    """How a library takes images, if not as arrays of the axes Y and X."""

    images: Required[Mapping[str, Mapping[str, int]]]
    """By function, the positions of the parameters that take images; -1 for a keyword."""
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
    return with_class(function, images, ImageClass(*map(_dotted, names)))


def _dotted(name: str) -> Any:
    """Return an object by its dotted name, such as ``dask.array.Array.compute``."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_finished(module), attribute)
    except ModuleNotFoundError:  # an attribute of a class
        return getattr(_dotted(module), attribute)


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
        return shape[-3] in _COLOURS or (len(shape) >= len(axes) and shape[-1] not in _COLOURS)
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
        is_added = has_last = False

        def change(image: Any) -> Any:
            nonlocal is_added, has_last
            shape = tuple(getattr(image, "shape", ()))
            if len(shape) < 2 or is_complete(shape, axes, needs_channels):
                return image
            is_added = True
            if needs_channels and len(shape) > 2:
                has_last = True
                return _channels_first(image, added)
            return image[(None,) * added]

        result = function(*_replaced(images, change, args, kwargs), **kwargs)
        return _without(result, added, has_last) if is_added else result

    return call


def _replaced(
    images: Mapping[str, int],
    change: Callable[[Any], Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> list[Any]:
    """Change the images among the arguments; return those that are given by position."""
    arguments = [*args]
    for name, position in images.items():
        if 0 <= position < len(arguments):
            arguments[position] = change(arguments[position])
        elif name in kwargs:
            kwargs[name] = change(kwargs[name])
    return arguments


def _channels_first(image: Any, added: int) -> Any:
    """Return (Y, X, C) as (1, C, Y, X), and (Z, Y, X, C) as (1, C, Z, Y, X)."""
    last = len(image.shape) - 1
    order = (last, *range(last))
    moved = image.permute(order) if hasattr(image, "permute") else image.transpose(order)
    return moved[(None,) * (added - 1)]


def _without(result: Any, added: int, has_last: bool) -> Any:
    """Return a result without the axes that were added, and with its channels on the last axis."""
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*(_without(member, added, has_last) for member in result))
    if type(result) in (tuple, list):
        return type(result)(_without(member, added, has_last) for member in result)
    if type(result) is dict:
        return {name: _without(member, added, has_last) for name, member in result.items()}
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
            # Few of these classes have booleans; libraries have masks of 0 and 1 instead.
            return from_array(image.view("uint8") if image.dtype == bool else image)

        result = function(*_replaced(images, change, args, kwargs), **kwargs)
        return result if is_own else _as_arrays(result, kind, to_array)

    call.image_class = kind  # type: ignore[attr-defined] # for `voxbind._dispatch`
    return call


def _as_arrays(result: Any, kind: type, to_array: Callable[[Any], Any]) -> Any:
    if isinstance(result, kind):
        return to_array(result)
    if type(result) in (tuple, list):
        return type(result)(_as_arrays(member, kind, to_array) for member in result)
    if type(result) is dict:
        return {name: _as_arrays(member, kind, to_array) for name, member in result.items()}
    return result
