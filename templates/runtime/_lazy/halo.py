"""How far a call looks along each axis: what the user says, or what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Parameter
from typing import Any, NamedTuple

from .._axes.lazy_options import LazyOptions
from .._axes.measured import Measured
from .._reach.calls import CallReach, reach_of_call
from ..errors import DimensionError
from .result_dtypes import narrowed

__all__ = ["Halo", "halo_of_call", "reach_of"]

_ABOUT_AXES = ("channel_axis", "slice_by_slice")
"""Parameters that say which axes a function takes as spatial, which is decided already."""


class Halo(NamedTuple):
    """Number of neighbours that the result depends on, along each spatial axis."""

    elements: tuple[int, ...] | None
    """None if the result depends on the entire axes, or if that isn't known."""
    reason: str
    """Clauses that say why it is None."""


def halo_of_call(
    facts: Measured,
    arguments: Mapping[str, Any],
    ndim: int,
    image: str,
    dtype: Any,
    options: LazyOptions,
) -> Halo:
    """Return the reach of one call with an image of a dtype along its `ndim` spatial axes.

    Raises
    ------
    DimensionError
        If the user gave another number of reaches.
    """
    given = options.reach
    if isinstance(given, tuple) and len(given) != ndim:
        raise DimensionError(
            f"{facts.name}: reach={given!r} has {len(given)} entries. Give a number, or one for "
            f"each of the {ndim} spatial axes that the function gets."
        )
    if given is not None:
        return Halo(given if isinstance(given, tuple) else (given,) * ndim, "")
    reach = reach_of(facts, arguments, ndim, image)
    if reach.kind == "everything":
        return Halo(None, "each element of its result depends on the entire image")
    smaller = narrowed(facts.dtypes, facts.kinds, dtype)
    if reach.elements is not None and smaller:
        return Halo(
            None,
            f"how it converts {dtype} to {smaller} may depend on the largest element of the image",
        )
    if reach.elements is None:
        return Halo(None, f"how far its result depends on neighbours isn't known: {reach.why}")
    return Halo(reach.elements, "")


def reach_of(facts: Measured, arguments: Mapping[str, Any], ndim: int, image: str) -> CallReach:
    """Return the measured reach of one call along its `ndim` spatial axes."""
    defaults = {
        name: parameter.default
        for name, parameter in facts.signature.parameters.items()
        if parameter.default is not Parameter.empty
    }
    further = {
        name
        for name, parameter in facts.signature.parameters.items()
        if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    }
    asked = {
        name: value
        for name, value in arguments.items()
        if name not in _ABOUT_AXES
        and name not in facts.outputs
        and not (name in further and not value)
    }
    return reach_of_call(facts.reach, asked, ndim, image, defaults)
