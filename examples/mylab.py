"""A lab's own image functions: plain Python, two of them with a word on what they take.

voxbind wraps them from `mylab.toml`, which stands beside this file.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from voxbind import declare

__all__ = ["depth_of_maximum", "even_rows", "local_contrast", "plot_profile"]


@declare("FLEXIBLE")
def local_contrast(image: np.ndarray, sigma: float = 5.0) -> np.ndarray:
    """Divide what is brighter or darker than its surroundings by how much these vary.

    Parameters
    ----------
    image : ndarray
        (Y, X) image or (Z, Y, X) volume.
    sigma : float, optional
        Size of the surroundings, in pixels.
    """
    image = image.astype(float)
    mean = ndimage.gaussian_filter(image, sigma)
    variance = ndimage.gaussian_filter((image - mean) ** 2, sigma)
    return (image - mean) / np.sqrt(variance + 1e-6)


@declare("VOLUMETRIC_TO_SLICE")
def depth_of_maximum(volume: np.ndarray) -> np.ndarray:
    """Return the number of the slice in which each pixel is brightest.

    Parameters
    ----------
    volume : ndarray
        (Z, Y, X) volume.
    """
    if volume.ndim != 3:
        raise ValueError(f"a (Z, Y, X) volume is taken, and {volume.ndim} axes came")
    return volume.argmax(axis=0)


def even_rows(image: np.ndarray) -> np.ndarray:
    """Take the brightness of each row out of a camera image; nobody says which images it takes.

    Parameters
    ----------
    image : ndarray
        (Y, X) image.
    """
    rows, _ = image.shape
    medians = np.median(image, axis=1).reshape(rows, 1)
    return image - medians + np.median(medians)


def plot_profile(image: np.ndarray) -> None:
    """Draw the mean brightness of each row.

    Parameters
    ----------
    image : ndarray
        (Y, X) image.
    """
    from matplotlib import pyplot

    pyplot.plot(image.mean(axis=1))
    pyplot.show()
