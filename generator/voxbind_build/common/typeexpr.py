"""Type expressions as one tree, with one parser, one printer and one union.

Records and the manifest hold a type as text; a stage that looks into one parses the text into this
tree, and prints the tree into its own record. A node prints itself with `str`, in one canonical
form: strings in double quotes, unions with ``|``.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

__all__ = [
    "ANY",
    "DOTS",
    "NONE",
    "Dots",
    "Generic",
    "Literal",
    "LiteralValue",
    "Name",
    "Opaque",
    "Parameters",
    "Quoted",
    "TypeExpr",
    "TypeExprError",
    "Union",
    "arguments",
    "choices",
    "head",
    "is_open",
    "literal_values",
    "members",
    "names",
    "parse",
    "substitute",
    "transform",
    "union",
    "walk",
]

LiteralValue: TypeAlias = str | bytes | int | bool


class TypeExprError(ValueError):
    """A text that is no type expression."""


def _check_dotted(text: str) -> None:
    parts = text.split(".")
    if text != "None" and not all(
        part.isidentifier() and not keyword.iskeyword(part) for part in parts
    ):
        raise TypeExprError(f"{text!r} is no dotted name")


def _written(value: LiteralValue) -> str:
    text = repr(value)
    if isinstance(value, str) and not {"'", '"'} & set(value):
        return f'"{text[1:-1]}"'
    return text


# --- the tree ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A class or a special form by its dotted name: ``int``, ``None``, ``pyclesperanto.Device``."""

    dotted: str

    def __post_init__(self) -> None:
        _check_dotted(self.dotted)

    def __str__(self) -> str:
        return self.dotted


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """Values that are accepted one by one; ``None`` is a `Name` beside them."""

    values: tuple[LiteralValue, ...]

    def __post_init__(self) -> None:
        kinds = {type(value) for value in self.values}
        if not kinds or not kinds <= {str, bytes, int, bool}:
            raise TypeExprError(
                f"a Literal of {self.values!r}: the values must be str, bytes, int or bool"
            )

    def __str__(self) -> str:
        return f"Literal[{', '.join(map(_written, self.values))}]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self._typed() == other._typed()

    def __hash__(self) -> int:
        return hash(self._typed())

    def _typed(self) -> tuple[tuple[type, LiteralValue], ...]:
        """Pair each value with its class, since ``True == 1``."""
        return tuple((type(value), value) for value in self.values)


@dataclass(frozen=True, slots=True)
class Generic:
    """A class with arguments: ``tuple[int, ...]``; the head is the class's dotted name."""

    head: str
    arguments: tuple[TypeExpr, ...]

    def __post_init__(self) -> None:
        _check_dotted(self.head)

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.arguments)) or "()"
        # One expression may be a tuple, whose items would become arguments.
        comma = "," if len(self.arguments) == 1 and isinstance(self.arguments[0], Opaque) else ""
        return f"{self.head}[{inner}{comma}]"


@dataclass(frozen=True, slots=True)
class Parameters:
    """The list of a callable's parameters: ``[int, str]``."""

    types: tuple[TypeExpr, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.types))}]"


@dataclass(frozen=True, slots=True)
class Dots:
    """The ellipsis: any number of items of a tuple, any parameters of a callable."""

    def __str__(self) -> str:
        return "..."


@dataclass(frozen=True, slots=True)
class Union:
    """Two or more types of which each is accepted; none of them is a union itself."""

    members: tuple[TypeExpr, ...]

    def __post_init__(self) -> None:
        if len(self.members) < 2 or any(isinstance(member, Union) for member in self.members):
            raise TypeExprError("a Union has two or more members, and no union among them")

    def __str__(self) -> str:
        return " | ".join(
            f"({member})" if isinstance(member, Opaque) else str(member) for member in self.members
        )


@dataclass(frozen=True, slots=True)
class Quoted:
    """A type in quotes, a forward reference."""

    content: TypeExpr

    def __str__(self) -> str:
        return _written(str(self.content))


@dataclass(frozen=True, slots=True)
class Opaque:
    """A Python expression that is no type, such as the metadata in ``Annotated``."""

    text: str

    def __str__(self) -> str:
        return self.text


TypeExpr: TypeAlias = Name | Literal | Generic | Parameters | Dots | Union | Quoted | Opaque

ANY = Name("Any")
NONE = Name("None")
DOTS = Dots()

# --- the parser -------------------------------------------------------------------------


@cache
def parse(text: str) -> TypeExpr:
    """Parse a type expression in Python's syntax.

    Parameters
    ----------
    text : str
        For example ``"Sequence[float] | None"``. A union is kept as it is written.

    Returns
    -------
    TypeExpr
        Values of a ``Literal`` beside ``None`` become a union of both. Expressions that are no type
        are kept as `Opaque`.

    Raises
    ------
    TypeExprError
        If the text is no Python expression, or a ``Literal`` has a value of another kind than
        str, bytes, int, bool or None.
    """
    try:
        return _type_of(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise TypeExprError(f"{text!r} is no type expression: {error}") from error


def _type_of(node: ast.expr) -> TypeExpr:
    match node:
        case ast.Constant(None):
            return NONE
        case ast.Constant(str() as quoted):
            try:
                return Quoted(parse(quoted))
            except TypeExprError:
                return Opaque(_written(quoted))
        case ast.Constant(value) if value is ...:
            return DOTS
        case ast.Name() | ast.Attribute() if (dotted := _dotted(node)) is not None:
            return Name(dotted)
        case ast.BinOp(left, ast.BitOr(), right):
            return Union((*members(_type_of(left)), *members(_type_of(right))))
        case ast.Subscript(value, inner) if (dotted := _dotted(value)) is not None:
            items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            if dotted.rpartition(".")[2].lower() == "literal":
                return _literal(items)
            return Generic(dotted, tuple(map(_type_of, items)))
        case ast.List(items):
            return Parameters(tuple(map(_type_of, items)))
    return Opaque(ast.unparse(node))


def _dotted(node: ast.expr) -> str | None:
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name):
            before = _dotted(value)
            return None if before is None else f"{before}.{name}"
    return None


def _literal(items: list[ast.expr]) -> TypeExpr:
    """Return the type of some literals; ``None`` comes last."""
    values = [ast.literal_eval(item) for item in items]
    given = tuple(value for value in values if value is not None)
    if len(given) == len(values):
        return Literal(given)
    return Union((Literal(given), NONE)) if given else NONE


# --- queries ----------------------------------------------------------------------------


def members(type_: TypeExpr) -> tuple[TypeExpr, ...]:
    """Return the members of a union in their order; any other type is its own only member."""
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
    """Tell whether a tuple's type leaves its length open, as ``tuple[int, ...]`` does."""
    return head(type_) == "tuple" and DOTS in arguments(type_)


def _children(type_: TypeExpr) -> tuple[TypeExpr, ...]:
    match type_:
        case Generic(_, inner) | Parameters(inner) | Union(inner):
            return inner
        case Quoted(content):
            return (content,)
    return ()


def walk(type_: TypeExpr) -> Iterator[TypeExpr]:
    """Yield a type and all types in it, from the outside inwards."""
    yield type_
    for child in _children(type_):
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


# --- changes ----------------------------------------------------------------------------


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
    inner = tuple(transform(child, change) for child in _children(type_))
    if inner == _children(type_):
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
