"""Scales intensities by percentiles."""

from __future__ import annotations

import math
from typing import Any

from ._shared import as_float, check_axes, check_elements, namespace
from ._typing import ArrayT
from .declaring import declare

__all__ = ["normalize_percentile", "normalize_percentile_per_slice"]


@declare("FLEXIBLE")
def normalize_percentile(
    image: ArrayT, low: float = 1.0, high: float = 99.8, *, clip: bool = False
) -> ArrayT:
    """Scale an image so that a low percentile becomes 0 and a high one 1.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array
        Booleans, integers or real floats. A volume is scaled by one pair of percentiles;
        `normalize_percentile_per_slice` has one for each slice.
    low, high : float, optional
        The percentiles, from 0 to 100.
    clip : bool, optional
        Whether values below 0 become 0 and those above 1 become 1.

    Returns
    -------
    array
        The scaled image, of the same shape. float32 for booleans, integers of up to 16 bits and
        floats of up to 32, else float64. All zeros if both percentiles have the same value, as in a
        constant image.

    Raises
    ------
    ValueError
        If the percentiles aren't in order, or the image has no elements.

    Notes
    -----
    Runs where the array is. The percentiles are those of `numpy.percentile` with its default linear
    interpolation. They are found by sorting, which takes the memory of one or two copies of the
    image, and in PyTorch 8 more bytes per pixel. If the image contains NaN, the entire result is
    NaN, as with NumPy. The defaults are those of StarDist [1]_.

    References
    ----------
    .. [1] U. Schmidt, M. Weigert, C. Broaddus and G. Myers, "Cell Detection with Star-Convex
           Polygons", MICCAI 2018, pp. 265-273. :DOI:`10.1007/978-3-030-00934-2_30`

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> image = np.array([[10, 20], [30, 50]], dtype=np.uint16)
    >>> native.normalize_percentile(image, 0, 100)
    array([[0.  , 0.25],
           [0.5 , 1.  ]], dtype=float32)
    """
    return _normalized(image, low, high, clip)


@declare("PURE_2D")
def normalize_percentile_per_slice(
    image: ArrayT, low: float = 1.0, high: float = 99.8, *, clip: bool = False
) -> ArrayT:
    """Scale a slice so that its low percentile becomes 0 and its high one 1.

    Like `normalize_percentile`, but with a pair of percentiles for each slice of a volume, for
    stacks that become darker with depth or bleach.

    Parameters
    ----------
    image : (Y, X) array
        Booleans, integers or real floats.
    low, high : float, optional
        The percentiles, from 0 to 100.
    clip : bool, optional
        Whether values below 0 become 0 and those above 1 become 1.

    Returns
    -------
    (Y, X) array
        float32 for booleans, integers of up to 16 bits and floats of up to 32, else float64. All
        zeros if both percentiles have the same value.

    Raises
    ------
    ValueError
        If the percentiles aren't in order, or the image hasn't two axes or has no elements.

    Notes
    -----
    Runs where the array is. See `normalize_percentile` for the percentiles, NaN and memory.

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> image = np.array([[10, 20], [30, 50]], dtype=np.uint16)
    >>> native.normalize_percentile_per_slice(image, 0, 75, clip=True)
    array([[0. , 0.4],
           [0.8, 1. ]], dtype=float32)
    """
    check_axes(image, "image", "(Y, X)")
    return _normalized(image, low, high, clip)


def _normalized(image: ArrayT, low: float, high: float, clip: bool) -> ArrayT:
    if not 0 <= low < high <= 100:
        raise ValueError(
            f"low={low!r} and high={high!r} were passed, but percentiles from 0 to 100 are "
            "required, with low below high. Pass low=1 and high=99.8, for example."
        )
    check_elements(image, "image")
    xp = namespace(image)
    pixels: Any = as_float(image)
    ordered = xp.sort(xp.reshape(pixels, (-1,)), stable=False)
    dark, bright = _percentile(ordered, low), _percentile(ordered, high)
    span = bright - dark
    # Division by infinity gives 0. The comparison stays where the array is.
    scale = xp.where(span == 0, xp.full_like(span, math.inf), span)
    # NaN is sorted to the end, so the last value shows whether there is any.
    scale = xp.where(xp.isnan(ordered[-1]), xp.full_like(span, math.nan), scale)
    result: ArrayT = (pixels - dark) / scale
    return xp.clip(result, 0.0, 1.0) if clip else result


def _percentile(ordered: Any, percentile: float) -> Any:
    """Interpolate between the two values next to a percentile, rounding as NumPy does."""
    position = percentile / 100 * (ordered.shape[0] - 1)
    before = math.floor(position)
    share = position - before
    lower, upper = ordered[before], ordered[math.ceil(position)]
    step = upper - lower
    return lower + step * share if share < 0.5 else upper - step * (1 - share)
