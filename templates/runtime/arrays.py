"""Types of arrays that need no array library, for wrappers and for code that calls them."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, TypeVar

__all__ = ["Array", "ArrayLike", "ArrayT", "DType", "DTypeLike"]


class Array(Protocol):
    """What the arrays of NumPy, CuPy, PyTorch and pyclesperanto have in common."""

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


class DType(Protocol):
    """A data type object: ``numpy.dtype``, ``torch.dtype``."""

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        ...


ArrayT = TypeVar("ArrayT", bound=Array)
"""The type of the first image, which is also that of an image result."""

# Nested sequences are named as the two built-in ones: a `str` is a sequence of itself.
ArrayLike: TypeAlias = Array | complex | list[Any] | tuple[Any, ...] | range
DTypeLike: TypeAlias = DType | str | type[Any]
