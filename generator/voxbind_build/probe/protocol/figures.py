"""Makes the figures of a result: see `voxbind_build.common.figures`."""

from __future__ import annotations

import math
import types
import zlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import numpy as np

from voxbind_build.common.figures import DIGITS, Figures
from voxbind_build.probe.inputs.images import Array

_ARRAYS = 6
"""Arrays of a result that have figures of their own; if there are more, their values are put in
one row."""
_DEPTH = 5
_WITHOUT_DATA = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
"""Objects whose attributes are no part of a result."""
_NEGLIGIBLE = {8: 1e-13, 4: 1e-7, 2: 1e-4}
"""By bytes of a float: magnitudes that count as 0. Instead of 0, rounding leaves such numbers."""


def figures(value: Any) -> str:
    """Return the figures of a result, without a mark; empty if there are no numbers in it.

    Parameters
    ----------
    value
        Numbers, NumPy arrays, slices, or tuples, lists, dictionaries and objects that hold them.
    """
    return "; ".join(str(_of_array(array)) for array in _arrays(value))


def mark(texts: Iterable[str]) -> str:
    """Return six hexadecimal digits that stand for texts."""
    return f"{zlib.crc32(chr(0).join(texts).encode()) & 0xFFFFFF:06x}"


def _arrays(value: Any) -> list[Array]:
    """Return the arrays in a value, each row of single numbers put together."""
    rows: list[Array] = []
    for is_number, group in groupby(_leaves(value, 0), key=lambda leaf: leaf.ndim == 0):
        members = list(group)
        rows += [np.array(members)] if is_number and len(members) > _ARRAYS else members
    if len(rows) > _ARRAYS:
        return [np.concatenate([row.ravel() for row in rows])]
    return rows


def _leaves(value: Any, depth: int) -> Iterator[Array]:
    """Yield the numeric arrays and numbers in a value, in order."""
    if isinstance(value, np.ndarray) and value.dtype.names:
        value = [value[name] for name in value.dtype.names]
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "O":
        value = np.asarray(value).ravel().tolist()
    if isinstance(value, np.ndarray | np.generic | bool | int | float | complex):
        array = np.asarray(value)
        if array.dtype.kind == "c":
            yield from (array.real, array.imag)
        elif array.dtype.kind in "biuf":
            yield array
    elif depth < _DEPTH:
        for member in _members(value):
            yield from _leaves(member, depth + 1)


def _members(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, slice):
        return [value.start, value.stop, value.step]
    if callable(getattr(value, "toarray", None)):  # a sparse array
        return [value.toarray()]
    if isinstance(value, _WITHOUT_DATA):
        return []
    attributes = getattr(value, "__dict__", {})
    return [member for name, member in sorted(attributes.items()) if not name.startswith("_")]


def _of_array(array: Array) -> Figures:
    values = array.astype(np.float64)
    known = np.isfinite(values)
    finite = values[known]
    return Figures(
        shape="x".join(map(str, array.shape)),
        is_integer=array.dtype.kind in "biu",
        numbers=_numbers(finite, _weights(array.shape)[known], _least(array)),
        infinite=int(values.size - finite.size),
    )


def _least(array: Array) -> float:
    return _NEGLIGIBLE.get(array.dtype.itemsize, 0.0) if array.dtype.kind == "f" else 0.0


def _numbers(finite: Array, weights: Array, least: float) -> tuple[str, ...]:
    if not finite.size:
        return ()
    low, high = float(finite.min()), float(finite.max())
    magnitude = max(abs(low), abs(high))
    if magnitude <= least:
        return ("0",)
    digits = DIGITS - 1 - math.floor(math.log10(magnitude))
    if low == high:
        return (_rounded(low, digits),)
    scaled = finite / magnitude  # so that no sum of squares is infinite
    mean, spread = float(scaled.mean()), float(scaled.std())
    position = float(np.average(scaled, weights=weights))
    numbers = (mean * magnitude, spread * magnitude, low, high, position * magnitude)
    return tuple(_rounded(number, digits) for number in numbers)


def _rounded(number: float, digits: int) -> str:
    text = f"{round(number, digits):.{DIGITS + 2}g}"
    return "0" if float(text) == 0 else text


def _weights(shape: tuple[int, ...]) -> Array:
    """Return positive weights by position, which no flip, shift or change of axes leaves alike."""
    phase: Array = np.zeros(shape)
    for axis, length in enumerate(shape):
        line = (np.arange(length) + 0.5) / max(length, 1)
        line = (0.9 + 0.37 * axis) * line
        phase = phase + line.reshape([-1 if other == axis else 1 for other in range(len(shape))])
    return np.asarray(1.0 + 0.8 * np.cos(np.pi * phase))
