"""What is wrong with a generated file."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Problem"]


class Problem(Struct, frozen=True, order=True):
    """One problem, where it is and which tool says so."""

    path: str
    """Path below the package."""
    line: int
    """0 where it concerns the whole file."""
    tool: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message} [{self.tool}]"
