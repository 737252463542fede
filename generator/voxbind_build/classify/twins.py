"""How a function differs from the one that does the same on the CPU.

The two have the same name below their libraries: ``cucim.skimage.filters.gaussian`` is
``skimage.filters.gaussian`` below ``cucim``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from voxbind_build.model import Agreement, Description, LibrarySpec, Parameter, Twin

__all__ = ["paired", "twin_name"]

_ARRAY_LIBRARY = re.compile(r"^(?:numpy|cupy)\.")
_DEPRECATED = re.compile(r"^(?:\w+\.)+DEPRECATED$")
_INFINITY = re.compile(r"""^float\(["']inf["']\)$""")


def twin_name(name: str) -> str:
    """Return the name that the twin of a function has, if it has one."""
    return name.partition(".")[2]


def paired(
    description: Description,
    name: str,
    parameters: Sequence[Parameter],
    spec: LibrarySpec,
    agreement: Agreement | None,
) -> Twin:
    """Compare the signatures of two twins.

    Parameters
    ----------
    description
        Of the function on the device.
    name
        Of its twin.
    parameters
        Of its twin.
    spec
        The specification of the library on the device, for the tolerance.
    agreement
        How far the results were from each other, if the two were run side by side.
    """
    own = {parameter.name: parameter for parameter in description.parameters}
    others = {parameter.name: parameter for parameter in parameters}
    renamed = _renamed(description.parameters, parameters)
    pairs = {other: own.get(renamed.get(other, other)) for other in others}
    return Twin(
        name=name,
        missing=tuple(other for other, mine in pairs.items() if mine is None),
        added=tuple(each for each in own if each not in others and each not in renamed.values()),
        renamed=renamed,
        defaults={
            other: (others[other].default or "", mine.default or "")
            for other, mine in pairs.items()
            if mine is not None and _meaning(others[other]) != _meaning(mine)
        },
        tolerance=next(
            (
                limit
                for pattern, limit in spec.tolerance.items()
                if fnmatchcase(description.name, pattern)
            ),
            0.0,
        ),
        agreement=agreement,
    )


def _renamed(own: Sequence[Parameter], others: Sequence[Parameter]) -> dict[str, str]:
    """Pair parameters that must be given, stand in the same place and have different names."""
    names, other_names = {each.name for each in own}, {each.name for each in others}
    return {
        theirs.name: mine.name
        for mine, theirs in zip(own, others, strict=False)
        if mine.default is None
        and theirs.default is None
        and mine.kind == theirs.kind
        and mine.name not in other_names
        and theirs.name not in names
    }


def _meaning(parameter: Parameter) -> object:
    """Return what a default is in any library: 1 and 1.0 are one, and so are both `uint8`."""
    text = parameter.default
    if text is None:
        return "must be given"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        pass
    if _INFINITY.match(text):
        return "inf"
    if text.startswith("<"):  # which object it is isn't known: the other's may be the same
        return "an object"
    return "DEPRECATED" if _DEPRECATED.match(text) else _ARRAY_LIBRARY.sub("", text)
