"""Functions that are passed as arguments: reductions, mappings, derivatives, denoisers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def mean(values: Array, axis: Any = None) -> Any:
    """Reduce a neighbourhood to one value."""
    return np.mean(values, axis=axis)


def smooth(image: Array, strength: float = 0.5) -> Array:
    """Denoise: mix every pixel with its neighbours along each axis."""
    image = np.asarray(image, dtype=float)
    result = image
    for axis in range(image.ndim):
        around = (np.roll(result, 1, axis) + np.roll(result, -1, axis)) / 2
        result = (1 - strength) * result + strength * around
    return result


def fill_line(line: Array, result: Array) -> None:
    """Filter a padded line into a shorter one, in place."""
    width = len(line) - len(result) + 1
    for start in range(len(result)):
        result[start] = line[start : start + width].mean()


REDUCTIONS = (mean, smooth, fill_line)


def shifted_points(points: Array) -> Array:
    """Move (N, 2) coordinates."""
    return np.asarray(points * 0.95 + 0.7)


def shifted_point(point: tuple[float, ...]) -> tuple[float, ...]:
    """Move one coordinate."""
    return tuple(value * 0.9 + 0.6 for value in point)


POINT_MAPS = (shifted_point, shifted_points)


def impulse_response(row: Array, column: Array) -> Array:
    """Response of a smoothing filter to a point."""
    return np.asarray(np.exp(-np.hypot(row, column) / 2))


def second_difference(
    image: Array, axis: int, output: Any, mode: str, cval: float, *_: Any, **__: Any
) -> Array:
    """Second derivative along an axis, with the signature for ``scipy.ndimage.generic_laplace``.

    ``output`` is an array to write into, or the dtype of the result.
    """
    values = np.asarray(image, dtype=float)
    result: Array = np.roll(values, 1, axis) - 2 * values + np.roll(values, -1, axis)
    dtype = np.dtype(getattr(output, "dtype", output))
    if dtype.kind in "iu":
        result = np.round(result).astype(np.int64)  # wraps around equally on every processor
    result = result.astype(dtype)
    if isinstance(output, np.ndarray):
        output[...] = result
    return result


class MeanPoint:
    """A model that is fitted to points: their mean."""

    def __init__(self, mean: Array) -> None:
        self.mean = mean

    @classmethod
    def from_estimate(cls, data: Array) -> MeanPoint:
        """Fit the model."""
        return cls(np.mean(data, axis=0))

    def residuals(self, data: Array) -> Array:
        """Return the distance of each point from the mean."""
        return np.asarray(np.linalg.norm(data - self.mean, axis=1))
