"""Shows how many regions are written, whichever scheduler of dask writes them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from .._support.bars import tqdm_class

__all__ = ["counting"]

_SECONDS = 0.2
"""Between two looks at the folder."""


@contextmanager
def counting(folder: Path, total: int, label: str, progress: Any) -> Generator[None]:
    """Show a bar while regions are written.

    Parameters
    ----------
    folder
        Has a file for each region that is written.
    total
        The number of regions.
    label
        What is written.
    progress
        See `voxbind.over`: True for a bar of tqdm, a function that iterates over a range, or a bar
        with a method ``update``.
    """
    if progress is False or progress is None:
        yield
        return
    count, close = _counter(progress, total, label)
    stop, shown = Event(), 0

    def look() -> None:
        nonlocal shown
        try:
            number = sum(1 for _ in folder.iterdir())
        except OSError:
            return  # the folder is gone, which the step that needs it reports
        for _ in range(number - shown):
            count()
        shown = number

    def watch() -> None:
        while not stop.wait(_SECONDS):
            look()

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        look()
        close()


def _counter(
    progress: Any, total: int, label: str
) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return a function that counts one region, and one that closes the bar."""
    if progress is True:
        bar = tqdm_class()(total=total, desc=label)
        return (lambda: bar.update(1)), bar.close
    if hasattr(progress, "update"):
        return (lambda: progress.update(1)), lambda: None
    if not callable(progress):
        raise TypeError(
            f"progress={progress!r}: give True for a bar of tqdm, a function like tqdm.tqdm or "
            "rich.progress.track, which is called with the regions to count, or a bar with a "
            "method update."
        )
    call: Any = progress
    steps: Any = iter(call(range(total)))
    next(steps, None)  # a bar counts an element when it is asked for the next one
    return (lambda: next(steps, None)), getattr(steps, "close", lambda: None)
