"""Arrays of layers, and layers made of results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from .._axes.names import SPATIAL
from ..registry import FunctionMetadata

__all__ = ["LayerData", "axes_of", "layers", "numbers", "size_of"]

LayerData: TypeAlias = "tuple[Any, dict[str, Any], str]"
"""A layer as napari's plugins give one: data, attributes, type."""

_TYPES = {"image": "image", "resized": "image", "labels": "labels", "mask": "labels"}
"""napari's type of layer for each kind of result that has one."""


def axes_of(layer: Any) -> str:
    """Return a letter for each axis of a layer's array: those of its labels, or the usual ones.

    A layer of colours has S as its last axis.
    """
    labels = "".join(str(label).upper() for label in getattr(layer, "axis_labels", ()))
    count = int(layer.ndim)
    usual = f"TC{SPATIAL}"
    if count == 4:
        usual = f"T{SPATIAL}"
    known = len(labels) == count == len({*labels} & {*"TC", *SPATIAL})
    letters = labels if known else usual[-count:]
    return f"{letters}S" if getattr(layer, "rgb", False) else letters


def size_of(layer: Any, axes: str) -> tuple[float, ...]:
    """Return the distance between elements along Z, Y and X, as functions take it."""
    scale = dict(zip(axes, layer.scale, strict=False))
    return tuple(float(scale[letter]) for letter in SPATIAL if letter in scale)


def layers(
    result: Any, source: Any, facts: FunctionMetadata, arguments: Mapping[str, str]
) -> list[LayerData]:
    """Return the images, labels and masks of a result as layers.

    A result of the image's shape lies where the image lies. A projection along the first axis
    loses the entry of that axis. For other shapes the place isn't known, and is napari's default.

    Parameters
    ----------
    result
        What the function returned.
    source
        The layer of the image.
    facts
        What the registry says about the function.
    arguments
        The arguments as text, which become metadata of the layers.
    """
    made: list[LayerData] = []
    for kind, value in _members(result, facts.result):
        if kind not in _TYPES or not getattr(value, "ndim", 0):
            continue
        attributes = _place(value, source, is_image=_TYPES[kind] == "image")
        attributes["name"] = f"{facts.original_name} of {source.name}"
        attributes["metadata"] = {
            "voxbind": {
                "function": facts.name,
                "contract": None if facts.contract is None else str(facts.contract),
                "arguments": dict(arguments),
            }
        }
        if _TYPES[kind] == "labels" and value.dtype.kind == "b":
            value = value.astype("uint8")
        made.append((value, attributes, _TYPES[kind]))
    return made


def numbers(result: Any, facts: FunctionMetadata) -> str:
    """Return the members of a result that aren't layers, as text."""
    return ", ".join(
        f"{kind}: {value}" for kind, value in _members(result, facts.result) if kind not in _TYPES
    )


def _members(result: Any, kinds: str | tuple[str, ...]) -> list[tuple[str, Any]]:
    if isinstance(kinds, str):
        return [(kinds, result)]
    return [*zip(kinds, result, strict=True)]


def _place(value: Any, source: Any, *, is_image: bool) -> dict[str, Any]:
    """Return the attributes that a layer of a result has in common with the image's layer."""
    shape, image = tuple(value.shape), tuple(source.data.shape)
    attributes: dict[str, Any] = {}
    if getattr(source, "rgb", False):
        if is_image and shape[-1] == image[-1]:
            attributes["rgb"] = True
            shape = shape[:-1]
        image = image[:-1]
    lost = 0 if shape == image else 1
    if shape != image[lost:]:
        return attributes
    for name in ("scale", "translate", "units", "axis_labels"):
        entries = getattr(source, name, None)
        if entries is not None:
            attributes[name] = tuple(entries)[lost:]
    if not lost:
        attributes |= {name: getattr(source, name) for name in ("rotate", "shear", "affine")}
    return attributes
