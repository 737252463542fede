"""Corrects images for the illumination and the camera."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from ._shared import check_array, check_elements, in_common_floats, namespace
from ._typing import Array, ArrayT
from .declaring import declare

__all__ = ["flat_field_correction"]


@declare("FLEXIBLE")
def flat_field_correction(
    image: ArrayT, flat: ArrayT, dark: ArrayT | float | None = None
) -> ArrayT:
    """Correct an image for uneven illumination and for the camera's offset.

    Computes ``(image - dark) / (flat - dark) * mean(flat - dark)`` in floats, so that integers
    don't wrap around where the image is darker than ``dark``.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array
        Booleans, integers or real floats.
    flat : array
        Image of a uniform sample, in the same memory as `image`. Its shape is (Y, X), which
        applies to every slice, or that of `image`.
    dark : array or float, optional
        Image taken without light: one number, or an array in the same memory as `image`, of shape
        (Y, X) or that of `image`. By default nothing is subtracted.

    Returns
    -------
    array
        The corrected image, of the same shape and about the same mean. float32 if all arrays are of
        booleans, integers of up to 16 bits or floats of up to 32, else float64. It is 0 where
        ``flat == dark``, since such a pixel has no signal.

    Raises
    ------
    ValueError
        If the shape of `flat` or `dark` doesn't fit the image's.

    Notes
    -----
    Runs where the arrays are. The mean is over all pixels of ``flat - dark``. Temporary arrays of
    the image's shape are the image in floats and, if `dark` is passed, the difference; for a
    (Y, X) `flat`, the factors are a single slice.

    References
    ----------
    .. [1] M. A. Model, "Intensity calibration and flat-field correction for fluorescence
           microscopes", Current Protocols in Cytometry 68 (2014), 10.14.1-10.14.10.
           :DOI:`10.1002/0471142956.cy1014s68`

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> image = np.array([[110, 120], [130, 100]], dtype=np.uint16)
    >>> flat = np.array([[150, 200], [250, 100]], dtype=np.uint16)
    >>> native.flat_field_correction(image, flat, dark=100)
    array([[15., 15.],
           [15.,  0.]], dtype=float32)
    """
    check_elements(image, "image")
    _check_fits(image, flat, "flat")
    signal: Any
    gain: Any
    offset: Any = dark
    if dark is None or isinstance(dark, Real):  # also NumPy's numbers, in any memory
        signal, gain = in_common_floats(image, flat)
        offset = None if dark is None else float(offset)
    else:
        _check_fits(image, offset, "dark")
        signal, gain, offset = in_common_floats(image, flat, offset)
    if offset is not None:
        signal, gain = signal - offset, gain - offset
    xp = namespace(gain)
    # Division by infinity gives 0.
    divisor = xp.where(gain == 0, xp.full_like(gain, math.inf), gain)
    result: ArrayT = signal * (xp.mean(gain) / divisor)
    return result


def _check_fits(image: Array, other: Array, name: str) -> None:
    check_array(other)
    shape, other_shape = tuple(image.shape), tuple(other.shape)
    if other_shape not in ((), shape, shape[-2:]):
        raise ValueError(
            f"{name} has the shape {other_shape}, which doesn't fit the image of shape {shape}. "
            f"Pass an array of the image's shape, or of shape {shape[-2:]} for every slice."
        )
