"""Makes all arguments other than the image that depend on its shape, dtype or values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from voxbind_build.model import IMAGE_ROLES, WHOLE_ROLES, Parameter
from voxbind_build.probe.inputs import function_arguments as callables
from voxbind_build.probe.inputs.images import Array, image
from voxbind_build.probe.inputs.roles import table

_NONE = "None"
"""The word for None in a TOML file."""
Maker = Callable[["Scene"], list[Any]]


@dataclass(frozen=True)
class Scene:
    """The image that arguments are made for."""

    shape: tuple[int, ...]
    """Lengths of the axes that are spatial to the function."""
    content: str
    dtype: str
    main: Array
    main_role: str

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return len(self.shape)


def candidates(parameter: Parameter, role: str | None, scene: Scene) -> list[Any]:
    """Return the values to try for a parameter, the most likely first."""
    if role in IMAGE_ROLES:
        return _images(str(role), scene)
    if role in MAKERS:
        return MAKERS[role](scene)
    if role in ALONG_AXIS:
        place = _AXES[parameter.name.rpartition("_")[2]]
        return ALONG_AXIS[role](scene.shape[::-1][place] if place < scene.ndim else 1)
    plain = table().plain(parameter.name) or table().values.get(role or "")
    if plain:
        return list(plain)
    return _by_type(parameter)


def as_arguments(listed: list[Any], role: str | None, dtype: str) -> list[Any]:
    """Return the trial values of a TOML file as arguments.

    TOML has neither arrays nor tuples, so a list is an array for a parameter that takes one, also
    in the dtype of the image. Otherwise it is tried as a tuple too. It lacks None as well, for
    which the word ``"None"`` stands.
    """
    listed = [None if value == _NONE else value for value in listed]
    if role in IMAGE_ROLES | WHOLE_ROLES:
        arrays = [np.array(value) if isinstance(value, list) else value for value in listed]
        others = [array.astype(dtype) for array in arrays if isinstance(array, np.ndarray)]
        return [*arrays, *others]
    tuples = [_as_tuple(value) for value in listed if isinstance(value, list)]
    return [*listed, *tuples]


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value


def _by_type(parameter: Parameter) -> list[Any]:
    """Guess values of a required parameter from its documented type."""
    text = f"{parameter.documented} {parameter.annotation}"
    if choices := re.findall(r"""['"`]([\w-]+)['"`]""", text):
        return [choices[0]]
    if "bool" in text:
        return [True]
    if re.search(r"\bint", text):
        return [2, 3, 5]  # widths of windows often have to be odd, and larger than another width
    if re.search(r"float|scalar|number", text):
        return [0.5, 2]
    if re.search(r"callable|function", text, re.IGNORECASE):
        return list(callables.REDUCTIONS)
    return [1, 0.5]


# --- images -----------------------------------------------------------------------------


def _images(role: str, scene: Scene) -> list[Any]:
    shape = scene.shape
    second = image(shape, scene.content, scene.dtype, variant=1)
    plain = table().values.get(role, [])
    made: dict[str, list[Any]] = {
        # A second image is of the same kind as the first, but shows another scene.
        "image": [second]
        if scene.main_role == "image"
        else [image(shape, "grey", "float64"), image(shape, "grey", "uint8")],
        "colour image": [image(shape, scene.content, scene.dtype, variant=1)],
        "labels": [image(shape, "labels", "int32", variant=1), image(shape, "cells", "int32")],
        "mask": [image(shape, "mask", "bool", variant=1)],
        "byte mask": [image(shape, "mask", "uint8", variant=1) * np.uint8(255)],
        "markers": [image(shape, "markers", "int32")],
        "edges": [image(shape, "edges", "bool")],
        "seed": [image(shape, "seed", "float64")],
        "ceiling": [image(shape, "grey", scene.dtype)],
        "map": [image(shape, "grey", "float64")],
        "level set": [image(shape, "mask", "int32")],
    }
    return list(plain) or made[role]


# --- other arrays -----------------------------------------------------------------------


def _footprint(scene: Scene) -> list[Any]:
    block = np.ones((3,) * scene.ndim, dtype=np.uint8)
    return [block, block.astype(bool), block.astype(scene.dtype)]


def _weights(scene: Scene) -> list[Any]:
    line = np.array([0.125, 0.5, 0.375])  # sums to 1 without rounding
    kernel: Array = np.ones(())
    for _ in range(scene.ndim):
        kernel = np.multiply.outer(kernel, line)
    return [kernel, line]


def _psf(scene: Scene) -> list[Any]:
    line = np.exp(-0.5 * (np.arange(-2, 3) / 1.1) ** 2)
    kernel: Array = np.ones(())
    for _ in range(scene.ndim):
        kernel = np.multiply.outer(kernel, line)
    return [kernel / kernel.sum()]


