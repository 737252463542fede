"""Names, types and literals of a library, let through only as what they claim to be."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable
from types import MappingProxyType

__all__ = [
    "VOCABULARY",
    "RenderError",
    "annotation",
    "identifier",
    "literal",
    "members",
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
        **dict.fromkeys(("Array", "ArrayLike", "ArrayT", "DTypeLike"), "voxbind.arrays"),
        **dict.fromkeys(
            ("Castable", "LibraryArray", "Nested", "RandomGenerator"), "voxbind.arrays"
        ),
        **dict.fromkeys(("OutT", "Reshapable"), "voxbind.arrays"),
        **dict.fromkeys(
            ("ClesperantoArray", "ClesperantoArrayT"), "voxbind._memory.pyclesperanto_types"
        ),
        **dict.fromkeys(("PathLike",), "os"),
        **dict.fromkeys(("ModuleType",), "types"),
        **dict.fromkeys(
            (
                *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int"),
                *("list", "memoryview", "object", "range", "set", "slice", "str", "tuple", "type"),
            ),
            "builtins",
        ),
    }
)
"""The names that a type may use, and where each comes from. A class of any library is written
with its module: ``skimage.feature.ORB``."""

_CALLED_IN_LITERALS = frozenset(
    ("bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "range", "set")
) | {"slice", "tuple"}

Bind = Callable[[str, str], str]
"""Takes a name and its module, and gives the name it has in the generated module."""


class RenderError(ValueError):
    """The manifest holds something that isn't what it claims to be."""


def identifier(text: str, where: str) -> str:
    """Return `text`, which must be a name that Python can bind."""
    if not text.isidentifier() or keyword.iskeyword(text):
        raise RenderError(f"{where}: {text!r} is no name that Python can bind")
    return text


def annotation(text: str, where: str, bind: Bind) -> str:
    """Return a type as the generated module writes it.

    Parameters
    ----------
    text
        A type expression over `VOCABULARY` and classes with their module.
    where
        What it belongs to, for messages.
    bind
        Called for each name.
    """
    return ast.unparse(_Type(text, where, bind).visit(_parse(text, where, "type")))


def literal(text: str, where: str, bind: Bind) -> str:
    """Return a default as the generated module writes it."""
    return ast.unparse(_Literal(text, where, bind).visit(_parse(text, where, "literal")))


def members(text: str, where: str) -> tuple[str, ...]:
    """Return the members of a union; of any other type, the type itself."""
    node = _parse(text, where, "type")
    found: list[str] = []
    while isinstance(node, ast.BinOp):
        found.insert(0, ast.unparse(node.right))
        node = node.left
    return (ast.unparse(node), *found)


def with_arrays(text: str, where: str, array: str) -> str:
    """Return a type with `array` in the place of each array."""
    tree = _parse(text, where, "type")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in ("Array", "ArrayT"):
            node.id = array
    return ast.unparse(tree)


def _parse(text: str, where: str, kind: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RenderError(f"{where}: {text!r} isn't a {kind}: {error}") from error


class _Checked(ast.NodeTransformer):
    """Refuses each node that has no method here."""

    def __init__(self, text: str, where: str, bind: Bind) -> None:
        self._text, self._where, self._bind = text, where, bind

    def refuse(self, node: ast.AST) -> RenderError:
        return RenderError(
            f"{self._where}: {self._text!r} isn't a {type(self).__name__[1:].lower()} that can be "
            f"written: {ast.unparse(node)!r} isn't allowed"
        )

    def generic_visit(self, node: ast.AST) -> ast.AST:
        raise self.refuse(node)

    def children(self, node: ast.AST) -> ast.AST:
        return super().generic_visit(node)

    def visit_Load(self, node: ast.Load) -> ast.AST:
        return node


class _Type(_Checked):
    visit_List = _Checked.children
    visit_Tuple = _Checked.children

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in VOCABULARY:
            raise self.refuse(node)
        return ast.Name(self._bind(node.id, VOCABULARY[node.id]))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        module = ast.unparse(node.value)
        if not all(part.isidentifier() for part in module.split(".")):
            raise self.refuse(node)
        return ast.Name(self._bind(node.attr, module))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if not isinstance(node.op, ast.BitOr):
            raise self.refuse(node)
        return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if not isinstance(node.value, (ast.Name, ast.Attribute)):
            raise self.refuse(node)
        if isinstance(node.value, ast.Name) and node.value.id == "Literal":
            for item in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
                number = item.operand if isinstance(item, ast.UnaryOp) else item
                if not isinstance(number, ast.Constant) or isinstance(
                    number.value, (float, complex, type(...))
                ):
                    raise self.refuse(item)
            return ast.Subscript(self.visit(node.value), node.slice, node.ctx)
        return self.children(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if node.value is not None and node.value is not ...:
            raise self.refuse(node)
        return node


class _Literal(_Checked):
    visit_List = _Checked.children
    visit_Tuple = _Checked.children
    visit_Set = _Checked.children
    visit_Dict = _Checked.children

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise self.refuse(node)
        return ast.UnaryOp(node.op, self.visit(node.operand))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if not isinstance(node.op, (ast.Add, ast.Sub)):  # a complex number's two parts
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
