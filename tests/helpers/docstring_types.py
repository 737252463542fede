"""The table of what documentation calls types, `golden/docstring_types.tsv`.

``pytest --regenerate`` writes the rows of the libraries that are here, as far as their source
goes, and keeps what the table says of the others.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from voxbind_build import libraries
from voxbind_build.describe.docstrings import parse
from voxbind_build.describe.doctype_reader import read
from voxbind_build.describe.documented_returns import entries
from voxbind_build.discover import discover
from voxbind_build.model import Inventory

TABLE = Path(__file__).parents[1] / "golden" / "docstring_types.tsv"
LIBRARIES = ("skimage", "scipy", "pyclesperanto", "cucim", "cupyx")
INSTALLED = tuple(name for name in LIBRARIES if find_spec(libraries.load(name).package))

Counts = Mapping[str, Counter[str]]
"""How often each text stands in the documentation of each library."""


class Row(NamedTuple):
    """One distinct text."""

    text: str
    counts: dict[str, int]
    type: str
    """``unread`` where no rule fits the text."""
    facts: dict[str, str]


@cache
def installed(library: str) -> Counter[str]:
    """Count the documented types of an installed library."""
    spec = libraries.load(library)
    return count(discover(spec, live=not spec.device))


def count(inventory: Inventory) -> Counter[str]:
    """Count the documented types of all parameters and results, each name of a function once."""
    return Counter(text for text in _texts(inventory) if text)


def _texts(inventory: Inventory) -> Iterator[str]:
    for name in inventory.names:
        if name.kind != "function" or name.definition is None or name.exclusion is not None:
            continue
        documentation = parse(name.definition.docstring)
        for parameter in name.definition.parameters:
            if parameter.name in documentation.parameters:
                yield " ".join(documentation.parameters[parameter.name].type.split())
        for entry in entries(documentation):
            yield " ".join((entry.type or entry.name).split())


def rows(counts: Counts) -> list[Row]:
    """Read each distinct text, the most frequent first."""
    texts = sorted({text for counter in counts.values() for text in counter})
    texts.sort(key=lambda text: -sum(counter[text] for counter in counts.values()))
    return [
        Row(
            text,
            {library: counts[library][text] for library in LIBRARIES},
            "unread" if (reading := read(text)) is None else str(reading.type or ""),
            {} if reading is None else reading.facts,
        )
        for text in texts
    ]


def load() -> list[Row]:
    """Read the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                row["text"],
                {library: int(row[library]) for library in LIBRARIES},
                row["type"],
                json.loads(row["facts"]),
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def counted(table: Sequence[Row], library: str) -> Counter[str]:
    """Give a library's column of the table."""
    return Counter({row.text: row.counts[library] for row in table if row.counts[library]})


def save(counts: Counts) -> None:
    """Write the table."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(
            file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n"
        )
        writer.writerow(["text", *LIBRARIES, "type", "facts"])
        for row in rows(counts):
            facts = json.dumps(row.facts, ensure_ascii=False)
            writer.writerow([row.text, *row.counts.values(), row.type, facts])
