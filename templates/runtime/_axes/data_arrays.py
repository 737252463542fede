"""Arrays of xarray, which know the names of their axes: they come back with what they carry.

Nothing here imports xarray: whoever has such an array has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from .._support.running import running_wrapper
from .._support.untyped import np
from .._upstream.defaults import is_same
from ..errors import DimensionError
from .calling import call, colours_of, is_data_array, named_images, slice_by_slice
from .joining import UNKNOWN, Finish
from .layout import Image, Layout
from .lazy_options import NO_OPTIONS, LazyOptions
from .measured import Measured, measured
from .names import CHANNEL, SAMPLES, SPATIAL, letter_of, names_in_words

__all__ = ["Named", "call_by_name"]

_AXIS_PARAMETERS = ("axis", "axes")
"""Parameters whose numbers count the axes of the image."""


def call_by_name(
    arguments: Mapping[str, Any],
    wrapper: Any = None,
    function: Callable[..., Any] | None = None,
    *,
    progress: Any = False,
    options: LazyOptions = NO_OPTIONS,
) -> Any:
    """Call a wrapper for each part of an array of xarray, and join the results.

    Parameters
    ----------
    arguments
        The wrapper's arguments by parameter, in order, with its defaults.
    wrapper
        The wrapper; by default the one that is running.
    function
        Is called for each part instead of the wrapper.
    progress, options
        What `voxbind.over` was given.

    Raises
    ------
    DimensionError
        If the name of a dimension isn't known, or the function needs other axes.
    """
    if wrapper is None:
        name, module = running_wrapper()
        wrapper = module[name.rpartition(".")[2]]
    facts, arguments = slice_by_slice(measured(wrapper), arguments)
    name = next(name for name in facts.images if arguments[name] is not None)
    image = arguments[name]
    axes = _letters(image, name, facts)
    first = Image(name, image.data, image.shape, axes)
    parameter = facts.signature.parameters.get("channel_axis")
    is_default = parameter is None or is_same(arguments["channel_axis"], parameter.default)
    colours = _colours(axes, facts, arguments, is_default)
    letters_of = partial(_letters, facts=facts, is_image=False)
    images = named_images(facts, arguments, first, colours, letters_of)
    images += _numbers(facts, arguments, axes)

    def finish(layout: Layout) -> Finish:
        if layout.looped or layout.is_reordered:
            _refuse_counted_axes(facts, arguments, axes)
        if layout.is_reordered:
            _refuse_reordered(facts, arguments, images, layout.kept[0])
        return Named(image, axes, [arguments[argument.parameter] for argument in images[1:]])

    return call(
        function or wrapper,
        facts,
        arguments,
        images,
        finish,
        colours=colours,
        progress=progress,
        options=options,
    )


def _numbers(facts: Measured, arguments: Mapping[str, Any], axes: str) -> list[Image]:
    """Return the arguments with a number for each time or channel, such as thresholds."""
    images: list[Image] = []
    for name, value in arguments.items():
        if name in facts.images or not is_data_array(value) or not value.dims:
            continue
        letters = "".join(letter_of(dimension) for dimension in value.dims)
        distinct = {*letters} - {*SPATIAL}
        if len(distinct) == value.ndim and distinct <= {*axes}:
            images.append(Image(name, value.data, value.shape, letters))
    return images


def _letters(image: Any, parameter: str, facts: Measured, is_image: bool = True) -> str:
    """Return the letter that each dimension stands for; those of an image must be spatial too."""
    letters = [letter_of(dimension) for dimension in image.dims]
    dimensions = ", ".join(map(repr, image.dims))
    subject = f"{facts.name} was given {parameter!r}, a DataArray with the dimensions {dimensions}"
    if is_image and not letters:
        raise DimensionError(
            f"{facts.name} was given {parameter!r}, a DataArray without dimensions, which is a "
            f"number. Give an image with named axes: xarray.DataArray(image, dims=['y', 'x'])."
        )
    if is_image and not any(letter and letter in SPATIAL for letter in letters):
        example = "TCZYX"[-len(letters) :]
        raise DimensionError(
            f"{subject}, none of which is known to be spatial. Spatial are, in upper or lower "
            f"case, {names_in_words(SPATIAL)}. Rename the dimensions, {parameter}.rename(...), or "
            f'give a letter for each: voxbind.over({facts.name}, "{example}")({parameter}).'
        )
    for dimension, letter in zip(image.dims, letters, strict=True):
        if not letter:
            raise DimensionError(
                f"{subject}, and {dimension!r} is none of the names that voxbind knows. To loop "
                f"over it, rename it to one of {names_in_words('TC')}; colours are "
                f"{names_in_words(SAMPLES)}."
            )
        if letters.count(letter) > 1:
            same = [name for name in image.dims if letter_of(name) == letter]
            raise DimensionError(
                f"{subject}, of which {' and '.join(map(repr, same))} both stand for the axis "
                f"{letter}. Rename one of them."
            )
    return "".join(letters)


def _colours(axes: str, facts: Measured, arguments: Mapping[str, Any], is_default: bool) -> str:
    is_last = is_default and facts.takes_colours and arguments.get("channel_axis") == -1
    if is_last and axes[-1] == CHANNEL and SAMPLES not in axes:
        return CHANNEL  # `slic` and others take the last axis for colours
    return colours_of(axes, facts, arguments, not is_default)


def _refuse_counted_axes(facts: Measured, arguments: Mapping[str, Any], axes: str) -> None:
    for name in _AXIS_PARAMETERS:
        parameter = facts.signature.parameters.get(name)
        if parameter is None or is_same(arguments[name], parameter.default):
            continue
        value = f"{name}={arguments[name]!r}"
        raise DimensionError(
            f"{facts.name} was given {value} and an image with the axes {', '.join(axes)}. It is "
            f"called for parts of the image, and {name!r} could count the axes of the image or "
            "those of a part. For those of a part, call "
            f'voxbind.over({facts.name}, "{axes}")(image.data, {value}). To count those of the '
            "image, give image.data, which is processed at once."
        )


def _refuse_reordered(
    facts: Measured, arguments: Mapping[str, Any], images: Sequence[Image], kept: str
) -> None:
    """Refuse a sequence with an element for each axis, if the axes are in another order."""
    named = {image.parameter for image in images}
    for name, value in arguments.items():
        if name in named or not isinstance(value, (tuple, list, np.ndarray)):
            continue
        if len(value) == len(kept) and np.ndim(value[0]) == 0:
            raise DimensionError(
                f"{facts.name} was given {name}={value!r} and an image with the axes "
                f"{', '.join(images[0].axes)}, of which it gets {', '.join(kept)}. It isn't "
                f"certain which element of {name!r} is for which axis. Give an image whose "
                "spatial dimensions are in the order Z, Y, X: see DataArray.transpose."
            )


class Named(Finish):
    """Results as arrays of xarray, with the dimensions, coordinates and attributes of the image.

    Parameters
    ----------
    image
        The image.
    axes
        A letter for each of its dimensions.
    others
        The further images. Those that are arrays of xarray may have further axes.
    """

    gives_names = True

    def __init__(self, image: Any, axes: str, others: Sequence[Any] = ()) -> None:
        self._image = image
        self._dimensions: dict[str, Hashable] = dict(zip(axes, image.dims, strict=True))
        self._coordinates = {name: image.coords[name] for name in image.coords}
        for other in filter(is_data_array, others):
            for dimension in other.dims:
                letter = letter_of(dimension)
                name = self._dimensions.setdefault(letter, dimension)
                if dimension in other.coords:
                    self._add_coordinate(name, other.coords[dimension])

    def _add_coordinate(self, name: Hashable, coordinate: Any) -> None:
        known = self._coordinates.get(name)
        if known is None:
            if name not in self._image.dims and name == coordinate.name:
                self._coordinates[name] = coordinate
            return
        if 1 not in (known.size, coordinate.size) and not np.array_equal(known, coordinate):
            raise DimensionError(
                f"The images have different coordinates on the dimension {name!r}. Give arrays "
                "with the same coordinates: see xarray.align."
            )

    def array(self, array: Any, axes: str, kind: str) -> Any:
        dimensions = tuple(
            self._dimensions.get(letter, "s" if letter == SAMPLES else f"dim_{number}")
            for number, letter in enumerate(axes)
        )
        if not dimensions:
            return array
        is_unknown = UNKNOWN in axes
        lengths = dict(zip(dimensions, array.shape, strict=True))
        resized = SPATIAL if kind == "resized" else ""
        moved = {self._dimensions.get(letter) for letter in resized}
        coordinates = {
            name: coordinate
            for name, coordinate in self._coordinates.items()
            if all(lengths.get(name) == length for name, length in coordinate.sizes.items())
            and not moved.intersection(coordinate.dims)
        }
        return sys.modules["xarray"].DataArray(
            array,
            dims=dimensions,
            coords=coordinates,
            name=None if is_unknown else self._image.name,
            attrs={} if is_unknown else dict(self._image.attrs),
        )

    def column(self, letter: str, indices: Any) -> tuple[str, Any]:
        name = self._dimensions[letter]
        coordinate = self._coordinates.get(name)
        return str(name), indices if coordinate is None else np.asarray(coordinate)[indices]
