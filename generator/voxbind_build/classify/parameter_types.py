"""The types of parameters, widened by the arguments that were accepted."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from voxbind_build.common.typeexpr import (
    DOTS,
    Generic,
    Literal,
    Name,
    TypeExpr,
    arguments,
    head,
    members,
    parse,
    union,
)
from voxbind_build.model import IMAGE_ROLES, OUTPUT_ROLES, WHOLE_ROLES, Description, Observation

__all__ = ["accepted"]

_ARRAY, _ARRAY_LIKE = Name("Array"), Name("ArrayLike")
_TAKES_ARRAYS = frozenset({"Any", "Array", "ArrayLike", "object"})
_NUMBERS = ("int", "float", "complex")


def accepted(description: Description, observation: Observation) -> dict[str, str]:
    """Return the types of the parameters that accept more than is documented.

    Parameters
    ----------
    description
        The documented parameters.
    observation
        The observation of the function.
    """
    widened = {}
    for parameter in description.parameters:
        name, role = parameter.name, observation.roles.get(parameter.name)
        documented = parse(parameter.annotation)
        types = [*members(documented)]
        if role in IMAGE_ROLES | WHOLE_ROLES | OUTPUT_ROLES and not _takes_arrays(types):
            # scipy.ndimage documents arrays of labels as "int or sequence of ints", for example.
            types = [_ARRAY, *types]
        if role in WHOLE_ROLES and observation.lists.get(name) and _ARRAY_LIKE not in types:
            types = [_ARRAY_LIKE if type_ == _ARRAY else type_ for type_ in types]
        for kind in observation.also_accepts.get(name, ()):
            types = _widened(types, kind)
        if union(*types) != union(documented):
            widened[name] = str(union(*types))
    return widened


def _takes_arrays(types: Iterable[TypeExpr]) -> bool:
    return any(head(type_) in _TAKES_ARRAYS for type_ in types)


def _widened(types: list[TypeExpr], kind: str) -> list[TypeExpr]:
    """Add the type of one accepted kind of argument to the alternatives of a type."""
    # Many branches, but one for each kind of argument that is tried: together they are a table.
    heads = {head(type_) for type_ in types}
    if kind == "array":
        return types if _takes_arrays(types) else [*types, _ARRAY]
    if kind == "list":
        more = [Generic("list", (item,)) for item in _items(types, "tuple")]
        return types if heads & {"list", "Sequence"} else [*types, *more]
    if kind == "number":
        items = _items(types, "tuple", "Sequence", "list")
        return [*(item for item in items if item != Name("object")), *types]
    if kind == "sequence":
        more = [Generic("Sequence", (type_,)) for type_ in types if head(type_) in _NUMBERS][-1:]
        return types if heads & {"Sequence", "ArrayLike", "Array"} else [*types, *more]
    if kind in _NUMBERS:
        wider: dict[TypeExpr, TypeExpr] = {}
        for narrower in _NUMBERS[: _NUMBERS.index(kind)]:
            wider[Name(narrower)] = Name(kind)
            wider[Generic("Sequence", (Name(narrower),))] = Generic("Sequence", (Name(kind),))
        return [wider.get(type_, type_) for type_ in types]
    word = ast.literal_eval(kind)
    return [
        Literal((*type_.values, word)) if isinstance(type_, Literal) else type_ for type_ in types
    ]


def _items(types: Iterable[TypeExpr], *heads: str) -> list[TypeExpr]:
    """Return the item types of those alternatives that are sequences of a single type."""
    item_types: dict[TypeExpr, None] = {}
    for type_ in types:
        inner = {*arguments(type_)} - {DOTS}
        if head(type_) in heads and len(inner) == 1:
            item_types |= dict.fromkeys(inner)
    return [*item_types]
