"""The images that functions are measured on.

They show blobs, gradients, an oblique edge and a little noise of a fixed seed, which is enough
structure for filters and segmentations. They have no symmetry, no constant slice and no two axes of
equal length, so that no relation between results holds by accident.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SIZES: dict[str, dict[int, tuple[int, ...]]] = {
    # All lengths differ, and none is 1, 2, 3 or 4 (a last axis of 3 or 4 is read as colours).
    "small": {2: (17, 22), 3: (9, 17, 22)},
    "small second": {2: (19, 15), 3: (11, 19, 15)},
    "plain": {2: (30, 34), 3: (13, 30, 34)},
    "plain second": {2: (37, 28), 3: (11, 37, 28)},
    # For functions that need larger images (windows, patches, cells).
    "roomy": {2: (72, 86), 3: (40, 44, 52)},
    "roomy second": {2: (78, 66), 3: (41, 50, 46)},
    # For transforms defined on a square whose side is a prime.
    "square": {2: (31, 31), 3: (13, 31, 31)},
    "square second": {2: (23, 23), 3: (11, 23, 23)},
    # For the inverses of these transforms: one more row.
    "oblong": {2: (32, 31), 3: (13, 32, 31)},
    "oblong second": {2: (24, 23), 3: (11, 24, 23)},
    # For Fourier transforms of lengths that have no other prime factors than 2, 3 and 5.
    "regular": {2: (20, 27), 3: (12, 20, 27)},
    "regular second": {2: (24, 18), 3: (10, 24, 18)},
}
"""Shapes in pairs, since no verdict may depend on a single shape."""

SIZES_OF_OBJECTS = (1, 2, 4, 8, 10, 16, 25, 32, 50, 64, 100, 128)
"""Sizes in pixels that people choose as limits: whether a limit is included shows on them."""

DTYPES = ("bool", "uint8", "uint16", "int32", "float32", "float64")

# Blobs: centre (z, y, x) as fractions of the axes' lengths, radius, height.
_BLOBS = (
    ((0.30, 0.22, 0.25), 0.13, 1.0),
    ((0.62, 0.30, 0.74), 0.16, 0.8),
    ((0.45, 0.74, 0.38), 0.15, 0.9),
    ((0.80, 0.70, 0.80), 0.11, 1.1),
    ((0.15, 0.52, 0.56), 0.09, 0.7),
)
_DEPTH = 4.0  # blobs are longer along Z, so that every slice shows several
_SEED = 20260


def _fractions(shape: tuple[int, ...]) -> list[Array]:
    """Coordinates of the pixel centres as fractions, broadcastable against each other."""
    lines = [(np.arange(length) + 0.5) / length for length in shape]
    return list(np.meshgrid(*lines, indexing="ij", sparse=True))


def _blob(shape: tuple[int, ...], index: int, offset: float) -> Array:
    centre, radius, height = _BLOBS[index]
    squares: Array = np.zeros(shape)
    reach = (radius * _DEPTH, radius * 1.2, radius)
    for line, middle, width in zip(
        _fractions(shape), centre[-len(shape) :], reach[-len(shape) :], strict=True
    ):
        squares = squares + ((line - middle - offset) / width) ** 2
    return height * np.exp(-squares)


def _blobs(shape: tuple[int, ...], offset: float) -> Array:
    return np.stack([_blob(shape, index, offset) for index in range(len(_BLOBS))])


@cache
def _grey(shape: tuple[int, ...], variant: int) -> Array:
    offset = 0.03 * variant
    slopes = (0.17, 0.31, 0.23)[-len(shape) :]
    image = _blobs(shape, offset).sum(axis=0)
    edge: Array = np.zeros(shape)
    for line, slope in zip(_fractions(shape), slopes, strict=True):
        image = image + slope * line**1.5
        edge = edge + line * (slope + 0.4)
    image = image + 0.25 * (edge > 0.62 * edge.max())
    image = image + 0.04 * np.random.default_rng(_SEED + variant).random(shape)
    image = image - image.min()
    return np.asarray(image / image.max())


@cache
def _two_phases(shape: tuple[int, ...], variant: int) -> Array:
    """Objects and background whose histogram has two clear peaks."""
    noise = np.random.default_rng(_SEED + 7 + variant).normal(size=shape)
    phases = np.where(_labels(shape, variant) > 0, 0.7, 0.3) + 0.08 * noise
    return np.asarray(np.clip(phases, 0, 1))


@cache
def _labels(shape: tuple[int, ...], variant: int) -> Array:
    blobs = _blobs(shape, 0.03 * variant)
    labels = np.where(blobs.max(axis=0) > 0.35, blobs.argmax(axis=0) + 1, 0)
    return np.asarray(labels, dtype=np.int32)


@cache
def _cells(shape: tuple[int, ...], variant: int) -> Array:
    """Labels of touching cells, with a margin of background."""
    cells = np.asarray(_blobs(shape, 0.03 * variant).argmax(axis=0) + 1, dtype=np.int32)
    cells[..., :2, :] = 0
    return cells


@cache
def _mask(shape: tuple[int, ...], variant: int) -> Array:
    """Objects with holes and tunnels, and isolated pixels around them."""
    specks = np.random.default_rng(_SEED + 11 + variant).random(shape)
    mask = np.asarray(((_labels(shape, variant) > 0) & (specks > 0.03)) | (specks > 0.985))
    rows, columns = shape[-2:]
    for row, column in ((0.30, 0.74), (0.74, 0.38)):
        # A tunnel along Z is a hole in every slice, but not in the volume.
        mask[..., int(row * rows), int(column * columns)] = False
    return mask


@cache
def _phase(shape: tuple[int, ...], variant: int) -> Array:
    """A phase over several periods, wrapped to [-pi, pi)."""
    return np.asarray(np.mod(_grey(shape, variant) * 5 * np.pi, 2 * np.pi) - np.pi)


@cache
def _markers(shape: tuple[int, ...], variant: int) -> Array:
    """Two seeds of objects and one of the background in every slice."""
    markers: Array = np.zeros(shape, dtype=np.int32)
    rows, columns = shape[-2:]
    for z, plane in enumerate(markers if markers.ndim == 3 else markers[np.newaxis]):
        for label, (row, column) in enumerate(((0.24, 0.28), (0.32, 0.72), (0.95, 0.06)), 1):
            plane[int(row * rows), (int(column * columns) + variant + z // 4) % columns] = label
    return markers


@cache
def _blocks(shape: tuple[int, ...], variant: int) -> Array:
    """Labels of objects of round sizes; the last one has holes of these sizes."""
    blocks: Array = np.zeros(shape, dtype=np.int32)
    below = _place_blocks(blocks, 1, range(1, len(SIZES_OF_OBJECTS) + 1))
    blocks[below : 2 * below + 1] = len(SIZES_OF_OBJECTS) + 1
    _place_blocks(blocks, below + 1, [0] * len(SIZES_OF_OBJECTS))
    return blocks


def _place_blocks(image: Array, row: int, values: Iterable[int]) -> int:
    """Write rectangles in rows, apart from each other, and return the first row below them."""
    column = 1
    for size, value in zip(SIZES_OF_OBJECTS, values, strict=True):
        height = max(side for side in range(1, isqrt(size) + 1) if size % side == 0)
        width = size // height
        if column + width >= image.shape[1]:
            row, column = row + 12, 1
        image[row : row + height, column : column + width] = value
        column += width + 2
    return row + 12


@cache
def _edges(shape: tuple[int, ...], variant: int) -> Array:
    """A sparse set of thin lines, like the result of an edge detector."""
    grey = _grey(shape, variant)
    noise = np.random.default_rng(_SEED - 1 - variant).random(shape)
    return np.asarray((np.abs(grey - 0.5) < 0.08) & (noise < 0.35))


def image(
    shape: tuple[int, ...], content: str = "grey", dtype: str = "float64", *, variant: int = 0
) -> Array:
    """Make a test image.

    Parameters
    ----------
    shape : tuple of int
        (Y, X) or (Z, Y, X), or (X,) for a row of an image.
    content : str
        ``grey``, ``two phases`` (also grey), ``phase`` (wrapped), ``labels``, ``cells`` (touching
        labels), ``blocks`` (labels of objects of round sizes, in (Y, X)), ``markers``, ``mask``,
        ``edges``, ``complex``, or ``seed``, which is darker than the grey image of the same variant
        everywhere.
    dtype : str
        Grey images span the full range of unsigned integers, and 0 to 1 in floats. Complex images
        in a dtype of real numbers are grey.
    variant : int
        Number of another image of the same kind: the same scene, shifted and with other noise.
    """
    if len(shape) == 1:
        rows = image((9, *shape), content, dtype, variant=variant)
        return np.array(rows[4])
    if content == "markers":
        return _markers(shape, variant).astype(dtype)
    if content == "labels":
        return _labels(shape, variant).astype(dtype)
    if content == "cells":
        return _cells(shape, variant).astype(dtype)
    if content == "blocks":
        return _blocks(shape, variant).astype(dtype)
    if content == "mask":
        return _mask(shape, variant).astype(dtype)
    if content == "phase":
        # Unsigned dtypes have no negative numbers: their phase starts at 0.
        return (_phase(shape, variant) + (np.pi if dtype[0] in "bu" else 0)).astype(dtype)
    if content == "complex" and dtype.startswith("complex"):
        return np.asarray(_grey(shape, variant) * np.exp(1j * _phase(shape, variant)), dtype=dtype)
    if content == "edges":
        return _edges(shape, variant).astype(dtype)
    grey = _two_phases(shape, variant) if content == "two phases" else _grey(shape, variant)
    if content == "seed":
        grey = 0.6 * grey
    return _as_dtype(grey, dtype)


def _as_dtype(grey: Array, dtype: str) -> Array:
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return np.asarray(grey > 0.45)
    if kind.kind == "u":
        return np.asarray(np.round(grey * np.iinfo(kind).max)).astype(kind)
    if kind.kind == "i":
        return np.asarray(np.round(grey * 255)).astype(kind)
    return grey.astype(kind)


def colour_image(
    shape: tuple[int, ...],
    content: str = "grey",
    dtype: str = "float64",
    *,
    channels: int = 3,
    variant: int = 0,
) -> Array:
    """Make a test image with a last axis of channels, each of which is another variant."""
    planes = [
        image(shape, content, dtype, variant=variant + 2 * channel) for channel in range(channels)
    ]
    return np.stack(planes, axis=-1)
