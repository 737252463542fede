"""Arrays as small pictures, and other results as sentences."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from PIL import Image, ImageDraw

from voxbind_build.probe.inputs.images import Array

__all__ = ["Panel", "panel", "result_panels", "words"]

_LARGEST = 320
"""Most rows or columns of a picture; larger arrays are shown smaller."""
_SMALLEST = 12
"""Least rows and columns of an array that is shown as a picture."""
_QUALITY = 80
_MOST = 4
"""Most pictures of one result."""
_MOST_POINTS = 10_000
"""Most points that are marked in a picture."""
_CIRCLED = 300
"""Most points that get a circle each; of more, each is a dot."""
_WRITTEN_OUT = 6
"""Most numbers of a list that are written out."""
_DIGITS = 4


class Panel(Struct, frozen=True):
    """One picture, or a sentence in its place."""

    title: str
    """What is shown: a parameter's name, or the name of a result."""
    text: str
    """dtype, shape and range of an array; any other value in words."""
    picture: bytes = b""
    """A WebP file; empty if the value isn't an image."""
    size: tuple[int, int] = (0, 0)
    """Columns and rows of the picture."""


def panel(title: str, value: Any, kind: str = "image", marks: Any = None) -> Panel:
    """Return the panel of one value.

    Parameters
    ----------
    title
        What is shown.
    value
        An array, or another result.
    kind
        The kind of result: ``labels`` get a colour each.
    marks
        Points to mark in the picture, (N, 2) in the order row, column; None for none.
    """
    text = words(value)
    if not (isinstance(value, np.ndarray) and _is_picture(value)):
        return Panel(title, text)
    plane, note = _plane(value)
    image, is_lossless = _image(plane, kind)
    if marks is not None:
        image, is_lossless = _marked(image, marks), True  # lossy pictures blur coloured dots
    if max(image.size) > _LARGEST:
        image.thumbnail((_LARGEST, _LARGEST), Image.Resampling.NEAREST)
    stream = io.BytesIO()
    image.save(stream, "WEBP", lossless=is_lossless, quality=_QUALITY, method=4)
    return Panel(title, f"{text}{note}", stream.getvalue(), image.size)


def result_panels(
    value: Any, kinds: Sequence[str], names: Sequence[str], image: Array | None
) -> list[Panel]:
    """Return the panels of a result, one for each member of a tuple.

    Parameters
    ----------
    value
        The result.
    kinds
        The kind of the result, or of each member.
    names
        The documented name of the result, or of each member.
    image
        The image that was passed, in which points are marked.
    """
    results = list(value) if isinstance(value, tuple) and len(kinds) == len(value) else [value]
    if len(names) != len(results):
        names = (
            ["result"] if len(results) == 1 else [f"result {n + 1}" for n in range(len(results))]
        )
    panels: list[Panel] = []
    for name, result, kind in zip(names, results, kinds, strict=False):
        places = None if image is None else _places(result, kind, image)
        if places is not None:
            marked = panel(name, image, marks=places)
            panels.append(Panel(name, words(result), marked.picture, marked.size))
        else:
            panels.append(panel(name, result, kind))
        if image is not None and image.ndim == 2 and _is_threshold(result, name):
            panels.append(panel(f"image > {name}", image > result))
    return panels[:_MOST]


def words(value: Any) -> str:
    """Describe a value in words: ``float64 (128, 160), from 0.02 to 0.97``."""
    if isinstance(value, np.ndarray) and value.ndim:
        text = f"{value.dtype} array {value.shape}"
        if value.ndim == 1 and 0 < value.size <= _WRITTEN_OUT and value.dtype.kind in "biufc":
            return f"{text}: {', '.join(map(_number, value))}"
        if value.dtype.kind in "iuf" and value.size and np.isfinite(value).any():
            finite = value[np.isfinite(value)]
            text += f", from {_number(finite.min())} to {_number(finite.max())}"
        return text
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, float, complex, np.number, np.ndarray)):
        return _number(value)
    if isinstance(value, dict):
        return f"a table with the columns {', '.join(map(str, value))}"
    if isinstance(value, (list, tuple)):
        if 0 < len(value) <= _WRITTEN_OUT and all(map(_is_number, value)):
            return f"a {type(value).__name__}: {', '.join(map(_number, value))}"
        inner = {type(item).__name__ for item in value}
        of = f" of {inner.pop()}" if len(inner) == 1 else ""
        return f"a {type(value).__name__} with {len(value)} items{of}"
    if value is None:
        return "None: the result is in an argument"
    return f"an object of the class {type(value).__name__}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex, np.number))


