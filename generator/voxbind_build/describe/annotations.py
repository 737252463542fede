"""Translates Python annotations to the vocabulary of types."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from voxbind_build.common.typeexpr import (
    ANY,
    DOTS,
    NONE,
    Dots,
    Generic,
    Literal,
    Name,
    Parameters,
    Quoted,
    TypeExpr,
    TypeExprError,
    Union,
    names,
    parse,
    union,
)
from voxbind_build.describe.nicknames import NICKNAMES, bare_container

__all__ = ["NO_CLASSES", "Classes", "from_annotation"]

Classes = Mapping[str, str]
"""The public dotted name of each class of a library, by its name: ``pyclesperanto.Device``."""

NO_CLASSES: Classes = MappingProxyType({})
_OF_ARRAYS = frozenset({"Any", "Array", "ArrayLike"})


def from_annotation(text: str, classes: Classes = NO_CLASSES) -> TypeExpr | None:
    """Translate an annotation to the vocabulary.

    Parameters
    ----------
    text
        The annotation.
    classes
        The library's public classes.

    Returns
    -------
    TypeExpr or None
        Names that are in neither the vocabulary nor `classes` become ``Any``. None if the text
        isn't an annotation, or if all of it is ``Any``.
    """
    try:
        translated = _Translator(classes).translate(parse(text))
    except (TypeExprError, RecursionError):
        return None
    return None if translated == ANY else translated


class _Translator:
    def __init__(self, classes: Classes) -> None:
        self.classes = classes

    def translate(self, type_: TypeExpr) -> TypeExpr:
        match type_:
            case Quoted(content):
                return self.translate(content)
            case Union(members):
                return union(*map(self.translate, members))
            case Literal():
                return union(type_)
            case Name(dotted):
                return NONE if type_ == NONE else self.name(dotted.rpartition(".")[2])
            case Generic(dotted, inner):
                return self.generic(dotted.rpartition(".")[2].lower(), inner)
        return ANY

    def name(self, name: str) -> TypeExpr:
        if name == "Any":
            return ANY
        kind = NICKNAMES.container(name.lower())
        if kind is not None:
            return bare_container(kind)
        return NICKNAMES.called(name) or Name(self.classes.get(name, "Any"))

    def generic(self, name: str, inner: tuple[TypeExpr, ...]) -> TypeExpr:
        if not inner and name != "tuple":
            return ANY
        match name:
            case "optional":
                return union(*map(self.translate, inner), NONE)
            case "union":
                return union(*map(self.translate, inner))
            case "annotated" | "final":
                return self.translate(inner[0])
            case "callable":
                return self.callable(inner)
            case "ndarray" | "array":
                return Name("Array")
            case "tuple" | "list" | "set" | "frozenset" | "dict":
                return Generic(name, tuple(map(self.item, inner)))
            case "type":
                return Generic(name, (self.item(inner[0]),))
            case "mapping":
                return Generic("Mapping", tuple(map(self.item, inner)))
        if NICKNAMES.container(name) == "Sequence":
            return Generic("Sequence", (self.item(inner[0]),))
        # `numpy.dtype[Any]`, `optype.numpy.ArrayND[Any]`
        return NICKNAMES.called(name) or ANY

    def callable(self, inner: tuple[TypeExpr, ...]) -> TypeExpr:
        """Keep the argument types of a callable, unless arrays or unknown types are among them."""
        result = self.item(inner[-1]) if len(inner) == 2 else ANY
        if isinstance(inner[0], Parameters):
            types = tuple(map(self.item, inner[0].types))
            if not any(_OF_ARRAYS & names(type_) for type_ in types):
                return Generic("Callable", (Parameters(types), result))
        return Generic("Callable", (DOTS, result))

    def item(self, type_: TypeExpr) -> TypeExpr:
        return type_ if isinstance(type_, Dots) else self.translate(type_)
