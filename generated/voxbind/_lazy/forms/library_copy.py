"""Copies of a library's functions in which a name stands for another object."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

__all__ = ["copy_with"]


def copy_with(function: Callable[..., Any], name: str, replacement: Any) -> Callable[..., Any]:
    """Return a copy of a function that uses `replacement` instead of the global `name`.

    Functions of the same library that it calls are copied too if they use the name. The library
    itself isn't changed, so calls in other threads aren't either.

    Raises
    ------
    LookupError
        If the function doesn't use the name, as may be in another version of the library.
    """
    copied = _copy(function, name, replacement, {})
    if copied is None:
        raise LookupError(
            f"{function.__module__}.{function.__qualname__} doesn't use {name!r} in the installed "
            "version of the library, so it can't be computed chunk by chunk. Compute the array "
            "first, with compute()."
        )
    return copied


def _copy(
    function: Any, name: str, replacement: Any, copies: dict[Any, FunctionType | None]
) -> FunctionType | None:
    """Return a copy; None if neither the function nor one that it calls uses the name."""
    if function in copies:
        return copies[function]
    copies[function] = None  # until it is known that a call of itself needs the copy
    names = {**function.__globals__}
    changed = {name: replacement} if name in function.__code__.co_names and name in names else {}
    library = str(function.__module__).partition(".")[0]
    for used in function.__code__.co_names:
        value = names.get(used)
        if used == name or not isinstance(value, FunctionType):
            continue
        if str(value.__module__).partition(".")[0] == library:
            copied = _copy(value, name, replacement, copies)
            if copied is not None:
                changed[used] = copied
    if not changed:
        return None
    copied = FunctionType(
        function.__code__,
        {**names, **changed},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copied.__kwdefaults__ = function.__kwdefaults__
    copies[function] = copied
    return copied
