"""Filters that smooth."""

import numpy as np

__all__ = ["box", "soften"]


def _box(image, size, axes):
    for axis in axes:
        image = sum(np.roll(image, step - size // 2, axis) for step in range(size)) / size
    return image


def box(image, size=3):
    """Mean over a box, along all axes.

    Parameters
    ----------
    image : ndarray
        An image of any number of dimensions.
    size : int or sequence of int, default 3
        Length of the box.

    Returns
    -------
    ndarray
        The smoothed image.
    """
    image = np.asarray(image, dtype=float)
    sizes = np.broadcast_to(size, image.ndim)
    for axis in range(image.ndim):
        image = _box(image, int(sizes[axis]), [axis])
    return image


def soften(image, size=3):
    """Mean over a square; a third axis is taken for colours.

    Parameters
    ----------
    image : array, shape (M, N[, C])
        A plane, grey or in colours.
    size : int
        Length of the square.

    Returns
    -------
    softened : array, shape (M, N[, C])
        The smoothed image.
    """
    return _box(np.asarray(image, dtype=float), size, (0, 1))
