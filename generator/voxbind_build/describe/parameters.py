"""The types of parameters."""

from __future__ import annotations

import ast
import math
from typing import NamedTuple

from voxbind_build.describe.annotations import Classes, from_annotation
from voxbind_build.describe.docstrings import Documentation, Entry
from voxbind_build.describe.reader import read_type
from voxbind_build.describe.vocabulary import (
    Alternatives,
    accepts,
    is_annotation,
    literal,
    text_of,
    type_of,
    unite,
)
from voxbind_build.model import Parameter, SourceParameter, TypeSource

__all__ = ["describe_parameter"]

_NOTHING = Entry("", "", "")


class _Default(NamedTuple):
    """The value of a default that has a literal form."""

    value: object


def describe_parameter(
    source: SourceParameter, documentation: Documentation, classes: Classes
) -> Parameter:
    """Find the type of a parameter: annotation, then docstring, then default."""
    entry = documentation.parameters.get(source.name, _NOTHING)
    annotation, origin = _annotation(source, entry, classes)
    return Parameter(
        name=source.name,
        kind=source.kind,
        annotation=annotation,
        annotation_source=origin,
        default=source.default,
        default_is_literal=source.default_is_literal,
        documented=entry.type,
        description=entry.text,
    )


def _annotation(source: SourceParameter, entry: Entry, classes: Classes) -> tuple[str, TypeSource]:
    default = _default(source)
    found: Alternatives | None = None
    origin: TypeSource = "annotation"
    if source.annotation is not None:
        found = from_annotation(source.annotation, classes)
    if source.kind in ("VAR_POSITIONAL", "VAR_KEYWORD"):
        # The documentation tells the type of all of them together, a tuple or dict.
        return text_of(found or ("Any",)), "annotation" if found else "unknown"
    if found is None and entry.type:
        found, origin = _documented(entry.type, classes), "docstring"
    if found is None or found == ("Any",):
        if source.default == "<lambda>":
            return "Callable[..., Any]", "default"
        if default is None or default.value is None:
            return "Any", "docstring" if found else "unknown"
        if found is None:
            found, origin = type_of(default.value), "default"
    text = text_of(_as_argument(_with_default(found, default)))
    return (text, origin) if is_annotation(text, classes.values()) else ("Any", "unknown")


def _documented(text: str, classes: Classes) -> Alternatives | None:
    """Read a documented type, which may be a class of the library: "Device, optional"."""
    name = text.partition(",")[0].strip("` ")
    return (classes[name],) if name in classes else read_type(text)


def _with_default(found: Alternatives, default: _Default | None) -> Alternatives:
    """Widen a type that the default contradicts."""
    if default is None or accepts(found, default.value):
        return found
    if isinstance(default.value, str):
        return unite(found, (literal(default.value),))
    if isinstance(default.value, float) and "int" in found:
        return unite(*(("float",) if member == "int" else (member,) for member in found))
    return unite(found, type_of(default.value))


def _as_argument(found: Alternatives) -> Alternatives:
    """Take any sequence where a list is documented: lists are invariant."""
    return tuple(member.replace("list[", "Sequence[") for member in found)


def _default(source: SourceParameter) -> _Default | None:
    if source.default is None or not source.default_is_literal:
        return None
    try:
        return _Default(_value(ast.parse(source.default, mode="eval").body))
    except (SyntaxError, ValueError):
        return None


def _value(node: ast.expr) -> object:
    """Give the value of a canonical default (`discover.expressions.canonical`)."""
    match node:
        case ast.Name(name):
            return {kind.__name__: kind for kind in (bool, float, int, str, complex, list)}.get(
                name, object
            )
        case ast.Call(ast.Name("float"), [ast.Constant(str())]):
            return math.inf
        case ast.Call(ast.Name("range")):
            return range(1)
        case ast.Tuple(items):
            return tuple(map(_value, items))
        case _:
            return ast.literal_eval(node)
