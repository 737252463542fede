"""The sections of a Google style docstring: titles with a colon, entries below them, indented.

The readers that there are (docstring_parser, griffe) end a type at its first colon, which
``x (:class:`Array`): The input.`` has in the middle, and one gives up a section for one bad line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Member", "members", "sections"]

_TITLE = re.compile(
    r"^(?P<title>[A-Z][a-z]+(?: [A-Za-z]+)?):[ \t]*\n(?=(?:[ \t]*\n)*[ \t]+\S)", re.M
)
_KINDS = {
    **dict.fromkeys(("Args", "Arguments", "Parameters", "Params"), "Parameters"),
    **dict.fromkeys(("Other Parameters", "Keyword Args", "Keyword Arguments"), "Other Parameters"),
    **dict.fromkeys(("Return", "Returns"), "Returns"),
    **dict.fromkeys(("Yield", "Yields"), "Yields"),
}
_NAME = re.compile(r"\*{0,2}[\"'`*]*(?P<name>[A-Za-z_]\w*(?:\s*,\s*\*{0,2}[A-Za-z_]\w*)*)[\"'`*]*")
_OPEN, _CLOSE = "([{", ")]}"
# What stands before the colon of a result is a type only if it is no sentence.
_MOST_WORDS = 12


class Member(NamedTuple):
    """One entry of a section, as it is written."""

    name: str
    type: str
    text: str


def sections(docstring: str) -> tuple[str, dict[str, str]]:
    """Split into what stands before the first known title, and the sections by numpydoc title."""
    found: dict[str, str] = {}
    start = len(docstring)
    for title in _TITLE.finditer(docstring):
        kind = _KINDS.get(title["title"])
        if kind is None or kind in found:
            continue
        start = min(start, title.start())
        end = re.search(r"^\S", docstring[title.end() :], re.M)
        found[kind] = docstring[title.end() :][: end.start() if end else None]
    return docstring[:start], found


def members(title: str, text: str) -> tuple[Member, ...]:
    """Read the entries of a section; a line that is none belongs to the one before."""
    read, joins = (_result, True) if title in ("Returns", "Yields") else (_parameter, False)
    found = [member for entry in _entries(text, joins) if (member := read(entry)) is not None]
    # Beside members with names, a line without one introduces them.
    named = [member for member in found if member.name]
    return tuple(named or found)


def _entries(text: str, joins: bool) -> Iterator[str]:
    """Split a section at the lines of the smallest indentation.

    With `joins`, as people write results, such a line goes on with what stands before it, unless
    a blank line parts them or it begins as ``name (type):`` does.
    """
    lines = text.strip("\n").splitlines()
    depth = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    entry: list[str] = []
    for line in (line[depth:].rstrip() for line in lines):
        starts = line.strip() and not line[0].isspace()
        if starts and joins and entry and entry[-1]:
            starts = _named(line) is not None
        if entry and starts:
            yield "\n".join(entry)
            entry = []
        entry.append(line)
    if entry:
        yield "\n".join(entry)


def _named(entry: str) -> Member | None:
    """Read "label (ndarray): Text." and "**label (ndarray)**: Text."."""
    name = _NAME.match(entry)
    if name is None:
        return None
    documented, rest = _parenthesised(entry[name.end() :])
    rest = rest.lstrip("*` ")
    if not documented or not rest.startswith(":"):
        return None
    return Member(name["name"], documented, _text(rest[1:]))


def _parameter(entry: str) -> Member | None:
    name = _NAME.match(entry)
    if name is None:
        return None
    documented, rest = _parenthesised(entry[name.end() :])
    if not rest.startswith(":"):
        return None
    return Member(name["name"], documented, _text(rest[1:]))


def _result(entry: str) -> Member | None:
    """Read "ndarray: Text." and what has a name."""
    if (named := _named(entry)) is not None:
        return named
    place = _colon(entry)
    if place < 0 or len(entry[:place].split()) > _MOST_WORDS:
        return None
    return Member("", " ".join(entry[:place].split()), _text(entry[place + 1 :]))


def _parenthesised(text: str) -> tuple[str, str]:
    """Give what stands in the parentheses that `text` begins with, and what follows them."""
    stripped = text.lstrip()
    if not stripped.startswith("("):
        return "", stripped
    depth = 0
    for place, character in enumerate(stripped):
        depth += (character in _OPEN) - (character in _CLOSE)
        if depth == 0:
            inner = " ".join(stripped[1:place].split())
            return inner, stripped[place + 1 :].lstrip()
    return "", stripped


def _colon(text: str) -> int:
    """Find the colon that ends a type: in no brackets, and in no role such as ``:class:``."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in _OPEN) - (character in _CLOSE)
        if character == ":" and depth <= 0 and re.match(r":(?:\s|$)", text[place:]):
            return place
    return -1


def _text(text: str) -> str:
    first, _, rest = text.strip().partition("\n")
    lines = rest.splitlines()
    depth = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join([first, *(line[depth:] for line in lines)]).strip()
