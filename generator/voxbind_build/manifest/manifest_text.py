"""The text of a manifest: one line for each fact, without the facts that equal their default.

A reader fills in the fields that are left out. The fields in `ALWAYS` are written in any case,
because other programs read them from the JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct, structs

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
    Library: frozenset(Library.__struct_fields__),
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
    return _lines(_shortened(manifest), 0) + "\n"


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


def _shortened(value: Any) -> Any:
    """Return a record as a dictionary without the fields that equal their default."""
    if isinstance(value, Struct):
        fields = ((name, getattr(value, name), default) for name, default in _defaults(type(value)))
        return {name: _shortened(fact) for name, fact, default in fields if fact != default}
    if isinstance(value, dict):
        return {key: _shortened(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(member) for member in value]
    return value


@cache
def _defaults(record: type[Struct]) -> tuple[tuple[str, object], ...]:
    """Return the fields of a record with their defaults.

    A field that is always written has `NODEFAULT`, which no value equals.
    """
    always = ALWAYS.get(record, frozenset())
    return tuple(
        (field.name, NODEFAULT if field.name in always else _default(field))
        for field in structs.fields(record)
    )


def _default(field: structs.FieldInfo) -> object:
    factory: Callable[[], object] | object = field.default_factory
    return factory() if callable(factory) else field.default
