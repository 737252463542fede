"""The types of parameters."""

from __future__ import annotations

import ast
import math
import re
from typing import NamedTuple

from voxbind_build.common.docstrings import Entry
from voxbind_build.common.typeexpr import ANY, NONE, Literal, Name, TypeExpr, members, parse, union
from voxbind_build.describe.annotations import Classes, from_annotation
from voxbind_build.describe.docstrings import Documentation
from voxbind_build.describe.doctype_reader import facts_of, read
from voxbind_build.describe.known_types import (
    accepts,
    as_argument,
    is_known,
    shortest,
    type_of,
    untyped,
)
from voxbind_build.model import Parameter, SourceParameter, TypeSource

__all__ = ["describe_parameter"]

_NOTHING = Entry((), "", "")
_TAKES_NONE = re.compile(r"\b(?:set to|assign)\s+`*None\b", re.IGNORECASE)
"""How a text says that None is taken where its type doesn't."""


class _Default(NamedTuple):
    """The value of a default that has a literal form."""

    value: object


class _Found(NamedTuple):
    """What the evidence says about a parameter."""

    type: TypeExpr
    origin: TypeSource
    facts: dict[str, str] = {}  # noqa: RUF012 - never changed
    said: str = ""
    """The evidence in words, to set against the default."""


def describe_parameter(
    source: SourceParameter, documentation: Documentation, classes: Classes, examples: str = ""
) -> Parameter:
    """Find the type of a parameter: annotation, stub, docstring, default."""
    entry = documentation.parameters.get(source.name, _NOTHING)
    default = _default(source)
    found = _evidence(source, entry, default, classes)
    asked = as_argument(found.type)
    if _TAKES_NONE.search(entry.text):
        asked = union(asked, NONE)
    # An example that gives infinity knows better.
    if re.search(rf"\b{source.name}=(?:np|numpy)\.inf\b", examples):
        asked = _with_fractions(asked)
    type_ = as_argument(_with_default(asked, default))
    if not is_known(type_, classes.values()):
        found, type_ = found._replace(origin="unknown"), ANY
    return Parameter(
        name=source.name,
        kind=source.kind,
        annotation=str(type_),
        annotation_source=found.origin,
        default=source.default,
        default_is_literal=source.default_is_literal,
        documented=entry.type,
        facts=found.facts,
        contradiction=_contradiction(source, found._replace(type=asked), default),
        untyped=_reason(source, entry, found) if untyped(type_) else "",
        description=entry.text,
    )


def _evidence(
    source: SourceParameter, entry: Entry, default: _Default | None, classes: Classes
) -> _Found:
    # The sources of a type in the order in which they are trusted: the first that knows one.
    starred = source.kind in ("VAR_POSITIONAL", "VAR_KEYWORD")
    # The documentation tells the type of all starred arguments together, a tuple or dict.
    reading = read(entry.type, classes) if entry.type and not starred else None
    facts = {} if starred else facts_of(entry.type, classes)
    if source.annotation is not None:
        annotated = from_annotation(source.annotation, classes)
        if annotated is not None:
            return _Found(annotated, "annotation", facts, f"annotated as {source.annotation!r}")
    if source.stub is not None and not starred:
        typed = from_annotation(source.stub, classes)
        # A stub that names what the vocabulary hasn't leaves the word to the documentation.
        if typed is not None and not untyped(as_argument(typed)):
            return _Found(
                shortest(typed), "stub", facts, f"typed as {source.stub!r} in the library's stub"
            )
    if starred:
        return _Found(Name("object"), "unknown")
    if reading and reading.type and reading.type != ANY:
        return _Found(reading.type, "docstring", facts, f"documented as {entry.type!r}")
    if source.default == "<lambda>":
        return _Found(parse("Callable[..., Any]"), "default", facts)
    if default is not None and default.value is not None:
        return _Found(type_of(default.value), "default", facts)
    return _Found(ANY, "unknown", facts)


def _reason(source: SourceParameter, entry: Entry, found: _Found) -> str:
    """Say why a type has an ``Any``."""
    if found.origin == "annotation":
        return f"{found.said}, of which the vocabulary has no more"
    if "class" in found.facts:
        return f"the documentation names a class of no known module: {found.facts['class']}"
    if entry.type:
        told = "can't be read" if "unread" in found.facts else "says nothing about the type"
        return f"the documentation {told}: {entry.type!r}"
    return "neither annotated nor documented, and " + (
        "required" if source.default is None else f"the default is {source.default}"
    )


def _contradiction(source: SourceParameter, found: _Found, default: _Default | None) -> str:
    """Say what the documentation says and what the default is, where the two differ."""
    if default is None or not found.said:
        return ""
    if not accepts(found.type, default.value):
        return f"{found.said}, and the default is {source.default}"
    try:
        told = ast.literal_eval(found.facts.get("default", "None"))
    except (SyntaxError, ValueError):
        return ""  # "the image's own"
    if "default" in found.facts and told != default.value:
        default_text = found.facts["default"]
        return f"the default is documented as {default_text}, and is {source.default}"
    return ""


def _with_default(found: TypeExpr, default: _Default | None) -> TypeExpr:
    """Widen a type that the default contradicts."""
    if default is None or accepts(found, default.value):
        return found
    if isinstance(default.value, str):
        return union(found, Literal((default.value,)))
    if isinstance(default.value, float) and Name("int") in members(found):
        return _with_fractions(found)
    return union(found, type_of(default.value))


def _with_fractions(found: TypeExpr) -> TypeExpr:
    """Put float in the place of int."""
    return union(*(Name("float") if member == Name("int") else member for member in members(found)))


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
