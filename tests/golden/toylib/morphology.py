"""Morphology, whose deprecated functions stand outside of ``__all__``."""

import functools
import warnings

import numpy as np

__all__ = ["dilate", "square"]


def _deprecated(instead):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            warnings.warn(f"use {instead}", FutureWarning, stacklevel=2)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def square(width, dtype=np.uint8):
    """A square footprint.

    Parameters
    ----------
    width : int
        The length of its sides.
    dtype : dtype or str, optional
        The data type.

    Returns
    -------
    footprint : (width, width) ndarray
    """
    return np.ones((width, width), dtype=dtype)


def dilate(image, footprint=None, out=None):
    """Maximum below a footprint.

    Parameters
    ----------
    image : ndarray
        The image.
    footprint : ndarray, optional
        The neighbours; the nearest along each axis by default.
    out : ndarray, optional
        Where the result is written.

    Returns
    -------
    ndarray
        The maxima.
    """
    image = np.asarray(image)
    footprint = np.ones((3,) * image.ndim) if footprint is None else np.asarray(footprint)
    if footprint.ndim != image.ndim:
        raise ValueError(f"footprint has {footprint.ndim} dimensions, image {image.ndim}")
    padded = np.pad(
        image, [(width // 2, width - width // 2 - 1) for width in footprint.shape], "edge"
    )
    windows = np.lib.stride_tricks.sliding_window_view(padded, footprint.shape)
    maxima = windows[..., footprint != 0].max(axis=-1)
    if out is None:
        return maxima
    out[...] = maxima
    return out


@_deprecated("dilate")
def grow(image):
    """Maximum of the nearest pixels.

    .. deprecated:: 0.9
        Use `dilate`.

    Parameters
    ----------
    image : ndarray
        The image.

    Returns
    -------
    ndarray
        The maxima.
    """
    return dilate(image)
