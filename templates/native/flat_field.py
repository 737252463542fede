"""Illumination and camera, taken out of an image."""

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

    That is ``(image - dark) / (flat - dark) * mean(flat - dark)``, computed in floats, so that an
    integer image doesn't wrap around where it is darker than the dark one.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array
        Booleans, integers or real floats.
    flat : array
        An even sample as the microscope shows it: (Y, X), which goes for every slice, or of the
        image's shape. In the same memory.
    dark : array or float, optional
        What the camera gives without light: (Y, X), of the image's shape, or one number; by
        default none. An array in the same memory.

    Returns
    -------
    array
        Of the image's shape. Its mean brightness stays about the same. float32 if all arrays are
        of booleans, integers of up to 16 bits or floats of up to 32, else float64. 0 where
        ``flat == dark``, since nothing is known of such a pixel.

    Raises
    ------
    ValueError
        If a shape doesn't fit the image's.

    Notes
    -----
    Runs where the arrays are. The mean is that of all pixels of ``flat - dark``. For a (Y, X) flat
    the factors are a single slice; of the image's shape are the result, the image in floats and,
    where there is a dark one, their difference.

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
    if dark is None or isinstance(dark, Real):  # NumPy's numbers too, whatever the memory
        signal, gain = in_common_floats(image, flat)
        offset = None if dark is None else float(offset)
    else:
        _check_fits(image, offset, "dark")
        signal, gain, offset = in_common_floats(image, flat, offset)
    if offset is not None:
        signal, gain = signal - offset, gain - offset
    xp = namespace(gain)
    # What is divided by infinity is 0.
    divisor = xp.where(gain == 0, xp.full_like(gain, math.inf), gain)
    result: ArrayT = signal * (xp.mean(gain) / divisor)
    return result


def _check_fits(image: Array, other: Array, name: str) -> None:
    check_array(other)
    shape, own = tuple(image.shape), tuple(other.shape)
    if own not in ((), shape, shape[-2:]):
        raise ValueError(
            f"{name} has the shape {own}, and the image {shape}. Give one of the image's shape, or "
            f"of the shape {shape[-2:]}, which goes for every slice."
        )
