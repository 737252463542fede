"""Checks that names, types and literals of a library are what the manifest says they are."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import EllipsisType, MappingProxyType

from voxbind_build.common.bindable import is_identifier
from voxbind_build.common.typeexpr import (
    Opaque,
    Quoted,
    TypeExpr,
    TypeExprError,
    parse,
    substitute,
    walk,
    write,
)

__all__ = [
    "VOCABULARY",
    "RenderError",
    "annotation",
    "identifier",
    "literal",
    "other_class",
    "type_of",
    "with_arrays",
]

VOCABULARY = MappingProxyType(
    {
        **dict.fromkeys(
            ("Any", "Literal", "NamedTuple", "Never", "SupportsFloat", "SupportsInt"), "typing"
        ),
        **dict.fromkeys(
            (
                *("Callable", "Collection", "Generator", "Hashable", "Iterable", "Iterator"),
                *("Mapping", "MutableMapping", "MutableSequence", "Sequence", "Set"),
            ),
            "collections.abc",
        ),
        **dict.fromkeys(
            (
                *(
                    "AnyArray",
                    "AnyCarrier",
                    "Array",
                    "ArrayLike",
                    "ArrayT",
                    "Carrier",
                    "Castable",
                    "DTypeLike",
                ),
                *(
                    "Exporter",
                    "Integer",
                    "LibraryArray",
                    "Lists",
                    "Nested",
                    "OutT",
                    "RandomGenerator",
                    "Real",
                ),
                *("Reshapable", "Transposable"),
            ),
            "voxbind.arrays",
        ),
        "NDArray": "numpy.typing",
        **dict.fromkeys(
            ("ClesperantoArray", "ClesperantoArrayT"), "voxbind._memory.pyclesperanto_types"
        ),
        **dict.fromkeys(("PathLike",), "os"),
        **dict.fromkeys(("EllipsisType", "ModuleType"), "types"),
        **dict.fromkeys(
            (
                *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int"),
                *("list", "memoryview", "object", "range", "set", "slice", "str", "tuple", "type"),
            ),
            "builtins",
        ),
    }
)
"""The names that a type may use, each with its module. A class of a library is written with its
module: ``skimage.feature.ORB``."""

_CALLED_IN_LITERALS = frozenset(
    ("bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "range", "set")
) | {"slice", "tuple"}

Bind = Callable[[str, str], str]
"""Takes a name and its module; returns the local name in the generated module."""


class RenderError(ValueError):
    """The manifest holds a name, type or literal that isn't one, or names that clash.

    Parameters
    ----------
    message
        What is wrong, and where.
    functions
        The dotted public names of the functions that can't be written, each with the reason; empty
        if the problem isn't one of single functions.
    """

    def __init__(self, message: str, functions: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.functions = dict(functions or {})


def identifier(text: str, where: str) -> str:
    """Return a name unchanged, if Python can bind it.

    Parameters
    ----------
    text
        The name.
    where
        What it belongs to, for the error message.

    Raises
    ------
    RenderError
        If it isn't an identifier, is a keyword, or is read as another name by Python.
    """
    if not is_identifier(text) or text == "__debug__":
        raise RenderError(f"{where}: {text!r} isn't a name that Python can bind")
    return text


def type_of(text: str, where: str) -> TypeExpr:
    """Return the syntax tree of a type in the manifest.

    Parameters
    ----------
    text
        The type.
    where
        What it belongs to, for the error message.

    Raises
    ------
    RenderError
        If the type can't be parsed.
    """
    try:
        return parse(text)
    except TypeExprError as error:
        raise RenderError(f"{where}: {error}") from error


def annotation(type_: TypeExpr, where: str, bind: Bind) -> str:
    """Return a type as the generated module writes it.

    Parameters
    ----------
    type_
        A type made of names in `VOCABULARY` and of classes with their module.
    where
        What it belongs to, for the error message.
    bind
        Returns the local name of each name in the type.

    Raises
    ------
    RenderError
        If the type contains another name, a quoted type or one that couldn't be parsed.
    """

    def refuse(part: str) -> RenderError:
        return RenderError(
            f"{where}: the type {str(type_)!r} can't be written: {part!r} isn't allowed in a type"
        )

    def bound(dotted: str) -> str:
        module, _, name = dotted.rpartition(".")
        if not module and name not in VOCABULARY:
            raise refuse(name)
        return bind(name, module or VOCABULARY[name])

    for part in walk(type_):
        if isinstance(part, Opaque | Quoted):
            raise refuse(str(part))
    return write(type_, bound)


def literal(text: str, where: str, bind: Bind) -> str:
    """Return a default value as the generated module writes it.

    Parameters
    ----------
    text
        The default's source.
    where
        What it belongs to, for the error message.
    bind
        Returns the local name of each built-in class in the literal.

    Raises
    ------
    RenderError
        If the text isn't a literal.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RenderError(f"{where}: {text!r} isn't a literal: {error}") from error
    return ast.unparse(_Literal(text, where, bind).visit(tree))


def other_class(default: str) -> str:
    """Return the name of a default's class; empty for None, numbers, words, tuples and lists.

    Parameters
    ----------
    default
        The default's source: a literal.
    """
    match ast.parse(default, mode="eval").body:
        case ast.Call(ast.Name("slice" | "set" | "frozenset" as name)):
            return name
        case ast.Constant(bytes() | EllipsisType() as value):
            return type(value).__name__
        case ast.Dict() | ast.Set() as node:
            return type(node).__name__.lower()
        case ast.Name():
            return "type"
    return ""


def with_arrays(type_: TypeExpr, array: TypeExpr) -> TypeExpr:
    """Return a type with each array type replaced by `array`."""
    return substitute(type_, {"Array": array, "ArrayT": array})


class _Literal(ast.NodeTransformer):
    """Refuses every kind of syntax node for which this class has no method."""

    def __init__(self, text: str, where: str, bind: Bind) -> None:
        self._text, self._where, self._bind = text, where, bind

    def refuse(self, node: ast.AST) -> RenderError:
        return RenderError(
            f"{self._where}: the literal {self._text!r} can't be written: "
            f"{ast.unparse(node)!r} isn't allowed in a literal"
        )

    def generic_visit(self, node: ast.AST) -> ast.AST:
        raise self.refuse(node)

    def children(self, node: ast.AST) -> ast.AST:
        return super().generic_visit(node)

    def visit_Load(self, node: ast.Load) -> ast.AST:
        return node

    visit_List = children
    visit_Tuple = children
    visit_Set = children
    visit_Dict = children

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise self.refuse(node)
        return ast.UnaryOp(node.op, self.visit(node.operand))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if not isinstance(node.op, (ast.Add, ast.Sub)):  # the two parts of a complex number
            raise self.refuse(node)
        return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if VOCABULARY.get(node.id) != "builtins":
            raise self.refuse(node)
        return ast.Name(self._bind(node.id, "builtins"))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if (
            not isinstance(node.func, ast.Name)
            or node.func.id not in _CALLED_IN_LITERALS
            or node.keywords
        ):
            raise self.refuse(node)
        return ast.Call(self.visit(node.func), [self.visit(item) for item in node.args], [])
