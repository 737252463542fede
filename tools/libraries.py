"""Writes docs/libraries.md: what voxbind measures of the libraries in examples/libraries."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console

from voxbind_build import manifest
from voxbind_build.build import pipeline, progress
from voxbind_build.build.admission import known_roles
from voxbind_build.build.report import BuildError
from voxbind_build.libraries import SpecError, load
from voxbind_build.model import Contract, Library

ROOT = Path(__file__).parents[1]
SPECIFICATIONS = ROOT / "examples" / "libraries"
PAGE = ROOT / "docs" / "libraries.md"
_HEAD = """\
# Libraries that voxbind wasn't made for

`nox -s libraries` writes this page. It builds each file in
[examples/libraries](../examples/libraries), which is all that voxbind is told about these
libraries:

```console
$ voxbind build --library examples/libraries/mahotas.toml
```

*Observed* are the image functions of which a call returned, so that their contract is measured or
declared. The others convert arrays and pass everything on.
[adding-libraries.md](adding-libraries.md) explains the keys of the files.

"""


def main(arguments: Sequence[str]) -> int:
    """Build the libraries, and write the page.

    Parameters
    ----------
    arguments
        The folder for the packages, as ``--packages FOLDER``: a package that is there already is
        updated. Names of libraries to build; those of the others are read from their packages.
    """
    parser = argparse.ArgumentParser(prog="nox -s libraries --", description=main.__doc__)
    parser.add_argument("names", nargs="*", help="by default, all libraries")
    parser.add_argument("--packages", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    names = [path.stem for path in sorted(SPECIFICATIONS.glob("*.toml"))]
    if unknown := {*chosen.names} - {*names}:
        parser.error(f"there is no {', '.join(sorted(unknown))}; the names are {', '.join(names)}")
    console = Console(stderr=True)
    rows = []
    for name in names:
        package = chosen.packages / name / "voxbind"
        if name in (chosen.names or names):
            try:
                spec = load(SPECIFICATIONS / f"{name}.toml", known_roles())
                pipeline.build([spec], package, reporter=progress.Plain(console))
            except (BuildError, SpecError) as error:
                print(error, file=sys.stderr)
                return 1
        rows.append(_row(name, package))
    PAGE.write_text(_HEAD + "\n".join(_table(rows)) + "\n", encoding="utf-8")
    return 0


def _row(name: str, package: Path) -> tuple[str, ...]:
    (library,) = manifest.read(package / manifest.MANIFEST).libraries.values()
    functions = library.functions.values()
    images = [function for function in functions if function.kind == "image"]
    observed = [function for function in images if function.evidence != "unobserved"]
    contracts = Counter(function.contract for function in images)
    counts = (
        len(functions) + len(library.excluded),
        len(images),
        len(functions) - len(images),
        len(library.excluded),
    )
    return (
        f"[{library.distribution}](../examples/libraries/{name}.toml)",
        library.version,
        *map(str, counts),
        f"{len(observed)} ({_percent(library)} %)",
        *(str(contracts[contract]) for contract in get_args(Contract)),
    )


def _percent(library: Library) -> int:
    """Return the part of the image functions that were observed, rounded down."""
    images = [function for function in library.functions.values() if function.kind == "image"]
    observed = sum(function.evidence != "unobserved" for function in images)
    return 100 * observed // max(1, len(images))


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    columns = ("library", "version", "public names", "wrapped", "helpers", "excluded", "observed")
    head = (*columns, *(f"`{contract}`" for contract in get_args(Contract)))
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join(['---'] * 2 + ['---:'] * (len(head) - 2))} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)
