"""What looks along the depth of a volume."""

import numpy as np


def _volume(image):
    image = np.asarray(image)
    if image.ndim != 3:
        raise ValueError(f"a volume has 3 dimensions, not {image.ndim}")
    return image


def depth_gradient(volume, spacing=1.0):
    """Slope along the depth.

    Parameters
    ----------
    volume : (P, M, N) ndarray
        The volume.
    spacing : float
        Distance of the planes.

    Returns
    -------
    slope : (P, M, N) ndarray
    """
    return np.gradient(_volume(volume).astype(float), spacing, axis=0)


def project(volume, reduce=np.max):
    """Project a volume onto a plane.

    Parameters
    ----------
    volume : (P, M, N) ndarray
        The volume.
    reduce : callable, optional
        What becomes of the values behind each other.

    Returns
    -------
    plane : (M, N) ndarray
    """
    return reduce(_volume(volume), axis=0)
