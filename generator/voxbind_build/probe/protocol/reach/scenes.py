"""Images that show how far a function looks.

On random images, distance transforms, skeletons and maxima seem to look at a few neighbours only.
So there are images with a single object, with lines through the entire image, with plateaus and
ramps, and with objects that are cut exactly where the image is cropped. Numbers are from 0 to 1, or
from -1 to 1 in images for the functions that take negative numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from voxbind_build.probe.inputs.images import Array

SHAPES = {2: (70, 79), 3: (24, 27, 33)}
"""Shapes of the images by their number of axes."""
_LARGEST_OBJECT = 4
"""Largest radius of the objects that are cut by the edge of a crop."""
_LONGEST_LINE = 18
_SEED = 511


def cuts(length: int) -> tuple[int, int]:
    """Return where an axis is cropped: the end of the first part, and the start of the last.

    Both parts have the same length, since some libraries compile a kernel for each shape, which
    takes longer than the calls. The last part starts at an odd number, so that a function that
    treats even and odd places differently is noticed.
    """
    end = (length - 4) // 2
    end -= (length - end) % 2 == 0
    return end, length - end


class Scene(NamedTuple):
    """An image."""

    name: str
    image: Array
    axes: tuple[int, ...]
    """The axes along which it is cropped."""
    labels: Array | None = None
    """A number for each object, if they can be told apart."""

    @property
    def has_negatives(self) -> bool:
        """Whether numbers are from -1 to 1."""
        return bool(self.image.min() < 0)


@cache
def scenes(ndim: int) -> tuple[Scene, ...]:
    """Return all images with a number of axes, the most telling first."""
    shape = SHAPES[ndim]
    axes = tuple(range(ndim))
    made = [Scene(name, maker(shape), axes) for name, maker in _MAKERS.items()]
    if ndim == 2:
        for axis in axes:
            made.append(Scene(f"fuses along {axis}", _fuses(shape, axis), (axis,)))
            twins = _twins(shape, axis)
            made.append(Scene(f"twins along {axis}", (twins > 0) * 1.0, (axis,), twins))
            made += _both_ways("half", _half(shape, axis), axis)
            made += _both_ways("lines", _cut_objects(shape, axis, _lines(axis)), axis)
            for name, is_inside in _OBJECTS.items():
                objects = _cut_objects(shape, axis, _forms(is_inside))
                made += _both_ways(name, objects, axis)
    return tuple(made)


@cache
def large_scenes() -> tuple[Scene, ...]:
    """Return images of larger objects, to see whether a reach grows with them."""
    shape = (SHAPES[2][0] * 2, SHAPES[2][1] * 2)
    return tuple(Scene(f"large {name}", _MAKERS[name](shape), (0, 1)) for name in _GROWING)


@cache
def blocks(sizes: tuple[int, int]) -> tuple[Scene, ...]:
    """Return images with blocks of given lengths, which the edges of crops cut."""
    form = np.ones(sizes, np.bool_)
    return tuple(
        scene
        for axis in range(2)
        for scene in _both_ways("blocks", _cut_objects(SHAPES[2], axis, [form]), axis)
    )


def _both_ways(name: str, objects: Array, axis: int) -> list[Scene]:
    """Return a scene with bright objects, and one with dark ones, from an image of labels."""
    bright = (objects > 0).astype(float)
    return [
        Scene(f"{name} cut along {axis}", bright, (axis,), objects),
        Scene(f"dark {name} cut along {axis}", 1 - bright, (axis,)),
    ]


# --- images with any number of axes -----------------------------------------------------


def _extremes(shape: tuple[int, ...]) -> Array:
    """Grey noise, with the darkest element near the first corner, the brightest near the last."""
    image = 0.3 + 0.3 * np.random.default_rng(_SEED).random(shape)
    image[(2,) * len(shape)] = 0
    image[(-3,) * len(shape)] = 1
    return image


def _spikes(shape: tuple[int, ...]) -> Array:
    """Single bright elements of several heights, most of them far from each other."""
    random = np.random.default_rng(_SEED + 1)
    image = np.where(random.random(shape) < 0.02, 0.5 + 0.5 * random.random(shape), 0)
    image[tuple(length // 2 for length in shape)] = 1
    return image


def _one_object(shape: tuple[int, ...]) -> Array:
    """An object through nearly the entire image, with one hole beside its middle."""
    squares: Array = np.zeros(shape)
    for axis, length in enumerate(shape):
        line = (np.arange(length) - length / 2) / (length / 2 - 3)
        squares = squares + line.reshape([-1 if a == axis else 1 for a in range(len(shape))]) ** 2
    image = (squares < 1).astype(float)
    image[tuple(length // 3 for length in shape)] = 0
    return image


def _bright_but_one(shape: tuple[int, ...]) -> Array:
    image = np.ones(shape)
    image[(3,) * len(shape)] = 0
    return image


def _dark_but_one(shape: tuple[int, ...]) -> Array:
    return 1 - np.flip(_bright_but_one(shape))


def _at_the_cut(shape: tuple[int, ...]) -> Array:
    """Two bright elements, each of which is the first that a crop cuts off, along each axis."""
    image = np.zeros(shape)
    image[tuple(cuts(length)[0] for length in shape)] = 1
    image[tuple(cuts(length)[1] - 1 for length in shape)] = 1
    return image


def _all_but_at_the_cut(shape: tuple[int, ...]) -> Array:
    return 1 - _at_the_cut(shape)


def _serpent(shape: tuple[int, ...]) -> Array:
    """A line of one element's width that winds through the last two axes, with two ends."""
    image = np.zeros(shape)
    image[..., 2:-2:4, 2:-2] = 1
    rows = range(2, shape[-2] - 6, 4)
    for turn, row in enumerate(rows):
        image[..., row : row + 4, -3 if turn % 2 else 2] = 1
    return image


