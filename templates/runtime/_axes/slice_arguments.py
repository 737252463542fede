"""The arguments of a function for one slice, made from those for the whole volume.

An argument with an entry for each axis of a volume loses the entry for Z if the slices can do
without it. Otherwise the call is refused, since the result would ignore a part of the argument. An
integer seed becomes another one for each slice, or all slices would get the same noise.

`axis_arguments` in `voxbind._dispatch.facts.Facts` gives the kind of each such argument:

``shape``
    The lengths of the result's axes. The first must be the number of slices.
``property``
    A property of each axis, such as the distance of its pixels. Slices don't need that of Z.
``kernel``
    An array with as many axes as the image, such as a footprint. It must be one slice thick.
``transform``
    A matrix or an object that maps coordinates. It must be one of two axes.
a tuple of numbers
    A number, or a number for each end, for each axis. The first must be in the tuple, whose numbers
    leave an axis alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._memory.lookup import LibraryMemory
from .._support.classes import class_of
from .._support.untyped import np
from ..errors import DimensionError

__all__ = ["is_seed", "replace_for_slices", "seeds_of_slice"]

_AXES = 3
"""Number of the spatial axes of a volume."""
_SHOWN = 60
"""Most characters of an argument that a message shows."""


def replace_for_slices(
    function: str,
    axis_arguments: Mapping[str, str | tuple[float, ...]],
    values: dict[str, Any],
    shape: tuple[int, ...],
    memory: LibraryMemory,
    *,
    takes_volumes: bool,
) -> None:
    """Replace each argument with an entry for each axis of a volume by one for all slices.

    Parameters
    ----------
    function
        The function's name, for messages.
    axis_arguments
        The kinds of these arguments, by parameter.
    values
        The arguments by parameter, of which some are replaced.
    shape
        The volume's shape, with channels if it has any.
    memory
        The memory of the arrays.
    takes_volumes
        Whether the function also processes volumes in 3-D.

    Raises
    ------
    DimensionError
        If an argument for the volume says more than an argument for slices can.
    """
    for name, kind in axis_arguments.items():
        value = values.get(name)
        if value is not None:
            argument = _Argument(function, name, value, shape, takes_volumes)
            values[name] = argument.of_slice(kind, memory)


class _Argument:
    """An argument that may have an entry for each axis of a volume."""

    def __init__(
        self, function: str, name: str, value: Any, shape: tuple[int, ...], takes_volumes: bool
    ) -> None:
        self._function, self._name = function, name
        self._value: Any = tuple(value) if issubclass(class_of(value), Iterator) else value
        self._shape, self._takes_volumes = shape, takes_volumes

    def of_slice(self, kind: str | tuple[float, ...], memory: LibraryMemory) -> Any:
        """Return the argument for a slice."""
        if kind == "shape":
            return self._of_shape()
        if kind == "kernel":
            return self._of_kernel(self._value, memory)
        if kind == "transform":
            return self._of_transform()
        value = self._value
        if _length(value) != _AXES or kind == "property" or _is_in(value[0], kind):
            return value[1:] if _length(value) == _AXES else value
        raise self._error(f"{self._shown} for three axes", f"{self._name}={self._text(value[1:])}")

    def _of_shape(self) -> Any:
        value, shape = self._value, self._shape
        length, of_slice = _length(value), len(shape) - 1
        if length is None or length < _AXES:
            return value
        starts_at_z = _is_in(value[0], shape[:1])
        if length == of_slice and (not starts_at_z or _is_in(value[-1], shape[-1:])):
            return value  # (Y, X, channels)
        if length <= len(shape) and starts_at_z:
            return value[1:]
        raise self._error(
            f"{self._shown} for a volume of {shape[0]} slices",
            f"{self._name}={self._text(value[-of_slice:])}",
        )

    def _of_kernel(self, value: Any, memory: LibraryMemory) -> Any:
        if type(value) in (list, tuple) and any(hasattr(_first(item), "shape") for item in value):
            # A sequence of footprints, each with its number of repetitions.
            return type(value)(
                type(item)((self._of_kernel(item[0], memory), *item[1:]))
                if type(item) in (list, tuple)
                else item
                for item in value
            )
        shape = _shape(value)
        if len(shape) != _AXES:
            return value
        if shape[0] == 1:
            return memory.plane(value, 0) if memory.holds(value) else value[0]
        raise self._error(f"an array of shape {shape}", f"an array of {self._name} with two axes")

    def _of_transform(self) -> Any:
        value = self._value
        matrix = getattr(value, "params", value)
        shape = _shape(matrix)
        axes = getattr(value, "dimensionality", None)
        if shape == (_AXES,):
            if _is_in(matrix[0], (1,)):
                return value[1:]
        elif axes != _AXES and shape not in ((_AXES, _AXES + 1), (_AXES + 1, _AXES + 1)):
            return value
        raise self._error(
            "a transform of three axes",
            "a transform of (Y, X), such as a (3, 3) matrix",
            "transform the volume with voxbind.scipy.ndimage.affine_transform",
        )

    @property
    def _shown(self) -> str:
        return self._text(self._value)

    def _text(self, value: Any) -> str:
        text = str(tuple(value.tolist()) if hasattr(value, "tolist") else value)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."

    def _error(self, given: str, fix: str, in_3d: str = "") -> DimensionError:
        if self._takes_volumes:
            in_3d = "leave slice_by_slice out to process the volume in 3-D"
        return DimensionError(
            f"{self._function} was given {self._name!r}, {given}, but it runs on each slice, which "
            f"has two axes. Give {fix}{in_3d and f', or {in_3d}'}."
        )


def _length(value: Any) -> int | None:
    """Return the number of entries of a sequence or of an array with one axis."""
    if issubclass(class_of(value), (list, tuple, range)):
        return len(value)
    shape = _shape_of_array(value)
    return shape[0] if len(shape) == 1 else None


def _shape(value: Any) -> tuple[int, ...]:
    """Return the shape of an array or of nested sequences; empty if there is none."""
    if class_of(value) not in (list, tuple):
        return _shape_of_array(value)
    try:
        return tuple(np.shape(value))
    except ValueError:  # sequences of different lengths
        return ()


def _shape_of_array(value: Any) -> tuple[int, ...]:
    """Return the shape of an array; empty for other values, as some have other shapes."""
    shape: Any = getattr(value, "shape", None)
    return tuple(shape) if issubclass(class_of(shape), tuple) else ()


def _first(value: Any) -> Any:
    return value[0] if type(value) in (list, tuple) and value else value


def _is_in(number: Any, numbers: Any) -> bool:
    """Return whether a number is one of several; for a sequence, whether all its numbers are."""
    if _length(number):
        return all(_is_in(entry, numbers) for entry in number)
    try:
        return any(bool(number == other) for other in numbers)
    except (TypeError, ValueError):  # an array with several elements, say
        return False


# --- seeds --------------------------------------------------------------------------------


def is_seed(value: Any) -> bool:
    """Return whether a random generator can be made of a value; a generator itself isn't a seed."""
    if isinstance(value, (bool, np.random.Generator, np.random.BitGenerator)):
        return False
    if isinstance(value, (int, np.integer, np.random.SeedSequence)):
        return True
    entries = value if _length(value) else ()
    return bool(len(entries)) and all(isinstance(entry, (int, np.integer)) for entry in entries)


def seeds_of_slice(seeds: Mapping[str, Any], z: int) -> dict[str, Any]:
    """Return the seeds for one slice: for the first, those that were passed."""
    return {name: seed if z == 0 else _seed(seed, z) for name, seed in seeds.items()}


def _seed(seed: Any, z: int) -> int:
    """Return the seed of a slice, which depends on the seed that was passed and on the slice."""
    if isinstance(seed, np.random.SeedSequence):
        entropy, key = seed.entropy, seed.spawn_key
    else:
        entropy, key = seed, ()
    sequence = np.random.SeedSequence(entropy, spawn_key=(*key, z))
    return int(sequence.generate_state(1)[0])
