"""Fills the memory that functions allocate, so that a result shows where nothing was written."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_M_PERTURB = -6
"""The option of glibc's `mallopt` that fills memory when it is allocated and freed."""


@contextmanager
def filled_memory(byte: int) -> Iterator[None]:
    """Fill allocated memory with a byte, if the C library can do so.

    Parameters
    ----------
    byte : int
        From 1 to 255.
    """
    _fill(byte)
    try:
        yield
    finally:
        _fill(0)


def _fill(byte: int) -> None:
    with suppress(AttributeError, OSError, TypeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(_M_PERTURB, byte)
