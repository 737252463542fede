"""Writes the types of observed results, and checks whether documented types include them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from voxbind_build.common.typeexpr import (
    ANY,
    DOTS,
    NONE,
    Generic,
    Name,
    TypeExpr,
    arguments,
    head,
    is_open,
    members,
    parse,
    union,
)
from voxbind_build.model import Result

__all__ = ["has_room", "write_type"]

_SEQUENCES = {
    "tuple": ("tuple",),
    "list": ("list",),
    "Sequence": ("tuple", "list"),
    "Iterator": ("iterator",),
}
_NUMBERS = {"bool": "b", "int": "biu", "float": "biuf", "complex": "biufc"}
_TYPES = {"array": Name("Array"), "none": NONE}
_BUILTINS = ("str", "bytes", "slice", "range")
_CALLED = ("builtins.function", "builtins.builtin_function_or_method", "functools.partial")
_CALLABLE = parse("Callable[..., Any]")


def write_type(results: Sequence[Result], documentation: str) -> list[TypeExpr]:
    """Write the type of several results as alternatives.

    Parameters
    ----------
    results
        The observed results.
    documentation
        Their documentation. An observed class is trusted to be the type of all results only if the
        documentation names it; otherwise the type is `Any`.
    """
    types: list[TypeExpr] = []
    for kind in sorted({result.type for result in results}):
        results_of_kind = [result for result in results if result.type == kind]
        if kind == "scalar":
            types.insert(0, Name(_number(results_of_kind)))
        elif kind in ("tuple", "list", "iterator"):
            types.append(_container(kind, results_of_kind, documentation))
        elif kind == "dict":
            types.append(_mapping(results_of_kind, documentation))
        else:
            types.append(_TYPES.get(kind) or _class(kind, documentation))
    return [ANY] if ANY in types else types


def _number(results: Iterable[Result]) -> str:
    dtypes = {result.dtype for result in results}
    if dtypes <= {"bool"}:
        return "bool"
    if any(dtype.startswith("complex") for dtype in dtypes):
        return "complex"
    if all(dtype.startswith(("int", "uint", "bool")) for dtype in dtypes):
        return "int"
    numbers = all(dtype.startswith(("bool", "int", "uint", "float")) for dtype in dtypes)
    return "float" if numbers else "Any"


def _container(kind: str, results: Sequence[Result], words: str) -> TypeExpr:
    lengths = {result.shape for result in results}
    columns = [result.members for result in results]
    if kind == "tuple" and len(lengths) == 1 and lengths == {(len(columns[0]),)}:
        items = tuple(union(*write_type(column, words)) for column in zip(*columns, strict=True))
        # If all members are tuples of one type, their number depends on the arguments.
        if len({*items}) != 1 or head(members(items[0])[0]) != "tuple":
            return Generic("tuple", items)
    inner = union(*write_type([part for parts in columns for part in parts], words) or [ANY])
    if kind == "tuple":
        return Generic(kind, (inner, DOTS))
    return Generic("Iterator" if kind == "iterator" else kind, (inner,))


def _mapping(results: Sequence[Result], words: str) -> TypeExpr:
    keys = {result.keys for result in results if result.members}
    key = keys.pop() if len(keys) == 1 else ""
    values = [member for result in results for member in result.members]
    return Generic("dict", (_key(key), union(*write_type(values, words) or [ANY])))


def _key(kind: str) -> TypeExpr:
    if kind == "tuple":
        return Generic("tuple", (ANY, DOTS))
    return Name(kind) if kind in (*_NUMBERS, *_BUILTINS) else ANY


def _class(dotted: str, words: str) -> TypeExpr:
    module, _, name = dotted.rpartition(".")
    if dotted in _CALLED:
        return _CALLABLE
    if module == "builtins":
        return Name(name) if name in _BUILTINS else ANY
    # A class that is defined inside a function can't be imported.
    return Name(dotted) if name in words and "<locals>" not in dotted else ANY


# --- room -------------------------------------------------------------------------------


def has_room(type_: TypeExpr, result: Result) -> bool:
    """Return whether a type includes a result; an unknown class includes any object.

    Parameters
    ----------
    type_
        The documented type.
    result
        An observed result.
    """
    return any(_takes(member, result) for member in members(type_))


def _takes(member: TypeExpr, result: Result) -> bool:
    name = head(member)
    if name in ("Any", "object"):
        return True
    if name in _NUMBERS:
        return result.type == "scalar" and result.dtype[:1] in _NUMBERS[name]
    if name in ("Array", "ArrayLike"):
        return result.type == "array"
    if name in _SEQUENCES:
        return result.type in _SEQUENCES[name] and _takes_items(member, result)
    if name in ("dict", "Mapping"):
        return result.type == "dict"
    if name == "None":
        return result.type == "none"
    if name in _BUILTINS:
        return result.type == f"builtins.{name}"
    return result.type not in (*_TYPES, "scalar", "tuple", "list", "iterator", "dict")


def _takes_items(member: TypeExpr, result: Result) -> bool:
    items = arguments(member)
    if not items:
        return True
    if head(member) != "tuple" or is_open(member):
        return all(has_room(items[0], part) for part in result.members)
    return result.shape == (len(items),) and all(map(has_room, items, result.members))
