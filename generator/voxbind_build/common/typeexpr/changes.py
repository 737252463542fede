"""Types made of types: parts replaced, and unions."""

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
        Called for each part from the outside inwards: what it returns is put in the part's place as
        it is, and None has the part's own parts looked at.

    Returns
    -------
    TypeExpr
        A union whose members changed is united anew by `union`.
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
    """Replace names that stand alone, not those before brackets."""
    return transform(
        type_, lambda part: replacements.get(part.dotted) if isinstance(part, Name) else None
    )


def union(*types: TypeExpr) -> TypeExpr:
    """Unite types.

    Each member is kept once, in the order of its first place, with these rules: ``Any`` absorbs all
    others; all literals are one, at the place of the first; both truth values are ``bool``, which
    comes first; ``str`` covers literal strings, and so on; ``ArrayLike`` covers ``Array``; ``None``
    comes last.

    Raises
    ------
    TypeExprError
        If no type is given.
    """
    flat = dict.fromkeys(member for type_ in types for member in members(type_))
    if not flat:
        raise TypeExprError("a union of no types")
    if ANY in flat:
        return ANY
    values = {(type(value), value): value for type_ in flat for value in choices(type_)}
    has_both_truths = {(bool, True), (bool, False)} <= values.keys()
    classes = {*map(head, flat), *(("bool",) if has_both_truths else ())}
    kept = tuple(value for value in values.values() if type(value).__name__ not in classes)
    united: list[TypeExpr] = [Name("bool")] if has_both_truths and Name("bool") not in flat else []
    for member in flat:
        if isinstance(member, Literal):
            if kept:
                united.append(Literal(kept))
                kept = ()
        elif member != NONE and (member != Name("Array") or Name("ArrayLike") not in flat):
            united.append(member)
    if NONE in flat:
        united.append(NONE)
    return united[0] if len(united) == 1 else Union(tuple(united))
