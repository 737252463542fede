"""Functions of spots in an image."""

import numpy as np

__version__ = "2.0.0"
__all__ = ["widen"]


def widen(mask, steps=1):
    """Widen the objects of a mask.

    Parameters
    ----------
    mask : ndarray of bool
        (Y, X) mask or (Z, Y, X) mask.
    steps : int, optional
        Number of pixels to widen them by.

    Returns
    -------
    ndarray of bool
        The wider mask.
    """
    wide = np.asarray(mask, bool)
    for _ in range(steps):
        padded = np.pad(wide, 1)
        for axis in range(wide.ndim):
            for shift in (-1, 1):
                inner = np.roll(padded, shift, axis)[(slice(1, -1),) * wide.ndim]
                wide = wide | inner
    return wide
