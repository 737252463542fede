"""Call a function for each slice of a volume, and stack the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._memory.lookup import NUMPY, LibraryMemory
from .._support.classes import class_of
from .._support.in_order import in_order
from .._support.untyped import np
from ..errors import DimensionError, class_name

__all__ = ["run_per_slice"]


def run_per_slice(
    run: Callable[[Mapping[str, Any]], Any],
    values: Mapping[str, Any],
    *,
    cut: tuple[str, ...],
    outputs: tuple[str, ...],
    function: str,
    memory: LibraryMemory,
    of_slice: Callable[[int], Mapping[str, Any]] | None = None,
    workers: int = 1,
) -> Any:
    """Run a function on each slice along the first axis and stack the results.

    Parameters
    ----------
    run
        Calls the function with arguments by parameter.
    values
        The arguments.
    cut
        Parameters whose arrays are sliced; their first axes have the same length.
    outputs
        Those of `cut` that the function may write its result into.
    function
        The function's name, for error messages.
    memory
        The memory of the arrays.
    of_slice
        Returns the other arguments that are different for each slice, by its number.
    workers
        Number of threads, each of which computes one slice at a time.
    """
    volumes = {name: values[name] for name in cut}
    count = volumes[cut[0]].shape[0]

    def run_on(z: int) -> tuple[Any, dict[str, Any]]:
        # One slice for each volume, so that a volume given twice is one object here too.
        planes = {id(volume): memory.plane(volume, z) for volume in volumes.values()}
        slices = {name: planes[id(volume)] for name, volume in volumes.items()}
        result = run({**values, **slices, **(of_slice(z) if of_slice else {})})
        if not memory.planes_are_views:
            for name in outputs:
                if name in slices:
                    memory.put(volumes[name], z, slices[name])
        return result, slices

    result, slices = run_on(0)
    for name in outputs:
        if name in slices and result is slices[name]:
            for done in in_order(run_on, range(1, count), workers):
                done()
            return volumes[name]
    pile = _pile(result, count, function, memory)
    pile.put(0, result)
    for z, done in enumerate(in_order(run_on, range(1, count), workers), 1):
        pile.put(z, done()[0])
    return pile.stacked()


class _Arrays:
    """The stacked result, allocated once the first slice's result is known."""

    def __init__(self, first: Any, count: int, function: str, memory: LibraryMemory) -> None:
        self._function, self._memory = function, memory
        self._stack = memory.empty((count, *first.shape), first)

    def put(self, z: int, result: Any) -> None:
        expected = self._stack.shape[1:]
        shape = getattr(result, "shape", None)
        if shape != expected:
            returned = f"shape {shape}" if shape is not None else f"a {class_name(result)}"
            raise DimensionError(
                f"{self._function} returned shape {expected} for slice 0 and {returned} for slice "
                f"{z}, which can't be stacked. Call it for each slice, `for plane in volume: ...`, "
                "and keep the results in a list."
            )
        if result.dtype != self._stack.dtype or class_of(result) is not class_of(self._stack):
            # A label image, for example, may need a larger dtype in a later slice, and a masked
            # array a stack with a mask.
            self._stack = self._memory.widened(self._stack, result)
        self._memory.put(self._stack, z, result)

    def stacked(self) -> Any:
        return self._stack


class _Members:
    """A tuple or list, whose members are stacked one by one."""

    def __init__(self, first: Any, count: int, function: str, memory: LibraryMemory) -> None:
        self._function = function
        self._kind = class_of(first)
        self._piles = [_pile(member, count, function, memory) for member in first]

    def put(self, z: int, result: Any) -> None:
        if type(result) is not self._kind or len(result) != len(self._piles):
            raise DimensionError(
                f"{self._function} returned {len(self._piles)} results for slice 0 and another "
                f"type or number of results for slice {z}, which can't be stacked. Call it for "
                "each slice, `for plane in volume: ...`, and keep the results in a list."
            )
        for pile, member in zip(self._piles, result, strict=True):
            pile.put(z, member)

    def stacked(self) -> Any:
        members = [pile.stacked() for pile in self._piles]
        return self._kind(*members) if hasattr(self._kind, "_fields") else self._kind(members)


class _Scalars:
    """Numbers, which become a 1-D array with one number for each slice."""

    def __init__(self) -> None:
        self._numbers: list[Any] = []

    def put(self, z: int, result: Any) -> None:
        self._numbers.append(result)

    def stacked(self) -> Any:
        return np.array(self._numbers)


class _Nothing:
    """``None``, from a function that modifies its argument or writes into an output."""

    def put(self, z: int, result: Any) -> None:
        pass

    def stacked(self) -> None:
        return None


def _pile(
    first: Any, count: int, function: str, memory: LibraryMemory
) -> _Arrays | _Members | _Scalars | _Nothing:
    if first is None:
        return _Nothing()
    home = next((candidate for candidate in (memory, NUMPY) if candidate.holds(first)), None)
    if home is not None:
        return _Arrays(first, count, function, home)
    if isinstance(first, (bool, int, float, complex, np.generic)):
        return _Scalars()
    if isinstance(first, (tuple, list)):
        return _Members(first, count, function, memory)
    raise DimensionError(
        f"{function} returns a {class_name(first)} for each slice, which can't be stacked. "
        "Call it for each slice, `for plane in volume: ...`, and keep the results in a list."
    )
