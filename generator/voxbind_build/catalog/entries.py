"""What the index of the catalogue knows of each function, and what it compares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from voxbind_build.common.docstrings import split
from voxbind_build.model import Function, Manifest

__all__ = ["Entry", "comparison", "contents", "index_row", "words"]

_COMPARED = frozenset(
    (
        *("contract", "why", "evidence", "returns", "dtypes", "reach", "random", "state"),
        *("changes", "twin"),
    )
)
"""Labels of the lines of a page that the index shows side by side."""
_WORD = re.compile(r"[a-z][a-z0-9]{2,}")
_COMMON = frozenset(
    ("and", "are", "array", "for", "from", "image", "images", "input", "not", "that", "the", "this")
)
"""Words of so many functions that they find none."""


class Entry(Struct, frozen=True, kw_only=True):
    """One function of the catalogue."""

    name: str
    """Dotted public name upstream."""
    library: str
    function: Function
    page: str
    """Path of its page, below the catalogue."""

    @property
    def usual_page(self) -> str:
        """The path of its page, unless another function's path differs from it only in case."""
        return f"functions/{self.name}.html"

    @property
    def import_line(self) -> str:
        """The import of the wrapper: ``from voxbind.skimage.filters import gaussian``."""
        module, _, name = self.function.wrapper.rpartition(".")
        return f"from {module} import {name}"


def contents(manifest: Manifest) -> list[Entry]:
    """Return all functions, sorted by library and name; no two pages differ only in case."""
    entries: list[Entry] = []
    taken: set[str] = set()
    for library, facts in sorted(manifest.libraries.items()):
        for name, function in sorted(facts.functions.items()):
            entry = Entry(name=name, library=library, function=function, page="")
            page = entry.usual_page
            while page.lower() in taken:  # file systems of macOS and Windows ignore case
                page = page.removesuffix(".html") + "_.html"
            taken.add(page.lower())
            entries.append(replace(entry, page=page))
    return entries


def index_row(entry: Entry, manifest: Manifest, thumbnail: str) -> dict[str, Any]:
    """Return what is filtered and listed of a function; empty values, and usual ones, are left out.

    Parameters
    ----------
    entry
        The function.
    manifest
        The manifest that has it.
    thumbnail
        Path of the picture of its result; empty if there is none.
    """
    function, library = entry.function, manifest.libraries[entry.library]
    row = {
        "name": entry.name,
        "page": "" if entry.page == entry.usual_page else entry.page,
        "library": entry.library,
        "contract": function.label,
        "memory": library.memory_type,
        "result": " ".join(dict.fromkeys(function.kinds)) if function.kind == "image" else "",
        "summary": function.summary,
        "picture": thumbnail,
        "gpu": bool(library.device),
        "deprecated": bool(function.deprecated),
    }
    return {name: value for name, value in row.items() if value}


def words(entry: Entry) -> str:
    """Return the words of the documentation and of the parameters' names, each once."""
    doc = split(entry.function.doc)
    notes = [section.body for section in doc.sections if section.title == "Notes"]
    names = [parameter.name for parameter in entry.function.parameters]
    text = " ".join([doc.introduction, *notes, *names, *entry.function.tags]).lower()
    return " ".join(sorted(set(_WORD.findall(text)) - _COMMON))


def comparison(entry: Entry, memory: str, lines: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the texts that the index shows of a function beside others, by label.

    Parameters
    ----------
    entry
        The function.
    memory
        The memory of its library.
    lines
        See `function_lines.lines`.
    """
    compared = {
        "import": [entry.import_line],
        "summary": [entry.function.summary],
        "memory": [memory],
    }
    by_label: Mapping[str, list[str]] = _by_label(lines)
    return compared | {label: by_label[label] for label in by_label if label in _COMPARED}


def _by_label(lines: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    last = ""
    for label, text in lines:
        last = label or last
        grouped.setdefault(last, []).append(" ".join(text.split()))
    return grouped
