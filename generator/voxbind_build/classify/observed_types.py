"""Types of what was seen, and whether a documented type has room for it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from voxbind_build.model import Result

__all__ = ["alternatives", "has_room", "head", "is_open", "items", "parts", "unite", "write_type"]

_SEQUENCES = {
    "tuple": ("tuple",),
    "list": ("list",),
    "Sequence": ("tuple", "list"),
    "Iterator": ("iterator",),
}
_NUMBERS = {"bool": "b", "int": "biu", "float": "biuf", "complex": "biufc"}
_TOLD = {"array": "Array", "none": "None"}
_BUILTINS = ("str", "bytes", "slice", "range")
_CALLED = ("builtins.function", "builtins.builtin_function_or_method", "functools.partial")
_CALLABLE = "Callable[..., Any]"


def write_type(results: Sequence[Result], words: str) -> list[str]:
    """Write the type of several results as alternatives.

    Parameters
    ----------
    results
        What came back.
    words
        What is documented of it: a class is trusted to be what comes back always where it is
        named there.
    """
    found: list[str] = []
    for kind in sorted({result.type for result in results}):
        same = [result for result in results if result.type == kind]
        if kind == "scalar":
            found.insert(0, _number(same))
        elif kind in ("tuple", "list", "iterator"):
            found.append(_several(kind, same, words))
        elif kind == "dict":
            found.append(_mapping(same, words))
        else:
            found.append(_TOLD.get(kind) or _class(kind, words))
    return ["Any"] if "Any" in found else found


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


def _several(kind: str, results: Sequence[Result], words: str) -> str:
    lengths = {result.shape for result in results}
    columns = [result.members for result in results]
    if kind == "tuple" and len(lengths) == 1 and lengths == {(len(columns[0]),)}:
        members = [unite(write_type(column, words)) for column in zip(*columns, strict=True)]
        # Tuples of one type are a row of as many as the arguments made.
        if len({*members}) != 1 or not members[0].startswith("tuple["):
            return f"tuple[{', '.join(members) or '()'}]"
    inner = unite(write_type([part for parts in columns for part in parts], words) or ["Any"])
    name = "Iterator" if kind == "iterator" else kind
    return f"tuple[{inner}, ...]" if kind == "tuple" else f"{name}[{inner}]"


def _mapping(results: Sequence[Result], words: str) -> str:
    keys = {result.keys for result in results if result.members}
    key = keys.pop() if len(keys) == 1 else ""
    members = [member for result in results for member in result.members]
    return f"dict[{key or 'Any'}, {unite(write_type(members, words) or ['Any'])}]"


def _class(dotted: str, words: str) -> str:
    module, _, name = dotted.rpartition(".")
    if dotted in _CALLED:
        return _CALLABLE
    if module == "builtins":
        return name if name in _BUILTINS else "Any"
    return dotted if name in words else "Any"


# --- room -------------------------------------------------------------------------------


def has_room(members: Sequence[ast.expr], result: Result) -> bool:
    """Tell whether one of the alternatives has room for a result; for what isn't known, it has."""
    return any(_takes(member, result) for member in members)


def _takes(member: ast.expr, result: Result) -> bool:
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


def _takes_items(member: ast.expr, result: Result) -> bool:
    found = [alternatives(item) for item in items(member)]
    if not found:
        return True
    if head(member) != "tuple" or is_open(member):
        return all(has_room(found[0], part) for part in result.members)
    return result.shape == (len(found),) and all(map(has_room, found, result.members))


# --- types as they are written ----------------------------------------------------------


def head(member: ast.expr) -> str:
    """Return what a type begins with: ``tuple`` for ``tuple[int, ...]``."""
    return ast.unparse(member.value if isinstance(member, ast.Subscript) else member)


def items(member: ast.expr) -> list[ast.expr]:
    """Return what stands in a type's brackets."""
    if not isinstance(member, ast.Subscript):
        return []
    return member.slice.elts if isinstance(member.slice, ast.Tuple) else [member.slice]


def is_open(member: ast.expr) -> bool:
    """Tell whether a tuple's type leaves its length open."""
    return any(isinstance(item, ast.Constant) and item.value is ... for item in items(member))


def alternatives(node: ast.expr) -> list[ast.expr]:
    """Return the members of a union in their order."""
    if isinstance(node, ast.BinOp):
        return [*alternatives(node.left), *alternatives(node.right)]
    return [node]


def parts(text: str) -> list[ast.expr]:
    """Take a type apart into the members of its union."""
    return alternatives(ast.parse(text, mode="eval").body)


def unite(texts: Iterable[str]) -> str:
    """Write alternatives as one type, each once, None last."""
    found = dict.fromkeys(texts)
    if "None" in found:
        del found["None"]
        found["None"] = None
    return " | ".join(found)
