"""Splits a docstring into sections, and writes them in numpydoc's order under its titles."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from voxbind_build.common.docstrings import TITLES, Entry, split

__all__ = ["Sections", "indented", "read", "write", "written"]

_INDENT = "    "


class Sections(Struct, frozen=True):
    """The text before the first section, and the text of each section by title."""

    introduction: str
    bodies: dict[str, str]


def read(text: str) -> Sections:
    """Split a docstring. Sections with the same title are joined; an unknown one becomes a note."""
    docstring = split(text)
    bodies: dict[str, list[str]] = {}
    for section in docstring.sections:
        title, body = section.title, section.body
        if title not in TITLES:
            title, body = "Notes", f"**{title}**\n\n{body}"
        if "Examples" in bodies and ">>>" in body:  # it may use names that the examples bind
            title = "Examples"
        if body.strip():
            bodies.setdefault(title, []).append(body)
    return Sections(
        docstring.introduction.strip(),
        {title: "\n\n".join(parts) for title, parts in bodies.items()},
    )


def write(sections: Sections) -> str:
    """Join the sections in numpydoc's order."""
    parts = [sections.introduction]
    for title in TITLES:
        if body := sections.bodies.get(title, "").strip("\n"):
            parts.append(f"{title}\n{'-' * len(title)}\n{body}")
    return "\n\n".join(part for part in parts if part)


def written(entries: Iterable[Entry]) -> str:
    """Return the body of a section of parameters or results."""
    return "\n".join(map(_line, entries))


def _line(entry: Entry) -> str:
    head = " : ".join(part for part in (entry.name, entry.type) if part)
    return "\n".join(part for part in (head, indented(entry.text)) if part)


def indented(text: str) -> str:
    """Return a text indented, as the description below an entry."""
    return "\n".join(_INDENT + line if line else "" for line in text.split("\n"))
