"""What a trace knows of a call for a record of provenance: the function and its arguments."""

from __future__ import annotations

# Of an argument, pyright knows nothing more after a test of its class.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._memory.lookup import is_array, shape_of
from .._support.untyped import np
from .._upstream.defaults import LibraryDefault

__all__ = ["CalledFunction", "called_function"]


class CalledFunction(NamedTuple):
    """A function that was called, or for which a lazy graph was built."""

    function: str
    """Dotted name below voxbind: ``skimage.filters.gaussian``."""
    arguments: Mapping[str, Any]
    """All arguments by parameter, as values that JSON has: an array is described in words."""


def called_function(function: str, arguments: Mapping[str, Any]) -> CalledFunction:
    """Return a description of a call, which keeps no array alive."""
    return CalledFunction(
        function,
        {
            name: _described(value)
            for name, value in arguments.items()
            if not isinstance(value, LibraryDefault)
        },
    )


def _described(value: Any) -> Any:
    """Return a value as JSON has it; the same text in each process for the same value."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return value if value == value and abs(value) != float("inf") else repr(float(value))
    if isinstance(value, np.generic):
        return _described(value.item())
    if isinstance(value, (complex, slice, bytes)):
        return repr(value)
    if isinstance(value, (list, tuple, range)):
        return [_described(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _described(item) for key, item in value.items()}
    if is_array(value):
        dtype = str(getattr(value, "dtype", "unknown"))
        return f"array of shape {tuple(shape_of(value, ''))}, dtype {dtype}"
    if isinstance(value, np.dtype):
        return str(value)
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    return f"{getattr(value, '__module__', None) or type(value).__module__}.{name}"
