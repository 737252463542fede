"""Joins the results of a function at all positions of the axes that are looped over.

Images are stacked, numbers become an array of numbers, tables become one table with a column for
each looped axis, and anything else a list. The members of a tuple are joined one by one.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import GeneratorType
from typing import Any, NamedTuple

from .._memory.lookup import LibraryMemory, memory_of
from .._support.classes import class_of
from .._support.contract import ProcessingContract
from .._support.untyped import np
from ..errors import DimensionError
from .cutting import moved, reshaped
from .layout import Layout
from .measured import Measured
from .names import SAMPLES, SPATIAL

__all__ = ["UNKNOWN", "Context", "Finish", "joined"]

_IMAGES = ("image", "mask", "labels", "resized")
_NO_IMAGES = ("points", "table", "histogram")
_NUMBERS = (bool, int, float, complex)
UNKNOWN = "?"
"""Stands for an axis of a result that is none of the image's."""


class Finish(ABC):
    """Makes the results that the caller gets."""

    gives_names: bool
    """Whether all arrays get names of axes, also those in lists. If no axis is looped over, a
    result then keeps its kind: a number stays a number."""

    @abstractmethod
    def array(self, array: Any, axes: str, kind: str) -> Any:
        """Return an array with named axes as the caller gets it."""

    @abstractmethod
    def column(self, letter: str, indices: Any) -> tuple[str, Any]:
        """Return the name and the values of a table's column for a looped axis."""


class Context(NamedTuple):
    """What is known about a call."""

    facts: Measured
    layout: Layout
    block: tuple[int, ...]
    """Shape of the block that the function gets."""
    projected: str
    """The axes that a projection keeps; empty if the shape of its result shows them."""
    places: Sequence[Mapping[str, int]]
    finish: Finish


def joined(results: Iterable[Any], context: Context) -> Any:
    """Return the joined results.

    Raises
    ------
    DimensionError
        If results have different shapes, or are of different kinds.
    """
    iterator = iter(results)
    first = next(iterator)
    if not context.layout.looped and context.finish.gives_names:
        [*_] = iterator  # ends the progress bar
        return _named(first, context, context.facts.kinds)
    pile = _pile(first, context, context.facts.kinds)
    pile.put(first)
    for result in iterator:
        pile.put(result)
    return pile.joined()


def _named(result: Any, context: Context, kinds: str | tuple[str, ...]) -> Any:
    """Return the result of one call, in which each array has names."""
    if _is_tuple(result):
        kind_of_each = _kinds(kinds, len(result))
        members = [
            _named(member, context, kind) for member, kind in zip(result, kind_of_each, strict=True)
        ]
        return _tuple_like(result, members)
    if class_of(result) is list:
        return [_named(member, context, kinds) for member in result]
    if class_of(result) is dict:
        return {key: _named(value, context, "table") for key, value in result.items()}
    if class_of(result) is GeneratorType:
        return (_named(member, context, kinds) for member in result)
    if not _is_array(result) or not result.ndim:
        return result
    kind = kinds if isinstance(kinds, str) else "other"
    axes = _axes_of(result.shape, context, kind)
    return context.finish.array(*_ordered(result, axes, context), kind)


class _Pile(ABC):
    """The results of one kind so far."""

    def __init__(self, context: Context, kind: str) -> None:
        self._context, self._kind = context, kind

    @abstractmethod
    def put(self, result: Any) -> None:
        """Add the result at the next position."""

    @abstractmethod
    def joined(self) -> Any:
        """Return all results, joined."""

    def _refuse(self, number: int, first: str, other: str) -> DimensionError:
        here, there = (_at(self._context.places[place]) for place in (0, number))
        return DimensionError(
            f"{self._context.facts.name} returned {first} at {here} and {other} at {there}, which "
            "can't be stacked. Call it in a loop over these axes, and keep the results in a list."
        )


