"""Results of chunks, combined in a tree."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

__all__ = ["combined", "delayed", "lazy_number", "of_chunks"]

_FAN_IN = 16
"""Number of results that one task combines."""


def delayed(function: Callable[..., Any]) -> Any:
    """Return a function whose calls are tasks of dask."""
    return import_module("dask.delayed").delayed(function, pure=True)


def of_chunks(function: Callable[..., Any], *arrays: Any) -> list[Any]:
    """Return a task for each chunk of arrays that have the same chunks."""
    task = delayed(function)
    chunks = [array.to_delayed().ravel() for array in arrays]
    return [task(*blocks) for blocks in zip(*chunks, strict=True)]


def combined(function: Callable[[list[Any]], Any], parts: Sequence[Any]) -> Any:
    """Combine the results of tasks, a few at a time, to one.

    Parameters
    ----------
    function
        Combines a list of results; the order doesn't matter.
    parts
        The tasks.
    """
    task = delayed(function)
    level = list(parts)
    while len(level) > 1:
        level = [task(level[start : start + _FAN_IN]) for start in range(0, len(level), _FAN_IN)]
    return level[0]


def lazy_number(task: Any, dtype: str, shape: tuple[int, ...] = ()) -> Any:
    """Return the result of a task as a dask array; by default one without axes."""
    da: Any = sys.modules["dask.array"]
    return da.from_delayed(task, shape, dtype=dtype)
