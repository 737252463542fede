"""Finds the arguments that have an entry for each axis of the image.

If a volume is cut into slices, such an argument must lose the entry for Z. Whether that is right
is measured where the function takes volumes too: f(volume, (n, a, b))[z] == f(volume[z], (a, b)).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from voxbind_build.common.typeexpr import literal_values, names, parse
from voxbind_build.model import IMAGE_ROLES, AxisArgument, Parameter
from voxbind_build.probe.inputs.roles import table
from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.option_values import default_value
from voxbind_build.probe.protocol.relations import close, main_array
from voxbind_build.probe.protocol.slice_comparison import sliced

_SHAPE = (11, 14)
"""A shape that no test image has."""
_SHAPES = frozenset(("output shape", "whole shape"))
_KERNELS = frozenset(("footprint", "weights", "psf", "template"))
_TRANSFORMS = frozenset(("inverse map", "matrix"))
_NEUTRAL = (0, 1)
"""Numbers that may leave an axis alone: a blur of width 0, a window of length 1."""
_ROWS = frozenset(("Array", "ArrayLike", "Sequence", "list", "object", "tuple"))
_WORDS = 2
"""Number of different words that are tried for a pair of axes."""
Pair = tuple[Any, Any]
"""Two different entries of an argument, one for each axis of an image."""


def axis_arguments(
    bench: Bench,
    image: Arrangement,
    volume: Arrangement | None,
    words: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> dict[str, AxisArgument]:
    """Return the parameters that take an entry for each axis of the image.

    Parameters
    ----------
    bench : Bench
        The function.
    image : Arrangement
        An arrangement with an image that the function accepts.
    volume : Arrangement or None
        An arrangement with a volume that the function accepts; None if there is none.
    words : dict
        By parameter, words that parameters of its name accept elsewhere.
    """
    if volume is not None and volume.flat:
        volume = None  # its other arguments are those of an image already
    trial = _Trial(bench, image, volume, words)
    found: dict[str, AxisArgument] = {}
    for parameter in bench.parameters:
        if parameter.name == bench.main or parameter.kind.startswith("VAR_") or bench.is_late():
            continue
        argument = trial.of_axes(parameter)
        if argument is not None:
            found[parameter.name] = argument
    return found


class _Trial:
    """Calls with an image, and with a volume, that differ in one argument."""

    def __init__(
        self,
        bench: Bench,
        image: Arrangement,
        volume: Arrangement | None,
        words: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._bench, self._image, self._volume = bench, image, volume
        self._words = words
        self._arguments = bench.compose(image, image.main())

    def of_axes(self, parameter: Parameter) -> AxisArgument | None:
        """Return what a parameter takes for each axis; None if it takes nothing of that kind."""
        role = self._bench.roles.get(parameter.name)
        if role in _TRANSFORMS:
            return self._transform(parameter.name)
        if role in _KERNELS:
            return self._kernel(parameter)
        if role in _SHAPES:
            return self._shape(parameter.name)
        if parameter.name in self._bench.arrays:
            return None
        return self._entries(parameter)

    def _call(self, name: str, value: Any) -> Answer:
        return self._bench.run({**self._arguments, name: value})

    # --- shapes and arrays --------------------------------------------------------------

    def _shape(self, name: str) -> AxisArgument | None:
        result = main_array(self._call(name, _SHAPE).value)
        is_shape = result is not None and result.shape[:2] == _SHAPE
        return AxisArgument(kind="shape") if is_shape else None

    def _kernel(self, parameter: Parameter) -> AxisArgument | None:
        value = self._arguments.get(parameter.name)
        if value is None:
            candidates = self._bench.candidates(parameter, self._image, self._image.main())
            value = next((each for each in candidates if np.ndim(each) == 2), None)
            if value is None or not self._call(parameter.name, value).returned:
                return None
        return AxisArgument(kind="kernel") if np.ndim(value) == 2 else None

    def _transform(self, name: str) -> AxisArgument | None:
        value = self._arguments.get(name)
        is_matrix = isinstance(value, np.ndarray) and value.shape in ((2, 2), (3, 3))
        return AxisArgument(kind="transform") if is_matrix else None

    # --- entries ------------------------------------------------------------------------

    def _entries(self, parameter: Parameter) -> AxisArgument | None:
        name, role = parameter.name, self._bench.roles.get(parameter.name)
        for pair in self._pairs(parameter):
            straight = self._call(name, pair)
            if not straight.returned:
                continue
            crossed = self._call(name, pair[::-1])
            if _alike(straight, crossed):
                continue  # the order doesn't matter, so no entry belongs to an axis
            is_number = not isinstance(pair[0], str)
            neutral = self._neutral(name, pair) if is_number else []
            if not neutral and not self._belongs_to_axes(name, pair, straight):
                continue
            if role == "spacing" or not is_number:
                return AxisArgument(kind="property")
            meant = table().neutral_number(name)
            numbers = {*neutral, *(() if meant is None else (meant,))}
            return AxisArgument(kind="numbers", neutral=tuple(sorted(map(float, numbers))))
        return None

    def _pairs(self, parameter: Parameter) -> Iterator[Pair]:
        """Yield two different entries, one for each axis of an image, that may be accepted."""
        value = self._arguments.get(parameter.name, default_value(parameter))
        takes_rows = bool(names(parse(parameter.annotation)) & _ROWS)
        if isinstance(value, str) or (value is None and _words_of(parameter)):
            if takes_rows:
                known = (*_words_of(parameter), value, *self._words.get(parameter.name, ()))
                first, *others = dict.fromkeys(word for word in known if isinstance(word, str))
                yield from ((first, other) for other in others[:_WORDS])
            return
        if _is_pair(value):
            yield value[0], value[1]
            value = value[0]
        if value is None and takes_rows and "str" not in names(parse(parameter.annotation)):
            value = 1
        if isinstance(value, bool):
            if takes_rows:
                yield True, False
        elif isinstance(value, int | float):
            yield value + 1, value
            if value:  # larger origins of a window end the process in some functions
                yield value + 2, value + 4  # an odd length of a window stays odd
            if takes_rows:
                yield (value, value + 1), (value + 2, value)  # before and after, along each axis

    def _neutral(self, name: str, pair: Pair) -> list[int]:
        """Return the numbers for Z with which each slice of a volume is processed by itself."""
        if self._volume is None:
            return []
        arguments = self._bench.compose(self._volume, self._volume.main())
        neutral = []
        for number in _NEUTRAL:
            first = (number, number) if isinstance(pair[0], tuple) else number
            changed = {**arguments, name: (first, *pair)}
            result = main_array(self._bench.run(changed).value)
            if result is not None and sliced(
                self._bench, self._volume, changed, result, axis=0, of_slice={name: pair}
            ):
                neutral.append(number)
        return neutral

    def _belongs_to_axes(self, name: str, pair: Pair, straight: Answer) -> bool:
        """Return whether each entry belongs to an axis of an image.

        It does if the transposed image with the entries in the other order gives the transposed
        result. Not all functions treat rows and columns alike: for words, and for parameters whose
        name means an entry for each axis, it is enough that a third entry is refused.
        """
        turned = {
            key: value.swapaxes(0, 1)
            if isinstance(value, np.ndarray) and self._bench.roles.get(key) in IMAGE_ROLES
            else value
            for key, value in self._arguments.items()
        }
        crossed = self._bench.run({**turned, name: pair[::-1]})
        first, second = main_array(straight.value), main_array(crossed.value)
        if first is not None and second is not None and min(first.ndim, second.ndim) >= 2:
            is_turned = close(first, second.swapaxes(0, 1))
            if is_turned:
                return True
        role = self._bench.roles.get(name)
        if role == "position":
            return True
        has_meaning = (
            isinstance(pair[0], str)
            or role == "spacing"
            or table().neutral_number(name) is not None
        )
        return has_meaning and self._call(name, (*pair, pair[0])).outcome == "raised"


def _words_of(parameter: Parameter) -> tuple[str, ...]:
    values = literal_values(parse(parameter.annotation))
    return tuple(word for word in values if isinstance(word, str))


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(isinstance(number, int | float) for number in value)
    )


def _alike(one: Answer, other: Answer) -> bool:
    first, second = main_array(one.value), main_array(other.value)
    return first is not None and second is not None and close(first, second)
