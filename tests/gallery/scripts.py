"""The scripts of scikit-image's gallery, which only its source distribution holds."""

from __future__ import annotations

import tarfile
from pathlib import Path

from suites import source_distribution

EXAMPLES = "doc/examples/"
"""The folder of the source distribution that holds the gallery."""


def gallery(cache: Path, version: str) -> dict[str, Path]:
    """Return the files of the gallery by name; download the source distribution if needed."""
    folder = cache / f"gallery-{version}"
    if not folder.exists():
        unfinished = folder.with_suffix(".part")
        with tarfile.open(source_distribution("scikit-image", version, cache)) as tar:
            for member in tar.getmembers():
                _, _, name = member.name.partition("/")
                if name.startswith(EXAMPLES) and member.isfile():
                    member.name = name.removeprefix(EXAMPLES)
                    tar.extract(member, unfinished, filter="data")
        unfinished.rename(folder)
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.py"))}
