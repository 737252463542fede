"""Defaults that only the library knows."""

from __future__ import annotations

from typing import Any

__all__ = ["LibraryDefault", "is_same", "library_default"]


class LibraryDefault:
    """A default that only the library knows: an argument that is left at it isn't passed on."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f"<{self._path}>" if self._path[:1] != "<" else self._path


def library_default(path: str) -> Any:
    """Return a mark for a default that has no literal form, such as ``numpy.sum``."""
    return LibraryDefault(path)


def is_same(value: Any, default: Any) -> bool:
    """Return whether an argument is the default, by type and value."""
    return type(value) is type(default) and bool(value == default)
