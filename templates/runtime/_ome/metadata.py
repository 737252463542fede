"""The metadata of an image in an OME-Zarr store: axes, scales and units, each checked."""

from __future__ import annotations

# Metadata are JSON, of which pyright knows nothing after a test of its class.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._axes.names import LETTERS, SPATIAL, letter_of, names_in_words
from .._axes.scales import micrometers_of, scale_of_coordinate, unit_of
from .._support.untyped import np
from ..errors import StoreError
from .libraries import models

__all__ = ["Axis", "Image", "axes_of_array", "channels_of", "image_of", "ome_attributes"]

_TYPES = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}
"""Types of axes, by their letter in the order that OME-Zarr asks for."""
_LENGTHS = ("", "kilo", "hecto", "deca", "deci", "centi", "milli", "micro", "nano", "pico", "femto")
"""Prefixes of a meter, for a unit that has another name."""
_TIMES = {
    **dict.fromkeys(("s", "sec", "seconds"), "second"),
    **dict.fromkeys(("ms", "milliseconds"), "millisecond"),
    **dict.fromkeys(("us", "µs", "μs", "microseconds"), "microsecond"),
    **dict.fromkeys(("ns", "nanoseconds"), "nanosecond"),
    **dict.fromkeys(("min", "minutes"), "minute"),
    **dict.fromkeys(("h", "hours"), "hour"),
    **dict.fromkeys(("d", "days"), "day"),
}
"""OME's name of a unit of time that is written in another way."""
_VERSION = "0.5"
_COLOURS = ("0000FF", "00FF00", "FF0000", "FF00FF", "00FFFF", "FFFF00")


class Axis(NamedTuple):
    """An axis of an image."""

    name: str
    """The name of the dimension, which voxbind knows the letter of."""
    unit: str
    """Empty if there is none."""


class Image(NamedTuple):
    """An image, as its metadata describes it."""

    version: str
    axes: tuple[Axis, ...]
    paths: tuple[str, ...]
    """The array of each resolution, the highest first."""
    scales: tuple[tuple[float, ...], ...]
    """For each resolution, the distance of two elements along each axis."""
    translations: tuple[tuple[float, ...], ...]
    """For each resolution, the position of the first element along each axis."""
    channels: tuple[str, ...]
    """Names of the channels; empty if there are none."""


def ome_attributes(group: Any) -> tuple[str, Mapping[str, Any]]:
    """Return the version of OME-Zarr that a group has, and its attributes of OME."""
    attributes: dict[str, Any] = dict(group.attrs)
    inner = attributes.get("ome")
    return ("0.5", inner) if isinstance(inner, dict) else ("0.4", attributes)


def image_of(group: Any, place: str) -> Image:
    """Return the metadata of the image in a group, checked against its arrays.

    Parameters
    ----------
    group
        The group of zarr.
    place
        Where it is, for messages.

    Raises
    ------
    StoreError
        If there is no image, or the metadata contradicts itself or the arrays.
    """
    version, attributes = ome_attributes(group)
    if "multiscales" not in attributes:
        kinds = [kind for kind in ("plate", "well") if kind in attributes]
        advice = (
            f"It is a {kinds[0]}: voxbind.OmeZarr.images({place!r}) returns its images."
            if kinds
            else "If a run that writes it was interrupted, run it again."
        )
        raise StoreError(f"{place} has no image of OME-Zarr (no 'multiscales'). {advice}")
    try:
        model = models(version).Image.from_zarr(group)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise StoreError(
            f"The metadata of {place} isn't that of an image of OME-Zarr {version}, or contradicts "
            f"its arrays: {_first_problem(error)}. Correct the metadata."
        ) from error
    multiscale = model.ome_attributes.multiscales[0]
    axes = _axes(multiscale.axes, place)
    overall = _transforms(multiscale.coordinateTransformations or (), len(axes), place)
    scales, translations = [], []
    for dataset in multiscale.datasets:
        scale, translation = _transforms(dataset.coordinateTransformations, len(axes), place)
        scales.append(_times(scale, overall[0]))
        moved = zip(_times(translation, overall[0]), overall[1], strict=True)
        translations.append(tuple(first + second for first, second in moved))
    return Image(
        version=version,
        axes=axes,
        paths=tuple(dataset.path for dataset in multiscale.datasets),
        scales=tuple(scales),
        translations=tuple(translations),
        channels=channels_of(attributes),
    )