def _template(scene: Scene) -> list[Any]:
    window = tuple(slice(length // 4, length // 4 + max(3, length // 3)) for length in scene.shape)
    return [scene.main[window].copy()]


def _coordinates(scene: Scene) -> list[Any]:
    """A coarser grid over the image: (ndim, ...)."""
    lines = [np.linspace(1.2, length - 2.3, max(3, length // 2)) for length in scene.shape]
    return [np.stack(np.meshgrid(*lines, indexing="ij"))]


def _points(scene: Scene) -> list[Any]:
    fractions = np.array(
        [[0.21, 0.33, 0.27], [0.62, 0.41, 0.72], [0.44, 0.68, 0.31], [0.75, 0.57, 0.64]]
    )
    points = np.round(fractions[:, -scene.ndim :] * np.array(scene.shape)).astype(int)
    return [points, points.astype(float)]


def _columns_of_points(scene: Scene) -> list[Any]:
    """One column per point; the first row is x."""
    return [_points(scene)[1].T[::-1].copy()]


def _spectrum(scene: Scene) -> list[Any]:
    """Half of a spectrum; real and imaginary parts alternate along X."""
    spectrum = np.fft.rfftn(image(scene.shape))
    return [spectrum.astype(np.complex64).view(np.float32)]


_LABELS = 5  # as many as the test images have


def _label_matrix(scene: Scene) -> list[Any]:
    """A matrix with a number for each pair of labels, starting with the background."""
    places = np.arange(_LABELS + 1.0)
    return [np.abs(np.subtract.outer(places, places)) % 3]


def _label_values(scene: Scene) -> list[Any]:
    """A row with a number for each label, starting with the background."""
    return [np.linspace(0, 3, _LABELS + 1)[np.newaxis]]


def _flat_matrix(scene: Scene) -> list[Any]:
    """A homogeneous matrix over x, y, z as a flat list of its rows."""
    return [
        [0.95, 0.08, 0, 0.7, -0.08, 0.95, 0, 0.7, 0, 0, 1, 0, 0, 0, 0, 1],
        [0.95, 0.08, 0.7, -0.08, 0.95, 0.7, 0, 0, 1],
    ]


def _snake(scene: Scene) -> list[Any]:
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    circle = np.stack([0.5 + 0.3 * np.sin(angles), 0.5 + 0.3 * np.cos(angles)], axis=1)
    if scene.ndim == 3:
        circle = np.concatenate([np.full((24, 1), 0.5), circle], axis=1)
    return [circle * np.array(scene.shape)]


def _matrix(scene: Scene) -> list[Any]:
    turn = 0.95 * np.eye(scene.ndim)
    for axis in range(scene.ndim - 1):  # a slight rotation that mixes every axis with the next
        turn[axis, axis + 1], turn[axis + 1, axis] = 0.08, -0.08
    homogeneous = np.eye(scene.ndim + 1)
    homogeneous[:-1, :-1] = turn
    homogeneous[:-1, -1] = 0.7
    return [turn, homogeneous]


def _inverse_map(scene: Scene) -> list[Any]:
    return [_matrix(scene)[1], callables.shifted_points]


def _haar_coordinates(scene: Scene) -> list[Any]:
    feature = np.empty((1,), dtype=object)
    feature[0] = [[(0, 0), (2, 1)], [(0, 2), (2, 3)]]
    return [feature]


# --- shapes and places ------------------------------------------------------------------


def _fraction(scene: Scene, fraction: float) -> tuple[int, ...]:
    return tuple(int(length * fraction) for length in scene.shape)


def _block_shape(scene: Scene) -> list[Any]:
    divisors = tuple(
        next((size for size in (2, 3, 5, 7) if length % size == 0), 1) for length in scene.shape
    )
    return [divisors, (3,) * scene.ndim, 3]


def _brightest(scene: Scene) -> list[Any]:
    """A position inside an object."""
    grey = image(scene.shape, "grey")
    middle = tuple(slice(length // 4, length - length // 4) for length in scene.shape)
    place = np.unravel_index(int(grey[middle].argmax()), grey[middle].shape)
    return [
        tuple(int(index) + length // 4 for index, length in zip(place, scene.shape, strict=True))
    ]


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return tuple(np.delete(shape, axis).tolist())


def _every_second_plane(scene: Scene) -> list[Any]:
    shape = scene.shape if scene.ndim == 2 else (scene.shape[0] // 2, *scene.shape[1:])
    return [np.zeros(shape, np.float32)]


def _data_range(scene: Scene) -> list[Any]:
    return [float(np.ptp(scene.main.astype(float)))]


_AXES = {"x": 0, "y": 1, "z": 2, "width": 0, "height": 1, "depth": 2}
"""Number of an axis by its keyword, counted from the last axis."""

ALONG_AXIS: dict[str | None, Callable[[int], list[Any]]] = {
    "start along an axis": lambda length: [0 if length == 1 else 1],
    "stop along an axis": lambda length: [1 if length == 1 else length - 2],
    "part of an axis": lambda length: [1 if length == 1 else length // 2],
    "shorter length along an axis": lambda length: [max(1, length - 3)],
    "length along an axis": lambda length: [1 if length == 1 else length + 3],
}
"""Values by role that depend on the length of one axis, for keywords such as ``start_x``."""

MAKERS: dict[str | None, Maker] = {
    "output": lambda scene: [np.zeros(scene.shape, np.float32)],
    "output along x and y": lambda scene: [np.zeros(scene.shape[-2:], np.float32)],
    "output along x and z": lambda scene: [np.zeros(_without(scene.shape, -2), np.float32)],
    "output along y and z": lambda scene: [np.zeros(_without(scene.shape, -1), np.float32)],
    "output of a column a label": lambda scene: [np.zeros((3, int(scene.main.max())), np.float32)],
    "output of every second plane": _every_second_plane,
    "model": lambda scene: [image(scene.shape, scene.content, scene.dtype)],
    "source": lambda scene: [image(scene.shape, scene.content, scene.dtype)],
    "columns of points": _columns_of_points,
    "label matrix": _label_matrix,
    "label values": _label_values,
    "flags": lambda scene: [(_label_values(scene)[0] > 1.5).astype(np.uint32)],
    "altitude": lambda scene: [image(scene.shape[-2:], "labels", "uint8")],
    "flat matrix": _flat_matrix,
    "properties of labels": lambda scene: [{"label": list(map(float, range(_LABELS + 1)))}],
    "footprint": _footprint,
    "weights": _weights,
    "psf": _psf,
    "template": _template,
    "spectrum": _spectrum,
    "coordinates": _coordinates,
    "points": _points,
    "snake": _snake,
    "matrix": _matrix,
    "stain matrix": lambda scene: [
        np.array([[0.65, 0.7, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
    ],
    "inverse map": _inverse_map,
    "haar coordinates": _haar_coordinates,
    "values": lambda scene: [np.arange(8)],
    "table of labels": lambda scene: [{label: 2 * label for label in range(_LABELS + 1)}],
    "new values": lambda scene: [np.arange(8) * 1.5],
    "angles": lambda scene: [[0.0, 0.8], np.linspace(0.0, 170.0, scene.shape[-1])],
    "start point": lambda scene: [_fraction(scene, 0.2)],
    "end point": lambda scene: [_fraction(scene, 0.75)],
    "box start": lambda scene: [[_fraction(scene, 0.2)]],
    "box end": lambda scene: [[_fraction(scene, 0.75)]],
    "seed point": _brightest,
    "whole shape": lambda scene: [scene.shape],
    "output shape": lambda scene: [_fraction(scene, 0.6), scene.shape],
    "moments": lambda scene: [np.vander([1.0, 2.0, 3.0, 4.0], increasing=True), np.eye(scene.ndim)],
    "tensor elements": lambda scene: [[image(scene.shape, variant=step) for step in range(3)]],
    "co-occurrences": lambda scene: [np.arange(64).reshape(4, 4, 2, 2)],
    "vertices": lambda scene: [np.array([[0.0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]])],
    "faces": lambda scene: [np.array([[0, 1, 2], [0, 2, 3]])],
    "footprint sequence": lambda scene: [((np.ones((3, 3), dtype=np.uint8), 2),)],
    "distances": lambda scene: [np.arange(float(scene.shape[0]))],
    "model class": lambda scene: [callables.MeanPoint],
    "hough space": lambda scene: [image(scene.shape), np.stack([image(scene.shape)] * 2)],
    "rows": lambda scene: [np.array([[1, 2], [3, 4], [1, 2]])],
    "descriptors": lambda scene: [image((9, 6)), image((9, 6), dtype="bool")],
    "block shape": _block_shape,
    "slices": lambda scene: [[(1, length - 2) for length in scene.shape]],
    "data range": _data_range,
    "reduction": lambda scene: list(callables.REDUCTIONS),
    "denoiser": lambda scene: [callables.smooth],
    "denoiser parameters": lambda scene: [{"strength": [0.3, 0.6]}],
    "point map": lambda scene: list(callables.POINT_MAPS),
    "impulse response": lambda scene: [callables.impulse_response],
    "derivative": lambda scene: [callables.second_difference],
}
"""Values by role that depend on the image."""
