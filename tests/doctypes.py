"""The table of what documentation calls types, `golden/docstring_types.tsv`.

``python tests/doctypes.py FOLDER`` writes it anew, where FOLDER holds the unpacked wheels of
cucim and CuPy: these are read without being imported. ``pytest --regenerate`` writes the rows
of the installed libraries anew and keeps what the table says of the others.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from voxbind_build import libraries
from voxbind_build.describe.docstrings import parse
from voxbind_build.describe.reader import read
from voxbind_build.describe.results import entries
from voxbind_build.discover import discover
from voxbind_build.model import Inventory, LibrarySpec

TABLE = Path(__file__).parent / "golden" / "docstring_types.tsv"
INSTALLED = ("skimage", "scipy", "pyclesperanto")
_CUCIM = (
    *("color", "exposure", "feature", "filters", "filters.rank", "measure", "metrics"),
    *("morphology", "registration", "restoration", "segmentation", "transform", "util"),
)
ELSEWHERE = {
    "cucim": LibrarySpec(
        name="cucim",
        distribution="cucim-cu12",
        modules=tuple(f"cucim.skimage.{name}" for name in _CUCIM),
    ),
    "cupyx": LibrarySpec(
        name="cupyx", distribution="cupy-cuda12x", modules=("cupyx.scipy.ndimage",)
    ),
}
LIBRARIES = (*INSTALLED, *ELSEWHERE)

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
    return count(discover(libraries.load(library)))


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
            "unread" if (reading := read(text)) is None else " | ".join(reading.type),
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


if __name__ == "__main__":
    for each in INSTALLED:
        libraries.prepare(libraries.load(each))
    folder = Path(sys.argv[1])
    save(
        {each: installed(each) for each in INSTALLED}
        | {each: count(discover(spec, [folder])) for each, spec in ELSEWHERE.items()}
    )
