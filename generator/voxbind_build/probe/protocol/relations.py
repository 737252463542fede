"""Compares results, such as that of a volume with those of its slices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from voxbind_build.probe.inputs.images import Array


def leaves(value: Any) -> list[Array]:
    """Return the arrays in a result, including those in nested tuples, lists and dictionaries."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, np.generic | bool | int | float | complex):
        return [np.asarray(value)]
    if isinstance(value, tuple | list):
        return [leaf for member in value for leaf in leaves(member)]
    if isinstance(value, dict):
        return [leaf for member in value.values() for leaf in leaves(member)]
    return []


def main_array(value: Any) -> Array | None:
    """Return the main array of a result.

    That is the first with two axes or more. If there is none, all numbers are joined in one row.
    """
    found = leaves(value)
    for leaf in found:
        if leaf.ndim >= 2:
            return leaf
    if len(found) > 1 and all(leaf.dtype.kind in "biuf" for leaf in found):
        return np.concatenate([leaf.ravel().astype(float) for leaf in found])
    return found[0] if found else None


def tells(value: Any) -> bool:
    """Return whether an array in a result isn't constant, or the result has no arrays."""
    arrays = [leaf for leaf in leaves(value) if leaf.size > 1]
    return not arrays or any(bool(np.any(leaf != leaf.flat[0])) for leaf in arrays)


def close(first: Array, second: Array) -> bool:
    """Return whether two arrays agree up to rounding.

    Parameters
    ----------
    first, second
        The arrays. Floats may differ by 1e-5, and by 1e-6 of the largest number in `second`.
    """
    if first.shape != second.shape:
        return False
    if first.dtype.kind in "fc" or second.dtype.kind in "fc":
        finite = np.abs(second[np.isfinite(second)])
        scale = float(finite.max()) if finite.size else 0.0
        return bool(
            np.allclose(first, second, rtol=1e-5, atol=1e-6 * scale + 1e-12, equal_nan=True)
        )
    return bool(np.array_equal(first, second))


def same_objects(first: Array, second: Array) -> bool:
    """Return whether two arrays of integers show the same objects, whatever their numbers.

    Functions that number objects do so in the order in which they come across them.
    """
    if first.shape != second.shape or not {first.dtype.kind, second.dtype.kind} <= {*"iu"}:
        return False
    pairs = np.unique(np.stack([first.ravel(), second.ravel()]), axis=1)
    numbers = [np.unique(row).size for row in pairs]
    background = bool(np.array_equal(first == 0, second == 0))
    return background and numbers == [pairs.shape[1]] * 2 and pairs.shape[1] > 2


def same(first: Any, second: Any) -> bool:
    """Return whether two results agree in everything that can be compared.

    Parameters
    ----------
    first, second
        The results. Objects of unknown classes agree if their classes are the same.
    """
    # Many branches, but one for each pair of types that are compared in the same way.
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        if first.dtype.names or first.dtype == object:
            return first.shape == second.shape and bool(np.all(first == second))
        return first.shape == second.shape and bool(
            np.array_equal(first, second, equal_nan=first.dtype.kind in "fc")
        )
    if isinstance(first, tuple | list) and isinstance(second, tuple | list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, float | np.floating) and isinstance(second, float | np.floating):
        return first == second or bool(np.isnan(first) and np.isnan(second))
    if isinstance(first, int | str | complex | np.generic | None):
        return type(first) is type(second) and bool(first == second)
    # The content of other objects (models, properties, sparse arrays) can't be compared.
    return type(first) is type(second)


def stacked(volume: Array, slices: Iterable[tuple[int, Array | None]], axis: int) -> bool | None:
    """Return whether the result of a volume consists of the results of its slices.

    The first slice that differs decides; no further slice is computed.

    Parameters
    ----------
    volume
        The result of the volume.
    slices
        Index and result of each slice; None if a slice has no result.
    axis
        The axis of the result along which the slices are.

    Returns
    -------
    bool or None
        None if no comparison is possible: the result lacks the axis, a slice has no result, or
        the results of all slices are constant.
    """
    asked = telling = False
    for index, expected in slices:
        if expected is None or axis >= volume.ndim or index >= volume.shape[axis]:
            return None
        if expected.ndim != volume.ndim - 1:
            return None
        if not close(np.take(volume, index, axis=axis), expected):
            return False
        asked = True
        telling = telling or bool(expected.size and np.any(expected != expected.flat[0]))
    # If all slices are constant, their agreement proves nothing.
    return True if asked and telling else None
