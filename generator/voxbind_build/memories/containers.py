"""Changes the values inside tuples, lists and dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Apply a function to a value, or to each member if it is a tuple, list or dictionary.

    Parameters
    ----------
    value
        A result, or an argument.
    change
        Called with each value that isn't a container; returns the new value.
    """
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(each, change) for each in value))
    if type(value) in (list, tuple):
        return type(value)(mapped(each, change) for each in value)
    if type(value) is dict:
        return {key: mapped(each, change) for key, each in value.items()}
    return change(value)
