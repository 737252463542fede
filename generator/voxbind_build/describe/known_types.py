"""The vocabulary of types in descriptions, and the values that they accept.

It consists of builtins, ``Any``, ``Literal``, ``Never``, the abstract collections, the protocols of
``voxbind.arrays`` (``Array``, ``ArrayLike``, ``DTypeLike``, ``RandomGenerator``), and classes of
the library, written with their module: ``pyclesperanto.Device``.
"""

from __future__ import annotations

from collections.abc import Collection

from voxbind_build.common.typeexpr import (
    ANY,
    DOTS,
    NONE,
    Generic,
    Literal,
    Name,
    Opaque,
    Parameters,
    Quoted,
    TypeExpr,
    arguments,
    choices,
    head,
    is_open,
    members,
    names,
    transform,
    union,
    walk,
)

__all__ = [
    "accepts",
    "as_argument",
    "as_result",
    "is_known",
    "shortest",
    "type_of",
    "untyped",
]

_NAMES = frozenset(
    {
        *("Any", "Array", "ArrayLike", "Callable", "Collection", "DTypeLike", "EllipsisType"),
        *("Literal", "Mapping", "Never", "None", "RandomGenerator", "Sequence"),
        *("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object"),
        *("range", "set", "slice", "str", "tuple", "type"),
    }
)
_SCALARS = (bool, int, float, complex, str, bytes)
_OBJECT = Name("object")
_TABLE = Generic("dict", (ANY, ANY))


def is_known(type_: TypeExpr, classes: Collection[str] = ()) -> bool:
    """Return whether all names in a type are in the vocabulary or dotted names in `classes`."""
    if any(isinstance(part, Opaque | Quoted) for part in walk(type_)):
        return False
    return names(type_) <= _NAMES | {name for name in classes if "." in name}


_WIDER = {"list": "Sequence", "dict": "Mapping", "set": "Collection"}


def as_argument(type_: TypeExpr) -> TypeExpr:
    """Return the type of a parameter: as wide as possible, and without an ``Any`` inside.

    Lists and dicts are invariant, so they become sequences and mappings. An ``Any`` inside a type
    becomes ``object``.
    """
    return union(
        *(member if member == ANY else transform(member, _widened) for member in members(type_))
    )


def _widened(part: TypeExpr) -> TypeExpr | None:
    if part == ANY:
        return _OBJECT
    if part == _TABLE:
        return Generic("Mapping", (Name("str"), _OBJECT))
    if isinstance(part, Generic) and part.head in _WIDER:
        inner = (transform(argument, _widened) for argument in part.arguments)
        return Generic(_WIDER[part.head], tuple(inner))
    return None


def as_result(type_: TypeExpr) -> TypeExpr:
    """Return the type of a result: arrays for array-likes, and ``Any`` for ``object``."""
    return union(*(transform(member, _usable) for member in members(type_)))


def _usable(part: TypeExpr) -> TypeExpr | None:
    match part:
        case Name("object"):
            return ANY
        case Name("ArrayLike"):
            return Name("Array")
        case Generic("Callable", (Parameters() as taken, result)) if "Never" in names(taken):
            return Generic("Callable", (DOTS, transform(result, _usable)))
    return None


_COVERS = {
    "ArrayLike": ("bool", "int", "float", "complex", "Sequence", "list", "tuple"),
    "DTypeLike": ("type",),
    "complex": ("bool", "int", "float"),
    "float": ("bool", "int"),
}
"""For some alternatives, the names of the types that they include."""


def shortest(type_: TypeExpr) -> TypeExpr:
    """Remove alternatives that another one includes; unions of many overloads are long."""
    covered = {name for member in members(type_) for name in _COVERS.get(str(member), ())}
    return union(*(member for member in members(type_) if head(member) not in covered))


def untyped(type_: TypeExpr) -> bool:
    """Return whether a type contains ``Any``."""
    return "Any" in names(type_)


def type_of(value: object) -> TypeExpr:
    """Return the type of a default value."""
    if value is None:
        return NONE
    for kind in (*_SCALARS, slice):
        if type(value) is kind:
            return Name(kind.__name__)
    if isinstance(value, type):
        return Name("DTypeLike")
    if value is ...:
        return Name("EllipsisType")
    if isinstance(value, range):
        return Generic("Sequence", (Name("int"),))
    if isinstance(value, tuple):
        kinds = {type(item) for item in value}
        for number_kinds in ({bool}, {int}, {int, float}, {int, float, complex}, {str}):
            if kinds and kinds <= number_kinds:
                item = max(
                    number_kinds, key=lambda kind: "bool int float complex str".find(kind.__name__)
                )
                return Generic("tuple", (Name(item.__name__), DOTS))
        return Generic("tuple", (ANY, DOTS))
    if isinstance(value, list):
        return Generic("Sequence", (ANY,))
    if isinstance(value, (set, frozenset)):
        return Generic("Collection", (ANY,))
    if isinstance(value, dict):
        return (
            _TABLE
            if all(isinstance(key, str) for key in value)
            else Generic("dict", (_OBJECT, ANY))
        )
    return ANY


def accepts(type_: TypeExpr, value: object) -> bool:
    """Return whether a type checker would accept a value for a type."""
    return any(_accepts(member, value) for member in members(type_))


def _accepts(member: TypeExpr, value: object) -> bool:
    # Many branches, but one for each type of the vocabulary: together they are a table.
    if isinstance(member, Literal):
        return any(type(choice) is type(value) and choice == value for choice in choices(member))
    match name := head(member):
        case "Any" | "object":
            return True
        case "None":
            return value is None
        case "ArrayLike":
            return isinstance(value, (bool, int, float, complex, tuple, list, range))
        case "DTypeLike":
            return isinstance(value, (str, type))
        case "Callable" | "type":
            return isinstance(value, type)
        case "float":
            return isinstance(value, (int, float))
        case "complex":
            return isinstance(value, (int, float, complex))
        case "Mapping":
            return isinstance(value, dict) and all(
                accepts(inner, item)
                for inner, items in zip(
                    arguments(member), zip(*value.items(), strict=True), strict=False
                )
                for item in items
            )
        case "Collection" | "Sequence":
            kinds = (tuple, list, range) + (set, frozenset) * (name == "Collection")
            return isinstance(value, kinds) and all(
                accepts(inner, item) for inner in arguments(member) for item in value
            )
        case "tuple":
            return isinstance(value, tuple) and _accepts_items(member, value)
        case "Array" | "RandomGenerator":
            return False
    return type(value).__name__ == name or (name == "int" and isinstance(value, bool))


def _accepts_items(member: TypeExpr, value: tuple[object, ...]) -> bool:
    """Check ``tuple[int, ...]`` and ``tuple[int, str]``."""
    inner = arguments(member)
    if is_open(member):
        return all(accepts(inner[0], item) for item in value)
    return len(inner) == len(value) and all(map(accepts, inner, value))
