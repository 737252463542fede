"""Types of what was seen, and whether a documented type has room for it."""

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
_TOLD = {"array": Name("Array"), "none": NONE}
_BUILTINS = ("str", "bytes", "slice", "range")
_CALLED = ("builtins.function", "builtins.builtin_function_or_method", "functools.partial")
_CALLABLE = parse("Callable[..., Any]")


def write_type(results: Sequence[Result], words: str) -> list[TypeExpr]:
    """Write the type of several results as alternatives.

    Parameters
    ----------
    results
        What came back.
    words
        What is documented of it: a class is trusted to be what comes back always where it is
        named there.
    """
    found: list[TypeExpr] = []
    for kind in sorted({result.type for result in results}):
        same = [result for result in results if result.type == kind]
        if kind == "scalar":
            found.insert(0, Name(_number(same)))
        elif kind in ("tuple", "list", "iterator"):
            found.append(_several(kind, same, words))
        elif kind == "dict":
            found.append(_mapping(same, words))
        else:
            found.append(_TOLD.get(kind) or _class(kind, words))
    return [ANY] if ANY in found else found


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


def _several(kind: str, results: Sequence[Result], words: str) -> TypeExpr:
    lengths = {result.shape for result in results}
    columns = [result.members for result in results]
    if kind == "tuple" and len(lengths) == 1 and lengths == {(len(columns[0]),)}:
        items = tuple(union(*write_type(column, words)) for column in zip(*columns, strict=True))
        # Tuples of one type are a row of as many as the arguments made.
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
    return Generic("dict", (Name(key or "Any"), union(*write_type(values, words) or [ANY])))


def _class(dotted: str, words: str) -> TypeExpr:
    module, _, name = dotted.rpartition(".")
    if dotted in _CALLED:
        return _CALLABLE
    if module == "builtins":
        return Name(name) if name in _BUILTINS else ANY
    # No module shows a class that a function makes for itself.
    return Name(dotted) if name in words and "<locals>" not in dotted else ANY


# --- room -------------------------------------------------------------------------------


def has_room(type_: TypeExpr, result: Result) -> bool:
    """Tell whether a type has room for a result; a class that isn't known has room for objects."""
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
    return result.type not in (*_TOLD, "scalar", "tuple", "list", "iterator", "dict")


def _takes_items(member: TypeExpr, result: Result) -> bool:
    items = arguments(member)
    if not items:
        return True
    if head(member) != "tuple" or is_open(member):
        return all(has_room(items[0], part) for part in result.members)
    return result.shape == (len(items),) and all(map(has_room, items, result.members))