class _Arrays(_Pile):
    """Arrays of one shape, which are stacked."""

    _stack: Any = None
    _number = 0

    def put(self, result: Any) -> None:
        count = len(self._context.places)
        memory = memory_of(result) if _is_array(result) else None
        if self._stack is None:
            self._memory, self._shape = memory, tuple(result.shape)
            self._stack = (
                memory.empty((count, *self._shape), result)
                if isinstance(memory, LibraryMemory)
                else []
            )
        shape = tuple(result.shape) if memory is not None else None
        if memory is not self._memory or shape != self._shape:
            other = f"a {class_of(result).__name__}" if shape is None else f"the shape {shape}"
            raise self._refuse(self._number, f"the shape {self._shape}", other)
        if isinstance(self._memory, LibraryMemory):
            if result.dtype != self._stack.dtype:
                # A label image, for example, may need a larger dtype later.
                self._stack = self._memory.widened(self._stack, result)
            self._memory.put(self._stack, self._number, result)
        else:
            self._stack.append(result)
        self._number += 1

    def joined(self) -> Any:
        layout, finish = self._context.layout, self._context.finish
        stack = self._stack if isinstance(self._memory, LibraryMemory) else _stacked(self._stack)
        stack = reshaped(stack, (*layout.lengths, *self._shape))
        axes = layout.looped + _axes_of(self._shape, self._context, self._kind)
        return finish.array(*_ordered(stack, axes, self._context), self._kind)


class _Numbers(_Pile):
    """Numbers, which become an array."""

    def __init__(self, context: Context, kind: str) -> None:
        super().__init__(context, kind)
        self._numbers: list[Any] = []

    def put(self, result: Any) -> None:
        if not _is_number(result):
            other = f"a {class_of(result).__name__}"
            raise self._refuse(len(self._numbers), "a number", other)
        self._numbers.append(result)

    def joined(self) -> Any:
        layout = self._context.layout
        array = np.array(self._numbers).reshape(layout.lengths)
        return self._context.finish.array(array, layout.looped, "scalar")


class _Objects(_Pile):
    """Objects, which become a list."""

    def __init__(self, context: Context, kind: str) -> None:
        super().__init__(context, kind)
        self._objects: list[Any] = []

    def put(self, result: Any) -> None:
        self._objects.append(result)

    def joined(self) -> Any:
        if not self._context.finish.gives_names:
            return self._objects
        return [_named(result, self._context, self._kind) for result in self._objects]


class _Tables(_Objects):
    """Dictionaries of columns, which become one with a column for each looped axis."""

    def put(self, result: Any) -> None:
        first = self._objects[0] if self._objects else result
        if not _is_table(result) or [*result] != [*first]:
            other = f"the columns {', '.join(map(str, result))}" if _is_table(result) else "none"
            columns = f"the columns {', '.join(map(str, first))}"
            raise self._refuse(len(self._objects), columns, other)
        self._objects.append(result)

    def joined(self) -> Any:
        layout, finish = self._context.layout, self._context.finish
        columns = {key: [table[key] for table in self._objects] for key in self._objects[0]}
        rows = [len(next(iter(table.values()))) for table in self._objects]
        sample = next(iter(self._objects[0].values()))
        added: dict[Any, Any] = {}
        for letter in layout.looped:
            indices = np.repeat([place[letter] for place in self._context.places], rows)
            name, values = finish.column(letter, indices)
            if name in columns:
                raise DimensionError(
                    f"{self._context.facts.name} returned a table with the column {name!r}, which "
                    "is also the name of an axis that is looped over."
                )
            added[name] = _column_like(sample, values)
        table = added | {key: _concatenated(values) for key, values in columns.items()}
        return _named(table, self._context, "table") if finish.gives_names else table


class _Members(_Pile):
    """A tuple, whose members are joined one by one."""

    def __init__(self, first: Any, context: Context, kinds: str | tuple[str, ...]) -> None:
        super().__init__(context, "")
        self._first, self._number = first, 0
        self._piles = [
            _pile(member, context, kind)
            for member, kind in zip(first, _kinds(kinds, len(first)), strict=True)
        ]

    def put(self, result: Any) -> None:
        if not _is_tuple(result) or len(result) != len(self._piles):
            other = f"{len(result)} results" if _is_tuple(result) else class_of(result).__name__
            raise self._refuse(self._number, f"{len(self._piles)} results", other)
        for pile, member in zip(self._piles, result, strict=True):
            pile.put(member)
        self._number += 1

    def joined(self) -> Any:
        return _tuple_like(self._first, [pile.joined() for pile in self._piles])


class _Nothing(_Pile):
    """``None``, from a function that modifies its image."""

    def put(self, result: Any) -> None:
        pass

    def joined(self) -> None:
        return None


def _pile(first: Any, context: Context, kinds: str | tuple[str, ...]) -> _Pile:
    kind = kinds if isinstance(kinds, str) else "other"
    if first is None:
        return _Nothing(context, kind)
    if _is_tuple(first):
        return _Members(first, context, kinds)
    if _is_table(first):
        return _Tables(context, kind)
    if _is_number(first):
        return _Numbers(context, kind)
    if _is_array(first) and kind != "points":
        return _Arrays(context, kind)
    return _Objects(context, kind)


