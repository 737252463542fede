"""Where a warning points: at the code that called voxbind."""

from __future__ import annotations

import sys

from .package import PACKAGE

__all__ = ["callers_level"]


def callers_level() -> int:
    """Return the `stacklevel` of the first frame outside voxbind, seen from the caller."""
    package = PACKAGE + "."
    # Documented, and private by its name alone.
    level, frame = 1, sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back and (str(frame.f_globals.get("__name__")) + ".").startswith(package):
        level, frame = level + 1, frame.f_back
    return level
