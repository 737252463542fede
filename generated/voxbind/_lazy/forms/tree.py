"""Results of chunks, combined in a tree."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import accumulate, product
from typing import Any, NamedTuple

from ..._axes.measured import Measured
from ..._settings.context import change
from ..building import arguments_in_words, plain_arguments

__all__ = [
    "Caller",
    "array_of_chunks",
    "caller_of",
    "combined",
    "delayed",
    "last_step",
    "lazy_number",
    "of_chunks",
    "starts_of_chunks",
    "untraced",
]

_FAN_IN = 16
"""Number of results that one task combines."""


def delayed(function: Callable[..., Any]) -> Any:
    """Return a function whose calls are tasks of dask."""
    return import_module("dask.delayed").delayed(function, pure=True)


def untraced(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a wrapper as a step of another call, which no trace records."""
    context = copy_context()
    context.run(change, logs=())
    return context.run(function, *args, **kwargs)


def starts_of_chunks(array: Any) -> tuple[tuple[int, ...], ...]:
    """Return the index of each chunk's first element, along each axis."""
    return tuple(tuple(accumulate(sizes[:-1], initial=0)) for sizes in array.chunks)


class Caller(NamedTuple):
    """The call that a task belongs to, for notes of errors."""

    name: str
    """The name of the function that the user called."""
    words: str
    """The arguments."""

    def note(self, error: Exception, place: tuple[int, ...], numblocks: tuple[int, ...]) -> None:
        """Add a note about a chunk to an error; none if the error has it already."""
        note = f"{self.name} was called for block {place} of {numblocks}, with {self.words}."
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)


def caller_of(facts: Measured, arguments: Mapping[str, Any], image: str) -> Caller:
    """Return the call of a function; `image` is the parameter that takes the image."""
    plain = plain_arguments(facts, arguments)
    plain.pop(image, None)
    return Caller(facts.name, arguments_in_words(plain))


@dataclass(frozen=True)
class _Chunk:
    """Calls a function on the chunks at one position; an error gets a note about it."""

    caller: Caller
    function: Callable[..., Any]
    numblocks: tuple[int, ...]
    with_place: bool

    def __call__(self, place: tuple[int, ...], *blocks: Any, **options: Any) -> Any:
        """Return the function's result."""
        first = (tuple(place),) if self.with_place else ()
        try:
            return self.function(*first, *blocks, **options)
        except Exception as error:
            self.caller.note(error, tuple(place), self.numblocks)
            raise


def of_chunks(
    caller: Caller,
    function: Callable[..., Any],
    *arrays: Any,
    shared: Any = None,
    with_place: bool = False,
) -> list[Any]:
    """Return a task for each chunk of arrays that have the same chunks.

    Parameters
    ----------
    caller
        The call that they belong to.
    function
        Is called with the position of the chunk if `with_place`, with `shared` if it is given, and
        with a chunk of each array.
    arrays
        The dask arrays.
    shared
        The result of a task.
    with_place
        Whether the function gets the position of the chunk, its number along each axis.
    """
    numblocks = arrays[0].numblocks
    task = delayed(_Chunk(caller, function, numblocks, with_place))
    first = () if shared is None else (shared,)
    chunks = zip(*(array.to_delayed().ravel() for array in arrays), strict=True)
    places = product(*map(range, numblocks))
    return [task(place, *first, *blocks) for place, blocks in zip(places, chunks, strict=True)]


def array_of_chunks(
    caller: Caller,
    function: Callable[..., Any],
    *arrays: Any,
    meta: Any,
    with_place: bool = False,
    **shared: Any,
) -> Any:
    """Return a dask array of the results for each chunk, which have the shape of the chunk.

    Parameters
    ----------
    caller, function, arrays, with_place
        As for `of_chunks`.
    meta
        An empty array of the kind and dtype of the results.
    shared
        Results of tasks, which the function gets by name.
    """
    chunk = _Chunk(caller, function, arrays[0].numblocks, with_place)
    token = caller.name.rpartition(".")[2]
    options = {"dtype": meta.dtype, "meta": meta, "token": token, **shared}
    return arrays[0].map_blocks(partial(_of_position, chunk), *arrays[1:], **options)


def _of_position(chunk: _Chunk, *blocks: Any, block_id: tuple[int, ...], **shared: Any) -> Any:
    return chunk(tuple(map(int, block_id)), *blocks, **shared)


def last_step(caller: Caller, function: Callable[..., Any]) -> Any:
    """Return a function whose calls are tasks after all chunks; an error gets a note."""
    return delayed(partial(_last_step, caller, function))


def _last_step(caller: Caller, function: Callable[..., Any], /, *args: Any) -> Any:
    try:
        return function(*args)
    except Exception as error:
        error.add_note(f"{caller.name} was called for all blocks, with {caller.words}.")
        raise


def combined(function: Callable[[list[Any]], Any], parts: Sequence[Any]) -> Any:
    """Combine the results of tasks, a few at a time, to one.

    Parameters
    ----------
    function
        Combines a list of results; the order doesn't matter.
    parts
        The tasks.
    """
    task = delayed(function)
    level = list(parts)
    while len(level) > 1:
        level = [task(level[start : start + _FAN_IN]) for start in range(0, len(level), _FAN_IN)]
    return level[0]


def lazy_number(task: Any, dtype: str, shape: tuple[float, ...] = ()) -> Any:
    """Return the result of a task as a dask array; by default one without axes.

    A length that isn't known before it is computed is NaN.
    """
    da: Any = sys.modules["dask.array"]
    return da.from_delayed(task, shape, dtype=dtype)