def _number(value: Any) -> str:
    item = value.item() if isinstance(value, (np.number, np.ndarray)) else value
    return f"{item:.{_DIGITS}g}" if isinstance(item, float) else str(item)


# --- pictures ---------------------------------------------------------------------------


def _is_picture(array: Array) -> bool:
    if array.dtype.kind not in "biufc" or array.ndim < 2 or array.ndim > 4:
        return False
    plane, _ = _plane(array)
    return bool(min(plane.shape[:2]) >= _SMALLEST)


def _plane(array: Array) -> tuple[Array, str]:
    """Return a (Y, X) or (Y, X, 3) part of an array, and a note on which part it is."""
    is_colour = array.ndim >= 3 and array.shape[-1] == 3 and array.shape[-2] > 4
    note = ""
    while array.ndim > 2 + is_colour:
        middle = array.shape[0] // 2
        note = f"; index {middle} of the first axis is shown"
        array = array[middle]
    return array, note


def _image(plane: Array, kind: str) -> tuple[Image.Image, bool]:
    """Return the picture of a plane, and whether it has only a few colours."""
    if plane.ndim == 3:
        return Image.fromarray(np.round(_scaled(plane) * 255).astype(np.uint8)), False
    if kind == "labels" and plane.dtype.kind in "iu":
        hues = 1 + (plane.astype(np.int64) - 1) % 255  # int64: int8 can't hold 255
        return Image.fromarray(_palette()[np.where(plane, hues, 0)]), True
    grey = Image.fromarray(np.round(_scaled(plane) * 255).astype(np.uint8))
    return grey.convert("RGB"), plane.dtype == bool


def _scaled(plane: Array) -> Array:
    """Return numbers from 0 (the smallest) to 1 (the largest); those that aren't finite are 0."""
    if plane.dtype.kind == "c":
        plane = np.log1p(np.abs(plane))
    values = np.where(np.isfinite(plane), plane, 0).astype(float)
    if plane.dtype == bool:
        return values
    least, extent = values.min(), np.ptp(values)
    if plane.ndim == 3 and least >= 0 and least + extent <= 1:
        return values
    if plane.dtype == np.uint8 and plane.ndim == 3:
        return np.asarray(values / 255)
    return np.asarray((values - least) / extent if extent else np.full(values.shape, 0.5))


def _palette() -> Array:
    """Return 256 colours: black for the background, and hues far from each other for the rest."""
    hues = np.mod(np.arange(256) * 0.61803398875, 1)
    light = 0.55 + 0.4 * np.mod(np.arange(256) * 0.381966, 1)
    angles = 2 * np.pi * (hues[:, np.newaxis] + np.array([0, -1 / 3, 1 / 3]))
    colours = np.clip(light[:, np.newaxis] * (0.62 + 0.5 * np.cos(angles)), 0, 1)
    colours[0] = 0
    return np.asarray(np.round(colours * 255)).astype(np.uint8)


def _places(value: Any, kind: str, image: Array) -> Array | None:
    """Return the places in a 2-D image that a result lists, row and column first; else None.

    Blobs have their size as a third column. A list of lines has an array of places for each.
    """
    if isinstance(value, list) and value and all(_is_table(line, (2,)) for line in value):
        value = np.concatenate(value)
    elif kind != "points" or not _is_table(value, (2, 3)):
        return None
    if image.ndim != 2 or not 0 < len(value) <= _MOST_POINTS:
        return None
    places = value[:, :2]
    is_inside = (places >= 0).all() and (places < image.shape).all()
    return np.asarray(places) if is_inside else None


def _is_table(value: Any, widths: Sequence[int]) -> bool:
    is_plane = isinstance(value, np.ndarray) and value.ndim == 2
    return is_plane and value.shape[1] in widths and value.dtype.kind in "iuf"


def _is_threshold(value: Any, name: str) -> bool:
    return "threshold" in name and _is_number(value)


def _marked(image: Image.Image, places: Array) -> Image.Image:
    marked = image.convert("RGB")
    draw = ImageDraw.Draw(marked)
    radius = 2 if len(places) <= _CIRCLED else 0
    for row, column in places.tolist():
        box = (column - radius, row - radius, column + radius, row + radius)
        draw.ellipse(box, outline=(255, 60, 60))
    return marked
