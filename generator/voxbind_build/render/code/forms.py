"""Which overloads the forms of a result need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from voxbind_build.common.typeexpr import (
    ANY,
    NONE,
    Generic,
    Literal,
    Name,
    TypeExpr,
    choices,
    members,
    parse,
    union,
    walk,
)
from voxbind_build.model import Form, Parameter

__all__ = ["are_all_values", "differs_for_carriers", "has_joined_type"]

_JOINED_ALIKE = frozenset(("Array", "ArrayT", "None", "str"))
"""Results that have the same type if they are joined, and the names of a table's columns."""
_NUMBERS = frozenset((Name("bool"), Name("int"), Name("float")))


def differs_for_carriers(returns: TypeExpr, kinds: Sequence[str]) -> bool:
    """Return whether images of dask and xarray give results of another type than other images.

    They give arrays where others give arrays, but also where others give numbers, and lists where
    others give points or objects.

    Parameters
    ----------
    returns
        The result's type for other images.
    kinds
        The kind of the result, or of each member of a tuple.
    """
    return not _are_alike(walk(returns)) or "points" in kinds


def has_joined_type(
    returns: TypeExpr, default: TypeExpr, kinds: Sequence[str], options: Iterable[str]
) -> bool:
    """Return whether `voxbind.over` knows the type of the joined results of a function.

    It joins numbers to an array, and lists to a list of lists. It also knows functions that return
    arrays by default, and those with the option `return_num`, which adds a number.

    Parameters
    ----------
    returns, default
        The result's type, and that for the default options.
    kinds
        The kind of the result, or of each member of a tuple.
    options
        The options that decide on the type.
    """
    if all(part in _NUMBERS for part in members(returns)):
        return True
    if isinstance(returns, Generic) and returns.head == "list":
        return True
    known = {ANY, *(_NUMBERS if "return_num" in options else ())}
    parts = [part for part in walk(returns) if part not in known]
    return not differs_for_carriers(default, kinds) and _are_alike(parts)


def are_all_values(forms: Iterable[Form], parameters: Iterable[Parameter]) -> bool:
    """Return whether the forms are those of all values of one option that may be None.

    A type checker then unites them for an argument of unknown value. It doesn't for a flag.
    """
    forms = [*forms]
    options = {name for form in forms for name in (*form.options, *form.types)}
    if len(options) != 1 or any(form.types for form in forms):
        return False
    [option] = options
    [accepted] = [parse(entry.annotation) for entry in parameters if entry.name == option]
    given = union(*(parse(f"Literal[{form.options[option]}]") for form in forms))
    return NONE in members(given) and _values(given) == _values(accepted)


def _values(type_: TypeExpr) -> set[object]:
    """Return the members of a union, with the values of a `Literal` one by one."""
    others = (member for member in members(type_) if not isinstance(member, Literal))
    return {*choices(type_), *others}


def _are_alike(parts: Iterable[TypeExpr]) -> bool:
    """Return whether types that occur in a result are those of joined results too."""
    containers = {"tuple", "dict"}
    return all(
        part.dotted in _JOINED_ALIKE if isinstance(part, Name) else part.head in containers
        for part in parts
        if isinstance(part, Name | Generic)
    )
