"""The images that the catalogue shows: real ones if they are installed, else voxbind's test images.

scikit-image's package holds photographs of coins and of a cat, and nibabel's holds a scan of a
brain. All other contents are made from these: the labels of the coins, their mask, and so on.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from voxbind_build.probe.inputs import images
from voxbind_build.probe.inputs.images import Array

__all__ = ["PLANE", "SPACE", "scene"]

PLANE = (128, 160)
"""Shape of the images, (Y, X)."""
SPACE = (24, 96, 128)
"""Shape of the volumes, (Z, Y, X)."""
_COINS, _CAT = (12, 8), (8, 30)
"""First row and column of the parts that are shown."""
_SHIFT = 3
"""Rows and columns by which a second image is shifted."""
_VOLUME = "example4d.nii.gz"
_BRIGHT = 0.43
"""Coins, and the tissue of the brain, are brighter than this part of the largest value."""
_LEAST = 40
"""Number of pixels of the smallest object that gets a label."""


def scene(shape: tuple[int, ...], content: str, dtype: str, *, second: bool = False) -> Array:
    """Return an image or a volume.

    Parameters
    ----------
    shape : tuple of int
        `PLANE` or `SPACE`, or one of them with three channels as the last axis, or with four: the
        last is the opacity, which rises from left to right. An array of any other shape is one of
        voxbind's test images.
    content : str
        See `probe.inputs.images.image`.
    dtype : str
        The dtype; grey images span the full range of unsigned integers, and 0 to 1 in floats.
    second : bool
        Return another image of the same kind: the same scene, a little shifted.

    Returns
    -------
    ndarray
        A new array.
    """
    if shape in ((*PLANE, 4), (*SPACE, 4)):
        colours = scene((*shape[:-1], 3), content, dtype, second=second)
        opacity = np.broadcast_to(np.linspace(0, 1, shape[-2])[:, None], (*shape[:-1], 1))
        return np.concatenate([colours, _in_dtype(opacity, dtype)], axis=-1)
    grey = _cat() if shape == (*PLANE, 3) else _grey(shape)
    if grey is None:
        variant = int(second)
        if shape in ((*PLANE, 3), (*SPACE, 3)):
            return images.colour_image(shape[:-1], content, dtype, variant=variant)
        return images.image(shape, content, dtype, variant=variant).copy()
    array = _of_content(grey, content, dtype)
    axes = tuple(range(len(shape)))[-2:] if shape[-1] != 3 else (0, 1)
    return np.roll(array, (_SHIFT, _SHIFT), axes) if second else array


def _of_content(grey: Array, content: str, dtype: str) -> Array:
    if content in ("labels", "cells", "markers", "mask", "edges"):
        shapes = {
            "labels": _labels,
            "cells": _labels,
            "markers": _markers,
            "mask": lambda image: image > _BRIGHT,
            "edges": _edges,
        }
        return np.asarray(shapes[content](grey)).astype(dtype)
    if content == "phase":
        offset = np.pi if dtype[0] in "bu" else 0
        return np.asarray(np.mod(grey * 5 * np.pi, 2 * np.pi) - np.pi + offset).astype(dtype)
    return np.array(_in_dtype(0.6 * grey if content == "seed" else grey, dtype))


def _in_dtype(grey: Array, dtype: str) -> Array:
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return np.asarray(grey > _BRIGHT)
    if kind.kind in "iu":
        largest = np.iinfo(kind).max if kind.kind == "u" else 255
        return np.round(grey * largest).astype(kind)
    return grey.astype(kind)


# --- files ------------------------------------------------------------------------------


def _file(package: str, *parts: str) -> Path | None:
    """Return a file of an installed package, without importing the package."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0], *parts) if folders else None
    return path if path is not None and path.is_file() else None


@cache
def _grey(shape: tuple[int, ...]) -> Array | None:
    """Return the coins or the brain as numbers from 0 to 1; None if the file isn't installed."""
    if shape == PLANE and (path := _file("skimage", "data", "coins.png")):
        row, column = _COINS
        coins = np.asarray(Image.open(path), float)[row : row + shape[0], column:][:, : shape[1]]
        return np.asarray((coins - coins.min()) / np.ptp(coins))
    if shape == SPACE and (path := _file("nibabel", "tests", "data", _VOLUME)):
        import nibabel

        loaded: Any = nibabel.load(path)
        scan = np.asarray(loaded.dataobj)[..., 0].T.astype(float)
        return np.asarray(np.clip(scan / np.percentile(scan, 99.8), 0, 1))
    return None


@cache
def _cat() -> Array | None:
    path = _file("skimage", "data", "chelsea.png")
    if path is None:
        return None
    row, column = _CAT
    cat = np.asarray(Image.open(path), float)[::2, ::2]
    return cat[row : row + PLANE[0], column : column + PLANE[1]] / 255


# --- other contents ---------------------------------------------------------------------


def _labels(grey: Array) -> Array:
    """Number the connected bright objects that aren't tiny, in the order of their first pixel."""
    bright = np.asarray(grey > _BRIGHT)
    numbers: Array = np.where(bright, np.arange(1, bright.size + 1).reshape(bright.shape), 0)
    while True:  # each pixel takes the smallest number of its neighbours, until none changes
        smaller = numbers.copy()
        for axis in range(bright.ndim):
            for step in (-1, 1):
                moved = np.roll(numbers, step, axis)
                edge = [slice(None)] * bright.ndim
                edge[axis] = slice(0, 1) if step == 1 else slice(-1, None)
                moved[tuple(edge)] = 0
                joins = bright & (moved > 0)
                smaller = np.where(joins, np.minimum(smaller, moved), smaller)
        # Numbers are places of pixels: a pixel may at once take the number of its number's pixel.
        flat = np.concatenate(([0], smaller.ravel()))
        smaller = np.where(bright, flat[smaller], 0)
        if np.array_equal(smaller, numbers):
            break
        numbers = smaller
    kept, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    is_object = (kept > 0) & (counts >= _LEAST)
    values = np.where(is_object, np.cumsum(is_object), 0)
    return np.asarray(values[places].reshape(grey.shape), dtype=np.int32)


def _markers(grey: Array) -> Array:
    """Mark the background at the first row, and each object at its middle."""
    labels = _labels(grey)
    markers = np.zeros_like(labels)
    markers[..., 0, :] = 1
    for label in range(1, int(labels.max()) + 1):
        middle = np.round(np.mean(np.nonzero(labels == label), axis=1)).astype(int)
        markers[tuple(slice(max(0, place - 2), place + 3) for place in middle)] = label + 1
    return markers


def _edges(grey: Array) -> Array:
    slopes = np.gradient(grey)
    steep = np.sqrt(sum(slope**2 for slope in slopes))
    return np.asarray(steep > np.quantile(steep, 0.93))
