"""Returns parts of a type: members, arguments, names and literals."""

from __future__ import annotations

from collections.abc import Iterator

from voxbind_build.common.typeexpr.tree import (
    DOTS,
    Generic,
    Literal,
    LiteralValue,
    Name,
    Parameters,
    Quoted,
    TypeExpr,
    Union,
)

__all__ = [
    "arguments",
    "children",
    "choices",
    "head",
    "is_open",
    "literal_values",
    "members",
    "names",
    "walk",
]


def members(type_: TypeExpr) -> tuple[TypeExpr, ...]:
    """Return the members of a union in order; any other type is its own only member."""
    return type_.members if isinstance(type_, Union) else (type_,)


def head(type_: TypeExpr) -> str:
    """Return a name, or the name before the brackets; empty if there is neither."""
    match type_:
        case Name(name) | Generic(name):
            return name
        case Literal():
            return "Literal"
    return ""


def arguments(type_: TypeExpr) -> tuple[TypeExpr, ...]:
    """Return the types in a generic's brackets; none for any other type."""
    return type_.arguments if isinstance(type_, Generic) else ()


def is_open(type_: TypeExpr) -> bool:
    """Return whether this is a tuple of any length, such as ``tuple[int, ...]``."""
    return head(type_) == "tuple" and DOTS in arguments(type_)


def children(type_: TypeExpr) -> tuple[TypeExpr, ...]:
    """Return the types directly inside a type."""
    match type_:
        case Generic(_, inner) | Parameters(inner) | Union(inner):
            return inner
        case Quoted(content):
            return (content,)
    return ()


def walk(type_: TypeExpr) -> Iterator[TypeExpr]:
    """Yield a type and all types inside it, outer types first."""
    yield type_
    for child in children(type_):
        yield from walk(child)


def names(type_: TypeExpr) -> set[str]:
    """Return the dotted names in a type, those before brackets and ``Literal`` among them."""
    return {name for node in walk(type_) if (name := head(node))}


def literal_values(type_: TypeExpr) -> tuple[LiteralValue, ...]:
    """Return the values of all literals anywhere in a type."""
    return tuple(
        value for node in walk(type_) if isinstance(node, Literal) for value in node.values
    )


def choices(type_: TypeExpr) -> tuple[LiteralValue, ...]:
    """Return the values of the literals among a type's members."""
    return tuple(
        value for node in members(type_) if isinstance(node, Literal) for value in node.values
    )
