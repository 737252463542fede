"""Runs a function in a thread, with progress, and stops it between two of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .. import over

__all__ = ["Cancelled", "Run"]


class Cancelled(Exception):
    """The user has cancelled the run."""


class Run:
    """One run of a function over the axes of an image.

    Parameters
    ----------
    function
        The wrapper.
    axes
        A letter for each axis of the image: see `voxbind.over`.
    arguments
        The function's arguments, by name.
    """

    def __init__(
        self, function: Callable[..., Any], axes: str, arguments: Mapping[str, Any]
    ) -> None:
        self.total = 0
        """Number of calls; 0 as long as it isn't known."""
        self.done = 0
        self.is_cancelled = False
        self._function, self._axes, self._arguments = function, axes, arguments

    def __call__(self) -> Any:
        """Call the function and return its result.

        Raises
        ------
        Cancelled
            If `is_cancelled` was set meanwhile. A call that has begun goes on to its end.
        """
        # `Any`: the form's function may be any of the wrappers.
        loop: Any = over(self._function, self._axes, progress=self._count)
        result = loop(**self._arguments)
        self._stop_if_cancelled()
        return result

    def _count(self, calls: range) -> Iterator[int]:
        self.total = len(calls)
        for call in calls:
            self._stop_if_cancelled()
            yield call
            self.done = call + 1

    def _stop_if_cancelled(self) -> None:
        if self.is_cancelled:
            raise Cancelled
