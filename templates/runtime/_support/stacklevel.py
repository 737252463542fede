"""Where a warning points: at the code that called voxbind."""

from __future__ import annotations

import sys

from .package import package_of

__all__ = ["callers_level"]


def callers_level() -> int:
    """Return the `stacklevel` of the first frame outside the wrappers, seen from the caller."""
    # Documented, and private by its name alone.
    level, frame = 1, sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back and package_of(str(frame.f_globals.get("__name__"))):
        level, frame = level + 1, frame.f_back
    return level
