"""Converts lengths in micrometers to what a function takes, by the scale of the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._support.untyped import np
from ..errors import ScaleError
from .lengths import Length, length_of
from .measured import Measured

__all__ = ["checked_lengths", "in_elements"]

_ROUNDING = 1e-6
"""Part of an element by which a whole number of elements may be missed."""


def checked_lengths(facts: Measured, names: str | Sequence[str]) -> Mapping[str, Length]:
    """Return how the function takes each of the parameters that are in micrometers."""
    listed = (names,) if isinstance(names, str) else tuple(names)
    return {name: length_of(facts, name) for name in listed}


def in_elements(
    facts: Measured,
    arguments: Mapping[str, Any],
    lengths: Mapping[str, Length],
    axes: str,
    scale: Mapping[str, float],
) -> dict[str, Any]:
    """Return the arguments with lengths in elements, or in micrometers beside a spacing.

    Parameters
    ----------
    facts
        What was measured about the function.
    arguments
        Those arguments that the caller passed, by parameter.
    lengths
        The parameters that are in micrometers.
    axes
        The spatial axes that the function gets, in its order.
    scale
        Micrometers of an element along each of these axes.

    Raises
    ------
    ScaleError
        If a length is missing, or the function can't take it with this scale.
    """
    converted = dict(arguments)
    steps = [scale[letter] for letter in axes]
    for name, length in lengths.items():
        spacing = name if length.kind == "spacing" else length.spacing
        if spacing:
            if arguments.get(spacing) is not None:
                raise ScaleError(
                    f"{facts.name} was given {spacing}={arguments[spacing]!r}, and a scale of "
                    f"{_words(axes, steps)}. Leave {spacing!r} out: the scale takes its place."
                )
            converted[spacing] = tuple(steps)
        if length.kind == "spacing":
            continue
        if arguments.get(name) is None:
            default = facts.signature.parameters[name].default
            raise ScaleError(
                f"{facts.name}: {name!r} is to be in micrometers, and wasn't given. Its default, "
                f"{default!r}, would count elements. Give {name}=... in micrometers."
            )
        converted[name] = _converted(facts, name, arguments[name], length, axes, steps)
        if np.ndim(converted[name]) and arguments.get("axes") is not None:
            raise ScaleError(
                f"{facts.name} was given axes={arguments['axes']!r} and {name}={arguments[name]!r} "
                f"micrometers, with a scale of {_words(axes, steps)}. Leave 'axes' out, or give "
                f"{name!r} in elements for each of its axes."
            )
    return converted


def _converted(
    facts: Measured, name: str, value: Any, length: Length, axes: str, steps: Sequence[float]
) -> Any:
    """Return a length as the function takes it."""
    values = np.asarray(value)
    subject = f"{facts.name} was given {name}={value!r} micrometers"
    if values.dtype.kind not in "iuf" or not np.all(values >= 0):
        raise ScaleError(f"{subject}. Give a number of at least 0.")
    if length.kind == "along":
        if length.axis not in axes:
            raise ScaleError(
                f"{subject}, and gets the axes {', '.join(axes)}. Leave {name!r} out, or name the "
                f"axis {length.axis} of the image."
            )
        step = steps[axes.index(length.axis)]
        return _number(subject, length, float(values) / step, step)
    if length.spacing:
        if values.ndim:
            raise ScaleError(f"{subject}. Give one number, for all axes.")
        return value
    if length.kind == "axes" and values.ndim:
        if len(values) != len(axes):
            raise ScaleError(
                f"{subject}, and gets the axes {', '.join(axes)}. Give one number, or one for each "
                "of these axes."
            )
        pairs = zip(map(float, values), steps, strict=True)
        return tuple(_number(subject, length, each / step, step) for each, step in pairs)
    if length.kind == "axes" and not _equal(steps):
        return tuple(_number(subject, length, float(values) / step, step) for step in steps)
    if not _equal(steps):
        raise ScaleError(
            f"{subject}, and takes one length for all axes, but an element is "
            f"{_words(axes, steps)} long. Resample the image to the same scale on all axes, or "
            "give the length in elements."
        )
    if length.kind == "several":
        return [float(each) / steps[0] for each in np.atleast_1d(values)]
    return _number(subject, length, float(values) / steps[0], steps[0])


def _number(subject: str, length: Length, elements: float, step: float) -> float:
    if not length.is_whole:
        return elements
    whole = round(elements)
    if abs(elements - whole) > _ROUNDING * max(1, whole):
        below = int(elements)
        raise ScaleError(
            f"{subject}, which are {elements:.6g} elements, and takes whole ones. {below} elements "
            f"are {below * step:.6g} micrometers, and {below + 1} are {(below + 1) * step:.6g}."
        )
    return whole


def _equal(steps: Sequence[float]) -> bool:
    return max(steps) - min(steps) <= max(steps) * _ROUNDING


def _words(axes: str, steps: Sequence[float]) -> str:
    return ", ".join(
        f"{step:.6g} micrometers along {letter}" for letter, step in zip(axes, steps, strict=True)
    )
