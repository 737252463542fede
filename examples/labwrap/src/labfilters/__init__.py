"""The lab's image functions: plain Python, without types and without a word on volumes."""

import numpy as np
from scipy import ndimage

__version__ = "1.0.0"
__all__ = ["bright_spots", "count_spots", "flatten", "save_mask"]


def flatten(image, radius=8):
    """Remove uneven illumination from a camera image.

    Parameters
    ----------
    image : ndarray
        (Y, X) image.
    radius : int, optional
        Radius of the smallest feature that is kept, in pixels.

    Returns
    -------
    ndarray
        The image without its background, as float64.
    """
    rows, columns = image.shape
    background = ndimage.uniform_filter(image.astype(float), 2 * radius + 1)
    return image - background.reshape(rows, columns)


def bright_spots(image, threshold=0.5):
    """Mark the pixels brighter than a threshold and than all of their neighbours.

    Parameters
    ----------
    image : ndarray
        (Y, X) image or (Z, Y, X) volume.
    threshold : float, optional
        The smallest brightness of a spot.

    Returns
    -------
    ndarray of bool
        True where there is a spot.
    """
    return (image == ndimage.maximum_filter(image, 3)) & (image > threshold)


def count_spots(image, threshold=0.5):
    """Return the number of bright spots.

    Parameters
    ----------
    image : ndarray
        (Y, X) image or (Z, Y, X) volume.
    threshold : float, optional
        The smallest brightness of a spot.

    Returns
    -------
    int
        Number of spots.
    """
    return int(bright_spots(image, threshold).sum())


def save_mask(path, mask):
    """Write a mask to a file."""
    np.save(path, mask)
