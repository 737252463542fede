"""A toy library of arrays: NumPy's, with a tag."""

from __future__ import annotations

from typing import Any

import numpy as np


class Tagged(np.ndarray[Any, Any]):
    """An array that says where it was made; it is read by `plain` alone."""

    tag: str

    def __array_finalize__(self, other: Any) -> None:
        self.tag = getattr(other, "tag", "")


def tagged(array: Any, tag: str) -> Tagged:
    """Return a tagged copy of NumPy's array."""
    result = np.array(array).view(Tagged)
    result.tag = tag
    return result


def plain(array: Tagged) -> Any:
    """Return NumPy's array with a buffer of its own."""
    return np.array(array, subok=False)
