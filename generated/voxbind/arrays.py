"""Types of arrays that don't import any array library, for wrappers and the code that calls them.

A type checker understands them even if no array library is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

__all__ = [
    "AnyArray",
    "AnyCarrier",
    "Array",
    "ArrayLike",
    "ArrayT",
    "Carrier",
    "Castable",
    "DType",
    "DTypeLike",
    "Exporter",
    "Integer",
    "IntegerScalar",
    "LibraryArray",
    "Lists",
    "Nested",
    "OutT",
    "RandomGenerator",
    "Real",
    "RealScalar",
    "Reshapable",
    "Transposable",
]


class Array(Protocol):
    """The attributes that arrays of NumPy, CuPy, PyTorch, JAX, xarray and dask have in common.

    A wrapper returns its result as an array of the same library.
    """

    @property
    def ndim(self) -> int:
        """Number of axes."""
        ...

    @property
    # `Any`, because a dask array may have lengths that aren't known: NaN, a float.
    def shape(self) -> tuple[Any, ...]:
        """Length of each axis."""
        ...

    @property
    # `Any`, because each library has its own class of dtypes.
    def dtype(self) -> Any:
        """Type of the elements."""
        ...

    @property
    def T(self) -> Any:
        """The array with its axes in reverse order."""
        ...

    def clip(self, min: int, max: int, /) -> Any:
        """Limit the values."""
        ...


class AnyCarrier(Array, Protocol):
    """An array of dask or xarray, which carries an array of another library.

    Where other images give a number, it may give an array: a lazy one, or one with a number for
    each time and channel. Where others give points or objects, it may give a list of them.
    """

    # `Any`, because each version of dask has its own class of graphs.
    def __dask_graph__(self) -> Any:
        """Return the tasks that compute the array."""
        ...


class Carrier(AnyCarrier, Protocol):
    """An array of dask or xarray, for a function whose results `voxbind.over` joins to one type.

    `voxbind.over` recognises other functions by their parameter of type `AnyCarrier`.
    """

    # `Any`, as above.
    def __dask_keys__(self) -> Any:
        """Return the names of the tasks."""
        ...


class SupportsArray(Protocol):
    """An object that NumPy can convert to an array: an array of zarr or h5py."""

    def __array__(self) -> Any:
        """Return a NumPy array."""
        ...


class SupportsArrayInterface(Protocol):
    """An object that lends NumPy its memory: an image of Pillow."""

    @property
    def __array_interface__(self) -> Any:
        """Where the memory is, and what it holds."""
        ...


Exporter: TypeAlias = SupportsArray | SupportsArrayInterface | memoryview
"""An object that can be converted to a NumPy array, which is also what a wrapper returns for it."""
AnyArray: TypeAlias = Array | Exporter


class DType(Protocol):
    """A dtype object: ``numpy.dtype``, ``torch.dtype``."""

    @property
    def itemsize(self) -> int:
        """Size of one element in bytes."""
        ...


ArrayT = TypeVar("ArrayT", bound=Array)
"""The type of the first image, and of a result that is an image with the same dtype."""

OutT = TypeVar("OutT", bound=Array)
"""The type of a result: an array of the same library as the image."""
_OutT_co = TypeVar("_OutT_co", bound=Array, covariant=True)


class Transposable(Array, Protocol[_OutT_co]):
    """An image for a function whose result has the same dtype and number of axes.

    The type of the result is that of the image's `T`: an array of the same dtype and number of
    axes, and a tensor for a parameter of a PyTorch module.
    """

    @property
    def T(self) -> _OutT_co:
        """The array with its axes in reverse order."""
        ...


class Castable(Array, Protocol[_OutT_co]):
    """An image for a function whose result may have another dtype.

    The type of the result is that of the image's `clip`: NumPy declares it as ``NDArray[Any]``,
    PyTorch as a tensor.
    """

    def clip(self, min: int, max: int, /) -> _OutT_co:
        """Limit the values."""
        ...


class Reshapable(Array, Protocol[_OutT_co]):
    """An image for a function whose result has the same dtype but maybe another number of axes.

    The type of the result is that of the image's `reshape`: an array of the same dtype, with any
    number of axes.
    """

    def reshape(self, shape: tuple[int, ...], /) -> _OutT_co:
        """Return the elements as an array of another shape."""
        ...


class LibraryArray(Array, Protocol):
    """An array in the memory of a library other than NumPy, from a function without images.

    It is an array of CuPy or pyclesperanto, described without importing them. Operations on its
    values return `Any`, because the dtype is unknown.
    """

    @property
    def T(self) -> LibraryArray:
        """The array with its axes in reverse order."""
        ...

    def clip(self, min: int, max: int, /) -> LibraryArray:
        """Limit the values."""
        ...

    def reshape(self, shape: tuple[int, ...], /) -> LibraryArray:
        """Return the elements as an array of another shape."""
        ...

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


# --- numbers ------------------------------------------------------------------------------


class RealScalar(Protocol):
    """A real number of NumPy's, such as an element of an array; an array isn't one."""

    def __float__(self) -> float: ...
    def is_integer(self) -> bool:
        """Return whether the number is whole."""
        ...


class IntegerScalar(Protocol):
    """An integer of NumPy's, such as an element of an array; an array isn't one."""

    def __index__(self) -> int: ...
    def bit_count(self) -> int:
        """Return how many bits of the number are 1."""
        ...


# Programs that read annotations, such as those that make a form from a function, know `float` and
# `int`. At run time, NumPy's numbers count as those.
if TYPE_CHECKING:
    # mypy counts an integer in a list as a float only if `int` is here as well.
    Real: TypeAlias = float | int | RealScalar
    Integer: TypeAlias = int | IntegerScalar
else:
    Real, Integer = float, int


# --- unions -------------------------------------------------------------------------------

# `list` and `tuple` instead of `Sequence`, because a `str` is a sequence of strings.
Lists: TypeAlias = list[Any] | tuple[Any, ...] | range
"""Sequences, maybe nested, but not texts."""
Nested: TypeAlias = complex | RealScalar | IntegerScalar | Lists
"""Numbers, and nested sequences of numbers."""
ArrayLike: TypeAlias = AnyArray | Nested
DTypeLike: TypeAlias = DType | str | type[Any]


class RandomGenerator(Protocol):
    """The attributes that random generators of NumPy and CuPy have in common."""

    @property
    def bit_generator(self) -> Any:
        """Source of random bits."""

    def random(self, *args: Any, **kwargs: Any) -> Any:
        """Draw random floats in [0, 1)."""

    def integers(self, *args: Any, **kwargs: Any) -> Any:
        """Draw random integers."""
