"""Makes images smaller: by cropping, or by binning blocks of pixels."""

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
        Image of any dtype.
    margin : int, (before, after) or a sequence of such pairs
        How many pixels are removed: one number for every border, one pair for every axis, or a pair
        for each axis in the array's order, as with `skimage.util.crop` and `numpy.pad`.

    Returns
    -------
    array
        The remaining part, of the same dtype; a view of the image in NumPy, CuPy and PyTorch.

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
                f"margin={margin!r} leaves nothing of an image of shape {tuple(image.shape)}: it "
                f"removes {before} and {after} pixels from an axis of length {length}. Pass "
                "smaller margins, or a pair (before, after) for each axis."
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
    """Combine each block of pixels into one, like the binning of a camera.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array
        Booleans, integers or real floats.
    factor : int or sequence of int, optional
        Length of a block: one number for all axes including Z, or one for each axis in the array's
        order; ``(1, 2, 2)`` keeps all slices.
    reduce : {"mean", "sum", "max", "min"}, optional
        How the values in a block are combined.

    Returns
    -------
    array
        The binned image, with a length of ``length // factor`` along each axis: incomplete blocks
        at the end of an axis are left out. "max" and "min" keep the dtype. "mean" gives float32 for
        booleans, integers of up to 16 bits and floats of up to 32, else float64. "sum" gives int64
        for booleans and integers, and the same dtype as "mean" for floats.

    Raises
    ------
    ValueError
        If a factor isn't positive or is longer than its axis, if their number isn't that of the
        axes, or if `reduce` has another value.

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
            f"reduce={reduce!r} was passed, but it must be one of "
            f"{', '.join(map(repr, _REDUCTIONS))}. Pass one of these."
        )
    check_elements(image, "image")
    factors = _factors(factor, tuple(image.shape))
    counts = [length // size for length, size in zip(image.shape, factors, strict=True)]
    complete_blocks = part(
        image, *[(0, count * size) for count, size in zip(counts, factors, strict=True)]
    )
    # Each axis becomes two: the index of the block, and the position in the block.
    pairs = [axis for pair in zip(counts, factors, strict=True) for axis in pair]
    blocks: ArrayT = namespace(image).reshape(complete_blocks, tuple(pairs))
    return _REDUCTIONS[reduce](blocks, tuple(range(1, 2 * image.ndim, 2)))


def _margins(
    margin: int | tuple[int, int] | Sequence[tuple[int, int]], ndim: int
) -> list[tuple[int, int]]:
    """Return the margins as one pair per axis."""
    pairs: Any = margin
    if isinstance(margin, Integral):
        pairs = [(margin, margin)] * ndim
    elif isinstance(margin, Sequence) and all(isinstance(number, Integral) for number in margin):
        pairs = [margin] * ndim
    try:
        margins = [(index(before), index(after)) for before, after in pairs]
    except (TypeError, ValueError):
        margins = []
    if len(margins) != ndim or any(min(pair) < 0 for pair in margins):
        raise ValueError(
            f"margin={margin!r} was passed for an image with {ndim} axes, but numbers of pixels "
            "from 0 on are required. Pass one number, one pair (before, after), or a pair for each "
            "axis."
        )
    return margins


def _factors(factor: int | Sequence[int], shape: tuple[int, ...]) -> list[int]:
    """Return the factors, one per axis."""
    factors: Any = [factor] * len(shape) if isinstance(factor, Integral) else factor
    try:
        factors = [index(size) for size in factors]
    except TypeError:
        factors = []
    if len(factors) != len(shape) or not all(
        1 <= size <= length for size, length in zip(factors, shape, strict=True)
    ):
        raise ValueError(
            f"factor={factor!r} was passed for an image of shape {shape}, but lengths from 1 to "
            "that of the axis are required. Pass one number, or one for each axis."
        )
    return list(factors)
