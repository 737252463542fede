"""From an annotation in Python's own syntax to the vocabulary."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType

from voxbind_build.describe.nicknames import NICKNAMES, bare_container
from voxbind_build.describe.vocabulary import Alternatives, literal, text_of, unite

__all__ = ["NO_CLASSES", "Classes", "from_annotation"]

Classes = Mapping[str, str]
"""The public dotted name of each class of a library, by its name: ``pyclesperanto.Device``."""

_ANY = ("Any",)
NO_CLASSES: Classes = MappingProxyType({})


def from_annotation(text: str, classes: Classes = NO_CLASSES) -> Alternatives | None:
    """Translate an annotation; what neither vocabulary nor `classes` name becomes ``Any``.

    Returns
    -------
    tuple of str or None
        None where the text is no annotation or says nothing.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
        alternatives = _Translator(classes).translate(node)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return None if alternatives == _ANY else alternatives


class _Translator:
    def __init__(self, classes: Classes) -> None:
        self.classes = classes

    def translate(self, node: ast.expr) -> Alternatives:
        match node:
            case ast.Constant(None):
                return ("None",)
            case ast.Constant(str() as quoted):
                return from_annotation(quoted, self.classes) or _ANY
            case ast.BinOp(left, ast.BitOr(), right):
                return unite(self.translate(left), self.translate(right))
            case ast.Name(name) | ast.Attribute(attr=name):
                return (self.name(name),)
            case ast.Subscript(ast.Name(name) | ast.Attribute(attr=name), inner):
                return self.subscript(name.lower(), inner)
        return _ANY

    def name(self, name: str) -> str:
        if name == "Any":
            return name
        kind = NICKNAMES.container(name.lower())
        if kind is not None:
            return bare_container(kind)
        return NICKNAMES.called(name) or self.classes.get(name, "Any")

    def subscript(self, name: str, inner: ast.expr) -> Alternatives:
        items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        match name:
            case "optional":
                return unite(self.translate(inner), ("None",))
            case "union":
                return unite(*map(self.translate, items))
            case "annotated" | "final":
                return self.translate(items[0])
            case "literal":
                values = [ast.literal_eval(item) for item in items]
                return unite(
                    *(("None",) if value is None else (literal(value),) for value in values)
                )
            case "callable":
                return (self.callable(items),)
            case "ndarray" | "array":
                return ("Array",)
            case "tuple":
                return (f"tuple[{', '.join(self.item(item) for item in items) or '()'}]",)
            case "list" | "set" | "frozenset" | "dict":
                return (f"{name}[{', '.join(self.item(item) for item in items)}]",)
            case "type":
                return (f"type[{self.item(items[0])}]",)
            case "mapping":
                return (f"Mapping[{', '.join(self.item(item) for item in items)}]",)
        if NICKNAMES.container(name) == "Sequence":
            return (f"Sequence[{self.item(items[0])}]",)
        # `numpy.dtype[Any]`, `optype.numpy.ArrayND[Any]`
        return (NICKNAMES.called(name) or "Any",)

    def callable(self, items: list[ast.expr]) -> str:
        """Keep the arguments of a callable, unless it is one for arrays of a certain class."""
        result = self.item(items[-1]) if len(items) == 2 else "Any"
        if not isinstance(items[0], ast.List):
            return f"Callable[..., {result}]"
        arguments = [self.item(item) for item in items[0].elts]
        if any(word in argument for argument in arguments for word in ("Any", "Array")):
            return f"Callable[..., {result}]"
        return f"Callable[[{', '.join(arguments)}], {result}]"

    def item(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return "..."
        return text_of(self.translate(node))