def _kinds(kinds: str | tuple[str, ...], count: int) -> list[str]:
    """Return the kind of each member of a tuple."""
    if isinstance(kinds, str) or len(kinds) != count:
        # An option changed the result: ``label(return_num=True)``.
        return [kinds if isinstance(kinds, str) else "other"] * count
    # Arrays that belong to points have as many rows as there are points.
    of_points = "points" in kinds and "table" in kinds
    return ["points" if of_points and kind == "table" else kind for kind in kinds]


def _axes_of(shape: tuple[int, ...], context: Context, kind: str) -> str:
    """Return the axes of a function's result; `UNKNOWN` for each if they aren't the image's."""
    kept, block = context.layout.kept[0], context.block
    unknown = UNKNOWN * len(shape)
    if kind in _NO_IMAGES or (kind not in _IMAGES and tuple(shape) != block):
        return unknown
    more = len(shape) - len(kept)
    if more == 0:
        return kept
    if more == 1 and kind == "image" and SAMPLES not in context.layout.order:
        return kept + SAMPLES  # an image in colours
    if more != -1:
        return unknown
    colours = [letter for letter in kept if letter not in SPATIAL]
    if colours:
        return kept.replace(colours[0], "")
    if context.facts.contract is not ProcessingContract.VOLUMETRIC_TO_SLICE:
        return unknown
    fitting = [
        kept[:axis] + kept[axis + 1 :]
        for axis in range(len(kept))
        if (*block[:axis], *block[axis + 1 :]) == tuple(shape)
    ]
    if len(fitting) == 1:
        return fitting[0]
    is_montage = not fitting and "YX" in kept
    return context.projected or ("YX" if is_montage else unknown)


def _ordered(array: Any, axes: str, context: Context) -> tuple[Any, str]:
    """Return an array and its axes, in the order of the image's axes."""
    if UNKNOWN in axes:
        return array, axes
    order = context.layout.order
    if SAMPLES in axes and SAMPLES not in order:
        last = max(order.index(letter) for letter in context.layout.kept[0]) + 1
        order = order[:last] + SAMPLES + order[last:]
    wanted = [letter for letter in order if letter in axes]
    return moved(array, [axes.index(letter) for letter in wanted]), "".join(wanted)


def _at(place: Mapping[str, int]) -> str:
    return ", ".join(f"{letter}={index}" for letter, index in place.items())


def _is_number(value: Any) -> bool:
    return isinstance(value, (*_NUMBERS, np.generic))


def _is_array(value: Any) -> bool:
    """Whether a value is an array, and not another object that can be read as one."""
    return memory_of(value) is not None and hasattr(value, "shape")


def _is_tuple(value: Any) -> bool:
    kind: Any = class_of(value)
    return kind is tuple or (issubclass(kind, tuple) and hasattr(value, "_fields"))


def _tuple_like(first: Any, members: list[Any]) -> Any:
    kind = class_of(first)
    return kind(*members) if hasattr(kind, "_fields") else tuple(members)


def _is_table(value: Any) -> bool:
    """Whether a value is a dictionary of columns, all of one length."""
    if class_of(value) is not dict or not value:
        return False
    columns = [*value.values()]
    if not all(isinstance(column, list) or _is_array(column) for column in columns):
        return False
    return len({len(column) for column in columns}) == 1


def _column_like(sample: Any, values: Any) -> Any:
    """Return a column of the same kind as another."""
    memory = memory_of(sample)
    if memory is None:
        return values.tolist()
    device = memory.device(sample)
    return values if memory.keeps_out(values, device) else memory.from_host(values, device)


def _concatenated(columns: Sequence[Any]) -> Any:
    first = columns[0]
    if isinstance(first, list):
        return [value for column in columns for value in column]
    if isinstance(first, np.ndarray):
        return np.concatenate(columns)
    if hasattr(first, "permute"):
        return sys.modules["torch"].cat([*columns])
    library = first.__array_namespace__()
    concat = getattr(library, "concat", None) or library.concatenate
    return concat([*columns])


def _stacked(arrays: list[Any]) -> Any:
    """Return arrays that aren't of a library's memory as one, with a new first axis."""
    if hasattr(class_of(arrays[0]), "__array_namespace__"):
        return arrays[0].__array_namespace__().stack(arrays)
    return np.stack(arrays)
