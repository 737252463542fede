"""A docstring as its sections, in numpydoc's order and under numpydoc's titles."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from voxbind_build.common.docstrings import TITLES, Entry, split

__all__ = ["Sections", "indented", "read", "write", "written"]

_INDENT = "    "


class Sections(Struct, frozen=True):
    """What stands before the first section, and the text of each by its title."""

    introduction: str
    bodies: dict[str, str]


def read(text: str) -> Sections:
    """Split a docstring; a section that comes twice is one, an unknown one becomes a note."""
    docstring = split(text)
    bodies: dict[str, list[str]] = {}
    for section in docstring.sections:
        title, body = section.title, section.body
        if title not in TITLES:
            title, body = "Notes", f"**{title}**\n\n{body}"
        if "Examples" in bodies and ">>>" in body:  # it goes on with what was bound there
            title = "Examples"
        if body.strip():
            bodies.setdefault(title, []).append(body)
    return Sections(
        docstring.introduction.strip(),
        {title: "\n\n".join(parts) for title, parts in bodies.items()},
    )


def write(sections: Sections) -> str:
    """Put the sections together in numpydoc's order."""
    parts = [sections.introduction]
    for title in TITLES:
        if body := sections.bodies.get(title, "").strip("\n"):
            parts.append(f"{title}\n{'-' * len(title)}\n{body}")
    return "\n\n".join(part for part in parts if part)


def written(listed: Iterable[Entry]) -> str:
    """Return the body of a section of parameters or results."""
    return "\n".join(map(_line, listed))


def _line(entry: Entry) -> str:
    head = " : ".join(part for part in (entry.name, entry.type) if part)
    return "\n".join(part for part in (head, indented(entry.text)) if part)


def indented(text: str) -> str:
    """Return a text as what belongs to the line above it."""
    return "\n".join(_INDENT + line if line else "" for line in text.split("\n"))
