"""Compares the functions of a library on a device with their twins on the CPU.

Twins have the same name below their libraries: the twin of ``cucim.skimage.filters.gaussian`` is
``skimage.filters.gaussian``.
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
    """Return the name that the twin of a function would have."""
    return name.partition(".")[2]


def device_name(name: str, library: Library) -> str:
    """Return the name that a CPU function's twin would have in a library on a device."""
    return f"{library.modules[0].partition('.')[0]}.{name}"


def facing(library: Library, twin: Library) -> Twins:
    """Compare the names in a library on a device with those in its twin.

    Parameters
    ----------
    library
        The library on the device.
    twin
        The library on the CPU.
    """
    device_names = {twin_name(name): name for name in (*library.functions, *library.excluded)}
    shared_names = {
        twin_key: device_key
        for twin_key, device_key in device_names.items()
        if twin_key in twin.functions
    }
    return Twins(
        pairs={
            name: entry.twin for name, entry in library.functions.items() if entry.twin is not None
        },
        handed_on=tuple(
            device_key
            for device_key in shared_names.values()
            if device_key in library.functions and library.functions[device_key].twin is None
        ),
        only_twin={
            name: _what(entry) for name, entry in twin.functions.items() if name not in device_names
        },
        only_device={
            name: _what(entry)
            for name, entry in library.functions.items()
            if twin_name(name) not in twin.functions and twin_name(name) not in twin.excluded
        },
        left_out=dict(sorted(_left_out(library, twin))),
    )


def _left_out(library: Library, twin: Library) -> Iterator[tuple[str, Exclusion]]:
    """Yield names that one library excludes and the other has, or that both exclude."""
    for name, exclusion in library.excluded.items():
        counterpart = twin_name(name)
        if counterpart in twin.functions or (
            counterpart in twin.excluded and exclusion.reason != "module"
        ):
            yield name, exclusion
    for name, exclusion in twin.excluded.items():
        counterpart = device_name(name, library)
        if counterpart in library.functions or (
            counterpart in library.excluded and exclusion.reason != "module"
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
        The function on the device.
    name
        The name of its twin.
    parameters
        The parameters of its twin.
    spec
        The specification of the library on the device, which sets the tolerance.
    agreement
        The differences between their results, if both were run on the same machine.
    """
    device_parameters = {parameter.name: parameter for parameter in description.parameters}
    twin_parameters = {parameter.name: parameter for parameter in parameters}
    renamed = _renamed(description.parameters, parameters)
    pairs = {
        twin_name: device_parameters.get(renamed.get(twin_name, twin_name))
        for twin_name in twin_parameters
    }
    return Twin(
        name=name,
        missing=tuple(twin_name for twin_name, parameter in pairs.items() if parameter is None),
        added=tuple(
            parameter
            for parameter in device_parameters
            if parameter not in twin_parameters and parameter not in renamed.values()
        ),
        renamed=renamed,
        defaults={
            twin_name: (twin_parameters[twin_name].default or "", parameter.default or "")
            for twin_name, parameter in pairs.items()
            if parameter is not None and _meaning(twin_parameters[twin_name]) != _meaning(parameter)
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


def _renamed(
    device_parameters: Sequence[Parameter], twin_parameters: Sequence[Parameter]
) -> dict[str, str]:
    """Return required parameters that have the same position but different names."""
    device_names, twin_names = (
        {parameter.name for parameter in device_parameters},
        {parameter.name for parameter in twin_parameters},
    )
    return {
        twin_parameter.name: device_parameter.name
        for device_parameter, twin_parameter in zip(
            device_parameters, twin_parameters, strict=False
        )
        if device_parameter.default is None
        and twin_parameter.default is None
        and device_parameter.kind == twin_parameter.kind
        and device_parameter.name not in twin_names
        and twin_parameter.name not in device_names
    }


def _meaning(parameter: Parameter) -> object:
    """Return a default in comparable form: 1 equals 1.0, and cupy.uint8 equals numpy.uint8."""
    text = parameter.default
    if text is None:
        return "required"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        pass
    if _INFINITY.match(text):
        return "inf"
    if text.startswith("<"):  # an unknown object, which may be the same as the other's
        return "an object"
    return "DEPRECATED" if _DEPRECATED.match(text) else _ARRAY_LIBRARY.sub("", text)
