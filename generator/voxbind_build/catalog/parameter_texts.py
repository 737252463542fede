"""Adds what the documentation says about each parameter to the parameters of the manifest."""

from __future__ import annotations

from msgspec.structs import replace

from voxbind_build.describe.docstrings import parse
from voxbind_build.model import Function, Parameter

__all__ = ["with_texts"]


def with_texts(function: Function) -> tuple[Parameter, ...]:
    """Return a function's parameters with their descriptions.

    The manifest has these texts once, in the function's documentation.

    Parameters
    ----------
    function
        The function's entry in the manifest.

    Returns
    -------
    tuple of Parameter
        The description of a parameter that isn't documented is empty.
    """
    documented = parse(function.doc).parameters
    return tuple(
        replace(parameter, description=documented[parameter.name].text)
        if parameter.name in documented
        else parameter
        for parameter in function.parameters
    )
