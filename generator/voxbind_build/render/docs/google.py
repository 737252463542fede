"""Converts docstrings from Google style, which CuPy uses, to numpydoc."""

from __future__ import annotations

from voxbind_build.common.docstrings import Section, entries, split
from voxbind_build.render.docs.section_layout import written

__all__ = ["numpydoc"]

_LISTS = frozenset(("Parameters", "Other Parameters", "Returns", "Yields", "Raises", "Warns"))


def numpydoc(text: str) -> str:
    """Return a docstring with each Google section as a numpydoc section."""
    docstring = split(text)
    if all(section.style == "numpydoc" for section in docstring.sections):
        return text
    return docstring.introduction + "".join(map(_section, docstring.sections))


def _section(section: Section) -> str:
    body = section.body
    if section.style == "google" and section.title in _LISTS:
        body = written(entries(section))
    return f"\n{section.title}\n{'-' * len(section.title)}\n{body}\n"
