"""The types of parameters."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from typing import NamedTuple

from voxbind_build.common.docstrings import Entry
from voxbind_build.common.typeexpr import (
    ANY,
    NONE,
    Literal,
    Name,
    TypeExpr,
    head,
    members,
    parse,
    union,
)
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
"""Words in a description that mean that None is accepted, even if the type doesn't say so."""
_CALLED: dict[str, Callable[..., object]] = {
    kind.__name__: kind for kind in (complex, frozenset, set, slice)
}
"""The classes that a canonical default calls, besides `float` and `range`."""


class _Default(NamedTuple):
    """The value of a default that has a literal form."""

    value: object


class _Evidence(NamedTuple):
    """The type of a parameter and its source."""

    type: TypeExpr
    origin: TypeSource
    facts: dict[str, str] = {}  # noqa: RUF012 - never changed
    words: str = ""
    """The source in words, for messages on a default that contradicts it."""


def describe_parameter(
    source: SourceParameter, documentation: Documentation, classes: Classes, examples: str = ""
) -> Parameter:
    """Describe a parameter; its type comes from annotation, stub, docstring or default.

    Parameters
    ----------
    source
        The parameter in the function's source.
    documentation
        The function's docstring, parsed.
    classes
        The library's public classes.
    examples
        Text with examples of calls.
    """
    entry = documentation.parameters.get(source.name, _NOTHING)
    default = _default(source)
    evidence = _evidence(source, entry, default, classes)
    accepted = as_argument(evidence.type)
    if _TAKES_NONE.search(entry.text):
        accepted = union(accepted, NONE)
    # An example that passes infinity shows that floats are accepted.
    if re.search(rf"\b{source.name}=(?:np|numpy)\.inf\b", examples):
        accepted = _with_fractions(accepted)
    type_ = as_argument(_with_default(accepted, default))
    if not is_known(type_, classes.values()):
        evidence, type_ = evidence._replace(origin="unknown"), ANY
    return Parameter(
        name=source.name,
        kind=source.kind,
        annotation=str(type_),
        annotation_source=evidence.origin,
        default=source.default,
        default_is_literal=source.default_is_literal,
        documented=entry.type,
        facts=evidence.facts,
        contradiction=_contradiction(source, evidence._replace(type=accepted), default),
        untyped=_reason(source, entry, evidence) if untyped(type_) else "",
        description=entry.text,
    )


def _evidence(
    source: SourceParameter, entry: Entry, default: _Default | None, classes: Classes
) -> _Evidence:
    # Sources of a type in order of trust; the first with a type counts.
    starred = source.kind in ("VAR_POSITIONAL", "VAR_KEYWORD")
    # The documented type of starred arguments is that of all together, a tuple or dict.
    reading = read(entry.type, classes) if entry.type and not starred else None
    facts = {} if starred else facts_of(entry.type, classes)
    if source.annotation is not None:
        annotated = from_annotation(source.annotation, classes)
        if annotated is not None:
            return _Evidence(annotated, "annotation", facts, f"annotated as {source.annotation!r}")
    if source.stub is not None and not starred:
        typed = from_annotation(source.stub, classes)
        # If a stub uses names outside the vocabulary, the documentation is read instead.
        if typed is not None and not untyped(as_argument(typed)):
            return _Evidence(
                shortest(typed), "stub", facts, f"typed as {source.stub!r} in the library's stub"
            )
    if starred:
        return _Evidence(Name("object"), "unknown")
    if reading and reading.type and reading.type != ANY:
        return _Evidence(reading.type, "docstring", facts, f"documented as {entry.type!r}")
    if source.default == "<lambda>":
        return _Evidence(parse("Callable[..., Any]"), "default", facts)
    if default is not None and default.value is not None:
        return _Evidence(type_of(default.value), "default", facts)
    return _Evidence(ANY, "unknown", facts)


def _reason(source: SourceParameter, entry: Entry, evidence: _Evidence) -> str:
    """Say why a type contains ``Any``."""
    if evidence.origin == "annotation":
        return f"{evidence.words}, which the vocabulary can't fully express"
    if "class" in evidence.facts:
        return f"the documentation names a class of unknown module: {evidence.facts['class']}"
    if entry.type:
        problem = "can't be read" if "unread" in evidence.facts else "doesn't name a type"
        return f"the documentation {problem}: {entry.type!r}"
    return "neither annotated nor documented, and " + (
        "required" if source.default is None else f"the default is {source.default}"
    )


def _contradiction(source: SourceParameter, evidence: _Evidence, default: _Default | None) -> str:
    """Describe the contradiction between documentation and default; empty if there is none."""
    if default is None or not evidence.words:
        return ""
    if not accepts(evidence.type, default.value):
        return f"{evidence.words}, but the default is {source.default}"
    try:
        documented_default = ast.literal_eval(evidence.facts.get("default", "None"))
    except (SyntaxError, ValueError):
        return ""  # "the image's own"
    if "default" in evidence.facts and documented_default != default.value:
        default_text = evidence.facts["default"]
        return f"the default is documented as {default_text}, but is {source.default}"
    return ""


def _with_default(type_: TypeExpr, default: _Default | None) -> TypeExpr:
    """Widen a type that the default contradicts."""
    if default is None or accepts(type_, default.value):
        return type_
    if isinstance(default.value, str):
        return union(type_, Literal((default.value,)))
    if isinstance(default.value, float) and Name("int") in members(type_):
        return _with_fractions(type_)
    if isinstance(default.value, dict) and any(head(each) == "Mapping" for each in members(type_)):
        # Type checkers don't find the one of several mappings that takes the keys.
        return union(type_, Name("object"))
    return union(type_, type_of(default.value))


def _with_fractions(type_: TypeExpr) -> TypeExpr:
    """Replace int by float."""
    return union(*(Name("float") if member == Name("int") else member for member in members(type_)))


def _default(source: SourceParameter) -> _Default | None:
    if source.default is None or not source.default_is_literal:
        return None
    try:
        return _Default(_value(ast.parse(source.default, mode="eval").body))
    except (SyntaxError, TypeError, ValueError):
        return None


def _value(node: ast.expr) -> object:
    """Return the value of a canonical default (`discover.constants.canonical`)."""
    match node:
        case ast.Name(name):
            return {kind.__name__: kind for kind in (bool, float, int, str, complex, list)}.get(
                name, object
            )
        case ast.Call(ast.Name("float"), [ast.Constant(str())]):
            return math.inf
        case ast.Call(ast.Name("range")):
            return range(1)
        case ast.Call(ast.Name(name), items) if name in _CALLED:
            return _CALLED[name](*map(_value, items))
        case ast.Tuple(items):
            return tuple(map(_value, items))
        case ast.List(items):
            return [*map(_value, items)]
        case ast.Set(items):
            return {*map(_value, items)}
        case ast.Dict(keys, values):
            return {
                _value(key): _value(value) for key, value in zip(keys, values, strict=True) if key
            }
        case _:
            return ast.literal_eval(node)
