"""What is wrong with a library's TOML: one line a problem, with the file and the place in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

__all__ = ["Problem", "SpecError", "suggestion"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Problem(Struct, frozen=True):
    """One thing that is wrong."""

    place: tuple[str | int, ...]
    """The table and the key, or the number of an item; empty for the file as such."""
    message: str
    superfluous: bool = False
    """Whether the place is that of a key that nobody reads."""

    def line(self, file: str) -> str:
        """Return the problem in words, as one line."""
        place = ""
        for part in self.place:
            if isinstance(part, int):
                place += f"[{part}]"
            else:
                key = part if _BARE_KEY.fullmatch(part) else f'"{part}"'
                place += f".{key}" if place else key
        where = f"at {place}: " if place else ""
        return " ".join(f"{file}: {where}{self.message}".split("\n"))


class SpecError(ValueError):
    """Library specifications that can't be read, or don't say what they must.

    Parameters
    ----------
    lines
        The problems, each with its file and the place in it.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


def suggestion(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the nearest right name as a question; `otherwise`, if none is near."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    if not near:  # letters of the other case are as far as any other letters
        folded = {each.casefold(): each for each in names}
        near = [folded[one] for one in get_close_matches(name.casefold(), folded, n=1)]
    return f"do you mean {near[0]!r}?" if near else otherwise
