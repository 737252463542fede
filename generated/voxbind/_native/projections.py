"""Projects volumes along one axis: maximum, minimum, sum, mean, standard deviation."""

from __future__ import annotations

from typing import Any

from ._shared import as_float, average, check_axes, largest, namespace, smallest, total
from ._typing import Array, ArrayT
from .declaring import declare

__all__ = [
    "max_projection",
    "mean_projection",
    "min_projection",
    "std_projection",
    "sum_projection",
]


@declare("VOLUMETRIC_TO_SLICE")
def max_projection(volume: ArrayT, axis: int = 0) -> ArrayT:
    """Return the largest value along an axis of a volume.

    Parameters
    ----------
    volume : (Z, Y, X) array
        Booleans, integers or real floats.
    axis : int, optional
        The axis that is reduced: 0 for Z, 1 for Y, 2 for X.

    Returns
    -------
    (Y, X) array
        The projection along Z; (Z, X) along Y and (Z, Y) along X. Of the volume's dtype.

    Raises
    ------
    ValueError
        If there are no three axes, no elements, or no such axis.

    Notes
    -----
    Runs where the array is. NaN is larger than any number. PyTorch can't compare uint16 or
    uint32, so it converts such a volume to a wider dtype during the call.

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> volume = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    >>> native.max_projection(volume)
    array([[ 8,  9],
           [10, 11]], dtype=uint8)
    """
    return largest(volume, _checked(volume, axis))


@declare("VOLUMETRIC_TO_SLICE")
def min_projection(volume: ArrayT, axis: int = 0) -> ArrayT:
    """Return the smallest value along an axis of a volume.

    Parameters
    ----------
    volume : (Z, Y, X) array
        Booleans, integers or real floats.
    axis : int, optional
        The axis that is reduced: 0 for Z, 1 for Y, 2 for X.

    Returns
    -------
    (Y, X) array
        The projection along Z; (Z, X) along Y and (Z, Y) along X. Of the volume's dtype.

    Raises
    ------
    ValueError
        If there are no three axes, no elements, or no such axis.

    Notes
    -----
    Runs where the array is. NaN is smaller than any number. PyTorch can't compare uint16 or
    uint32, so it converts such a volume to a wider dtype during the call.

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> volume = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    >>> native.min_projection(volume)
    array([[0, 1],
           [2, 3]], dtype=uint8)
    """
    return smallest(volume, _checked(volume, axis))


@declare("VOLUMETRIC_TO_SLICE")
def sum_projection(volume: ArrayT, axis: int = 0) -> ArrayT:
    """Return the sum along an axis of a volume.

    Parameters
    ----------
    volume : (Z, Y, X) array
        Booleans, integers or real floats.
    axis : int, optional
        The axis that is reduced: 0 for Z, 1 for Y, 2 for X.

    Returns
    -------
    (Y, X) array
        The projection along Z; (Z, X) along Y and (Z, Y) along X. In every memory int64 for
        booleans and integers (large sums of uint64 wrap around), float32 for floats of up to 32
        bits, else float64.

    Raises
    ------
    ValueError
        If there are no three axes, no elements, or no such axis.

    Notes
    -----
    Runs where the array is. `numpy.sum` returns uint64 for unsigned integers, and PyTorch int64,
    which is enough for sums of integers of up to 32 bits. PyTorch converts the volume to a wider
    dtype during the call.

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> volume = np.full((3, 2, 2), 200, dtype=np.uint8)
    >>> native.sum_projection(volume)
    array([[600, 600],
           [600, 600]])
    """
    return total(volume, _checked(volume, axis))


@declare("VOLUMETRIC_TO_SLICE")
def mean_projection(volume: ArrayT, axis: int = 0) -> ArrayT:
    """Return the mean along an axis of a volume.

    Parameters
    ----------
    volume : (Z, Y, X) array
        Booleans, integers or real floats.
    axis : int, optional
        The axis that is reduced: 0 for Z, 1 for Y, 2 for X.

    Returns
    -------
    (Y, X) array
        The projection along Z; (Z, X) along Y and (Z, Y) along X. float32 for booleans, integers
        of up to 16 bits and floats of up to 32, else float64.

    Raises
    ------
    ValueError
        If there are no three axes, no elements, or no such axis.

    Notes
    -----
    Runs where the array is. The sum of integers isn't rounded before the division. PyTorch converts
    the volume to a wider dtype during the call.

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> volume = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    >>> native.mean_projection(volume)
    array([[4., 5.],
           [6., 7.]], dtype=float32)
    """
    return average(volume, _checked(volume, axis))


@declare("VOLUMETRIC_TO_SLICE")
def std_projection(volume: ArrayT, axis: int = 0) -> ArrayT:
    """Return the standard deviation along an axis of a volume.

    Parameters
    ----------
    volume : (Z, Y, X) array
        Booleans, integers or real floats.
    axis : int, optional
        The axis that is reduced: 0 for Z, 1 for Y, 2 for X.

    Returns
    -------
    (Y, X) array
        The projection along Z; (Z, X) along Y and (Z, Y) along X. float32 for booleans, integers
        of up to 16 bits and floats of up to 32, else float64.

    Raises
    ------
    ValueError
        If there are no three axes, no elements, or no such axis.

    Notes
    -----
    Runs where the array is. Like `numpy.std`, it divides by the number of values, not by one less.
    The deviations take the memory of a volume of the result's dtype.

    Examples
    --------
    >>> from voxbind import native
    >>> import numpy as np
    >>> volume = np.array([1, 3], dtype=np.uint8).reshape(2, 1, 1)
    >>> native.std_projection(volume)
    array([[1.]], dtype=float32)
    """
    axis = _checked(volume, axis)
    xp = namespace(volume)
    floats: Any = as_float(volume)
    deviation = floats - xp.expand_dims(average(volume, axis), axis=axis)
    result: ArrayT = xp.sqrt(xp.mean(deviation * deviation, axis=axis))
    return result


def _checked(volume: Array, axis: int) -> int:
    """Return the axis, counted from the first."""
    check_axes(volume, "volume", "(Z, Y, X)")
    if axis not in range(-3, 3):
        raise ValueError(
            f"axis={axis!r} was passed, but a volume has the axes 0, 1 and 2. Pass 0 for a "
            "projection along Z, 1 along Y, 2 along X."
        )
    return int(axis) % 3
