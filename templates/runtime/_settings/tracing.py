"""A log of calls: where each ran and why, and which arrays were converted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from time import perf_counter
from types import TracebackType
from typing import Any, NamedTuple, overload

from .._support.package import PACKAGE
from .._upstream.wrapped_module import watch_direct_calls
from ..errors import TransferForbiddenError
from .context import Settings, change, current

__all__ = ["Conversion", "TraceLog", "TracedCall", "Watch", "trace"]


class Conversion(NamedTuple):
    """The conversion of one array from one memory to another."""

    argument: str
    """Name of the parameter; ``result`` for the result."""
    source: str
    """Memory before: ``torch (cuda:0)``."""
    target: str
    """Memory after: ``numpy``."""
    nbytes: int
    shared: bool
    """Whether both arrays share one buffer; if not, it was copied."""

    def __str__(self) -> str:
        how = "shared" if self.shared else "copied"
        return f"{self.argument}: {self.source} -> {self.target}, {self.nbytes:,} bytes {how}"


class TracedCall(NamedTuple):
    """One call of a wrapper."""

    function: str
    """Dotted name below voxbind: ``skimage.filters.gaussian``."""
    library: str
    device: str
    """Where the library worked: ``cpu``, ``cuda:0``, the name of an OpenCL device."""
    path: str
    """``direct``: one call of the library; ``per slice``: one call for each slice."""
    slices: int
    """Number of slices of the volume; 0 if it was processed at once."""
    conversions: tuple[Conversion, ...]
    seconds: float
    """Duration of the call, conversions included."""
    error: str
    """Name of the exception that the call raised; empty if it returned."""
    reason: str = ""
    """Why it ran there, if it was called through `voxbind.auto`."""

    def row(self) -> dict[str, Any]:
        """Return it as plain values, for a table or JSON."""
        copied = (each.nbytes for each in self.conversions if not each.shared)
        shared = (each.nbytes for each in self.conversions if each.shared)
        return {
            **self._asdict(),
            "conversions": [each._asdict() for each in self.conversions],
            "bytes_copied": sum(copied),
            "bytes_shared": sum(shared),
        }


class TraceLog(Sequence[TracedCall]):
    """The calls that a `trace` recorded, in the order in which they ended; printed, a table.

    Arrays that a generator yields are converted one by one, and each has a row of its own.
    """

    def __init__(self) -> None:
        self._calls: list[TracedCall] = []

    @overload
    def __getitem__(self, index: int) -> TracedCall: ...
    @overload
    def __getitem__(self, index: slice) -> list[TracedCall]: ...
    def __getitem__(self, index: int | slice) -> TracedCall | list[TracedCall]:
        return self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: TracedCall) -> None:
        """Record a call; appending to a list is safe in several threads."""
        self._calls.append(call)

    def rows(self) -> list[dict[str, Any]]:
        """Return one dictionary of plain values for each call: for pandas, or JSON."""
        return [call.row() for call in self._calls]

    def __str__(self) -> str:
        table = [("function", "device", "path", "ms", "moved", "why"), *map(_cells, self._calls)]
        if not any(call.reason for call in self._calls):
            table = [row[:-1] for row in table]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)][:-1]
        return "\n".join(_line(row, widths) for row in table)

    def __repr__(self) -> str:
        return f"<{len(self)} traced calls>\n{self}" if self._calls else "<no traced calls>"


def _cells(call: TracedCall) -> tuple[str, ...]:
    path = f"{call.path} x {call.slices}" if call.slices else call.path
    moved = "; ".join(map(str, call.conversions)) or "nothing"
    failed = f" ({call.error})" if call.error else ""
    milliseconds = f"{call.seconds * 1e3:.3f}"
    return call.function, call.device, path, milliseconds, moved + failed, call.reason


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    *cells, last = row
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join((*padded, last)).rstrip()


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


class Watch:
    """One call while a trace is open, or while copies are forbidden."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._function = _name_of_wrapper()
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


def _name_of_wrapper() -> str:
    """Return the dotted name below voxbind of the wrapper that is running."""
    package = PACKAGE + "."
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # as in `stacklevel`
    while frame.f_back is not None:
        module = str(frame.f_globals.get("__name__"))
        if module.startswith(package) and module[len(package)] != "_":
            return f"{module.removeprefix(package)}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "the function"
