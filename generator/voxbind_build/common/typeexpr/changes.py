"""Makes new types from others: replaces parts of a type, and unites types."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from voxbind_build.common.typeexpr.queries import children, choices, head, members
from voxbind_build.common.typeexpr.tree import (
    ANY,
    NONE,
    Generic,
    Literal,
    Name,
    Parameters,
    Quoted,
    TypeExpr,
    TypeExprError,
    Union,
)

__all__ = ["substitute", "transform", "union"]


def transform(type_: TypeExpr, change: Callable[[TypeExpr], TypeExpr | None]) -> TypeExpr:
    """Replace parts of a type.

    Parameters
    ----------
    type_ : TypeExpr
        The type.
    change : callable
        Called for each part, outer parts first. The type that it returns replaces the part; if it
        returns None, the parts inside this one are visited.

    Returns
    -------
    TypeExpr
        The changed type. A union whose members changed is simplified by `union`.
    """
    changed = change(type_)
    if changed is not None:
        return changed
    inner = tuple(transform(child, change) for child in children(type_))
    if inner == children(type_):
        return type_
    match type_:
        case Generic(name):
            return Generic(name, inner)
        case Parameters():
            return Parameters(inner)
        case Quoted():
            return Quoted(inner[0])
    return union(*inner)


def substitute(type_: TypeExpr, replacements: Mapping[str, TypeExpr]) -> TypeExpr:
    """Replace names by types, except names before brackets."""
    return transform(
        type_, lambda part: replacements.get(part.dotted) if isinstance(part, Name) else None
    )


def union(*types: TypeExpr) -> TypeExpr:
    """Return the simplified union of types.

    Each member is kept once, in order of first occurrence, with these rules: ``Any`` absorbs all
    others; all literals become one, at the place of the first; ``True`` with ``False`` becomes
    ``bool``, which comes first; ``str`` absorbs literal strings, and so on; ``ArrayLike`` absorbs
    ``Array``; ``None`` comes last.

    Raises
    ------
    TypeExprError
        If no type is given.
    """
    all_members = dict.fromkeys(member for type_ in types for member in members(type_))
    if not all_members:
        raise TypeExprError("a union of no types")
    if ANY in all_members:
        return ANY
    values = {(type(value), value): value for type_ in all_members for value in choices(type_)}
    has_both_booleans = {(bool, True), (bool, False)} <= values.keys()
    class_names = {*map(head, all_members), *(("bool",) if has_both_booleans else ())}
    remaining_values = tuple(
        value for value in values.values() if type(value).__name__ not in class_names
    )
    united: list[TypeExpr] = (
        [Name("bool")] if has_both_booleans and Name("bool") not in all_members else []
    )
    for member in all_members:
        if isinstance(member, Literal):
            if remaining_values:
                united.append(Literal(remaining_values))
                remaining_values = ()
        elif member != NONE and (member != Name("Array") or Name("ArrayLike") not in all_members):
            united.append(member)
    if NONE in all_members:
        united.append(NONE)
    return united[0] if len(united) == 1 else Union(tuple(united))
