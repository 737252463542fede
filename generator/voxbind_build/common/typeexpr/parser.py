"""Parses text into the tree; this is the only parser of types in Python's syntax."""

from __future__ import annotations

import ast
from functools import cache

from voxbind_build.common.typeexpr.queries import members
from voxbind_build.common.typeexpr.tree import (
    DOTS,
    NONE,
    Generic,
    Literal,
    Name,
    Opaque,
    Parameters,
    Quoted,
    TypeExpr,
    TypeExprError,
    Union,
    quoted,
)

__all__ = ["parse"]


@cache
def parse(text: str) -> TypeExpr:
    """Parse a type expression in Python's syntax.

    Parameters
    ----------
    text : str
        For example ``"Sequence[float] | None"``. A union isn't simplified.

    Returns
    -------
    TypeExpr
        A ``Literal`` that contains ``None`` and other values becomes a union of a ``Literal`` and
        ``None``. An expression that isn't a type becomes `Opaque`.

    Raises
    ------
    TypeExprError
        If the text isn't a Python expression, or a ``Literal`` has a value that isn't a str,
        bytes, int, bool or None.
    """
    try:
        return _type_of(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise TypeExprError(f"{text!r} isn't a type expression: {error}") from error


def _type_of(node: ast.expr) -> TypeExpr:
    match node:
        case ast.Constant(None):
            return NONE
        case ast.Constant(str() as text):
            try:
                return Quoted(parse(text))
            except TypeExprError:
                return Opaque(quoted(text))
        case ast.Constant(value) if value is ...:
            return DOTS
        case ast.Name() | ast.Attribute() if (dotted := _dotted(node)) is not None:
            return Name(dotted)
        case ast.BinOp(left, ast.BitOr(), right):
            return Union((*members(_type_of(left)), *members(_type_of(right))))
        case ast.Subscript(value, inner) if (dotted := _dotted(value)) is not None:
            items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            if dotted.rpartition(".")[2].lower() == "literal":
                return _literal(items)
            return Generic(dotted, tuple(map(_type_of, items)))
        case ast.List(items):
            return Parameters(tuple(map(_type_of, items)))
    return Opaque(ast.unparse(node))


def _dotted(node: ast.expr) -> str | None:
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name):
            before = _dotted(value)
            return None if before is None else f"{before}.{name}"
    return None


def _literal(items: list[ast.expr]) -> TypeExpr:
    """Return the type of the values in a ``Literal``; ``None`` comes last."""
    values = [ast.literal_eval(item) for item in items]
    values_but_none = tuple(value for value in values if value is not None)
    if len(values_but_none) == len(values):
        return Literal(values_but_none)
    return Union((Literal(values_but_none), NONE)) if values_but_none else NONE
