"""Filters of planes."""

import numpy as np

__all__ = ["edges"]


def edges(image, threshold=None, *, mode="edge"):
    """Find the edges of a plane.

    Parameters
    ----------
    image : (M, N) ndarray
        The plane.
    threshold : float, optional
        Steps below this are set to zero.
    mode : {'edge', 'reflect', 'wrap'}, optional
        How the border is continued.

    Returns
    -------
    result : (M, N) ndarray of float
        The steps.

    Examples
    --------
    >>> edges(np.zeros((4, 4))).shape
    (4, 4)
    """
    image = np.asarray(image, dtype=float)
    if image.ndim != 2:
        raise ValueError(f"edges takes a plane, not {image.ndim} dimensions")
    padded = np.pad(image, 1, mode=mode)
    steps = np.hypot(padded[2:, 1:-1] - padded[:-2, 1:-1], padded[1:-1, 2:] - padded[1:-1, :-2])
    return steps if threshold is None else np.where(steps < threshold, 0, steps)
