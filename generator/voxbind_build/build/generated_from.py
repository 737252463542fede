"""The versions of libraries that a package was generated from, in a wheel's description.

The core metadata of a wheel has no field for them, and indexes refuse fields of one's own. The
build hook imports this module before the generator's requirements are installed, so it needs the
standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

_HEADING = "## Generated from"
_INTRODUCTION = """\
The wrappers in this distribution were generated from the versions below. `voxbind --version` prints
those of the installed wrappers, which `voxbind build` may have replaced."""


def recorded_versions(manifest: Path) -> dict[str, str]:
    """Return the recorded version of each distribution, apart from voxbind's own functions.

    Returns
    -------
    dict of str to str
        Sorted by name. Empty if the record can't be read: the pipeline reports the problem.
    """
    try:
        libraries = json.loads(manifest.read_text(encoding="utf-8"))["libraries"].values()
        versions = {
            library["distribution"]: library["version"]
            for library in libraries
            if not library.get("home")
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return dict(sorted(versions.items()))


def with_versions(description: str, versions: Mapping[str, str]) -> str:
    """Return a description with a last section that lists the versions, or without it if none.

    Parameters
    ----------
    description
        Markdown. If it has such a section already, that is replaced.
    versions
        The version of each distribution.
    """
    before, _, _ = description.partition(f"\n{_HEADING}\n")
    description = f"{before.rstrip()}\n"
    if not versions:
        return description
    listed = "\n".join(f"- {name} {version}" for name, version in versions.items())
    return f"{description}\n{_HEADING}\n\n{_INTRODUCTION}\n\n{listed}\n"
