"""The nodes of a type expression, and the printer."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from dataclasses import dataclass
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
    "quoted",
    "write",
]

LiteralValue: TypeAlias = str | bytes | int | bool


class TypeExprError(ValueError):
    """A text that isn't a type expression."""


def _check_dotted(text: str) -> None:
    parts = text.split(".")
    if text != "None" and not all(
        part.isidentifier() and not keyword.iskeyword(part) for part in parts
    ):
        raise TypeExprError(f"{text!r} isn't a dotted name")


# --- the tree ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A class or a special form by its dotted name: ``int``, ``None``, ``pyclesperanto.Device``."""

    dotted: str

    def __post_init__(self) -> None:
        _check_dotted(self.dotted)

    def __str__(self) -> str:
        return write(self)


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """The values that are accepted; ``None`` isn't one of them, but a `Name`."""

    values: tuple[LiteralValue, ...]

    def __post_init__(self) -> None:
        kinds = {type(value) for value in self.values}
        if not kinds or not kinds <= {str, bytes, int, bool}:
            raise TypeExprError(
                f"a Literal of {self.values!r}: the values must be str, bytes, int or bool"
            )

    def __str__(self) -> str:
        return write(self)

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
        return write(self)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The list of a callable's parameters: ``[int, str]``."""

    types: tuple[TypeExpr, ...]

    def __str__(self) -> str:
        return write(self)


@dataclass(frozen=True, slots=True)
class Dots:
    """The ellipsis: any number of items of a tuple, any parameters of a callable."""

    def __str__(self) -> str:
        return write(self)


@dataclass(frozen=True, slots=True)
class Union:
    """Two or more types, any of which is accepted; none of them is a union itself."""

    members: tuple[TypeExpr, ...]

    def __post_init__(self) -> None:
        if len(self.members) < 2 or any(isinstance(member, Union) for member in self.members):
            raise TypeExprError("a Union must have two or more members, none of which is a Union")

    def __str__(self) -> str:
        return write(self)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A type in quotes, a forward reference."""

    content: TypeExpr

    def __str__(self) -> str:
        return write(self)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A Python expression that isn't a type, such as the metadata in ``Annotated``."""

    text: str

    def __str__(self) -> str:
        return write(self)


TypeExpr: TypeAlias = Name | Literal | Generic | Parameters | Dots | Union | Quoted | Opaque

ANY = Name("Any")
NONE = Name("None")
DOTS = Dots()

# --- the printer -----------------------------------------------------------------------


def write(type_: TypeExpr, rename: Callable[[str], str] = str) -> str:
    """Print a type in its canonical form.

    Parameters
    ----------
    type_ : TypeExpr
        The type; ``str(type_)`` prints it without a `rename`.
    rename : callable
        Called with each dotted name in the order of the text, including names before brackets
        and ``Literal``; returns the name to print.
    """

    def written(types: tuple[TypeExpr, ...]) -> str:
        return ", ".join(write(inner_type, rename) for inner_type in types)

    match type_:
        case Name(dotted):
            return dotted if type_ == NONE else rename(dotted)
        case Literal(values):
            return f"{rename('Literal')}[{', '.join(map(quoted, values))}]"
        case Generic(dotted, (Opaque(text),)):
            # The comma keeps a tuple one argument: without it, its items would become arguments.
            return f"{rename(dotted)}[{text},]"
        case Generic(dotted, inner):
            return f"{rename(dotted)}[{written(inner) or '()'}]"
        case Parameters(inner):
            return f"[{written(inner)}]"
        case Dots():
            return "..."
        case Union(inner):
            return " | ".join(
                f"({write(member, rename)})"
                if isinstance(member, Opaque)
                else write(member, rename)
                for member in inner
            )
        case Quoted(content):
            return quoted(write(content, rename))
        case Opaque(text):
            return text


def quoted(value: LiteralValue) -> str:
    """Print a value: a string in double quotes, unless it contains quotes."""
    text = repr(value)
    if isinstance(value, str) and not {"'", '"'} & set(value):
        return f'"{text[1:-1]}"'
    return text
