"""What PyInstaller asks of a package that it freezes: where its hooks are."""

from __future__ import annotations

__all__ = ["get_hook_dirs"]


def get_hook_dirs() -> list[str]:
    """Return the folders of voxbind's hooks, which are this one: an entry point names it."""
    return [*__path__]
