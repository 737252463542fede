"""Tracing: records where each call ran and why, and which arrays were converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from types import TracebackType
from typing import Any

from .._support.running import running_wrapper
from .._upstream.wrapped_module import watch_direct_calls
from ..errors import TransferForbiddenError
from .called import CalledFunction, called_function
from .context import Settings, change, current
from .trace_log import Conversion, TracedCall, TraceLog

__all__ = ["Watch", "note_graph", "trace"]


class trace:
    """Record each call of a wrapper in the block: where it ran, and which arrays were converted.

    Calls of this thread or asyncio task are recorded, and of tasks that are started in the block.
    Traces can be nested: each records every call in its own block. Functions without an array to
    convert (``disk``), or whose purpose is to move one (``cle.push``), are not recorded. A call of
    `voxbind.auto` is recorded under the name of the function that ran, with the reason.

    Returns
    -------
    TraceLog
        When entered. Printed, it is a table; it is a sequence of `TracedCall`, and
        `TraceLog.rows` gives plain dictionaries.

    Examples
    --------
    >>> import numpy as np
    >>> import voxbind
    >>> from voxbind.scipy import ndimage
    >>> with voxbind.trace() as log:
    ...     smooth = ndimage.uniform_filter(np.ones((8, 8)))
    >>> log[0].function, log[0].device, log[0].path, log[0].conversions
    ('scipy.ndimage.uniform_filter', 'cpu', 'direct', ())
    """

    def __init__(self) -> None:
        self._log = TraceLog()

    def __enter__(self) -> TraceLog:
        watch_direct_calls(on=True)
        change(logs=(*current().logs, self._log))
        return self._log

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        change(logs=tuple(log for log in current().logs if log is not self._log))
        watch_direct_calls(on=False)


def note_graph(function: str, arguments: Mapping[str, Any]) -> None:
    """Record in the open traces that a call has built a graph of dask arrays.

    Parameters
    ----------
    function
        Dotted name below voxbind; empty for that of the running wrapper.
    arguments
        Its arguments by parameter.
    """
    settings = current()
    if settings.logs:
        name = function or running_wrapper()[0] or "the function"
        _begin(settings.logs, name, arguments)
        call = TracedCall(
            function=name,
            library=name.partition(".")[0],
            device="dask",
            path="graph",
            slices=0,
            conversions=(),
            seconds=0.0,
            error="",
            reason=settings.reason,
        )
        for log in settings.logs:
            log.add(call)


def _begin(
    logs: Sequence[TraceLog], name: str, arguments: Mapping[str, Any]
) -> CalledFunction | None:
    """Record that a call begins; return the record, or None if no trace is open."""
    if not logs:
        return None
    called = called_function(name, arguments)
    for log in logs:
        log.begin(called)
    return called


class Watch:
    """One call while a trace is open, or while copies are forbidden."""

    def __init__(self, settings: Settings, arguments: Mapping[str, Any]) -> None:
        self._settings = settings
        self._function = running_wrapper()[0] or "the function"
        self._called = _begin(settings.logs, self._function, arguments)
        self._conversions: list[Conversion] = []
        self._has_ended = False
        if settings.reason:  # it isn't that of calls which the library makes in turn
            change(reason="")

    def moves(self, argument: str, source: str, target: str, nbytes: int, shared: bool) -> None:
        """Record a conversion.

        Raises
        ------
        TransferForbiddenError
            If it copies the array while copies are forbidden.
        """
        move = Conversion(argument or "result", source, target, nbytes, shared)
        if not shared and self._settings.transfers == "forbid":
            subject = repr(argument) if argument else "the result"
            reason = self._settings.reason
            why = f" It runs where it does because {reason}." if reason else ""
            raise TransferForbiddenError(
                f"{self._function}: {subject} would be copied from {source} to {target}, "
                f"{nbytes:,} bytes, but voxbind.transfers('forbid') is set.{why} Give arrays in "
                "the memory that the function works in, or allow the copy: "
                "with voxbind.transfers('allow'): ..."
            )
        self._conversions.append(move)
        if self._has_ended:  # a generator's member, converted when it was asked for
            self._add((move,), "", 0, 0.0, "")

    def run(self, run: Callable[[], Any], device: str, slices: int = 0) -> Any:
        """Run a call and record it, even if it raises."""
        started, failed = perf_counter(), ""
        try:
            return run()
        except BaseException as error:
            failed = type(error).__name__
            if self._called is not None:
                for log in self._settings.logs:
                    log.fail(self._called)
            raise
        finally:
            self._has_ended = True
            seconds = perf_counter() - started
            self._add(tuple(self._conversions), device, slices, seconds, failed)

    def _add(
        self, moved: tuple[Conversion, ...], device: str, slices: int, seconds: float, error: str
    ) -> None:
        call = TracedCall(
            function=self._function,
            library=self._function.partition(".")[0],
            device=device,
            path="per slice" if slices else "direct",
            slices=slices,
            conversions=moved,
            seconds=seconds,
            error=error,
            reason=self._settings.reason,
        )
        for log in self._settings.logs:
            log.add(call)
