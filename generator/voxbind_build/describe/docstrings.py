"""Extracts from a docstring the parts that a description consists of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from voxbind_build.common.docstrings import Docstring, Entry, entries, split

__all__ = ["Documentation", "parse"]

_DIRECTIVE = re.compile(
    r"^\.\. deprecated:: *(?P<since>.*)\n(?P<text>(?:[ \t]+\S.*\n?|\n(?=[ \t]))*)", re.M
)
_NOTE = re.compile(r"\A\*\*Deprecated:?\*\*:? *(?P<text>.+?)(?:\n\s*\n|\Z)", re.DOTALL)


class Documentation(NamedTuple):
    """The documented parameters, results and deprecation of a function."""

    parameters: dict[str, Entry]
    returns: tuple[Entry, ...]
    yields: tuple[Entry, ...]
    deprecated: str | None


def parse(docstring: str) -> Documentation:
    """Read the parameters, the results and the deprecation of a function from its docstring."""
    read = split(docstring)
    parameters: dict[str, Entry] = {}
    for title in ("Parameters", "Other Parameters"):
        for entry in _entries(read, title):
            for name in filter(None, entry.names):
                earlier = parameters.get(name)
                # A deprecated parameter may be listed twice; the first entry has its type.
                if earlier is None or not earlier.type or earlier.type == "DEPRECATED":
                    parameters[name] = entry
    returns, yields = (_results(read, title) for title in ("Returns", "Yields"))
    return Documentation(parameters, returns, yields, _deprecated(read.introduction))


def _entries(docstring: Docstring, title: str) -> Iterator[Entry]:
    for section in docstring.sections:
        if section.title == title:
            yield from entries(section)


def _results(docstring: Docstring, title: str) -> tuple[Entry, ...]:
    """Return the entries of the first section that has any, without introductory text."""
    for section in docstring.sections:
        if section.title == title and section.body:
            section_entries = [entry for entry in entries(section) if entry.names or entry.type]
            # In Google style, a line without a name may introduce entries with names.
            named_entries = [
                entry for entry in section_entries if entry.names and section.style == "google"
            ]
            return tuple(named_entries or section_entries)
    return ()


def _deprecated(introduction: str) -> str | None:
    """Return the deprecation of the function itself, which comes before all sections."""
    if (directive := _DIRECTIVE.search(introduction)) is not None:
        text = " ".join(directive["text"].split())
        since = directive["since"].strip()
        return f"since {since}: {text}" if text else f"since {since}"
    if (note := _NOTE.match(introduction)) is not None:
        return " ".join(note["text"].split())
    return None
