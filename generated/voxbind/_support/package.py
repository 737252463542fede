"""The name that the package goes by, whichever of its modules asks."""

from __future__ import annotations

__all__ = ["PACKAGE"]

PACKAGE = (__package__ or "voxbind").partition(".")[0]
