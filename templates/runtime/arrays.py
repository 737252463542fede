"""Types of arrays that need no array library, for wrappers and for code that calls them.

A checker that finds none of the libraries reads them as well as one that finds all, and reads
them quickly: nothing is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, TypeVar

__all__ = [
    "Array",
    "ArrayLike",
    "ArrayT",
    "Castable",
    "DType",
    "DTypeLike",
    "LibraryArray",
    "Nested",
    "OutT",
    "RandomGenerator",
    "Reshapable",
]


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
    # Each library has a class of its own for it.
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
"""The type of the first image, which is also that of an image result: its dtype is kept."""

OutT = TypeVar("OutT", bound=Array)
"""The type of a result: an array of the same library as the image."""
_OutT_co = TypeVar("_OutT_co", bound=Array, covariant=True)


class Castable(Protocol[_OutT_co]):
    """An image whose dtype isn't kept: a ``numpy.ndarray`` gives one of any dtype.

    `clip` says what such an array is: in NumPy's own types its result is an ``NDArray[Any]``,
    in PyTorch's it is a tensor. A wrapper takes and gives what `clip` would.
    """

    @property
    def ndim(self) -> int:
        """Number of axes."""

    def clip(self, min: int, max: int, /) -> _OutT_co:
        """Limit the values."""


class Reshapable(Protocol[_OutT_co]):
    """An image whose dtype is kept, and not the number of its axes.

    `reshape` says what such an array is: the same dtype, with a shape of any length.
    """

    @property
    def ndim(self) -> int:
        """Number of axes."""

    def reshape(self, shape: tuple[int, ...], /) -> _OutT_co:
        """Arrange the elements along other axes."""


class LibraryArray(Array, Protocol):
    """An array in the library's own memory, where no image says which: ``morphology.disk(3)``.

    A ``numpy.ndarray``, or pyclesperanto's array, in as much as can be said without importing
    it: what is done with its values gives `Any`, since the dtype is not known here.
    """

    def clip(self, min: int, max: int, /) -> LibraryArray:
        """Limit the values."""

    def reshape(self, shape: tuple[int, ...], /) -> LibraryArray:
        """Arrange the elements along other axes."""

    def __array__(self) -> Any: ...
    def __getattr__(self, name: str, /) -> Any: ...
    def __getitem__(self, key: Any, /) -> Any: ...
    def __setitem__(self, key: Any, value: Any, /) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __contains__(self, value: object, /) -> bool: ...
    def __bool__(self) -> bool: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...
    def __eq__(self, other: object, /) -> Any: ...
    def __ne__(self, other: object, /) -> Any: ...
    def __lt__(self, other: Any, /) -> Any: ...
    def __le__(self, other: Any, /) -> Any: ...
    def __gt__(self, other: Any, /) -> Any: ...
    def __ge__(self, other: Any, /) -> Any: ...
    def __neg__(self) -> Any: ...
    def __pos__(self) -> Any: ...
    def __abs__(self) -> Any: ...
    def __invert__(self) -> Any: ...
    def __add__(self, other: Any, /) -> Any: ...
    def __radd__(self, other: Any, /) -> Any: ...
    def __sub__(self, other: Any, /) -> Any: ...
    def __rsub__(self, other: Any, /) -> Any: ...
    def __mul__(self, other: Any, /) -> Any: ...
    def __rmul__(self, other: Any, /) -> Any: ...
    def __truediv__(self, other: Any, /) -> Any: ...
    def __rtruediv__(self, other: Any, /) -> Any: ...
    def __floordiv__(self, other: Any, /) -> Any: ...
    def __rfloordiv__(self, other: Any, /) -> Any: ...
    def __mod__(self, other: Any, /) -> Any: ...
    def __rmod__(self, other: Any, /) -> Any: ...
    def __pow__(self, other: Any, /) -> Any: ...
    def __rpow__(self, other: Any, /) -> Any: ...
    def __matmul__(self, other: Any, /) -> Any: ...
    def __rmatmul__(self, other: Any, /) -> Any: ...
    def __and__(self, other: Any, /) -> Any: ...
    def __rand__(self, other: Any, /) -> Any: ...
    def __or__(self, other: Any, /) -> Any: ...
    def __ror__(self, other: Any, /) -> Any: ...
    def __xor__(self, other: Any, /) -> Any: ...
    def __rxor__(self, other: Any, /) -> Any: ...
    def __lshift__(self, other: Any, /) -> Any: ...
    def __rshift__(self, other: Any, /) -> Any: ...


# Nested sequences are named as the two built-in ones: a `str` is a sequence of itself.
Nested: TypeAlias = complex | list[Any] | tuple[Any, ...] | range
"""Numbers and nested sequences of them."""
ArrayLike: TypeAlias = Array | Nested
DTypeLike: TypeAlias = DType | str | type[Any]


class RandomGenerator(Protocol):
    """What the random generators of NumPy and CuPy have in common."""

    @property
    def bit_generator(self) -> Any:
        """Where the bits come from."""

    def random(self, *args: Any, **kwargs: Any) -> Any:
        """Draw floats from [0, 1)."""

    def integers(self, *args: Any, **kwargs: Any) -> Any:
        """Draw integers."""
