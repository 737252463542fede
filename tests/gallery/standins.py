"""Images in place of those that scikit-image would download: same shape and dtype, seeded."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

STAND_INS: dict[str, tuple[tuple[int, ...], str]] = {
    "data/brain.tiff": ((10, 256, 256), "uint16"),
    "data/cells3d.tif": ((60, 2, 256, 256), "uint16"),
    "data/eagle.png": ((2019, 1826), "uint8"),
    "data/kidney.tif": ((16, 512, 512, 3), "uint16"),
    "data/lily.tif": ((922, 922, 4), "uint16"),
    "data/mitosis.tif": ((512, 512), "uint8"),
    "data/palisades_of_vogt.tif": ((60, 1440, 1440), "uint16"),
    "data/pivchallenge-B-B001_1.tif": ((512, 512), "uint8"),
    "data/pivchallenge-B-B001_2.tif": ((512, 512), "uint8"),
    "data/protein_transport.tif": ((15, 2, 180, 183), "uint8"),
    "data/skin.jpg": ((960, 1280, 3), "uint8"),
    "data/solidification.tif": ((11, 384, 512), "uint16"),
}
"""By file, the shape and dtype that the documentation of `skimage.data` states."""
_OVERLAPPING = frozenset({"data/mitosis.tif"})
"""Images in which a script of the gallery separates objects that touch."""
_SPOTTED = frozenset({"data/palisades_of_vogt.tif"})
"""Images in which a script fills dark spots in. It takes hours if noise makes thousands of them."""

_GROWING = frozenset({"data/solidification.tif"})
"""Films in which a script follows the front of a region that grows."""


def image_in_place_of(file: str) -> NDArray[Any]:
    """Return bright round objects of several sizes on an uneven background with noise."""
    shape, dtype = STAND_INS[file]
    rng = np.random.default_rng(zlib.crc32(file.encode()))
    if file in _SPOTTED:
        return _with_dark_spots(shape, rng).astype(dtype)
    if file in _GROWING:
        return _with_a_front(shape, rng).astype(dtype)
    channels = shape[-1] if shape[-1] in (3, 4) else 1
    frames = int(np.prod(shape)) // channels // (size := _frame(shape))[0] // size[1]
    spots = rng.random((size[0] // 8, size[1] // 8)) ** 24
    objects = ndimage.gaussian_filter(spots.repeat(8, 0).repeat(8, 1), 5)
    objects = np.pad(objects, [(0, n - m) for n, m in zip(size, objects.shape, strict=True)])
    if file in _OVERLAPPING:
        is_centre = np.zeros(size, bool)
        is_centre[24::48, 24::48] = is_centre[24::48, 39::48] = True
        discs = ndimage.distance_transform_edt(~is_centre) < 10
        objects = ndimage.gaussian_filter(discs.astype(float), 1)
    background = np.linspace(0.1, 0.2, size[1])
    planes = np.empty((frames, channels, *size), dtype)
    # Objects move a little from frame to frame, so that volumes and films hold together.
    for plane in np.ndindex(frames, channels):
        moved = np.roll(objects / objects.max(), (plane[0], 9 * plane[1]), (0, 1))
        bright = 0.7 * moved + background + 0.02 * rng.standard_normal(size, np.float32)
        planes[plane] = np.clip(bright, 0, 1) * np.iinfo(dtype).max
    return np.ascontiguousarray(np.moveaxis(planes, 1, -1)).reshape(shape)


def _with_dark_spots(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Return frames of values up to 255, with a few dark spots that stay in place."""
    is_centre = np.zeros(shape[1:], bool)
    is_centre[180::360, 240::480] = True
    spots = ndimage.distance_transform_edt(~is_centre) < 9
    still = np.linspace(120, 200, shape[2]) - 100 * ndimage.gaussian_filter(spots.astype(float), 1)
    frames: NDArray[Any] = still + rng.normal(0, 5, shape)
    return frames


def _with_a_front(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Return frames of values up to 65,535, in which a bright region grows from left to right."""
    is_bright = np.arange(shape[2]) < 110 + 20 * np.arange(shape[0])[:, None]
    still = np.where(is_bright, 40000, 20000)[:, None, :]
    frames: NDArray[Any] = still + rng.normal(0, 500, shape)
    return frames


def _frame(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the shape of one image of one channel."""
    rows, columns = shape[-3:-1] if shape[-1] in (3, 4) else shape[-2:]
    return rows, columns


def install() -> None:
    """Let the functions of `skimage.data` return stand-ins for files that aren't installed."""
    from skimage.data import _fetchers

    load: Callable[..., Any] = _fetchers._load

    def load_or_stand_in(file: str, as_gray: bool = False) -> Any:
        return image_in_place_of(file) if file in STAND_INS else load(file, as_gray=as_gray)

    _fetchers._load = load_or_stand_in
