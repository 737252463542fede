"""Type expressions as one tree, with one parser, one printer and one union.

Records and the manifest store a type as text. A stage that examines a type parses the text into
this tree, and prints the tree in one canonical form: strings in double quotes, unions with ``|``.
"""

from __future__ import annotations

from voxbind_build.common.typeexpr.changes import substitute, transform, union
from voxbind_build.common.typeexpr.parser import parse
from voxbind_build.common.typeexpr.queries import (
    arguments,
    choices,
    head,
    is_open,
    literal_values,
    members,
    names,
    walk,
)
from voxbind_build.common.typeexpr.tree import (
    ANY,
    DOTS,
    NONE,
    Dots,
    Generic,
    Literal,
    LiteralValue,
    Name,
    Opaque,
    Parameters,
    Quoted,
    TypeExpr,
    TypeExprError,
    Union,
    quoted,
    write,
)

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
    "quoted",
    "substitute",
    "transform",
    "union",
    "walk",
    "write",
]
