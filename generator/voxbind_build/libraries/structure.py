"""Checks the keys and types of a TOML document, and reports every problem, not only the first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from voxbind_build.libraries.problems import Problem, suggestion

__all__ = ["mismatches"]


def mismatches(
    document: Mapping[str, Any], record: type[Struct], place: tuple[str | int, ...] = ()
) -> Iterator[Problem]:
    """Yield a problem for each missing or unknown key, and each value of the wrong type.

    Parameters
    ----------
    document
        A table of a TOML document.
    record
        The struct that the table will be converted to.
    place
        Keys and list indices that lead to the table.
    """
    fields = {field.name: field for field in msgspec.structs.fields(record) if field.name != "file"}
    types = get_type_hints(record)
    for name, field in fields.items():
        if field.required and name not in document:
            yield Problem(place, f"missing required key `{name}`")
    is_valid = True
    for key, value in document.items():
        if key not in fields:
            keys = f"the keys here are {', '.join(fields)}"
            yield Problem((*place, key), f"unknown key; {suggestion(key, fields, keys)}", True)
            continue
        for problem in _of_value(value, types[key], (*place, key)):
            is_valid = False
            yield problem
    if place and is_valid and {*_required(record)} <= {*document}:
        known_entries = {key: value for key, value in document.items() if key in fields}
        yield from _conversion(known_entries, record, place)


def _of_value(value: object, kind: Any, place: tuple[str | int, ...]) -> Iterator[Problem]:
    items = get_args(kind)
    if isinstance(value, dict):  # a table that may be left out
        tables = [item for item in items if isinstance(item, type) and issubclass(item, Struct)]
        kind = tables[0] if tables and type(None) in items else kind
    if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(value, dict):
        yield from mismatches(value, kind, place)
    elif get_origin(kind) is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from _of_value(item, items[1], (*place, key))
    elif get_origin(kind) is tuple and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _of_value(item, items[0], (*place, number))
    else:
        yield from _conversion(value, kind, place)


def _conversion(value: object, kind: Any, place: tuple[str | int, ...]) -> Iterator[Problem]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message = re.sub(r" - at `.*`$", "", str(error))
        literals = [*_literals(kind)]
        if isinstance(value, str) and literals:
            allowed = f"it may be {_listed(literals)}"
            message += f"; {suggestion(value, literals, allowed)}"
        yield Problem(place, message)


def _required(record: type[Struct]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(record) if field.required]


def _literals(kind: Any) -> Iterator[str]:
    """Yield the strings that a type allows as literals."""
    for argument in get_args(kind):
        if isinstance(argument, str):
            yield argument
        elif get_args(argument):
            yield from _literals(argument)


def _listed(literals: list[str]) -> str:
    return ", ".join(dict.fromkeys(repr(literal) for literal in literals))
