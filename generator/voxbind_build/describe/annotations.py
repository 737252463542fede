"""From an annotation in Python's own syntax to the vocabulary."""

from __future__ import annotations

import ast

from voxbind_build.describe.nicknames import NICKNAMES, bare_container
from voxbind_build.describe.vocabulary import Alternatives, literal, text_of, unite

__all__ = ["from_annotation"]

_ANY = ("Any",)


def from_annotation(text: str) -> Alternatives | None:
    """Translate an annotation; what the vocabulary has no name for becomes ``Any``.

    Returns
    -------
    tuple of str or None
        None where the text is no annotation or says nothing.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
        alternatives = _translate(node)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return None if alternatives == _ANY else alternatives


def _translate(node: ast.expr) -> Alternatives:
    match node:
        case ast.Constant(None):
            return ("None",)
        case ast.Constant(str() as quoted):
            return from_annotation(quoted) or _ANY
        case ast.BinOp(left, ast.BitOr(), right):
            return unite(_translate(left), _translate(right))
        case ast.Name(name) | ast.Attribute(attr=name):
            return (_name(name.lower()),)
        case ast.Subscript(ast.Name(name) | ast.Attribute(attr=name), inner):
            return _subscript(name.lower(), inner)
    return _ANY


def _name(name: str) -> str:
    kind = NICKNAMES.container(name)
    if kind is not None:
        return bare_container(kind)
    return NICKNAMES.names.get(name, "Any")


def _subscript(name: str, inner: ast.expr) -> Alternatives:
    items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    match name:
        case "optional":
            return unite(_translate(inner), ("None",))
        case "union":
            return unite(*map(_translate, items))
        case "annotated" | "final":
            return _translate(items[0])
        case "literal":
            values = [ast.literal_eval(item) for item in items]
            return unite(*(("None",) if value is None else (literal(value),) for value in values))
        case "callable":
            return ("Callable[..., Any]",)
        case "ndarray" | "array":
            return ("Array",)
        case "tuple":
            return (f"tuple[{', '.join(_item(item) for item in items)}]",)
        case "list" | "set" | "frozenset" | "dict":
            return (f"{name}[{', '.join(_item(item) for item in items)}]",)
        case "type":
            return ("type[Any]",)
    if NICKNAMES.container(name) == "Sequence":
        return (f"Sequence[{_item(items[0])}]",)
    return _ANY


def _item(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and node.value is Ellipsis:
        return "..."
    return text_of(_translate(node))
