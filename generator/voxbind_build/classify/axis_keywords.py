"""Which parameters name an axis by x, y or z, where arrays are (Z, Y, X)."""

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
"""Names that are about axes only where the first two of a set stand beside each other."""
_NUMBERS = frozenset(("int", "float", "bool"))
_COUNTED = re.compile(r"(?i)\b0\s*(?:[:=]|is|for)\s*x\b")
_LISTED = re.compile(r"\(0, ?1, ?2\)")
_NAMED = re.compile(r"(?i)\bx,? ?y,? (?:and|or) z\b")


def axis_keywords(description: Description) -> dict[str, AxisKeyword]:
    """Return the parameters that name an axis, or count axes from x, and what each does.

    Parameters
    ----------
    description : Description
        The parameters, their types and what is documented of them.
    """
    numbers = [each for each in description.parameters if _takes_numbers(each)]
    names = {each.name for each in numbers}
    found: dict[str, AxisKeyword] = {}
    for parameter in numbers:
        suffix = _SUFFIX.match(parameter.name)
        if suffix:
            found[parameter.name] = _SETS[0][suffix["axis"]]
        elif _counts(parameter, description):
            found[parameter.name] = "number"
        for known in _SETS:
            if set(list(known)[:2]) <= names and parameter.name in known:
                found[parameter.name] = known[parameter.name]
    return found


def _takes_numbers(parameter: Parameter) -> bool:
    """Tell whether a parameter takes one number, and no array or text."""
    try:
        found = names(parse(parameter.annotation)) - {"None"}
    except TypeExprError:
        return False
    return bool(found) and found <= _NUMBERS


def _counts(parameter: Parameter, description: Description) -> bool:
    """Tell whether a number is one of an axis, and 0 is x, by the documentation."""
    if "int" not in names(parse(parameter.annotation)):
        return False
    if _COUNTED.search(parameter.description):
        return True
    return bool(_LISTED.search(parameter.description) and _NAMED.search(description.doc))
