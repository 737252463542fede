"""Problems in a library's TOML, each shown as one line with the file and the place in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

__all__ = ["Problem", "SpecError", "suggestion"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Problem(Struct, frozen=True):
    """One problem in a TOML file."""

    place: tuple[str | int, ...]
    """Keys and list indices that lead to the wrong value; empty for the whole file."""
    message: str
    superfluous: bool = False
    """Whether the key at this place is unknown, so that its value isn't used."""

    def line(self, file: str) -> str:
        """Return the problem as one line of text that begins with the file."""
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
    """Library specifications that can't be read, or have missing or wrong entries.

    Parameters
    ----------
    lines
        The problems, each with its file and the place in it.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


def suggestion(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a question that suggests the most similar known name.

    Parameters
    ----------
    name
        A wrong name.
    known
        The right names.
    otherwise
        The text to return if no right name is similar.
    """
    names = list(known)
    matches = get_close_matches(name, names, n=1)
    if not matches:  # `difflib` treats a different case as a different letter
        by_folded = {right_name.casefold(): right_name for right_name in names}
        folded_matches = get_close_matches(name.casefold(), by_folded, n=1)
        matches = [by_folded[match] for match in folded_matches]
    return f"do you mean {matches[0]!r}?" if matches else otherwise
