"""Images made smaller: their middle, or blocks of pixels as one."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from operator import index
from typing import Any, Literal

from ._shared import average, check_elements, largest, namespace, part, smallest, total
from ._typing import ArrayT
from .declaring import declare

__all__ = ["bin_image", "crop"]

_REDUCTIONS = {"mean": average, "sum": total, "max": largest, "min": smallest}


@declare("FLEXIBLE")
def crop(image: ArrayT, margin: int | tuple[int, int] | Sequence[tuple[int, int]]) -> ArrayT:
    """Cut pixels off the borders of an image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array
        Of any dtype.
    margin : int, (before, after) or a sequence of such pairs
        How many pixels go: one number for every border, one pair for every axis, or a pair for
        each axis in the array's order, as with `skimage.util.crop` and `numpy.pad`.

    Returns
    -------
    array
        What is left, of the image's dtype: a view of the image in NumPy, CuPy and PyTorch.

    Raises
    ------
    ValueError
        If the margins are none of these, are negative, or leave nothing.

    Notes
    -----
    Runs where the array is, and copies nothing.

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> image = np.arange(20).reshape(4, 5)
    >>> native.crop(image, 1)
    array([[ 6,  7,  8],
           [11, 12, 13]])
    >>> native.crop(image, ((3, 0), (0, 2)))
    array([[15, 16, 17]])
    """
    ranges: list[tuple[int, int]] = []
    for length, (before, after) in zip(image.shape, _margins(margin, image.ndim), strict=True):
        if before + after >= length:
            raise ValueError(
                f"margin={margin!r} leaves nothing of an image of the shape {tuple(image.shape)}: "
                f"{before} and {after} pixels go from an axis of {length}. Give smaller margins, "
                "or a pair (before, after) for each axis."
            )
        ranges.append((before, length - after))
    return part(image, *ranges)


@declare("FLEXIBLE")
def bin_image(
    image: ArrayT,
    factor: int | Sequence[int] = 2,
    *,
    reduce: Literal["mean", "sum", "max", "min"] = "mean",
) -> ArrayT:
    """Make one pixel of each block of pixels, as a camera does that bins.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array
        Booleans, integers or real floats.
    factor : int or sequence of int, optional
        Length of a block: one number for all axes, Z among them, or one for each axis in the
        array's order; ``(1, 2, 2)`` keeps all slices.
    reduce : {"mean", "sum", "max", "min"}, optional
        What becomes of the values in a block.

    Returns
    -------
    array
        Of ``length // factor`` along each axis: what doesn't fill a block at the end of an axis
        is left out. "max" and "min" keep the dtype. "mean" gives float32 for booleans, integers of
        up to 16 bits and floats of up to 32, else float64. "sum" gives int64 for booleans and
        integers, and the floats of "mean" for floats.

    Raises
    ------
    ValueError
        If the factors aren't positive, aren't one for each axis or are longer than one, or if
        there is no such reduction.

    Notes
    -----
    Runs where the array is. `skimage.measure.block_reduce` fills the last blocks with zeros
    instead of leaving them out, which darkens their mean.

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> image = np.arange(10, dtype=np.uint8).reshape(2, 5)
    >>> native.bin_image(image)
    array([[3., 5.]], dtype=float32)
    >>> native.bin_image(image, (1, 2), reduce="max")
    array([[1, 3],
           [6, 8]], dtype=uint8)
    """
    if reduce not in _REDUCTIONS:
        raise ValueError(
            f"reduce={reduce!r} came, and {', '.join(map(repr, _REDUCTIONS))} are taken. Give one "
            "of these."
        )
    check_elements(image, "image")
    factors = _factors(factor, tuple(image.shape))
    counts = [length // each for length, each in zip(image.shape, factors, strict=True)]
    whole = part(image, *[(0, count * each) for count, each in zip(counts, factors, strict=True)])
    # Each axis becomes two: the block's number, and the place in the block.
    pairs = [axis for pair in zip(counts, factors, strict=True) for axis in pair]
    blocks: ArrayT = namespace(image).reshape(whole, tuple(pairs))
    return _REDUCTIONS[reduce](blocks, tuple(range(1, 2 * image.ndim, 2)))


def _margins(
    margin: int | tuple[int, int] | Sequence[tuple[int, int]], ndim: int
) -> list[tuple[int, int]]:
    """Return a pair for each axis."""
    pairs: Any = margin
    if isinstance(margin, Integral):
        pairs = [(margin, margin)] * ndim
    elif isinstance(margin, Sequence) and all(isinstance(each, Integral) for each in margin):
        pairs = [margin] * ndim
    try:
        margins = [(index(before), index(after)) for before, after in pairs]
    except (TypeError, ValueError):
        margins = []
    if len(margins) != ndim or any(min(pair) < 0 for pair in margins):
        raise ValueError(
            f"margin={margin!r} came for an image with {ndim} axes, and numbers of pixels from 0 "
            "are taken. Give one number, one pair (before, after), or a pair for each axis."
        )
    return margins


def _factors(factor: int | Sequence[int], shape: tuple[int, ...]) -> list[int]:
    """Return a factor for each axis."""
    factors: Any = [factor] * len(shape) if isinstance(factor, Integral) else factor
    try:
        factors = [index(each) for each in factors]
    except TypeError:
        factors = []
    if len(factors) != len(shape) or not all(
        1 <= each <= length for each, length in zip(factors, shape, strict=True)
    ):
        raise ValueError(
            f"factor={factor!r} came for an image of the shape {shape}, and lengths of a block "
            "from 1 to that of the axis are taken. Give one number, or one for each axis."
        )
    return list(factors)
