"""The Python program that does what a form does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..registry import FunctionMetadata
from .expressions import Expression

__all__ = ["program"]


def program(
    facts: FunctionMetadata,
    axes: str,
    layers: Mapping[str, str],
    values: Mapping[str, Expression],
    keyword_only: Iterable[str],
) -> str:
    """Return a program that calls a function with the arguments of a form.

    Parameters
    ----------
    facts
        What the registry says about the function.
    axes
        A letter for each axis of the image.
    layers
        The name of the layer that each array comes from, by parameter.
    values
        All other arguments that aren't the function's defaults, by parameter.
    keyword_only
        Parameters that have to be named in a call; the arrays before them are named as well.
    """
    module, _, name = f"{facts.package}.{facts.name}".rpartition(".")
    package, _, short = module.rpartition(".")
    imports = {f"from {package} import {short}"} if package else {f"import {module}"}
    imports |= {line for value in values.values() for line in value.imports}
    called = f"{short}.{name}"
    if axes not in ("YX", "ZYX"):
        imports.add("import voxbind")
        called = f"voxbind.over({called}, {axes!r})"
    arrays = [f"{parameter} = viewer.layers[{layer!r}].data" for parameter, layer in layers.items()]
    arguments = [
        f"{parameter}={parameter}" if position or parameter in keyword_only else parameter
        for position, parameter in enumerate(layers)
    ]
    arguments += [f"{parameter}={value.code}" for parameter, value in values.items()]
    lines = [*sorted(imports), "", *arrays, f"result = {called}({', '.join(arguments)})"]
    return "\n".join(lines) + "\n"
