"""The text of a manifest: one line for each fact, without the facts that equal their default.

A reader fills in the fields that are left out. The fields in `ALWAYS` are written in any case,
because other programs read them from the JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from voxbind_build.manifest.omitted_defaults import without_defaults
from voxbind_build.model import (
    Deviation,
    DtypeFact,
    Exclusion,
    Function,
    Library,
    Manifest,
    Parameter,
    Returns,
    Twin,
)

__all__ = ["ALWAYS", "text"]

ALWAYS: Mapping[type[Struct], frozenset[str]] = {
    Manifest: frozenset(Manifest.__struct_fields__) - {"package"},
    Library: frozenset(Library.__struct_fields__) - {"classes", "deprecations"},
    Exclusion: frozenset(Exclusion.__struct_fields__),
    Twin: frozenset(Twin.__struct_fields__),
    Deviation: frozenset(Deviation.__struct_fields__),
    DtypeFact: frozenset(DtypeFact.__struct_fields__),
    Parameter: frozenset(("name", "kind", "annotation", "annotation_source", "default")),
    Returns: frozenset(("annotation", "annotation_source")),
    Function: frozenset(
        (
            *("arrays", "contract", "deprecated", "doc", "dtypes", "evidence", "form", "kind"),
            *("module", "mutates", "needs_channels", "original_name", "other_arrays", "overruled"),
            *("parameters", "random", "reason", "refuses", "result", "returns", "tags", "twin"),
            "wrapper",
        )
    ),
}
"""By record, the fields that are written even if they equal their default."""
_DEPTH = 5
"""Down to this depth each member of an object, or of a list of objects, has a line of its own. The
fields of a function are at depth 4, its parameters at depth 5."""


def text(manifest: Manifest) -> str:
    """Return a manifest as JSON with sorted keys, which ends with a line break."""
    return _lines(without_defaults(manifest, ALWAYS), 0) + "\n"


def _lines(value: Any, depth: int) -> str:
    if depth > _DEPTH or not value:
        return _json(value)
    if isinstance(value, dict):
        members: Iterable[str] = (
            f"{_json(key)}: {_lines(value[key], depth + 1)}" for key in sorted(value)
        )
        start, end = "{}"
    elif not isinstance(value, list) or isinstance(value[0], str):
        return _json(value)
    else:
        members = (_lines(member, depth + 1) for member in value)
        start, end = "[]"
    return f"{start}\n" + ",\n".join(members) + f"\n{end}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
