"""Writes the pages in docs/changes: what changed from one version of a library to another."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from voxbind_build.build import changes_page, progress
from voxbind_build.build.report import BuildError
from voxbind_build.cli import comparison
from voxbind_build.model import LibraryChanges

ROOT = Path(__file__).parents[1]
PYPROJECT = ROOT / "pyproject.toml"
_TITLE = """\
# Changes in {}

`nox -s changes` writes this page: both versions are installed, read and measured, and the two
records are compared. [How to read it](../upgrading.md).

"""


def main(arguments: Sequence[str]) -> int:
    """Measure both versions of each pair in pyproject.toml, and write a page for each pair."""
    parser = argparse.ArgumentParser(prog="nox -s changes --")
    parser.add_argument("names", nargs="*", help="only the pairs of these libraries")
    parser.add_argument("--environments", type=Path, help="folder to keep the environments in")
    parser.add_argument("--jobs", type=int, help="processes that measure at a time")
    options = parser.parse_args(arguments)
    code = 0
    for old, new in pairs(PYPROJECT.read_text(encoding="utf-8")):
        if options.names and old.partition("==")[0] not in options.names:
            continue
        try:
            compared = comparison.compare(
                old,
                new,
                library=None,
                environments=options.environments,
                jobs=options.jobs,
                reporter=progress.reporter(Console(stderr=True)),
            )
        except BuildError as error:
            print(f"No page was written for {old} and {new}: {error}", file=sys.stderr)
            code = 1
            continue
        for changes in compared.libraries:
            print(write_page(changes, compared.notes).relative_to(ROOT))
    return code


def pairs(pyproject: str) -> list[list[str]]:
    """Return the pairs of requirements that pyproject.toml lists, the older version first."""
    listed: list[list[str]] = tomllib.loads(pyproject)["tool"]["voxbind"]["changes"]
    return listed


def write_page(changes: LibraryChanges, notes: Sequence[str] = ()) -> Path:
    """Write the page of one library, and return its path.

    Parameters
    ----------
    changes
        What changed between two versions.
    notes
        What else may have caused differences, a sentence each.
    """
    name = changes.distribution
    page = ROOT / "docs" / "changes" / f"{name}-{changes.before}-{changes.after}.md"
    page.parent.mkdir(exist_ok=True)
    said = "".join(f"Note: {note}\n\n" for note in notes)
    report = changes_page.markdown(changes).rstrip()
    page.write_text(f"{_TITLE.format(name)}{said}{report}\n", encoding="utf-8")
    return page
