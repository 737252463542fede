"""The functions that `voxbind.over` returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import update_wrapper
from typing import Any, Protocol, TypeAlias

from .._memory.lookup import is_array, shape_of
from ..errors import DimensionError, MemoryTypeError, class_name
from .calling import call, colours_of, is_data_array, named_images, slice_by_slice
from .data_arrays import Named, call_by_name
from .joining import Finish
from .layout import Image, Layout, spatial_axes
from .lazy_options import LazyOptions
from .lengths import Length
from .measured import LOOPS, Measured
from .micrometers import in_elements
from .names import letter_of
from .scales import scale_of_array

__all__ = ["Progress", "by_letters", "by_names"]


class _Bar(Protocol):
    """A progress bar that counts the calls that are done."""

    def update(self, n: int, /) -> object:
        """Count `n` more calls."""
        ...


# `Any`, because bars yield what they iterate over.
Progress: TypeAlias = bool | Callable[[range], Iterable[Any]] | _Bar


def by_letters(
    function: Callable[..., Any],
    facts: Measured,
    letters: str,
    progress: Progress,
    options: LazyOptions,
    lengths: Mapping[str, Length],
    scale: Sequence[float] | None,
) -> Callable[..., Any]:
    """Return a function of arrays with the axes of these letters.

    The parameters are those of `by_names`, and the letters of the axes.
    """

    def loop(*args: Any, **kwargs: Any) -> Any:
        given = facts.signature.bind(*args, **kwargs).arguments
        taken, arguments = slice_by_slice(facts, given)
        first = _first_image(facts, arguments, letters)
        if lengths:
            known = scale_of_array(facts.name, arguments[first.parameter], letters, scale)
            spatial = spatial_axes(letters, taken)
            arguments = in_elements(facts, arguments, lengths, spatial, known)
        colours = colours_of(letters, facts, arguments, "channel_axis" in arguments)
        images = named_images(taken, arguments, first, colours)

        def finish(layout: Layout) -> Finish:
            image = arguments[first.parameter]
            return Named(image, letters) if is_data_array(image) else _Plain()

        return call(
            function,
            taken,
            arguments,
            images,
            finish,
            colours=colours,
            progress=progress,
            options=options,
        )

    update_wrapper(loop, function)
    setattr(loop, LOOPS, letters)
    loop.__doc__ = f"Loop over the axes {letters}.\n\n{function.__doc__ or ''}"
    return loop


def by_names(
    function: Callable[..., Any],
    facts: Measured,
    progress: Progress,
    options: LazyOptions,
    lengths: Mapping[str, Length],
    scale: Sequence[float] | None,
) -> Callable[..., Any]:
    """Return a function of arrays of xarray, whose dimensions have names.

    Parameters
    ----------
    function
        A wrapper, a `functools.partial` of one, or a function with a declared contract.
    facts
        What was measured about it.
    progress, options, lengths, scale
        The options of `voxbind.over`, checked.
    """

    def loop(*args: Any, **kwargs: Any) -> Any:
        bound = facts.signature.bind(*args, **kwargs)
        given = [bound.arguments[name] for name in facts.images if name in bound.arguments]
        image: Any = given[0] if given else None
        if not is_data_array(image):
            raise MemoryTypeError(
                f"{facts.name} was given an image of type {class_name(image)}, and voxbind.over no "
                "axes. Name the axes, "
                f'voxbind.over({facts.name}, "TCZYX"), or give an array of xarray.'
            )
        if lengths:
            letters = "".join(letter_of(dimension) or "?" for dimension in image.dims)
            known = scale_of_array(facts.name, image, letters, scale)
            taken, _ = slice_by_slice(facts, bound.arguments)
            spatial = spatial_axes(letters, taken)
            bound.arguments.update(in_elements(facts, bound.arguments, lengths, spatial, known))
        bound.apply_defaults()
        return call_by_name(bound.arguments, function, progress=progress, options=options)

    update_wrapper(loop, function)
    setattr(loop, LOOPS, "the dimensions of arrays of xarray")
    loop.__doc__ = f"Loop over dimensions by name.\n\n{function.__doc__ or ''}"
    return loop


def _first_image(facts: Measured, arguments: Any, letters: str) -> Image:
    for name in facts.images:
        value = arguments.get(name)
        if value is None:
            continue
        if not is_array(value):
            raise MemoryTypeError(
                f"{facts.name}: {name!r} is of type {class_name(value)}. voxbind.over accepts an "
                f"array with the axes {', '.join(letters)}. Give numpy.asarray({name})."
            )
        shape = shape_of(value, name)
        if len(shape) != len(letters):
            raise DimensionError(
                f"{facts.name} was given {name!r} of shape {shape}, which has {len(shape)} axes, "
                f"and voxbind.over was given axes={letters!r}, which names {len(letters)}. Give "
                "one letter for each axis."
            )
        return Image(name, value.data if is_data_array(value) else value, shape, letters)
    raise MemoryTypeError(f"{facts.name} was called without {facts.images[0]!r}, an array.")


class _Plain(Finish):
    """Results without names."""

    gives_names = False

    def array(self, array: Any, axes: str, kind: str) -> Any:
        return array

    def column(self, letter: str, indices: Any) -> tuple[str, Any]:
        return letter, indices
