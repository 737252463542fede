"""Splits a section into its entries: one or more parameters or results, and a text about them.

Other parsers (docstring_parser, griffe) end a type in Google's style at its first colon, which is
wrong for ``x (:class:`Array`): The input.``, and one of them skips a section because of one bad
line.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from voxbind_build.common.docstrings.sections import Section

__all__ = ["Entry", "entries"]

_OF_TYPES = frozenset(("Returns", "Yields", "Receives", "Raises", "Warns"))
"""Sections in which a single word is a type, not a name."""
_JOINED = frozenset(("Returns", "Yields"))
"""Google sections in which a line that isn't indented may continue the entry above."""
_ONE = r"""[\"'`*]*(?:\w+|\.\.\.)[\"'`*]*"""
_NAMES = re.compile(rf"(?P<names>{_ONE}(?:\s*,\s*{_ONE})*)")
# Upstream writes "name : type", "name: type" and "name" alone; prose has spaces in it.
_HEAD = re.compile(rf"^{_NAMES.pattern} *(?P<colon>:(?: +|$)(?P<type>.*))?$")
_OPEN, _CLOSE = "([{", ")]}"
# The text before the colon of a result is a sentence, not a type, if it has more words.
_MOST_WORDS = 12
_PERIOD = re.compile(r"\.(?=\s|$)")


class Entry(Struct, frozen=True):
    """One or more parameters or results that are documented together."""

    names: tuple[str, ...]
    """Names without asterisks; empty if the line doesn't begin with names."""
    type: str
    """The type; in numpydoc's style, the whole line if there are no names."""
    text: str
    """The description, without indentation."""

    @property
    def name(self) -> str:
        """The names, separated by commas."""
        return ", ".join(self.names)


def entries(section: Section) -> list[Entry]:
    """Return the entries of a section of parameters, results, errors or warnings."""
    if section.style == "google":
        return [*_google(section)]
    return [*_numpydoc(section)]


# --- numpydoc ---------------------------------------------------------------------------


def _numpydoc(section: Section) -> Iterator[Entry]:
    """Read a section in which each line that isn't indented begins an entry."""
    head, text = "", list[str]()
    for line in [*textwrap.dedent(section.body).split("\n"), ""]:
        if line and not line[0].isspace():
            yield from _headed(head, text, section.title in _OF_TYPES)
            head, text = line, []
        else:
            text.append(line)
    yield from _headed(head, text, section.title in _OF_TYPES)


def _headed(head: str, lines: list[str], of_types: bool) -> Iterator[Entry]:
    text = _outdented(lines)
    if not head:
        if text:
            yield Entry((), "", text)
        return
    # A line that a backslash continues has the next one's indentation in it.
    head = re.sub(r"\s{2,}", " ", head.strip()).removesuffix(" :")
    name, colon, type_ = head.partition(" : ")
    if of_types and colon:  # such as "(real, imag) : tuple of arrays", "p-value : float"
        yield Entry((name,) if name.startswith("(") else _split(name), type_.strip(), text)
        return
    named = _HEAD.match(head)
    if named is None or (of_types and named["colon"] is None):
        yield Entry((), head, text)
    else:
        yield Entry(_split(named["names"]), (named["type"] or "").strip(), text)


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip(" *`\"'\t\n") for name in names.split(","))


def _outdented(lines: list[str]) -> str:
    """Remove the first line's indentation from each line, as far as the line is indented."""
    first = next((line for line in lines if line.strip()), "")
    indent = len(first) - len(first.lstrip())
    return "\n".join(line[min(indent, len(line) - len(line.lstrip())) :] for line in lines).strip()


# --- Google -----------------------------------------------------------------------------


def _google(section: Section) -> Iterator[Entry]:
    """Read a section in which each item is "name (type): text" or, of results, "type: text"."""
    last: Entry | None = None
    for item in _items(section.body, section.title in _JOINED):
        if section.title in _JOINED:
            entry = _named(item, typed=True) or _typed(item)
        elif section.title in _OF_TYPES:
            entry = _plain(item) if _colon(item) < 0 else _typed(item)
        else:
            entry = _named(item, typed=False) or _plain(item)
        if (
            last is not None and not entry.names and not entry.type
        ):  # another paragraph of the last entry
            last = replace(last, text=f"{last.text}\n\n{entry.text}")
            continue
        if last is not None:
            yield last
        last = entry
    if last is not None:
        yield last


def _items(body: str, joined: bool) -> Iterator[str]:
    """Split a body at the lines that aren't indented.

    If `joined`, such a line continues the item above, unless there is a blank line in between or
    it begins like ``name (type):``.
    """
    item: list[str] = []
    for line in body.splitlines():
        starts = bool(line) and not line[0].isspace()
        if starts and joined and item and item[-1].strip():
            starts = _named(line, typed=True) is not None
        if item and starts:
            yield "\n".join(item)
            item = []
        item.append(line.rstrip())
    if item:
        yield "\n".join(item)


def _named(item: str, typed: bool) -> Entry | None:
    """Read "label (ndarray): Text.", "**label (ndarray)**: Text." and "label: Text.".

    If `typed`, the type in parentheses is required.
    """
    names = _NAMES.match(item)
    if names is None:
        return None
    type_, rest = _parenthesised(item[names.end() :])
    rest = rest.lstrip("*` ") if type_ else rest
    if not rest.startswith(":") or (typed and not type_):
        return None
    return Entry(_split(names["names"]), type_, _dedented(rest[1:]))


def _typed(item: str) -> Entry:
    """Read "ndarray: Text."; an item that begins with a sentence has no type."""
    place = _colon(item)
    type_ = " ".join(item[: max(place, 0)].split())
    if not type_ or _PERIOD.search(type_) or len(type_.split()) > _MOST_WORDS:
        return Entry((), "", item.strip())
    return Entry((), type_, _dedented(item[place + 1 :]))


def _plain(item: str) -> Entry:
    """Read an item without a colon: its first line is the type, the others are the text."""
    first, _, rest = item.partition("\n")
    return Entry((), first, textwrap.dedent(rest).strip("\n"))


def _parenthesised(text: str) -> tuple[str, str]:
    """Return the text in the parentheses that `text` begins with, and the text after them."""
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
    """Find the colon that ends a type, outside brackets and roles such as ``:class:``."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in _OPEN) - (character in _CLOSE)
        if character == ":" and depth <= 0 and re.match(r":(?:\s|$)", text[place:]):
            return place
    return -1


def _dedented(text: str) -> str:
    """Return the text after a heading, with the indentation of its further lines removed."""
    first, _, rest = text.strip().partition("\n")
    return f"{first}\n{textwrap.dedent(rest)}".strip()
