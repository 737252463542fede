"""Notes of a build or check that say the same of many names."""

from __future__ import annotations

import pytest

from voxbind_build.build.broken_modules import import_errors
from voxbind_build.build.folded_notes import folded
from voxbind_build.discover.difference_kinds import said_of_many

NOTHING = "is a function when imported and nothing in the source"


def test_of_many_notes_of_a_kind_the_first_are_kept_and_the_others_counted() -> None:
    notes = [f"lab: lab.blur{number} {NOTHING}" for number in range(591)]
    other = "lab: lab.sharpen has no signature that Python can inspect"
    unique = "gear is left out: it isn't installed."
    shortened = folded([*notes[:300], other, *notes[300:], unique])
    assert shortened == [
        *notes[:3],
        "lab: 588 more names are a function when imported and nothing in the source; `--json` "
        "lists them all",
        other,
        unique,
    ]


def test_few_notes_and_notes_of_several_libraries_stay() -> None:
    notes = [f"{library}: lab.blur{n} {NOTHING}" for n in range(6) for library in ("lab", "gear")]
    assert folded(notes) == notes
    repeated = ["lab.blur: the measurement was inconclusive twice (time)."] * 30
    assert folded(repeated) == repeated


def test_one_error_of_many_imports_is_named_once_with_the_missing_package() -> None:
    error = "ModuleNotFoundError: No module named 'torch'"
    notes = [f"lab: lab.part{n} was only read, not imported: {error}" for n in range(12)]
    other = "lab: lab.odd was not read: SystemExit: 3"
    assert folded([*notes[:5], other, *notes[5:]]) == [
        "lab: 12 modules (for example lab.part0, lab.part1 and lab.part2) can't be imported: "
        f"{error} (the package torch isn't installed)",
        other,
    ]
    assert folded(notes[:1]) == notes[:1]


def test_a_missing_module_of_the_library_itself_is_no_missing_package() -> None:
    error = "ModuleNotFoundError: No module named 'lab'"
    assert [*import_errors({"lab.a": error})] == [f"lab.a can't be imported: {error}"]


@pytest.mark.parametrize(
    "sentence",
    [
        "pkg.f is defined as pkg.a.f in the source, but is pkg.b.make.<locals>.f when imported",
        "pkg.f has a signature in the source, but none when imported",
        "pkg.f takes (image, /, *, a=...) in the source, but (*args) when imported",
        "pkg.f: mode is 'a b' by default in the source, but None when imported",
        "pkg.f is in the source but not in the imported module (OSError: no GPU)",
        "pkg.f is a class when imported and a constant in the source",
        "pkg.f has no signature that Python can inspect",
    ],
)
def test_each_sentence_on_a_difference_says_something_of_many(sentence: str) -> None:
    other = sentence.replace("pkg.f", "pkg.filters.blur").replace("image", "x")
    assert said_of_many(sentence) == said_of_many(other) != ""
