"""Assigns a role to each parameter: an image, a mask, a footprint, a threshold, ..."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from voxbind_build.common.typeexpr import names, parse
from voxbind_build.model import IMAGE_ROLES, WHOLE_ROLES, Description, Parameter

_FOLDER = Path(__file__).parent
_RULES, _VALUES = "role_rules.toml", "argument_values.toml"
_PAIR_ENDINGS = re.compile(r"[\d_]+|true|test|reference|moving|target|source")


NO_ARRAY = "no array"
"""The role by which a TOML file says that a parameter takes no array, despite its name."""
_ARRAYS = frozenset({"Any", "Array", "ArrayLike", "object", "Sequence", "list", "tuple"})
"""Types of arguments that may be arrays."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of `role_rules.toml`: which parameters have a role."""

    role: str
    names: tuple[str, ...]
    documented: str = ""
    described: str = ""
    optional: bool | None = None

    def fits(self, parameter: Parameter) -> bool:
        """Return whether a parameter has this rule's role."""
        return (
            any(fnmatchcase(parameter.name, pattern) for pattern in self.names)
            and (self.optional is None or self.optional == (parameter.default is not None))
            and re.search(self.documented, parameter.documented) is not None
            and re.search(self.described, parameter.description) is not None
        )


class Fills(Struct, frozen=True, forbid_unknown_fields=True):
    """Optional arguments that are passed if a call without them fails."""

    names: tuple[str, ...]
    values: dict[str, list[Any]] = field(default_factory=dict)


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """`role_rules.toml` and `argument_values.toml` together."""

    sparing: tuple[str, ...]
    slow: tuple[str, ...]
    rule: tuple[Rule, ...]
    values: dict[str, list[Any]]
    names: dict[str, list[Any]]
    fills: Fills
    beside: dict[str, dict[str, Any]]
    idle: dict[str, str]
    neutral: dict[str, float]
    economies: dict[str, Any]

    def plain(self, parameter: str) -> list[Any]:
        """Return the values in `names` for a parameter; empty if it isn't listed."""
        if parameter in self.names:
            return self.names[parameter]
        found = (values for name, values in self.names.items() if fnmatchcase(parameter, name))
        return next(found, [])

    def neutral_number(self, parameter: str) -> float | None:
        """Return the number that leaves an axis alone, by the meaning of the parameter's name."""
        numbers = (number for name, number in self.neutral.items() if fnmatchcase(parameter, name))
        return next(numbers, None)

    def is_idle(self, parameter: Parameter) -> bool:
        """Return whether a parameter has no effect at its default."""
        return parameter.default is not None and any(
            fnmatchcase(parameter.name, name) and _same_number(parameter.default, nothing)
            for name, nothing in self.idle.items()
        )


@cache
def table() -> Table:
    """Read the rules and the values."""
    texts = ((_FOLDER / file).read_text(encoding="utf-8") for file in (_VALUES, _RULES))
    return msgspec.toml.decode("\n".join(texts), type=Table)


def _same_number(first: str, second: str) -> bool:
    try:
        return float(first) == float(second)
    except ValueError:
        return first == second


def image_parameters(description: Description, roles: dict[str, str]) -> dict[str, str]:
    """Return the roles of a callable's parameters.

    Parameters
    ----------
    description : Description
        The callable.
    roles : dict of str
        Roles in the library's TOML file, which override the table.

    Returns
    -------
    dict of str
        Role by parameter name; parameters without a role (plain scalars, options) are left out.
    """
    found = {}
    for position, parameter in enumerate(description.parameters):
        if parameter.kind in ("VAR_POSITIONAL", "VAR_KEYWORD"):
            continue
        role = roles.get(parameter.name) or _role(parameter, first=position == 0)
        if role and role != NO_ARRAY:
            found[parameter.name] = role
    return found


def _role(parameter: Parameter, *, first: bool) -> str | None:
    is_word = not parameter.documented and (parameter.default or "")[:1] in ("'", '"')
    for rule in table().rule:
        # An undocumented parameter with a word as its default, `label="fast"`, takes no array.
        takes_none = is_word or (rule.role in IMAGE_ROLES and _is_no_array(parameter))
        if rule.fits(parameter) and not (takes_none and rule.role in IMAGE_ROLES | WHOLE_ROLES):
            return rule.role
    if first and parameter.default is None and _may_be_image(parameter):
        return "image"
    return None


def _is_no_array(parameter: Parameter) -> bool:
    """Return whether a parameter takes no array: it is a flag, bytes, or a list of arrays.

    A list of arrays holds the coefficients of a transform, or contours, and is no image. A flag is
    True or False by default, such as ``return_mask``.
    """
    if parameter.default in ("True", "False") and "arr" not in parameter.documented.lower():
        return True
    if re.match(r"(?i)(a )?(list|sequence|tuple|iterable)s? of\b.*arrays?\b", parameter.documented):
        return "array_like" not in parameter.documented
    if parameter.annotation_source not in ("annotation", "stub"):
        return False
    return not names(parse(parameter.annotation)) & _ARRAYS


def _may_be_image(parameter: Parameter) -> bool:
    """Return whether a parameter may be an image, by its documented type, annotation and name."""
    if _is_no_array(parameter):
        return False
    if parameter.documented:
        return re.search(r"(?i)\bnd-?array|\barray|image|tensor", parameter.documented) is not None
    named = re.match(r"(?i)(image|img|im|vol|volume|stack|frame|plane)s?\d*$", parameter.name)
    return parameter.annotation in ("Array", "ArrayLike") or (
        parameter.annotation == "Any" and named is not None
    )


def main_parameter(description: Description, roles: dict[str, str]) -> str | None:
    """Return the name of the parameter that takes the image; None if there is none.

    Parameters
    ----------
    description : Description
        The callable.
    roles : dict of str
        Role by parameter name.
    """
    images = [
        (position, parameter)
        for position, parameter in enumerate(description.parameters)
        if roles.get(parameter.name) in IMAGE_ROLES
    ]
    for _, parameter in images:
        if parameter.default is None:
            return parameter.name
    # In `threshold_otsu(image=None, hist=None)`, an optional parameter takes the image.
    if images and images[0][0] == 0:
        return images[0][1].name
    return None


def paired_images(main: str, description: Description, roles: dict[str, str]) -> tuple[str, ...]:
    """Return the optional parameters that form a pair with an optional main image.

    ``adapted_rand_error(image_true=None, image_test=None)`` needs both.

    Parameters
    ----------
    main : str
        The parameter that takes the main image.
    description : Description
        The callable.
    roles : dict of str
        Role by parameter name.
    """
    by_name = {parameter.name: parameter for parameter in description.parameters}
    if by_name[main].default is None:
        return ()
    stem = _PAIR_ENDINGS.sub("", main)
    return tuple(
        name
        for name, role in roles.items()
        if name != main
        and role in IMAGE_ROLES
        and by_name[name].default is not None
        and _PAIR_ENDINGS.sub("", name) == stem
    )
