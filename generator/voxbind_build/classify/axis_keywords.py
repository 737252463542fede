"""Finds the parameters that name an axis by x, y or z; arrays have the axes (Z, Y, X)."""

from __future__ import annotations

import re

from voxbind_build.common.typeexpr import TypeExprError, names, parse
from voxbind_build.model import AxisKeyword, Description, Parameter

__all__ = ["axis_keywords"]

_SUFFIX = re.compile(r"^.+_(?P<axis>[xyz])$")
_SETS: tuple[dict[str, AxisKeyword], ...] = (
    {"x": "x", "y": "y", "z": "z"},
    {"width": "x", "height": "y", "depth": "z"},
)
"""Names that refer to axes only if a function has the first two of their set."""
_NUMBERS = frozenset(("int", "float", "bool"))
_COUNTED = re.compile(r"(?i)\b0\s*(?:[:=]|is|for)\s*x\b")
_LISTED = re.compile(r"\(0, ?1, ?2\)")
_NAMED = re.compile(r"(?i)\bx,? ?y,? (?:and|or) z\b")


def axis_keywords(description: Description) -> dict[str, AxisKeyword]:
    """Return the parameters that name an axis, or count axes from x, with their meaning.

    Parameters
    ----------
    description : Description
        The parameters, their types and their documentation.
    """
    numbers = [parameter for parameter in description.parameters if _takes_numbers(parameter)]
    names = {parameter.name for parameter in numbers}
    keywords: dict[str, AxisKeyword] = {}
    for parameter in numbers:
        suffix = _SUFFIX.match(parameter.name)
        if suffix:
            keywords[parameter.name] = _SETS[0][suffix["axis"]]
        elif _counts(parameter, description):
            keywords[parameter.name] = "number"
        for letters in _SETS:
            if set(list(letters)[:2]) <= names and parameter.name in letters:
                keywords[parameter.name] = letters[parameter.name]
    return keywords


def _takes_numbers(parameter: Parameter) -> bool:
    """Return whether a parameter takes one number, and no array or string."""
    try:
        type_names = names(parse(parameter.annotation)) - {"None"}
    except TypeExprError:
        return False
    return bool(type_names) and type_names <= _NUMBERS


def _counts(parameter: Parameter, description: Description) -> bool:
    """Return whether a parameter is documented as the number of an axis, counted from 0 for x."""
    if "int" not in names(parse(parameter.annotation)):
        return False
    if _COUNTED.search(parameter.description):
        return True
    return bool(_LISTED.search(parameter.description) and _NAMED.search(description.doc))
