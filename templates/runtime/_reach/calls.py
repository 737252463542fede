"""The reach of one call, from what was measured of the function and from the call's arguments."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from .formula import Axis, FormulaError, as_number, entries_of, evaluate, parameters_of

__all__ = ["CallReach", "reach_of_call"]

_PLAIN = (bool, int, float, str, type(None))
"""Types of options that can be compared with those that were measured."""
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class CallReach:
    """How far an element of a call's result looks."""

    kind: Literal["pointwise", "local", "everything", "unknown"]
    elements: tuple[int, ...] | None
    """Number of elements along each axis of the image; None if the reach is unknown, or if all of
    the image counts."""
    why: str
    """What it follows from, for messages: the formula, or why the reach is unknown."""


def reach_of_call(
    reach: Mapping[str, Any] | None,
    arguments: Mapping[str, Any],
    ndim: int,
    image: str,
    defaults: Mapping[str, Any] = _NONE,
) -> CallReach:
    """Return how far an element of the result looks, for the arguments of a call.

    Parameters
    ----------
    reach
        The entry ``reach`` of the function in the manifest; None if there is none.
    arguments
        The arguments of the call, by parameter. Those that equal their default may be left out.
    ndim
        Number of spatial axes of the image: 2, or 3 for a volume that the function takes as one.
    image
        The parameter that takes the image.
    defaults
        The defaults of the parameters.

    Returns
    -------
    CallReach
        Its kind is unknown if an argument differs from what was measured. No exception is raised.
    """
    if reach is None:
        return _unknown("its reach wasn't measured")
    kind, reason = reach.get("kind"), str(reach.get("reason", ""))
    if kind == "everything":
        return CallReach("everything", None, reason or "each element depends on the entire image")
    if kind not in ("pointwise", "local"):
        return _unknown(reason or "its reach isn't known")
    formula = str(reach.get("formula", "")) if kind == "local" else "0"
    try:
        measured = parameters_of(formula)
        others = {name: value for name, value in arguments.items() if name not in measured}
        for name, value in others.items():
            if name != image and not _holds(reach, name, value, defaults):
                return _unknown(f"its reach wasn't measured with this argument for {name}")
        for name, value in arguments.items():
            is_default = name in defaults and _same(value, defaults[name])
            if not is_default and not _is_in_range(reach, name, value):
                return _unknown(f"its reach wasn't measured with so small or large a {name}")
        elements = tuple(
            _elements(formula, {**defaults, **arguments}, Axis(axis, ndim), reach)
            for axis in range(ndim)
        )
    except FormulaError as error:
        return _unknown(str(error))
    if kind == "pointwise":
        return CallReach("pointwise", elements, "each element depends on the same element alone")
    number = "1 element" if formula == "1" else f"{formula} elements"
    return CallReach("local", elements, f"{number} along each axis")


def _unknown(why: str) -> CallReach:
    return CallReach("unknown", None, why)


def _elements(
    formula: str, arguments: Mapping[str, Any], axis: Axis, reach: Mapping[str, Any]
) -> int:
    value = evaluate(formula, arguments, axis, reach.get("per_axis", ()))
    elements = int(value)
    if elements != value or elements < 0:
        raise FormulaError(f"{formula} is {value} for these arguments")
    return elements


def _holds(reach: Mapping[str, Any], name: str, value: Any, defaults: Mapping[str, Any]) -> bool:
    """Return whether the formula was seen to hold for an argument that isn't part of it."""
    if name in reach.get("images", ()):
        return True
    if name in defaults and _same(value, defaults[name]):
        return True
    if name in reach.get("free", ()) and as_number(value) is not None:
        return True
    return any(_same(value, known) for known in reach.get("parameters", {}).get(name, ()))


def _is_in_range(reach: Mapping[str, Any], name: str, value: Any) -> bool:
    """Return whether a number, or each number for an axis, is one that the formula is valid for."""
    least = reach.get("least", {}).get(name, -math.inf)
    most = reach.get("most", {}).get(name, math.inf)
    if (least, most) == (-math.inf, math.inf):
        return True
    entries = entries_of(value)
    numbers = [as_number(entry) for entry in ([value] if entries is None else entries)]
    return all(number is not None and least <= number <= most for number in numbers)


def _same(value: Any, known: Any) -> bool:
    """Return whether two options are the same; True isn't 1, but 1.0 is."""
    if value is known:
        return True
    if not (isinstance(value, _PLAIN) and isinstance(known, _PLAIN)):
        return False
    return isinstance(value, bool) == isinstance(known, bool) and bool(value == known)
