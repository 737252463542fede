"""Calls a function at each position of the axes that are looped over."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import product
from typing import Any

from .._settings.context import change, current
from .._support.bars import tqdm_class
from .._support.in_order import in_order
from .layout import Layout

__all__ = ["positions", "results"]


def positions(layout: Layout) -> list[dict[str, int]]:
    """Return an index for each looped axis, at each position; the last axis changes fastest."""
    indices = product(*map(range, layout.lengths))
    return [dict(zip(layout.looped, index, strict=True)) for index in indices]


def results(
    call: Callable[[Mapping[str, int]], Any],
    places: Sequence[Mapping[str, int]],
    name: str,
    in_threads: bool,
    progress: Any,
) -> Iterator[Any]:
    """Yield the results at all positions in order, while the next few are computed.

    Parameters
    ----------
    call
        Calls the function at a position.
    places
        The positions.
    name
        The function's name, for messages.
    in_threads
        Whether several calls may run at a time, as many as `voxbind.workers` says.
    progress
        See `voxbind.over`.
    """
    workers = current().workers if in_threads and len(places) > 1 else 1

    def run(number: int) -> Any:
        if workers > 1:  # in a context of its own; its slices aren't given further threads
            change(workers=1)
        try:
            return call(places[number])
        except Exception as error:
            if places[number]:
                at = ", ".join(f"{letter}={index}" for letter, index in places[number].items())
                error.add_note(f"{name} was called for the part of the array at {at}.")
            raise

    ticks = _ticks(progress, len(places), name)
    with closing(ticks), closing(in_order(run, range(len(places)), workers)) as done:
        # A bar counts an element when it is asked for the next one.
        for _, result in zip(ticks, done, strict=False):
            yield result()


def _ticks(progress: Any, count: int, name: str) -> Generator[object, None, None]:
    """Yield an element for each call, and show how many are done."""
    if progress is False or progress is None:
        yield from range(count)
    elif progress is True:
        yield from tqdm_class()(range(count), desc=name)
    elif callable(progress):
        calls: Any = progress(range(count))
        yield from calls
    elif hasattr(progress, "update"):
        for number in range(count):
            yield number
            progress.update(1)
    else:
        raise TypeError(
            f"progress={progress!r}: give True for a bar of tqdm, a function like tqdm.tqdm or "
            "rich.progress.track, which is called with the calls to count, or a bar with a method "
            "update."
        )
