"""A volume's slices on their way through a function, and their results back into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from .._memory.lookup import NUMPY, LibraryMemory
from .._support.classes import class_of
from .._support.untyped import np
from ..errors import DimensionError, class_name

__all__ = ["run_per_slice"]

_T = TypeVar("_T")


def run_per_slice(
    run: Callable[[Mapping[str, Any]], Any],
    values: Mapping[str, Any],
    *,
    cut: tuple[str, ...],
    outputs: tuple[str, ...],
    function: str,
    memory: LibraryMemory,
    workers: int = 1,
) -> Any:
    """Run a function on each slice along the first axis and stack the results.

    Parameters
    ----------
    run
        Calls the function with arguments by parameter.
    values
        The arguments; `cut` names those that are given slice by slice.
    cut
        Arrays of equal length along their first axis.
    outputs
        Those of them that the function may write its result into.
    function
        Name for messages.
    memory
        In which the arrays are.
    workers
        How many slices are worked on at a time, each in a thread of its own.
    """
    volumes = {name: values[name] for name in cut}
    count = volumes[cut[0]].shape[0]

    def run_on(z: int) -> tuple[Any, dict[str, Any]]:
        # One slice for each volume, so that a volume given twice is one object here too.
        planes = {id(volume): memory.plane(volume, z) for volume in volumes.values()}
        slices = {name: planes[id(volume)] for name, volume in volumes.items()}
        result = run({**values, **slices})
        if not memory.planes_are_views:
            for name in outputs:
                if name in slices:
                    memory.put(volumes[name], z, slices[name])
        return result, slices

    result, slices = run_on(0)
    for name in outputs:
        if name in slices and result is slices[name]:
            for done in _in_order(run_on, range(1, count), workers):
                done()
            return volumes[name]
    pile = _pile(result, count, function, memory)
    pile.put(0, result)
    for z, done in enumerate(_in_order(run_on, range(1, count), workers), 1):
        pile.put(z, done()[0])
    return pile.whole()


def _in_order(run: Callable[[int], _T], numbers: range, workers: int) -> Iterator[Callable[[], _T]]:
    """Give what returns the results, one after the other, while the next few are worked on.

    An iterator that ran the function itself would end at its `StopIteration` as if all were done.
    """
    if workers == 1 or len(numbers) < 2:
        yield from (partial(run, number) for number in numbers)
        return
    from collections import deque
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import copy_context

    waiting: deque[Callable[[], _T]] = deque()
    pool = ThreadPoolExecutor(min(workers, len(numbers)))
    try:
        for number in numbers:
            # A library may ask for NumPy's error state or its own settings in the context.
            waiting.append(pool.submit(copy_context().run, run, number).result)
            if len(waiting) > 2 * workers:  # results take memory until they are stacked
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        pool.shutdown(cancel_futures=True)


class _Arrays:
    """One array with a first axis for the slices, made when the first result is there."""

    def __init__(self, first: Any, count: int, function: str, memory: LibraryMemory) -> None:
        self._function, self._memory = function, memory
        self._stack = memory.empty((count, *first.shape), first)

    def put(self, z: int, result: Any) -> None:
        expected = self._stack.shape[1:]
        shape = getattr(result, "shape", None)
        if shape != expected:
            came = f"shape {shape}" if shape is not None else class_name(result)
            raise DimensionError(
                f"{self._function} gave shape {expected} for slice 0 and {came} for slice {z}: "
                "these can't be stacked. Call it for each slice, `for plane in volume: ...`, and "
                "keep the results in a list."
            )
        if result.dtype != self._stack.dtype:
            # Label images, for one, may need a larger dtype in a later slice.
            self._stack = self._memory.widened(self._stack, result)
        self._memory.put(self._stack, z, result)

    def whole(self) -> Any:
        return self._stack


class _Members:
    """The members of a tuple or list, each stacked by itself."""

    def __init__(self, first: Any, count: int, function: str, memory: LibraryMemory) -> None:
        self._function = function
        self._kind = class_of(first)
        self._piles = [_pile(member, count, function, memory) for member in first]

    def put(self, z: int, result: Any) -> None:
        if type(result) is not self._kind or len(result) != len(self._piles):
            raise DimensionError(
                f"{self._function} gave {len(self._piles)} results for slice 0 and not so for "
                f"slice {z}: these can't be stacked. Call it for each slice."
            )
        for pile, member in zip(self._piles, result, strict=True):
            pile.put(z, member)

    def whole(self) -> Any:
        members = [pile.whole() for pile in self._piles]
        return self._kind(*members) if hasattr(self._kind, "_fields") else self._kind(members)


class _Scalars:
    """Numbers, which become a 1-D array with one number a slice."""

    def __init__(self) -> None:
        self._numbers: list[Any] = []

    def put(self, z: int, result: Any) -> None:
        self._numbers.append(result)

    def whole(self) -> Any:
        return np.array(self._numbers)


class _Nothing:
    """``None``, from a function that changes its argument or writes into an output."""

    def put(self, z: int, result: Any) -> None:
        pass

    def whole(self) -> None:
        return None


def _pile(
    first: Any, count: int, function: str, memory: LibraryMemory
) -> _Arrays | _Members | _Scalars | _Nothing:
    if first is None:
        return _Nothing()
    home = next((each for each in (memory, NUMPY) if each.holds(first)), None)
    if home is not None:
        return _Arrays(first, count, function, home)
    if isinstance(first, (bool, int, float, complex, np.generic)):
        return _Scalars()
    if isinstance(first, (tuple, list)):
        return _Members(first, count, function, memory)
    raise DimensionError(
        f"{function} gives a {class_name(first)} for a slice, which can't be stacked to a volume. "
        "Call it for each slice, `for plane in volume: ...`, and keep the results in a list."
    )
