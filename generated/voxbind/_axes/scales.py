"""The scale of an image: how long an element is along each spatial axis, in micrometers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from .._support.untyped import np
from ..errors import ScaleError
from .names import SPATIAL

__all__ = [
    "MICROMETER",
    "checked_scale",
    "micrometers_of",
    "scale_of_array",
    "scale_of_coordinate",
    "unit_of",
]

MICROMETER = "micrometer"
_PREFIXES = {
    "yotta": 24, "zetta": 21, "exa": 18, "peta": 15, "tera": 12, "giga": 9, "mega": 6, "kilo": 3,
    "hecto": 2, "deca": 1, "": 0, "deci": -1, "centi": -2, "milli": -3, "micro": -6, "nano": -9,
    "pico": -12, "femto": -15, "atto": -18, "zepto": -21, "yocto": -24,
}  # fmt: skip
_SYMBOLS = {"km": 3, "m": 0, "cm": -2, "mm": -3, "um": -6, "µm": -6, "μm": -6, "nm": -9, "pm": -12}
_EXPONENTS = {
    **{f"{prefix}{metre}": power for prefix, power in _PREFIXES.items() for metre in
       ("meter", "meters", "metre", "metres")},
    **_SYMBOLS,
    "micron": -6,
    "microns": -6,
}  # fmt: skip
"""Powers of ten of a meter, by the name of the unit."""
_OTHERS = {"angstrom": 1e-4, "inch": 25400.0, "foot": 304800.0, "yard": 914400.0}
"""Further units that OME-Zarr recommends, in micrometers."""


def micrometers_of(unit: object) -> float | None:
    """Return how many micrometers a unit of length has; None if it isn't a known one."""
    name = str(unit)
    if name in _EXPONENTS:
        power = _EXPONENTS[name] + 6
        return 10.0**power if power >= 0 else 1 / 10.0**-power  # exact for nanometers too
    return _OTHERS.get(name)


def unit_of(coordinate: Any) -> str:
    """Return the unit of a coordinate of xarray; empty if it has none."""
    return str(coordinate.attrs.get("units") or coordinate.attrs.get("unit") or "")


def scale_of_coordinate(coordinate: Any) -> float | None:
    """Return the distance of two neighbors on a coordinate of xarray, in its unit.

    Positions decide, since they stay true when an array is cropped or thinned out. The attribute
    ``scale`` counts if there is a single position, or if it agrees with the positions but for
    rounding. None if the positions aren't numbers at equal distances.
    """
    values = np.asarray(coordinate)
    noted = coordinate.attrs.get("scale")
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        return None
    if len(values) < 2:
        return None if noted is None else float(noted)
    positions = values.astype(float)
    step = float(positions[-1] - positions[0]) / (len(positions) - 1)
    rounding = 8 * float(np.finfo(float).eps * np.abs(positions).max())
    if values.dtype == np.float32:
        rounding = 8 * float(np.finfo(np.float32).eps * np.abs(positions).max())
    if not step or not np.all(np.abs(np.diff(positions) - step) <= abs(step) * 1e-6 + rounding):
        return None
    if noted is not None and abs(step - float(noted)) <= abs(step) * 1e-6 + rounding:
        return float(noted)
    return step


def checked_scale(
    name: str, scale: Iterable[float] | None, micrometers: str | Sequence[str]
) -> Sequence[float] | None:
    """Return the scale that `voxbind.over` was given.

    Parameters
    ----------
    name
        The function's name, for messages.
    scale
        Micrometers of an element along each axis.
    micrometers
        Names of the parameters that are lengths in micrometers.

    Raises
    ------
    ScaleError
        If a number isn't positive and finite, or no parameter is in micrometers.
    """
    if scale is None:
        return None
    subject = f"{name} was given scale={scale!r}"
    try:
        steps = tuple(map(float, scale))
    except (TypeError, ValueError):
        steps = ()
    if not steps or not all(isfinite(step) and step > 0 for step in steps):
        raise ScaleError(
            f"{subject}. Give the micrometers of an element along each spatial axis, in the order "
            "Z, Y, X: finite numbers above 0."
        )
    if not micrometers:
        raise ScaleError(
            f"{subject}, and no parameter in micrometers. Name the parameters that the scale is "
            f'for, micrometers="sigma" for example, or leave scale out.'
        )
    return steps


def scale_of_array(
    name: str, image: Any, axes: str, scale: Sequence[float] | None
) -> Mapping[str, float]:
    """Return the micrometers of an element along each spatial axis.

    Parameters
    ----------
    name
        The function's name, for messages.
    image
        The image. If `scale` is None, an array of xarray.
    axes
        A letter for each of its axes.
    scale
        What `voxbind.over` was given.

    Raises
    ------
    ScaleError
        If the scale of an axis isn't known.
    """
    spatial = [letter for letter in SPATIAL if letter in axes]
    if scale is not None:
        if len(scale) != len(spatial):
            raise ScaleError(
                f"{name} was given scale={scale!r} and an image with the spatial axes "
                f"{', '.join(spatial)}. Give a number of micrometers for each of them, in this "
                "order."
            )
        return dict(zip(spatial, map(float, scale), strict=True))
    coordinates: Mapping[str, Any] = {
        letter: image.coords[dimension]
        for letter, dimension in zip(axes, getattr(image, "dims", ()), strict=False)
        if dimension in image.coords
    }
    return {letter: _scale(name, letter, coordinates.get(letter)) for letter in spatial}


def _scale(name: str, letter: str, coordinate: Any) -> float:
    advice = (
        "Give it: voxbind.over(..., scale=(2.0, 0.5, 0.5)), in micrometers for each spatial axis "
        "in the order Z, Y, X. Arrays of voxbind.OmeZarr know their scale."
    )
    subject = f"{name} was given lengths in micrometers, and the scale of the axis {letter}"
    if coordinate is None:
        raise ScaleError(f"{subject} isn't known: the image has no coordinate there. {advice}")
    unit = unit_of(coordinate)
    if not unit:
        raise ScaleError(
            f"{subject} isn't known: its coordinate has no attribute 'units'. {advice}"
        )
    micrometers = micrometers_of(unit)
    if micrometers is None:
        raise ScaleError(
            f"{subject} is in {unit!r}, which is no unit of length that voxbind knows, such as "
            f"'micrometer' or 'nanometer'. {advice}"
        )
    step = scale_of_coordinate(coordinate)
    if not step or not isfinite(step):  # None, or the attribute of a single position
        raise ScaleError(
            f"{subject} isn't known: its positions aren't numbers at equal distances. {advice}"
        )
    return abs(step) * micrometers
