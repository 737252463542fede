"""Calls a function for several numbers, in threads if asked, and gives the results in order."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TypeVar

__all__ = ["in_order"]

_T = TypeVar("_T")


def in_order(
    run: Callable[[int], _T], numbers: range, workers: int
) -> Generator[Callable[[], _T], None, None]:
    """Yield functions that return the results in order, while the next few are computed.

    If the iterator itself ran the function, a `StopIteration` from the function would end it early.
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
            # The context holds NumPy's error state, and perhaps settings of the library.
            waiting.append(pool.submit(copy_context().run, run, number).result)
            if len(waiting) > 2 * workers:  # results take memory until they are stacked
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        pool.shutdown(cancel_futures=True)
