"""Results in whatever holds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a tuple, list or dictionary with all its members changed; anything else changed.

    Parameters
    ----------
    value
        A result, or an argument.
    change
        Returns what takes a member's place, which is in no container.
    """
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(each, change) for each in value))
    if type(value) in (list, tuple):
        return type(value)(mapped(each, change) for each in value)
    if type(value) is dict:
        return {key: mapped(each, change) for key, each in value.items()}
    return change(value)
