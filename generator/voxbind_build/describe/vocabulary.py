"""The annotations that a description may use, and what they accept.

An annotation is a tuple of alternatives, each a Python expression over builtins, ``Any``,
``Literal``, ``Never``, the abstract collections, and the protocols of ``voxbind.arrays``
(``Array``, ``ArrayLike``, ``DTypeLike``, ``RandomGenerator``), and over classes of the library,
written with their module: ``pyclesperanto.Device``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable

__all__ = [
    "Alternatives",
    "accepts",
    "as_argument",
    "as_result",
    "choices_of",
    "is_annotation",
    "literal",
    "shortest",
    "text_of",
    "type_of",
    "unite",
    "untyped",
]

Alternatives = tuple[str, ...]

_NAMES = frozenset(
    {
        *("Any", "Array", "ArrayLike", "Callable", "Collection", "DTypeLike", "Literal"),
        *("Mapping", "Never", "RandomGenerator", "Sequence"),
        *("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object"),
        *("range", "set", "slice", "str", "tuple", "type"),
    }
)
_SCALARS = (bool, int, float, complex, str, bytes)


def literal(value: str | int | bool) -> str:
    """Write the type of one value."""
    text = repr(value)
    if isinstance(value, str) and not {"'", '"'} & set(value):
        text = f'"{text[1:-1]}"'
    return f"Literal[{text}]"


def unite(*groups: Iterable[str]) -> Alternatives:
    """Put alternatives together: each once, None last, nothing that another one covers."""
    members = list(dict.fromkeys(member for group in groups for member in group))
    if "Any" in members:
        return ("Any",)
    values = [value for member in members for value in _choices(member) or ()]
    truths = {value for value in values if isinstance(value, bool)}
    covering = {*members, "bool"} if len(truths) == 2 else set(members)
    kept = [literal(value)[8:-1] for value in values if type(value).__name__ not in covering]
    united: list[str] = ["bool"] if "bool" in covering - set(members) else []
    for member in members:
        if member == "None" or (member == "Array" and "ArrayLike" in members):
            continue
        if _choices(member) is None:
            united.append(member)
        elif kept:
            united.append(f"Literal[{', '.join(dict.fromkeys(kept))}]")
            kept = []
    return (*united, "None") if "None" in members else tuple(united)


def text_of(alternatives: Alternatives) -> str:
    """Write alternatives as one annotation."""
    return " | ".join(alternatives) or "Any"


def is_annotation(text: str, classes: Collection[str] = ()) -> bool:
    """Tell whether a text parses and uses the vocabulary and dotted names of `classes` alone."""
    try:
        return _is_known(ast.parse(text, mode="eval").body, classes)
    except (SyntaxError, ValueError):
        return False


def _is_known(node: ast.AST, classes: Collection[str]) -> bool:
    match node:
        case ast.List(items):  # of a callable's arguments
            return all(_is_known(item, classes) for item in items)
        case ast.Name(name):
            return name in _NAMES
        case ast.Attribute():
            return ast.unparse(node) in classes
        case ast.Subscript() | ast.Tuple() | ast.BinOp(op=ast.BitOr()) | ast.UnaryOp(op=ast.USub()):
            return all(_is_known(child, classes) for child in ast.iter_child_nodes(node))
    return isinstance(node, (ast.Constant, ast.Load, ast.BitOr, ast.USub))


def as_argument(found: Alternatives) -> Alternatives:
    """Write what a function takes: as wide as it may be, and without an ``Any`` inside.

    Lists and dicts are invariant, so it takes any sequence and any mapping where one is
    documented; and what it takes anything of is an ``object``.
    """
    return unite(
        member if member == "Any" or member.startswith("Literal[") else _widened(member)
        for member in found
    )


def _widened(member: str) -> str:
    member = member.replace("dict[Any, Any]", "Mapping[str, object]")
    for narrow, wide in (("list[", "Sequence["), ("dict[", "Mapping["), ("set[", "Collection[")):
        member = re.sub(rf"(?<!\w){re.escape(narrow)}", wide, member)
    return re.sub(r"(?<![\w\"'])Any(?![\w\"'])", "object", member)


def as_result(found: Alternatives) -> Alternatives:
    """Write what a function gives: an array, never what stands for one, and a use for each part."""
    return unite(member if member.startswith("Literal[") else _usable(member) for member in found)


def _usable(member: str) -> str:
    member = re.sub(r"(?<!\w)Callable\[\[[^\]]*Never[^\]]*\]", "Callable[...", member)
    member = re.sub(r"(?<![\w\"'.])object(?![\w\"'])", "Any", member)
    return member.replace("ArrayLike", "Array")


_COVERS = {
    "ArrayLike": r"bool|int|float|complex|(?:Sequence|list|tuple)\[.*",
    "DTypeLike": r"type\[.*",
    "complex": "bool|int|float",
    "float": "bool|int",
}
"""What an alternative makes needless beside it, as a regular expression."""


def shortest(found: Alternatives) -> Alternatives:
    """Leave out what another alternative covers: the union of many overloads is long."""
    covers = [re.compile(pattern) for wide, pattern in _COVERS.items() if wide in found]
    return tuple(member for member in found if not any(cover.fullmatch(member) for cover in covers))


def untyped(text: str) -> bool:
    """Tell whether an annotation has an ``Any`` anywhere."""
    return any(
        isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(text))
    )


def type_of(value: object) -> Alternatives:
    """Give the annotation of a default value."""
    if value is None:
        return ("None",)
    for kind in (*_SCALARS, slice):
        if type(value) is kind:
            return (kind.__name__,)
    if isinstance(value, type):
        return ("DTypeLike",)
    if isinstance(value, range):
        return ("Sequence[int]",)
    if isinstance(value, tuple):
        kinds = {type(item) for item in value}
        for members in ({bool}, {int}, {int, float}, {int, float, complex}, {str}):
            if kinds and kinds <= members:
                item = max(
                    members, key=lambda kind: "bool int float complex str".find(kind.__name__)
                )
                return (f"tuple[{item.__name__}, ...]",)
        return ("tuple[Any, ...]",)
    if isinstance(value, list):
        return ("Sequence[Any]",)
    if isinstance(value, dict):
        return ("dict[Any, Any]",)
    return ("Any",)


def accepts(alternatives: Alternatives, value: object) -> bool:
    """Tell whether a type checker would take a value for an annotation."""
    return any(_accepts(member, value) for member in alternatives)


def _accepts(member: str, value: object) -> bool:
    choices = _choices(member)
    if choices is not None:
        return any(type(choice) is type(value) and choice == value for choice in choices)
    head, inner = _split(member)
    match head:
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
            return isinstance(value, dict)
        case "Collection" | "Sequence":
            return isinstance(value, (tuple, list, range)) and all(
                accepts(inner, item) for item in value
            )
        case "tuple":
            return isinstance(value, tuple) and _accepts_items(inner, value)
        case "Array" | "RandomGenerator":
            return False
    return type(value).__name__ == head or (head == "int" and isinstance(value, bool))


def _accepts_items(inner: Alternatives, value: tuple[object, ...]) -> bool:
    """Check ``tuple[int, ...]`` and ``tuple[int, str]``; `inner` are the arguments."""
    if inner[-1:] == ("...",):
        return all(accepts(_alternatives(inner[0]), item) for item in value)
    if len(inner) != len(value):
        return False
    pairs = zip(inner, value, strict=True)
    return all(accepts(_alternatives(member), item) for member, item in pairs)


def _split(member: str) -> tuple[str, Alternatives]:
    """Take ``tuple[int, ...]`` apart; the alternatives of a sequence's items are split too."""
    node = ast.parse(member, mode="eval").body
    if not isinstance(node, ast.Subscript):
        return member, ()
    head = ast.unparse(node.value)
    if isinstance(node.slice, ast.Tuple):
        return head, tuple(ast.unparse(item) for item in node.slice.elts)
    inner = ast.unparse(node.slice)
    return head, _alternatives(inner) if head in ("Collection", "Sequence") else (inner,)


def _alternatives(text: str) -> Alternatives:
    node = ast.parse(text, mode="eval").body
    members: list[str] = []
    while isinstance(node, ast.BinOp):
        members.insert(0, ast.unparse(node.right))
        node = node.left
    return (ast.unparse(node), *members)


def choices_of(alternatives: Alternatives) -> tuple[str | int | bool, ...]:
    """Give the values of all literals among some alternatives."""
    return tuple(value for member in alternatives for value in _choices(member) or ())


def _choices(member: str) -> tuple[str | int | bool, ...] | None:
    if not member.startswith("Literal["):
        return None
    values = ast.literal_eval(f"({member[len('Literal[') : -1]},)")
    assert isinstance(values, tuple)
    return values
