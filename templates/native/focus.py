"""Measures the sharpness of slices, and selects the sharpest one."""

from __future__ import annotations

from typing import Any

from ._shared import as_float, check_axes, namespace, part
from ._typing import Array, ArrayT
from .declaring import declare

__all__ = ["best_focus_slice", "focus_measure"]


@declare("PURE_2D")
def focus_measure(image: ArrayT) -> ArrayT:
    """Measure how sharp an image is, by the variance of its Laplacian.

    Parameters
    ----------
    image : (Y, X) array
        Booleans, integers or real floats; at least 3 x 3 pixels.

    Returns
    -------
    () array
        One number, which is larger for sharper images, as an array without axes; `float` converts
        it to a Python number. float32 for booleans, integers of up to 16 bits and floats of up to
        32, else float64.

    Raises
    ------
    ValueError
        If there are no two axes, or fewer than 3 x 3 pixels.

    Notes
    -----
    Runs where the array is, and the number stays there: only `float` or a comparison waits for a
    device. The Laplacian [1]_ is the sum of the differences between a pixel and its four neighbors;
    pixels at the border are left out. The measure grows with the square of the brightness, so
    images must have the same exposure to be compared.

    References
    ----------
    .. [1] J. L. Pech-Pacheco, G. Cristobal, J. Chamorro-Martinez and J. Fernandez-Valdivia,
           "Diatom autofocusing in brightfield microscopy: a comparative study", Proceedings of the
           15th International Conference on Pattern Recognition (2000), vol. 3, pp. 314-317.
           :DOI:`10.1109/ICPR.2000.903548`

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> sharp = np.zeros((6, 6), dtype=np.uint8)
    >>> sharp[:, 3:] = 12
    >>> blurred = np.array([[0, 0, 4, 8, 12, 12]] * 6, dtype=np.uint8)
    >>> float(native.focus_measure(sharp)), float(native.focus_measure(blurred))
    (72.0, 8.0)
    """
    _check_pixels(image, "image", "(Y, X)")
    xp = namespace(image)
    # A 0-d array in every memory: NumPy's `var` returns a scalar.
    result: ArrayT = xp.asarray(xp.var(_laplacian(as_float(image))))
    return result


@declare("VOLUMETRIC_TO_SLICE")
def best_focus_slice(volume: ArrayT) -> ArrayT:
    """Return the sharpest slice of a volume, by `focus_measure`.

    Parameters
    ----------
    volume : (Z, Y, X) array
        Booleans, integers or real floats; at least 3 x 3 pixels in a slice.

    Returns
    -------
    (Y, X) array
        A copy of the slice whose Laplacian has the largest variance [1]_, in the volume's dtype. If
        several slices have it, the first of them.

    Raises
    ------
    ValueError
        If there are no three axes, no slices, or fewer than 3 x 3 pixels in one.

    Notes
    -----
    Runs where the array is, without waiting for a device. Slices are measured one after another, so
    that only a few are in memory as floats. A slice with a NaN counts as the sharpest.

    References
    ----------
    .. [1] J. L. Pech-Pacheco, G. Cristobal, J. Chamorro-Martinez and J. Fernandez-Valdivia,
           "Diatom autofocusing in brightfield microscopy: a comparative study", Proceedings of the
           15th International Conference on Pattern Recognition (2000), vol. 3, pp. 314-317.
           :DOI:`10.1109/ICPR.2000.903548`

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> volume = np.zeros((3, 4, 4), dtype=np.uint8)
    >>> volume[1, 1, 1] = 9
    >>> native.best_focus_slice(volume)
    array([[0, 0, 0, 0],
           [0, 9, 0, 0],
           [0, 0, 0, 0],
           [0, 0, 0, 0]], dtype=uint8)
    """
    _check_pixels(volume, "volume", "(Z, Y, X)")
    xp = namespace(volume)
    slices: Any = volume
    measures = xp.stack([focus_measure(slices[z, ...]) for z in range(volume.shape[0])])
    # The index stays an array, so that its value needn't be copied from a device.
    best = xp.argmax(measures, keepdims=True)
    result: ArrayT = xp.take(slices, best, axis=0)[0, ...]
    return result


def _laplacian(image: Array) -> Any:
    height, width = image.shape
    inner_y, inner_x = (1, height - 1), (1, width - 1)
    above: Any = part(image, (0, height - 2), inner_x)
    below: Any = part(image, (2, height), inner_x)
    left: Any = part(image, inner_y, (0, width - 2))
    right: Any = part(image, inner_y, (2, width))
    middle: Any = part(image, inner_y, inner_x)
    return above + below + left + right - 4 * middle


def _check_pixels(image: Array, name: str, axes: str) -> None:
    check_axes(image, name, axes)
    if min(image.shape[-2:]) < 3:
        raise ValueError(
            f"{name} has the shape {tuple(image.shape)}, but a slice must have at least 3 x 3 "
            "pixels. Pass a larger part of the image."
        )
