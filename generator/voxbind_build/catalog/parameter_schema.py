"""A JSON Schema of a function's parameters, for forms and other programs.

JSON has no arrays of pixels, functions or devices. A parameter that takes only these has no
``type``, so that the schema accepts anything for it, a reference to an image, say. If it also takes
numbers or lists, the schema describes these. ``x-python-type`` gives the whole type, and
``x-array`` marks parameters that take an array.
"""

from __future__ import annotations

import ast
import contextlib
import math
from typing import Any

from voxbind_build.catalog.parameter_texts import with_texts
from voxbind_build.common.typeexpr import (
    DOTS,
    NONE,
    Literal,
    TypeExpr,
    TypeExprError,
    Union,
    arguments,
    head,
    members,
    parse,
)
from voxbind_build.model import Function, Parameter

__all__ = ["parameter_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS: dict[str, dict[str, Any]] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "None": {"type": "null"},
}
_LISTS = frozenset(("list", "Sequence", "Iterable", "Collection", "set", "frozenset"))
_MAPPINGS = frozenset(("dict", "Mapping"))


def parameter_schema(function: Function) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an object with the function's arguments by name.

    Parameters
    ----------
    function
        The function's entry in the manifest.

    Returns
    -------
    dict
        Properties are in the order of the signature. ``required`` lists the parameters without a
        default. Further arguments are allowed only if the function takes ``**kwargs``.
    """
    named = [entry for entry in with_texts(function) if not entry.kind.startswith("VAR_")]
    arrays = {*function.arrays, *function.other_arrays, *function.outputs}
    return {
        "$schema": _DIALECT,
        "title": function.public,
        "type": "object",
        "properties": {entry.name: _property(entry, entry.name in arrays) for entry in named},
        "required": [entry.name for entry in named if entry.default is None],
        "additionalProperties": len(named) < len(function.parameters)
        and any(entry.kind == "VAR_KEYWORD" for entry in function.parameters),
    }


def _property(parameter: Parameter, is_array: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if parameter.description:
        entry["description"] = parameter.description
    with contextlib.suppress(TypeExprError):  # a type that can't be parsed is named below
        entry |= _schema(parse(parameter.annotation))
    if parameter.default is not None and parameter.default_is_literal:
        default = _value(parameter.default)
        if default is not _NO_VALUE:
            if not _accepts(entry, default):  # such as False for a float
                entry["anyOf"] = [*entry.get("anyOf", [_only_type(entry)]), {"const": default}]
            entry["default"] = default
    entry["x-python-type"] = parameter.annotation
    if is_array:
        entry["x-array"] = True
    return entry


_TYPES: dict[type, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    str: ("string",),
    list: ("array",),
    type(None): ("null",),
}
"""Types of JSON Schema by the class of a value."""


def _accepts(schema: dict[str, Any], value: Any) -> bool:
    """Return whether a schema that `_schema` has made accepts a value; items aren't looked at."""
    if "anyOf" in schema:
        return any(_accepts(option, value) for option in schema["anyOf"])
    if "enum" in schema:
        return any(value == choice and type(value) is type(choice) for choice in schema["enum"])
    return "type" not in schema or schema["type"] in _TYPES[type(value)]


def _only_type(entry: dict[str, Any]) -> dict[str, Any]:
    """Take the type out of a parameter's schema, and return it as a schema of its own."""
    names = ("type", "enum", "items", "prefixItems", "minItems", "maxItems")
    return {name: entry.pop(name) for name in names if name in entry}


def _schema(type_: TypeExpr) -> dict[str, Any]:
    """Return the schema of the values that JSON can express; empty if there are none but null."""
    if isinstance(type_, Union):
        schemas = [schema for member in members(type_) if (schema := _schema(member))]
        if len(schemas) < len(members(type_)) and schemas in ([], [_SCALARS["None"]]):
            return {}
        if len(schemas) == 1:
            return schemas[0]
        if all(schema.keys() == {"enum"} for schema in schemas):
            return {"enum": [value for schema in schemas for value in schema["enum"]]}
        return {"anyOf": schemas}
    if isinstance(type_, Literal):
        values = [value for value in type_.values if not isinstance(value, bytes)]
        return {"enum": values} if len(values) == len(type_.values) else {}
    name = head(type_)
    if name == "tuple" and arguments(type_):
        return _tuple(arguments(type_))
    if name in _LISTS:
        return {"type": "array", **({"items": s} if (s := _item(type_)) else {})}
    if name in _MAPPINGS:
        return {"type": "object"}
    return dict(_SCALARS["None"] if type_ == NONE else _SCALARS.get(name, {}))


def _tuple(items: tuple[TypeExpr, ...]) -> dict[str, Any]:
    if items[-1] == DOTS:
        item = _schema(items[0])
        return {"type": "array", **({"items": item} if item else {})}
    return {
        "type": "array",
        "prefixItems": [_schema(item) for item in items],
        "minItems": len(items),
        "maxItems": len(items),
    }


def _item(type_: TypeExpr) -> dict[str, Any]:
    inner = arguments(type_)
    return _schema(inner[0]) if inner else {}


_NO_VALUE = object()


def _value(default: str) -> Any:
    """Return a default as a JSON value, or `_NO_VALUE` if JSON has none for it."""
    try:
        value = ast.literal_eval(default)
    except (ValueError, SyntaxError):
        return _NO_VALUE
    return _as_json(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        items = [_as_json(item) for item in value]
        return _NO_VALUE if any(item is _NO_VALUE for item in items) else items
    if isinstance(value, float) and not math.isfinite(value):
        return _NO_VALUE
    return value if value is None or isinstance(value, (bool, int, float, str)) else _NO_VALUE
