"""The folder of what builds keep for later builds, on which nothing that they write depends."""

from __future__ import annotations

from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """Return voxbind's folder in the user's cache."""
    return Path.home() / ".cache" / "voxbind"
