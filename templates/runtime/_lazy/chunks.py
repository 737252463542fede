"""Sizes of chunks along one axis."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["with_minimum"]


def with_minimum(chunks: Sequence[int], minimum: int) -> tuple[int, ...]:
    """Merge neighbouring chunks until each has at least `minimum` elements, or one is left.

    >>> with_minimum((10, 10, 3), 4)
    (10, 13)
    >>> with_minimum((2, 2, 2, 2), 4)
    (4, 4)
    """
    sizes: list[int] = []
    size = 0
    for chunk in chunks:
        size += chunk
        if size >= minimum:
            sizes.append(size)
            size = 0
    if size:
        last = sizes.pop() if sizes else 0
        sizes.append(last + size)
    return tuple(sizes)
