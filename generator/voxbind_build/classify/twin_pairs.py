"""How a function differs from the one that does the same on the CPU.

The two have the same name below their libraries: ``cucim.skimage.filters.gaussian`` is
``skimage.filters.gaussian`` below ``cucim``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from voxbind_build.model import (
    Agreement,
    Description,
    Exclusion,
    Function,
    Library,
    LibrarySpec,
    Parameter,
    Twin,
    Twins,
)

__all__ = ["device_name", "facing", "paired", "twin_name"]

_ARRAY_LIBRARY = re.compile(r"^(?:numpy|cupy)\.")
_DEPRECATED = re.compile(r"^(?:\w+\.)+DEPRECATED$")
_INFINITY = re.compile(r"""^float\(["']inf["']\)$""")


def twin_name(name: str) -> str:
    """Return the name that the twin of a function has, if it has one."""
    return name.partition(".")[2]


def device_name(name: str, library: Library) -> str:
    """Return the name that a function's twin has in a library on a device, if it has one."""
    return f"{library.modules[0].partition('.')[0]}.{name}"


def facing(library: Library, twin: Library) -> Twins:
    """Hold the names of a library on a device against those of its twin.

    Parameters
    ----------
    library
        On the device.
    twin
        On the CPU.
    """
    own = {twin_name(name): name for name in (*library.functions, *library.excluded)}
    both = {theirs: mine for theirs, mine in own.items() if theirs in twin.functions}
    return Twins(
        pairs={
            name: entry.twin for name, entry in library.functions.items() if entry.twin is not None
        },
        handed_on=tuple(
            mine
            for mine in both.values()
            if mine in library.functions and library.functions[mine].twin is None
        ),
        only_twin={name: _what(entry) for name, entry in twin.functions.items() if name not in own},
        only_device={
            name: _what(entry)
            for name, entry in library.functions.items()
            if twin_name(name) not in twin.functions and twin_name(name) not in twin.excluded
        },
        left_out=dict(sorted(_left_out(library, twin))),
    )


def _left_out(library: Library, twin: Library) -> Iterator[tuple[str, Exclusion]]:
    """Give what is left out here or there, and isn't missing where the other has it too."""
    for name, exclusion in library.excluded.items():
        other = twin_name(name)
        if other in twin.functions or (other in twin.excluded and exclusion.reason != "module"):
            yield name, exclusion
    for name, exclusion in twin.excluded.items():
        other = device_name(name, library)
        if other in library.functions or (
            other in library.excluded and exclusion.reason != "module"
        ):
            yield name, exclusion


def _what(entry: Function) -> str:
    return entry.kind if entry.form == "function" else entry.form


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
