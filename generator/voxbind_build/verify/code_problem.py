"""A problem in a generated file."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Problem"]


class Problem(Struct, frozen=True, order=True):
    """One problem, with its place and the tool that reported it."""

    path: str
    """Path of the file, relative to the package."""
    line: int
    """Line number; 0 if the problem concerns the whole file."""
    tool: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message} [{self.tool}]"
