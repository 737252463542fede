"""The rows of a trace: one for each call, and one for each array that moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, overload

from .called import CalledFunction

__all__ = ["Conversion", "TraceLog", "TracedCall"]


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
    """Where the library worked: ``cpu``, ``cuda:0``, the name of an OpenCL device; ``dask`` for a
    graph, which works when it is computed."""
    path: str
    """``direct``: one call of the library; ``per slice``: one call for each slice; ``graph``: the
    call built a graph of dask arrays, and no image was processed yet."""
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
        copied = (conversion.nbytes for conversion in self.conversions if not conversion.shared)
        shared = (conversion.nbytes for conversion in self.conversions if conversion.shared)
        return {
            **self._asdict(),
            "conversions": [conversion._asdict() for conversion in self.conversions],
            "bytes_copied": sum(copied),
            "bytes_shared": sum(shared),
        }


class TraceLog(Sequence[TracedCall]):
    """The calls that a `trace` recorded, in the order in which they ended; printed, a table.

    Arrays that a generator yields are converted one by one, and each has a row of its own.
    """

    def __init__(self) -> None:
        self._calls: list[TracedCall] = []
        self._begun: list[CalledFunction] = []
        self._failed: set[int] = set()
        """The `id` of each member of `_begun` whose call raised an error."""

    @property
    def functions(self) -> list[CalledFunction]:
        """The functions that were called and their arguments, as the calls began.

        Calls that raised an error are left out.
        """
        return [called for called in self._begun if id(called) not in self._failed]

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

    def begin(self, called: CalledFunction) -> None:
        """Record the function and the arguments of a call that begins."""
        self._begun.append(called)

    def fail(self, called: CalledFunction) -> None:
        """Record that the call has raised an error; `called` is the object given to `begin`."""
        self._failed.add(id(called))

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