def _first_problem(error: Exception) -> str:
    problems = getattr(error, "errors", None)
    if callable(problems):  # of pydantic
        listed: Any = problems()
        first = listed[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}".removeprefix(": ")
    return f"{type(error).__name__}: {error}"


def _axes(described: Sequence[Any], place: str) -> tuple[Axis, ...]:
    axes: list[Axis] = []
    for axis in described:
        name, kind = str(axis.name), axis.type
        letter = letter_of(name)
        by_kind = {"time": "T", "channel": "C"}.get(str(kind), "")
        if (kind == "space" and letter not in SPATIAL) or (letter and by_kind not in ("", letter)):
            raise StoreError(
                f"{place} has an axis {name!r} of the type {kind!r}, which contradict each other. "
                f"Axes in space are called {names_in_words(SPATIAL)}. Correct the metadata."
            )
        if not letter and not by_kind:
            raise StoreError(
                f"{place} has an axis {name!r} of the type {kind!r}, which is none that voxbind "
                f"knows: time, channel and, in space, {names_in_words(SPATIAL)}."
            )
        axes.append(Axis(name if letter else by_kind.lower(), str(axis.unit or "")))
    letters = [letter_of(axis.name) for axis in axes]
    if len({*letters}) < len(letters):
        raise StoreError(
            f"{place} has the axes {', '.join(axis.name for axis in axes)}, of which two stand for "
            "the same axis. Correct the metadata."
        )
    return tuple(axes)


