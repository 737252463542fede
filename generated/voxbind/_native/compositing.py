"""Combines the channels of an image into one color image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ._shared import as_float, check_elements, device, namespace
from ._typing import Array, ArrayT

__all__ = ["composite"]

# The first two overlap in white, and can be distinguished with red-green color blindness.
_COLORS = (
    (1.0, 0.0, 1.0),  # magenta
    (0.0, 1.0, 0.0),  # green
    (0.0, 1.0, 1.0),  # cyan
    (1.0, 1.0, 0.0),  # yellow
    (1.0, 0.0, 0.0),  # red
    (0.0, 0.0, 1.0),  # blue
)


# The channel axis isn't spatial, so no contract is declared.
def composite(
    image: ArrayT,
    colors: Sequence[tuple[float, float, float]] | None = None,
    *,
    rescale: bool = True,
    channel_axis: int = 0,
) -> ArrayT:
    """Show each channel of an image in a different color.

    Parameters
    ----------
    image : (C, Y, X) or (C, Z, Y, X) array
        Booleans, integers or real floats.
    colors : sequence of (red, green, blue), optional
        A color for each channel, from 0 to 1. By default the first of magenta, green, cyan,
        yellow, red and blue.
    rescale : bool, optional
        Whether each channel is divided by its largest value. If not, a value of 1 is the full
        color.
    channel_axis : int, optional
        The axis of the channels.

    Returns
    -------
    (Y, X, 3) or (Z, Y, X, 3) array
        Red, green and blue from 0 to 1. float32 for booleans, integers of up to 16 bits and floats
        of up to 32, else float64.

    Raises
    ------
    ValueError
        If there is no such axis, no color for a channel, or a color isn't three numbers from 0
        to 1.

    Notes
    -----
    Runs where the array is. The colors of the channels are added, and sums are clipped to [0, 1]. A
    channel without a value above 0 stays black, and so does a rescaled channel with a NaN.

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> nuclei = np.array([[0, 50], [100, 0]], dtype=np.uint8)
    >>> membranes = np.array([[200, 0], [200, 0]], dtype=np.uint8)
    >>> native.composite(np.stack([nuclei, membranes]))
    array([[[0. , 1. , 0. ],
            [0.5, 0. , 0.5]],
    <BLANKLINE>
           [[1. , 1. , 1. ],
            [0. , 0. , 0. ]]], dtype=float32)
    """
    axis = _checked(image, channel_axis)
    xp = namespace(image)
    channels: Any = xp.moveaxis(as_float(image), axis, -1)
    palette = xp.asarray(
        _palette(colors, channels.shape[-1]), dtype=channels.dtype, device=device(image)
    )
    if rescale:
        brightest = xp.max(channels, axis=tuple(range(channels.ndim - 1)))
        # Division by infinity gives 0.
        channels = channels / xp.where(brightest > 0, brightest, xp.full_like(brightest, math.inf))
    channels = xp.clip(channels, 0.0, 1.0)
    result: ArrayT = xp.clip(xp.tensordot(channels, palette, axes=1), 0.0, 1.0)
    return result


def _checked(image: Array, axis: int) -> int:
    """Return the axis of the channels, counted from the first."""
    check_elements(image, "image")
    if image.ndim not in (3, 4):
        raise ValueError(
            f"image has the shape {tuple(image.shape)}, but (C, Y, X) or (C, Z, Y, X) is required. "
            "Pass all channels in one array; image[None] has one channel."
        )
    if axis not in range(-image.ndim, image.ndim):
        raise ValueError(
            f"channel_axis={axis!r} isn't an axis of an image with the shape {tuple(image.shape)}. "
            "Pass 0 if the channels are the first axis, -1 if they are the last."
        )
    return int(axis) % image.ndim


def _palette(
    colors: Sequence[tuple[float, float, float]] | None, count: int
) -> list[tuple[float, ...]]:
    """Return a color for each channel."""
    chosen = list(_COLORS[:count] if colors is None else colors)
    if len(chosen) != count:
        raise ValueError(
            f"There are {count} channels but {len(chosen)} colors. Pass one (red, green, blue) for "
            "each channel, and channel_axis if the channels aren't the first axis."
        )
    palette = [tuple(float(part) for part in color) for color in chosen]
    if not all(len(color) == 3 and 0 <= min(color) <= max(color) <= 1 for color in palette):
        raise ValueError(
            f"colors={colors!r} was passed, but each color must be three numbers from 0 to 1. "
            "Divide numbers from 0 to 255 by 255."
        )
    return palette
