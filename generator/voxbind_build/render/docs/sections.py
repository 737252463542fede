"""A docstring as its sections, in numpydoc's order and under numpydoc's titles."""

from __future__ import annotations

import re

from msgspec import Struct

__all__ = ["Entry", "Sections", "entries", "indented", "read", "write"]

_ORDER = (
    *("Parameters", "Returns", "Yields", "Receives", "Other Parameters", "Raises", "Warns"),
    *("Warnings", "See Also", "Notes", "References", "Examples"),
)
_ALSO_CALLED = {
    "Args": "Parameters",
    "Arguments": "Parameters",
    "Example": "Examples",
    "Note": "Notes",
    "Reference": "References",
    "Return": "Returns",
    "Warning": "Warnings",
}
_HEADING = re.compile(r"^(?P<title>[A-Z][\w /]*?):?[ ]*\n(?P<rule>-{3,}|={3,})[ ]*$", re.MULTILINE)
_NAMES = r"(?:\*{0,2}\w+|\.\.\.)(?:, *(?:\*{0,2}\w+|\.\.\.))*"
# Upstream writes "name : type", "name: type" and "name" alone; prose has spaces in it.
_ENTRY = re.compile(rf"^(?P<names>{_NAMES})(?: *:(?: +|$)(?P<type>.*))?$")
_INDENT = "    "


class Sections(Struct, frozen=True):
    """What stands before the first section, and the text of each by its title."""

    introduction: str
    bodies: dict[str, str]


class Entry(Struct, frozen=True):
    """One or more parameters or results that are documented together."""

    names: tuple[str, ...]
    """Without asterisks; none for what isn't a list of names."""
    type: str
    """The whole line where there are no names."""
    text: str
    """Not indented."""


def read(text: str) -> Sections:
    """Split a docstring; a section that comes twice is one, an unknown one becomes a note."""
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings), len(text)]
    bodies: dict[str, list[str]] = {}
    for heading, end in zip(headings, ends[1:], strict=True):
        title = heading["title"].title()
        title = _ALSO_CALLED.get(title, title)
        body = text[heading.end() : end].strip("\n")
        if title not in _ORDER:
            title, body = "Notes", f"**{heading['title']}**\n\n{body}"
        if "Examples" in bodies and ">>>" in body:  # it goes on with what was bound there
            title = "Examples"
        if body.strip():
            bodies.setdefault(title, []).append(body)
    return Sections(
        text[: ends[0]].strip(), {title: "\n\n".join(parts) for title, parts in bodies.items()}
    )


def write(sections: Sections) -> str:
    """Put the sections together in numpydoc's order."""
    parts = [sections.introduction]
    for title in _ORDER:
        if body := sections.bodies.get(title, "").strip("\n"):
            parts.append(f"{title}\n{'-' * len(title)}\n{body}")
    return "\n\n".join(part for part in parts if part)


def entries(body: str) -> list[Entry]:
    """Split a section of parameters or results: what begins a line is what is documented."""
    found: list[Entry] = []
    head, text = "", list[str]()
    for line in [*body.split("\n"), ""]:
        if line and not line.startswith(" "):
            found += _entry(head, text)
            head, text = line, []
        else:
            text.append(line)
    return found + _entry(head, text)


def _entry(head: str, lines: list[str]) -> list[Entry]:
    text = _dedented(lines)
    if not head:
        return [Entry((), "", text)] if text else []
    named = _ENTRY.match(head)
    if named is None:
        return [Entry((), head, text)]
    names = tuple(name.strip(" *") for name in named["names"].split(","))
    return [Entry(names, (named["type"] or "").strip(), text)]


def _dedented(lines: list[str]) -> str:
    """Take away the first line's indentation, and no more than a line has."""
    first = next((line for line in lines if line), "")
    indent = len(first) - len(first.lstrip())
    return "\n".join(line[min(indent, len(line) - len(line.lstrip())) :] for line in lines).strip(
        "\n"
    )


def indented(text: str) -> str:
    """Return a text as what belongs to the line above it."""
    return "\n".join(_INDENT + line if line else "" for line in text.split("\n"))