def _transforms(
    transforms: Sequence[Any], count: int, place: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    scale, translation = (1.0,) * count, (0.0,) * count
    for transform in transforms:
        if transform.type == "identity":
            continue
        values = getattr(transform, transform.type, None)
        if values is None:
            raise StoreError(
                f"{place} keeps its {transform.type} in an array ({transform.path!r}), which "
                "voxbind doesn't read. Write the numbers into the metadata."
            )
        if not all(np.isfinite(values)) or (transform.type == "scale" and not all(values)):
            raise StoreError(
                f"{place} has the {transform.type} {list(values)!r}. Each number must be finite, "
                "and none of a scale 0. Correct the metadata."
            )
        if transform.type == "scale":
            scale = tuple(map(float, values))
        else:
            translation = tuple(map(float, values))
    return scale, translation


def _times(values: Sequence[float], factors: Sequence[float]) -> tuple[float, ...]:
    return tuple(value * factor for value, factor in zip(values, factors, strict=True))


def channels_of(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the channels; empty if they don't all have one of their own."""
    omero = attributes.get("omero")
    channels = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(channels, list):
        return ()
    labels = [each.get("label") if isinstance(each, dict) else None for each in channels]
    names = [label for label in labels if isinstance(label, str) and label]
    return tuple(names) if len({*names}) == len(channels) else ()


def axes_of_array(array: Any) -> dict[str, Any]:
    """Return OME's attributes for an array of xarray: axes, scale, units and channels.

    Raises
    ------
    StoreError
        If OME-Zarr doesn't have such axes, or the scale of an axis isn't known.
    """
    dimensions = tuple(map(str, array.dims))
    letters = [letter_of(dimension) for dimension in dimensions]
    order = [letter for letter in _TYPES if letter in letters]
    if letters != order or not {"Y", "X"} <= {*letters}:
        listed = ", ".join(map(repr, dimensions))
        accepted = ", ".join(letter.lower() for letter in _TYPES)
        known = all(letter in _TYPES for letter in letters) and {"Y", "X"} <= {*letters}
        transposed = ", ".join(repr(dimensions[letters.index(letter)]) for letter in order)
        advice = (
            f"Give array.transpose({transposed})."
            if known
            else f"Rename the dimensions; {', '.join(LETTERS)} stand for these names: "
            f"{names_in_words(_TYPES)}."
        )
        raise StoreError(
            f"voxbind.OmeZarr.write was given an array with the dimensions {listed}. OME-Zarr has "
            f"the axes {accepted} in this order, and needs at least y and x. {advice}"
        )
    axes: list[dict[str, str]] = []
    scale, translation = [], []
    for dimension, letter in zip(dimensions, letters, strict=True):
        axis = {"name": letter.lower(), "type": _TYPES[letter]}
        coordinate = array.coords.get(dimension)
        step, start, unit = 1.0, 0.0, ""
        if coordinate is not None and letter != "C":
            step, start, unit = _positions(dimension, letter, coordinate)
        axes.append(axis | ({"unit": unit} if unit else {}))
        scale.append(step)
        translation.append(start)
    transforms: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
    if any(translation):
        transforms.append({"type": "translation", "translation": translation})
    # xarray takes dask's name of its data for an array without a name of its own.
    has_name = array.name is not None and array.name != getattr(array.data, "name", None)
    name = str(array.name) if has_name else "image"
    datasets = [{"path": "0", "coordinateTransformations": transforms}]
    attributes: dict[str, Any] = {
        "version": _VERSION,
        "multiscales": [{"name": name, "axes": axes, "datasets": datasets}],
    }
    if "C" in letters and (channels := _channels(array, dimensions[letters.index("C")])):
        attributes["omero"] = {"channels": channels}
    return attributes


def _positions(dimension: str, letter: str, coordinate: Any) -> tuple[float, float, str]:
    """Return the scale, the first position and OME's unit of a coordinate of time or space."""
    positions, unit = np.asarray(coordinate), unit_of(coordinate)
    step = scale_of_coordinate(coordinate)
    if step is None and len(positions) == 1 and positions.dtype.kind in "iuf":
        step = 1.0  # a single position has no distance to another one
    if not step or not np.isfinite(step) or not np.isfinite(float(positions[0])):
        numbers = "seconds" if letter == "T" else "positions"
        raise StoreError(
            f"voxbind.OmeZarr.write was given an array whose coordinate {dimension!r} isn't made "
            f"of finite numbers at equal distances (its dtype is {positions.dtype}). OME-Zarr has "
            f"one scale for each axis. Give {numbers} at equal distances, "
            f"array.assign_coords({dimension}=...), or leave the positions out: "
            f"array.drop_vars({dimension!r})."
        )
    return step, float(positions[0]), _ome_unit(unit, letter)


def _ome_unit(unit: str, letter: str) -> str:
    """Return OME's name of a unit: micrometer for um. A unit that isn't known stays as it is."""
    if letter == "T":
        return _TIMES.get(unit, unit)
    length = micrometers_of(unit)
    names = (f"{prefix}meter" for prefix in _LENGTHS)
    return next((name for name in names if length and micrometers_of(name) == length), unit)


def _channels(array: Any, dimension: str) -> list[dict[str, Any]]:
    """Return the channels as viewers read them; empty if they have no names."""
    if dimension not in array.coords:
        return []
    labels = np.asarray(array.coords[dimension])
    if labels.dtype.kind not in "OUT" or not all(isinstance(label, str) for label in labels):
        return []
    if array.dtype.kind in "iu":
        limits = np.iinfo(array.dtype)
        low, high = int(limits.min), int(limits.max)
    else:
        low, high = 0, 1
    window = {"min": low, "max": high, "start": low, "end": high}
    return [
        {"label": str(label), "color": _COLOURS[number % len(_COLOURS)], "window": window}
        for number, label in enumerate(labels)
    ]