def _upright_serpent(shape: tuple[int, ...]) -> Array:
    return np.ascontiguousarray(_serpent((*shape[:-2], shape[-1], shape[-2])).swapaxes(-1, -2))


def _frame(shape: tuple[int, ...]) -> Array:
    """A closed line along the borders, and a line through the middle of each axis."""
    image = np.zeros(shape)
    inner = tuple(slice(4, -4) for _ in shape)
    image[inner] = 1
    image[tuple(slice(5, -5) for _ in shape)] = 0
    for axis, length in enumerate(shape):
        np.moveaxis(image, axis, 0)[length // 5][(slice(8, -8),) * (len(shape) - 1)] = 0.6
    return image


def _plateaus(shape: tuple[int, ...]) -> Array:
    """Two levels that touch, each flat except for one element far from where the image is cut."""
    image = np.full(shape, 0.4)
    image[..., shape[-2] // 3 : shape[-2] // 3 * 2 + 4, 6:-6] = 0.7
    image[..., shape[-2] // 2, 7] = 0.8
    image[..., 3, -4] = 0.5
    image[..., -5, 4] = 0.2
    return image


def _ramp(shape: tuple[int, ...]) -> Array:
    """A plane that rises along all axes, with a step and a notch."""
    image: Array = np.zeros(shape)
    for axis, length in enumerate(shape):
        line = np.arange(length) / (length * len(shape))
        image = image + line.reshape([-1 if a == axis else 1 for a in range(len(shape))])
    image[tuple(slice(length * 2 // 3, None) for length in shape)] += 0.01
    image[tuple(slice(length // 4, length // 4 + 3) for length in shape)] = 0.1
    return np.asarray(np.clip(image, 0, 1))


def _stairs(shape: tuple[int, ...]) -> Array:
    return np.asarray(np.floor(_ramp(shape) * 6) / 6)


def _checkerboard(shape: tuple[int, ...]) -> Array:
    image = np.asarray(np.indices(shape).sum(axis=0) % 2 * 1.0)
    image[tuple(length // 2 + 4 for length in shape)] = 0.5
    return image


def _noise(shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(_SEED + 2).random(shape)


def _signed_noise(shape: tuple[int, ...]) -> Array:
    return np.asarray(2 * np.random.default_rng(_SEED + 4).random(shape) - 1)


def _one_negative(shape: tuple[int, ...]) -> Array:
    """Steps and noise without negative numbers, except for one element near the first corner."""
    image = np.asarray(_stairs(shape) * (np.random.default_rng(_SEED + 5).random(shape) > 0.3))
    image[(2,) * len(shape)] = -1
    return image


def _dense(shape: tuple[int, ...]) -> Array:
    """Bright with a few dark elements, between which larger objects fit."""
    return np.asarray((np.random.default_rng(_SEED + 3).random(shape) > 0.06) * 1.0)


def _fuses(shape: tuple[int, ...], axis: int) -> Array:
    """Lines that are fainter and fainter, each with a bright end far from where it is cut."""
    image = np.zeros((shape[axis], shape[1 - axis]))
    places = range(4, image.shape[1] - 4, 6)
    for place, faint in zip(places, np.linspace(0.9, 0.05, len(places)), strict=True):
        width = 2 + place % 3
        image[4:-4, place : place + width] = faint
        image[-9:-4, place : place + width] = 1
    image[:, 1] = np.linspace(0, 1, len(image))
    return image if axis == 0 else np.ascontiguousarray(image.T)


def _half(shape: tuple[int, ...], axis: int) -> Array:
    """One object up to where the image is cropped, so that all elements of each part are equal."""
    objects: Array = np.zeros((shape[axis], shape[1 - axis]))
    objects[: cuts(shape[axis])[0]] = 1
    return objects if axis == 0 else np.ascontiguousarray(objects.T)


def _twins(shape: tuple[int, ...], axis: int) -> Array:
    """Labels of objects of all sizes near one end, each with a second part near the other end."""
    labels = np.zeros((shape[axis], shape[1 - axis]))
    for size, place in enumerate(range(1, labels.shape[1] - 3, 4), 1):
        labels[3 : 3 + size, place : place + 2] = size
        labels[-3 - size : -3, place : place + 2] = size
    return labels if axis == 0 else np.ascontiguousarray(labels.T)


_MAKERS: dict[str, Callable[[tuple[int, ...]], Array]] = {
    "extremes": _extremes,
    "dark but one": _dark_but_one,
    "bright but one": _bright_but_one,
    "at the cut": _at_the_cut,
    "all but at the cut": _all_but_at_the_cut,
    "one object": _one_object,
    "serpent": _serpent,
    "upright serpent": _upright_serpent,
    "frame": _frame,
    "plateaus": _plateaus,
    "stairs": _stairs,
    "ramp": _ramp,
    "checkerboard": _checkerboard,
    "spikes": _spikes,
    "dense": _dense,
    "noise": _noise,
    "signed noise": _signed_noise,
    "one negative": _one_negative,
}

_GROWING = ("one object", "frame", "serpent", "plateaus", "ramp", "noise")

# --- objects that are cut ---------------------------------------------------------------

_OBJECTS: dict[str, Callable[[Array, Array, int], Array]] = {
    "discs": lambda rows, columns, radius: rows**2 + columns**2 <= radius**2,
    "squares": lambda rows, columns, radius: np.ones(rows.shape, np.bool_),
    "diamonds": lambda rows, columns, radius: abs(rows) + abs(columns) <= radius,
}
"""Which elements belong to an object, by their distance from its centre along both axes."""


def _forms(is_inside: Callable[[Array, Array, int], Array]) -> list[Array]:
    forms = []
    for radius in range(1, _LARGEST_OBJECT + 1):
        rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        forms.append(is_inside(rows, columns, radius))
    return forms


def _lines(axis: int) -> list[Array]:
    """Return lines along an axis, of many lengths."""
    lengths = range(2, _LONGEST_LINE)
    return [np.ones((length, 1) if axis == 0 else (1, length), np.bool_) for length in lengths]


def _cut_objects(shape: tuple[int, ...], axis: int, forms: Sequence[Array]) -> Array:
    """Return an image with objects of which the edge of a crop cuts off one row or column.

    Some have all elements, and some lack the one in the middle of what is cut off. An opening with
    a footprint of the same form keeps the former, and removes the latter.
    """
    image = np.zeros((shape[axis], shape[1 - axis]))
    end, start = cuts(shape[axis])
    place, label = 1, 1
    for form in forms:
        lengths = form.shape if axis == 0 else form.shape[::-1]
        turned = form if axis == 0 else form.T
        for is_whole in (True, False) if min(form.shape) > 1 else (True,):
            across = slice(place, place + lengths[1])
            fits = lengths[0] < end and across.stop <= image.shape[1]
            if fits:
                image[end + 1 - lengths[0] : end + 1, across] = turned * label
                image[start - 1 : start - 1 + lengths[0], across] = turned * (label + 1)
                label += 2
                if not is_whole:
                    image[[end, start - 1], place + lengths[1] // 2] = 0
            place += lengths[1] + 1
    return image if axis == 0 else np.ascontiguousarray(image.T)
