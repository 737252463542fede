"""The wrapper that is running."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from .package import package_of

__all__ = ["call_of_over", "running_wrapper"]

_UNNAMED = "TCZYX"
"""The axes that an array without names most likely has; if it has fewer, the last of them."""
_FOUR = "TZYX"


def running_wrapper() -> tuple[str, Mapping[str, Any]]:
    """Return the dotted name below its package of the running wrapper, and its module's names.

    Both are empty if no wrapper is running in this thread.
    """
    # Documented, and private by its name alone.
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None:
        module = str(frame.f_globals.get("__name__"))
        package = package_of(module)
        public = module[len(package) + 1 :] if package else ""
        if public and public[0] != "_":
            return f"{public}.{frame.f_code.co_name}", frame.f_globals
        frame = frame.f_back
    return "", {}


def call_of_over(function: str, image: str, count: int, colours: bool = False) -> str:
    """Return the call that loops over the axes before those of a volume, for error messages.

    Parameters
    ----------
    function, image
        Names of the function and its parameter.
    count
        Number of axes, without that of colours.
    colours
        Whether the last axis holds colours.
    """
    axes = _FOUR if count <= len(_FOUR) else _UNNAMED
    more = "" if count <= len(_UNNAMED) else f", after reshaping it to the axes {', '.join(axes)}"
    return f'voxbind.over({function}, "{axes}{"S" * colours}")({image}){more}'
