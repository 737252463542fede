"""NumPy's types in annotations: arrays of a measured dtype, and numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from voxbind_build.common.typeexpr import ANY, Generic, Name, TypeExpr, head, transform, union
from voxbind_build.model import DtypeFact
from voxbind_build.render.code.checked_text import RenderError

__all__ = ["dtype_rows", "image_array", "ndarray", "numbers", "scalar"]

_MOST_ROWS = 2
"""Largest number of overloads by dtype: each of them costs type checkers time."""
_INTEGERS = ("uint8", "uint16", "int32")
"""The integer dtypes that are measured; if all give the same dtype, other integers give it too."""
_NUMBERS: Mapping[str, TypeExpr] = {
    "float": Name("Real"),
    "int": Name("Integer"),
    "complex": union(Name("complex"), Name("Real")),
}
_DTYPE = re.compile(r"[a-z]+[0-9]*")
"""The form of a dtype's name that is one of NumPy's classes too."""
_UNCHANGED = frozenset(("Callable", "dict", "list", "set", "type"))
"""Generics whose arguments stay: a list of integers isn't a list of a wider type, say."""


_ANY_SEQUENCES = (Generic("Sequence", (Name("object"),)), Generic("Sequence", (ANY,)))
"""Sequences of anything, which a text is too."""


def ndarray(*dtypes: TypeExpr) -> TypeExpr:
    """Return the type of NumPy's arrays of one of several dtypes, with any number of axes."""
    return Generic("NDArray", (union(*dtypes),))


def image_array(*dtypes: TypeExpr) -> TypeExpr:
    """Return the type of NumPy images of one of several dtypes.

    With a shape of type `Any`, mypy doesn't regard floats of different sizes as overlapping.
    """
    return Generic("numpy.ndarray", (ANY, Generic("numpy.dtype", (union(*dtypes),))))


def scalar(dtype: str) -> Name:
    """Return NumPy's class of a dtype's elements.

    Raises
    ------
    RenderError
        If the text isn't the name of a dtype.
    """
    if not _DTYPE.fullmatch(dtype):
        raise RenderError(f"{dtype!r} isn't the name of a dtype")
    return Name("numpy.bool_" if dtype == "bool" else f"numpy.{dtype}")


def dtype_rows(facts: Mapping[str, DtypeFact]) -> list[tuple[TypeExpr, TypeExpr]]:
    """Return the types of NumPy images, each with the type of the result.

    Parameters
    ----------
    facts
        The dtype of the result by the dtype of the image, as measured.

    Returns
    -------
    list
        Empty if more than `_MOST_ROWS` overloads would be needed, or several for integers.
    """
    groups: dict[str, list[str]] = {}
    for dtype, fact in facts.items():
        groups.setdefault(fact.dtype, []).append(dtype)
    with_integers = [dtypes for dtypes in groups.values() if {*dtypes} & {*_INTEGERS}]
    if len(groups) > _MOST_ROWS or len(with_integers) > 1:
        return []
    rows = sorted(groups.items(), key=lambda row: len(row[1]))
    return [(_images(dtypes), ndarray(scalar(result))) for result, dtypes in rows]


def numbers(type_: TypeExpr) -> TypeExpr:
    """Return a parameter's type that takes NumPy's numbers, and takes no text as a sequence."""
    return transform(type_, _widened)


def _widened(part: TypeExpr) -> TypeExpr | None:
    if part in _ANY_SEQUENCES:
        return Name("Lists")
    if isinstance(part, Name):
        return _NUMBERS.get(part.dotted)
    return part if head(part) in _UNCHANGED else None


def _images(dtypes: list[str]) -> TypeExpr:
    """Return the type of images of measured dtypes."""
    names = [dtype for dtype in dtypes if dtype not in _INTEGERS]
    if {*_INTEGERS} <= {*dtypes}:
        integers: list[TypeExpr] = [Generic("numpy.integer", (ANY,))]
    else:
        integers = [scalar(dtype) for dtype in dtypes if dtype in _INTEGERS]
    return image_array(*(scalar(name) for name in names), *integers)
