"""Measurements."""

import numpy as np

CONNECTIVITY = 1

__all__ = ["CONNECTIVITY", "Region", "label", "mean_difference", "peaks"]
__all__.append("threshold_mean")
__all__.extend(("show_image",))


class Region:
    """The pixels of one label."""

    def __init__(self, labels, number):
        self.coords = np.argwhere(labels == number)

    @property
    def area(self):
        return len(self.coords)


def label(image, connectivity=CONNECTIVITY):
    """Number the connected pixels.

    Parameters
    ----------
    image : ndarray of bool
        What is not zero is labelled.
    connectivity : int, optional
        Steps to a neighbour; 1 is all there is.

    Returns
    -------
    labels : ndarray of int
        The numbers, 0 for the background.
    count : int
        The number of labels.
    """
    if connectivity != CONNECTIVITY:
        raise ValueError("connectivity must be 1")
    mask = np.asarray(image) != 0
    labels = np.arange(1, mask.size + 1).reshape(mask.shape) * mask
    before = None
    while before is None or (labels != before).any():
        before, padded = labels, np.pad(labels, 1)
        for axis in range(mask.ndim):
            for step in (-1, 1):
                labels = np.maximum(
                    labels, np.roll(padded, step, axis)[(slice(1, -1),) * mask.ndim]
                )
        labels = labels * mask
    numbers, labels = np.unique(labels * mask, return_inverse=True)
    labels = labels.reshape(mask.shape) + (0 if 0 in numbers else 1)
    return labels, int(labels.max(initial=0))


def mean_difference(image, reference, mask=None):
    """Mean of the absolute difference of two images.

    Parameters
    ----------
    image, reference : array_like
        Two images of one shape.
    mask : ndarray of bool, optional
        Where to look; everywhere by default.

    Returns
    -------
    float
    """
    difference = np.abs(np.asarray(image, dtype=float) - np.asarray(reference, dtype=float))
    return float(
        difference.mean() if mask is None else difference[np.asarray(mask, dtype=bool)].mean()
    )


def peaks(image, min_value=None):
    """Find the pixels that are above their neighbours.

    Parameters
    ----------
    image : ndarray
        The image.
    min_value : float
        Lower ones are no peaks.

    Returns
    -------
    coordinates : (N, ndim) ndarray of int
        A row for each peak.
    """
    image = np.asarray(image, dtype=float)
    padded = np.pad(image, 1, constant_values=-np.inf)
    above = np.full(image.shape, True) if min_value is None else image >= min_value
    for axis in range(image.ndim):
        for step in (-1, 1):
            above &= image > np.roll(padded, step, axis)[(slice(1, -1),) * image.ndim]
    return np.argwhere(above)


def threshold_mean(image):
    """Threshold at the mean.

    Parameters
    ----------
    image : (N, M[, ..., P]) ndarray
        The image.

    Returns
    -------
    threshold : float
        The mean.
    """
    return float(np.mean(image))


def show_image(image):
    """Print an image.

    Parameters
    ----------
    image : ndarray
        The image.
    """
    print(np.asarray(image))
