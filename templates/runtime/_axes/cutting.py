"""Cuts the block of an array that a function gets, and moves axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._memory.exporter_memory import is_lazy
from .._memory.lookup import LibraryMemory, memory_of, to_host
from .._support.classes import class_of
from .._support.untyped import np
from ..errors import MemoryDimensionError
from .layout import Image

__all__ = ["block", "moved", "reshaped"]


def block(image: Image, kept: str, position: Mapping[str, int]) -> Any:
    """Return the part of an array at a position, with its axes in the order of `kept`.

    A block of a NumPy array, a tensor or a CuPy array is a view. One of an array that is read when
    it is asked for (dask's, zarr's, HDF5's) is read when a wrapper converts it.

    Parameters
    ----------
    image
        The array and its axes.
    kept
        The axes of the block.
    position
        An index for each other axis. On an axis of length 1, the only element is used.
    """
    if image.axes == kept:
        return image.array
    index = tuple(
        slice(None) if letter in kept else min(position[letter], length - 1)
        for letter, length in zip(image.axes, image.shape, strict=True)
    )
    rest = [letter for letter in image.axes if letter in kept]
    order = [rest.index(letter) for letter in kept]
    array = image.array
    memory = memory_of(array)
    if isinstance(memory, LibraryMemory) and not memory.planes_are_views:
        if index[1:] != (slice(None),) * len(rest) or order != sorted(order):
            raise MemoryDimensionError(
                f"{image.parameter!r} is of type {class_of(array).__name__}, with the axes "
                f"{', '.join(image.axes)}. In this memory, only the first axis can be looped over. "
                "Give a NumPy array."
            )
        return memory.plane(array, position[image.axes[0]])
    if memory is None or (memory.is_open and not _is_indexed_in_memory(array)):
        return _class_for(class_of(array))(image, index, order)
    return moved(array[index], order)


def moved(array: Any, order: Sequence[int]) -> Any:
    """Return an array with its axes in another order."""
    order = tuple(order)
    if order == tuple(range(len(order))):
        return array
    if hasattr(array, "permute"):  # a tensor
        return array.permute(order)
    if hasattr(array, "transpose"):
        return array.transpose(order)
    return array.__array_namespace__().permute_dims(array, order)


def reshaped(array: Any, shape: tuple[int, ...]) -> Any:
    """Return an array with another shape."""
    if tuple(array.shape) == shape:
        return array
    if hasattr(array, "reshape"):
        return array.reshape(shape)
    return array.__array_namespace__().reshape(array, shape)


def _is_indexed_in_memory(array: Any) -> bool:
    """Whether indexing an array gives an array of the same kind, without reading anything."""
    kind = class_of(array)
    return is_lazy(array) or any(
        hasattr(kind, name) for name in ("__array_namespace__", "__array_function__")
    )


class _Block:
    """A part of an array that is read when a wrapper converts it."""

    def __init__(self, image: Image, index: tuple[Any, ...], order: list[int]) -> None:
        self._image, self._index, self._order = image, index, order

    @property
    def shape(self) -> tuple[int, ...]:
        lengths = zip(self._image.shape, self._index, strict=True)
        rest = [length for length, part in lengths if isinstance(part, slice)]
        return tuple(rest[axis] for axis in self._order)

    @property
    def ndim(self) -> int:
        return len(self._order)

    @property
    def dtype(self) -> Any:
        return getattr(self._image.array, "dtype", None) or self.__array__().dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        array = self._image.array
        kind = class_of(array)
        can_index = hasattr(array, "shape") and hasattr(kind, "__getitem__")
        if kind is memoryview or not can_index:  # a memoryview can't be cut along several axes
            array = to_host(array, self._image.parameter)
        part = np.asarray(array[self._index])
        return part.transpose(self._order)


_classes: dict[type[Any], type[_Block]] = {}


def _class_for(kind: type[Any]) -> type[_Block]:
    """Return a class that a trace and error messages call by the name of the array's class."""
    if kind not in _classes:
        names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
        _classes[kind] = type(kind.__name__, (_Block,), names)
    return _classes[kind]
