"""Leaves out the fields of records that equal their default, which a reader fills in again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from msgspec import NODEFAULT, Struct, structs

__all__ = ["without_defaults"]


def without_defaults(value: Any, always: Mapping[type[Struct], frozenset[str]]) -> Any:
    """Return a record as a dictionary without the fields that equal their default.

    Parameters
    ----------
    value : Struct, dict, list, tuple or scalar
        A record, or records in containers. A tuple becomes a list.
    always : Mapping
        By record, the fields that are kept even if they equal their default.
    """
    if isinstance(value, Struct):
        record = type(value)
        defaults = _defaults(record, always.get(record, frozenset()))
        return {
            name: without_defaults(fact, always)
            for name, default in defaults
            if (fact := getattr(value, name)) != default
        }
    if isinstance(value, dict):
        return {key: without_defaults(member, always) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [without_defaults(member, always) for member in value]
    return value


@cache
def _defaults(record: type[Struct], always: frozenset[str]) -> tuple[tuple[str, object], ...]:
    """Return the fields of a record with their defaults.

    A field that is always kept has `NODEFAULT`, which no value equals.
    """
    return tuple(
        (field.name, NODEFAULT if field.name in always else _default(field))
        for field in structs.fields(record)
    )


def _default(field: structs.FieldInfo) -> object:
    factory: Callable[[], object] | object = field.default_factory
    return factory() if callable(factory) else field.default
