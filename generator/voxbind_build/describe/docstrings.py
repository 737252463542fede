"""The sections of a docstring, numpydoc or Google style, that a description is made of."""

from __future__ import annotations

import re
import warnings
from typing import NamedTuple

from numpydoc.docscrape import NumpyDocString

from voxbind_build.describe import google

__all__ = ["Documentation", "Entry", "parse"]

_HEADING = re.compile(
    r"^(?P<title>[A-Z][\w /]*?):?[ \t]*\n(?P<rule>-{3,}|={3,})[ \t]*$", re.MULTILINE
)
_PARAMETERS = ("Parameters", "Other Parameters")
_ALSO_CALLED = {"Arguments": "Parameters", "Args": "Parameters", "Return": "Returns"}
_RESULTS = ("Returns", "Yields")
_DIRECTIVE = re.compile(
    r"^\.\. deprecated:: *(?P<since>.*)\n(?P<text>(?:[ \t]+\S.*\n?|\n(?=[ \t]))*)", re.M
)
_NOTE = re.compile(r"\A\*\*Deprecated:?\*\*:? *(?P<text>.+?)(?:\n\s*\n|\Z)", re.DOTALL)


class Entry(NamedTuple):
    """One parameter or result as it is documented."""

    name: str
    type: str
    text: str


class Documentation(NamedTuple):
    """What a docstring says about a function."""

    parameters: dict[str, Entry]
    returns: tuple[Entry, ...]
    yields: tuple[Entry, ...]
    deprecated: str | None


def parse(docstring: str) -> Documentation:
    """Read a docstring; sections that are malformed read as empty."""
    introduction, sections = _sections(docstring)
    read = _entries
    if not any(title in sections for title in (*_PARAMETERS, *_RESULTS)):
        introduction, sections = google.sections(docstring)
        read = _google_entries
    parameters: dict[str, Entry] = {}
    for title in _PARAMETERS:
        for entry in read(title, sections.get(title, "")):
            for name in entry.name.split(","):
                known = parameters.get(name := name.strip(" *`"))
                # A deprecated parameter is listed twice, the second time for its end.
                if name and (known is None or not known.type or known.type == "DEPRECATED"):
                    parameters[name] = entry._replace(name=name)
    returns, yields = (read(title, sections.get(title, "")) for title in _RESULTS)
    return Documentation(parameters, returns, yields, _deprecated(introduction))


def _sections(docstring: str) -> tuple[str, dict[str, str]]:
    """Split into what stands before the first heading, and the sections by title."""
    headings = list(_HEADING.finditer(docstring))
    ends = [*(heading.start() for heading in headings), len(docstring)][1:]
    sections: dict[str, str] = {}
    for heading, end in zip(headings, ends, strict=True):
        # numpydoc refuses a title that comes twice; the first is the one that is meant.
        title = heading["title"].title()
        sections.setdefault(_ALSO_CALLED.get(title, title), docstring[heading.end() : end])
    return docstring[: headings[0].start()] if headings else docstring, sections


def _entries(title: str, text: str) -> tuple[Entry, ...]:
    if not text.strip():
        return ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parsed = NumpyDocString(f"Title\n\n{title}\n{'-' * len(title)}\n{text}\n")[title]
        except Exception:
            # numpydoc raises whatever its parsing stumbles over.
            return ()
    return tuple(_entry(item.name, item.type, "\n".join(item.desc).strip()) for item in parsed)


def _google_entries(title: str, text: str) -> tuple[Entry, ...]:
    return tuple(Entry(*member) for member in google.members(title, text))


def _entry(name: str, type_: str, text: str) -> Entry:
    if ":" in name and not type_:
        name, _, type_ = (part.strip() for part in name.partition(":"))
    elif not name and re.match(r"\w+ ?: ", type_):
        name, _, type_ = (part.strip() for part in type_.partition(":"))
    return Entry(name, type_, text)


def _deprecated(introduction: str) -> str | None:
    """Find the deprecation of the function itself, which stands before all sections."""
    if (directive := _DIRECTIVE.search(introduction)) is not None:
        text = " ".join(directive["text"].split())
        since = directive["since"].strip()
        return f"since {since}: {text}" if text else f"since {since}"
    if (note := _NOTE.match(introduction)) is not None:
        return " ".join(note["text"].split())
    return None
