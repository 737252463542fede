"""Plain loops over the axes of an array, to compare with `voxbind.over` and arrays of xarray."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.ndimage

RANDOM = np.random.default_rng(0)
LENGTHS = {"T": 3, "C": 2, "Z": 4, "Y": 14, "X": 17, "S": 3}


def array_of(axes: str, dtype: Any = float, lengths: dict[str, int] = LENGTHS) -> Any:
    """Return random numbers, smooth enough that functions find something in them."""
    array = RANDOM.random([lengths[letter] for letter in axes])
    sigma = [1.0 if letter in "YX" else 0.0 for letter in axes]
    array = scipy.ndimage.gaussian_filter(array, sigma)
    array = (array - array.min()) / (array.max() - array.min())
    return array > 0.5 if dtype is bool else (array * (1 if dtype is float else 200)).astype(dtype)


def blocks_of(array: Any, axes: str, kept: str) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yield the index on the other axes and the block, with the axes of `kept` in order."""
    others = [letter for letter in axes if letter not in kept]
    moved = array.transpose([axes.index(letter) for letter in (*others, *kept)])
    for index in np.ndindex(*moved.shape[: len(others)]):
        yield index, moved[index]


def looped(function: Callable[..., Any], array: Any, axes: str, kept: str, result: str) -> Any:
    """Call a function of the library in a plain loop, and put the results in the array's order."""
    others = [letter for letter in axes if letter not in kept]
    results = [function(block) for _, block in blocks_of(array, axes, kept)]
    lengths = [array.shape[axes.index(letter)] for letter in others]
    stack = np.stack(results).reshape((*lengths, *np.shape(results[0])))
    have = [*others, *result]
    return stack.transpose([have.index(letter) for letter in axes if letter in have])
