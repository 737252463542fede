"""Files stay short, and their names can be told apart."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
FOLDERS = ("generator", "templates", "benchmarks")
SOURCES = ("*.py", "*.jinja", "*.lark")
MOST_LINES = 400
ENDING = re.compile(r"(ations?|ings?|ments?|ers?|ed|es|s|e)$")
ALIKE = {
    # Another name would be other code of the probe, and all functions would be measured again.
    ("arrangement.py", "arrangements.py"),
}


def sources(folder: str) -> list[Path]:
    paths = [path for pattern in SOURCES for path in (CHECKOUT / folder).rglob(pattern)]
    assert paths
    return sorted(paths)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_too_long(folder: str) -> None:
    lines = {path: path.read_text("utf-8").count("\n") for path in sources(folder)}
    assert {str(path): count for path, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_in_a_folder_differ_by_more_than_their_ending(folder: str) -> None:
    by_stem: defaultdict[tuple[Path, str], list[str]] = defaultdict(list)
    for path in sources(folder):
        by_stem[path.parent, ENDING.sub("", path.stem)].append(path.name)
    pairs = {tuple(names) for names in by_stem.values() if len(names) > 1}
    assert pairs - ALIKE == set()


@pytest.mark.parametrize(
    ("name", "other"),
    [("record", "records"), ("calls", "caller"), ("recording", "recorder"), ("slice", "slicing")],
)
def test_endings_are_recognized(name: str, other: str) -> None:
    assert ENDING.sub("", name) == ENDING.sub("", other)
