"""Splits a docstring into its sections."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

__all__ = ["TITLES", "Docstring", "Section", "Style", "split"]

Style = Literal["numpydoc", "google"]

TITLES = (
    *("Parameters", "Returns", "Yields", "Receives", "Other Parameters", "Raises", "Warns"),
    *("Warnings", "See Also", "Notes", "References", "Examples"),
)
"""numpydoc's titles, in its order."""
_ALSO_CALLED = {
    "Args": "Parameters",
    "Arguments": "Parameters",
    "Example": "Examples",
    "Keyword Args": "Other Parameters",
    "Keyword Arguments": "Other Parameters",
    "Note": "Notes",
    "Params": "Parameters",
    "Reference": "References",
    "Return": "Returns",
    "Warning": "Warnings",
    "Yield": "Yields",
}
_DECISIVE = frozenset(("Parameters", "Other Parameters", "Returns", "Yields"))
"""A docstring with one of these is numpydoc, in which a line like ``Note:`` isn't a heading."""
_HEADING = re.compile(
    r"^(?P<title>[A-Z][\w /]*?):?[ \t]*\n(?P<rule>-{3,}|={3,})[ \t]*$", re.MULTILINE
)
_COLON_HEADING = re.compile(
    rf"^(?P<title>{'|'.join([*TITLES, *_ALSO_CALLED])}):[ \t]*\n"
    r"(?P<block>(?:[ \t]*\n)*[ \t]+\S.*(?:\n(?:[ \t]+\S.*|[ \t]*$))*)",
    re.MULTILINE | re.IGNORECASE,
)


class Section(Struct, frozen=True):
    """One section."""

    title: str
    """One of numpydoc's titles, or the title as written if numpydoc has no such section."""
    body: str
    """The text without surrounding empty lines; in Google's style also without indentation."""
    style: Style = "numpydoc"


class Docstring(Struct, frozen=True):
    """A docstring and its sections in order; a title may occur twice."""

    introduction: str
    """The text before the first section."""
    sections: tuple[Section, ...]


def split(text: str) -> Docstring:
    """Split a docstring at the headings of its sections.

    Parameters
    ----------
    text : str
        The docstring, without the indentation of the code around it.

    Returns
    -------
    Docstring
        Text after the indented block of a Google section belongs to no section; all such text
        becomes the last section, with the title Notes.
    """
    headings = list(_HEADING.finditer(text))
    if _DECISIVE & {_title(heading["title"]) for heading in headings}:
        sections = [*_numpydoc(text, 0, headings)]
        return Docstring(text[: headings[0].start()], tuple(sections))
    end = headings[0].start() if headings else len(text)
    blocks = list(_COLON_HEADING.finditer(text, 0, end))
    start = min([end, *(block.start() for block in blocks)])
    return Docstring(text[:start], (*_google(text[:end], blocks), *_numpydoc(text, end, headings)))


def _title(written: str) -> str:
    title = written.title()
    title = _ALSO_CALLED.get(title, title)
    return title if title in TITLES else written


def _numpydoc(text: str, start: int, headings: list[re.Match[str]]) -> Iterator[Section]:
    ends = [*(heading.start() for heading in headings), len(text)]
    for heading, end in zip(headings, ends[1:], strict=True):
        yield Section(_title(heading["title"]), text[heading.end() : end].strip("\n"))


def _google(text: str, blocks: list[re.Match[str]]) -> Iterator[Section]:
    for block in blocks:
        body = textwrap.dedent(block["block"]).strip("\n")
        yield Section(_title(block["title"]), body, "google")
    ends = [block.start() for block in blocks[1:]] + [len(text)] * bool(blocks)
    between = (text[block.end() : end].strip() for block, end in zip(blocks, ends, strict=True))
    if outside := "\n\n".join(filter(None, between)):
        yield Section("Notes", outside)
