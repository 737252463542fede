"""How a volume's result stands to the results of its slices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from voxbind_build.probe.inputs.images import Array


def leaves(value: Any) -> list[Array]:
    """Give the arrays in a result, those of nested tuples and lists included."""
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
    """Give the array that a result is about.

    The first one with rows and columns; where there is none, all numbers in a line.
    """
    found = leaves(value)
    for leaf in found:
        if leaf.ndim >= 2:
            return leaf
    if len(found) > 1 and all(leaf.dtype.kind in "biuf" for leaf in found):
        return np.concatenate([leaf.ravel().astype(float) for leaf in found])
    return found[0] if found else None


def tells(value: Any) -> bool:
    """Tell whether a result has more than one value in its arrays, or no arrays."""
    arrays = [leaf for leaf in leaves(value) if leaf.size > 1]
    return not arrays or any(bool(np.any(leaf != leaf.flat[0])) for leaf in arrays)


def close(first: Array, second: Array) -> bool:
    """Tell whether two arrays agree but for rounding."""
    if first.shape != second.shape:
        return False
    if first.dtype.kind in "fc" or second.dtype.kind in "fc":
        finite = np.abs(second[np.isfinite(second)])
        scale = float(finite.max()) if finite.size else 0.0
        return bool(
            np.allclose(first, second, rtol=1e-5, atol=1e-6 * scale + 1e-12, equal_nan=True)
        )
    return bool(np.array_equal(first, second))


def same(first: Any, second: Any) -> bool:
    """Tell whether two results agree in everything that can be compared."""
    # One pair of types after the other, each of them compared in its own way.
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
    # Objects (models, properties, sparse arrays): nothing that says they differ.
    return type(first) is type(second)


def stacked(volume: Array, slices: Iterable[tuple[int, Array | None]], axis: int) -> bool | None:
    """Tell whether a volume's result is its slices' results along an axis.

    None where no such comparison can be made: the axis is not in the result, a slice gave
    none, or every slice came out constant. The first slice that differs decides: no more are
    asked for.
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
    # Constant everywhere: that agrees with anything.
    return True if asked and telling else None
