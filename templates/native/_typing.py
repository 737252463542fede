"""The types in the signatures, which don't need any array library."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

__all__ = ["Array", "ArrayT"]


class Array(Protocol):
    """The attributes that arrays of NumPy, CuPy and PyTorch have in common."""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        ...

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        ...


ArrayT = TypeVar("ArrayT", bound=Array)
"""The type of the image, which is also that of the result."""
