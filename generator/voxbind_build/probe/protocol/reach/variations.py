"""Chooses other arguments with which a reach is measured."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from voxbind_build.common.typeexpr import literal_values, names, parse
from voxbind_build.model import IMAGE_ROLES, OUTPUT_ROLES, Parameter
from voxbind_build.probe.inputs.roles import table
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.option_values import default_value
from voxbind_build.probe.protocol.reach.cropping import MISSING, OF_SCENE

_COUNTS = (2, 3, 1, 4, 5, 7, 11)
"""Numbers of elements or of times. Functions may not survive a negative one."""
_INTEGERS = (2, 3, 1, 5, 11, -1)
_FLOATS = (1.6, 2.3, 0.5, 0.8, 1.1, 3.0)
_BOTH = (2, 3, 1, 1.6, 2.3, 0.5, 0.8, 4)
_SHAPES = ((5, 5), (3, 7), (9, 3), (4, 6))
"""Shapes of footprints, some with even lengths. In shorter ones, an origin of 1 isn't allowed."""
_MOST_WORDS = 12
_KERNELS = frozenset(("footprint", "weights", "psf"))
_OPTIONAL_IMAGES = frozenset(("mask", "image"))
"""Roles of images that are passed although they are None by default."""
_UNVARIED = OUTPUT_ROLES | {"generator", "channels", "number type", "data range"}
"""Roles of parameters that keep their value."""
_OF_AN_AXIS = re.compile(r"_[xyz]$")

Change = Mapping[str, Any]
"""Arguments that differ from the usual ones."""


class Variations:
    """The arguments of one function that can be varied.

    Parameters
    ----------
    bench : Bench
        The function.
    arrangement : Arrangement
        How it is called.
    usual : dict
        The arguments of that call.
    words : dict
        By parameter, words that parameters of its name accept elsewhere.
    """

    def __init__(
        self,
        bench: Bench,
        arrangement: Arrangement,
        usual: Mapping[str, Any],
        words: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._bench, self._arrangement = bench, arrangement
        self._usual, self._words = usual, words

    def numbers(self) -> Iterator[tuple[str, list[Change]]]:
        """Yield parameters that take a number, or an array as a kernel, with changes of each.

        Parameters for x, y and z are changed together, under the name of the first.
        """
        seen: set[str] = set()
        for parameter in self._free():
            stem = _OF_AN_AXIS.sub("", parameter.name)
            if stem in seen:
                continue
            group = [parameter.name]
            if stem != parameter.name:
                seen.add(stem)
                group = [p.name for p in self._free() if _OF_AN_AXIS.sub("", p.name) == stem]
            values = self._values(parameter)
            if values:
                yield (
                    parameter.name,
                    [
                        {
                            **self._beside(parameter.name),
                            **dict.fromkeys(group, value),
                            **self._without_others(parameter, value),
                        }
                        for value in values
                    ],
                )

    def options(self) -> Iterator[tuple[str, Any]]:
        """Yield another value of one flag, one listed option, or one optional image."""
        for parameter in self._free():
            value = self._value(parameter)
            role = self._bench.roles.get(parameter.name)
            if role in IMAGE_ROLES:
                if value is None and role in _OPTIONAL_IMAGES:
                    yield parameter.name, OF_SCENE
            elif role == "axes" and value == -1:
                yield parameter.name, 0
            elif isinstance(value, bool):
                yield parameter.name, not value
            else:
                yield from ((parameter.name, word) for word in self._other_words(parameter, value))

    def different_entries(self, change: Change) -> Change | None:
        """Return a change in which each axis has another number; None if that isn't possible.

        Parameters
        ----------
        change
            A change of one number, or of one number for each of x, y and z.
        """
        numbers = {name: value for name, value in change.items() if isinstance(value, int | float)}
        if not numbers:
            return None
        if len(numbers) > 1:
            return {
                name: value if name.endswith("_x") else self._usual.get(name, value)
                for name, value in numbers.items()
            }
        [(name, value)] = numbers.items()
        usual = self._value(self._parameter(name))
        if not isinstance(usual, int | float) or usual == value:
            return None
        return {name: (usual, value)}

    def _free(self) -> list[Parameter]:
        return [
            parameter
            for parameter in self._bench.parameters
            if parameter.name != self._bench.main
            and not parameter.kind.startswith("VAR_")
            and self._bench.roles.get(parameter.name) not in _UNVARIED
            and not (
                self._bench.roles.get(parameter.name) in IMAGE_ROLES
                and parameter.name in self._usual
            )
        ]

    def _beside(self, name: str) -> dict[str, Any]:
        """Return the options without which a number has no effect."""
        options = table().beside.get(name, {})
        return {option: value for option, value in options.items() if self._bench.parameter(option)}

    def _parameter(self, name: str) -> Parameter:
        return next(parameter for parameter in self._bench.parameters if parameter.name == name)

    def _value(self, parameter: Parameter) -> Any:
        return self._usual.get(parameter.name, default_value(parameter))

    def _values(self, parameter: Parameter) -> Sequence[Any]:
        value = self._value(parameter)
        role = self._bench.roles.get(parameter.name)
        type_ = parse(parameter.annotation)
        if role in _KERNELS:
            return [] if isinstance(value, str) else self._kernels(parameter, value)
        if role in IMAGE_ROLES or role == "axes" or isinstance(value, bool | str):
            return []
        known = names(type_)
        if isinstance(value, int | float):
            numbers = dict.fromkeys(_numbers(parameter.name, value, known))
            return [number for number in numbers if number != value]
        if value is None and "float" in known:
            return _FLOATS
        return _COUNTS if value is None and "int" in known else []

    def _kernels(self, parameter: Parameter, value: Any) -> list[Any]:
        """Return footprints, or weights that sum to 1, of several shapes."""
        if value is not None and not (isinstance(value, np.ndarray) and value.ndim == 2):
            return []
        if self._arrangement.ndim != 2:
            return []
        role = self._bench.roles[parameter.name]
        dtype = value.dtype if isinstance(value, np.ndarray) else np.dtype(np.uint8)
        kernels = []
        for shape in _SHAPES:
            if role == "footprint":
                kernels.append(np.ones(shape, dtype))
            else:
                weights = np.arange(1.0, shape[0] * shape[1] + 1).reshape(shape)
                kernels.append(weights / weights.sum())
        return kernels

    def _without_others(self, parameter: Parameter, value: Any) -> dict[str, Any]:
        """Leave out the size if a footprint is given, since both mean the same."""
        if isinstance(value, np.ndarray) and "size" in self._usual:
            size = self._parameter("size")
            return {"size": MISSING} if size.default is not None else {}
        return {}

    def _other_words(self, parameter: Parameter, value: Any) -> list[Any]:
        listed = list(literal_values(parse(parameter.annotation)))
        if isinstance(value, str) and not listed:
            listed = list(self._words.get(parameter.name, ()))
        if not (isinstance(value, str) or (value is None and listed)):
            return []
        return [word for word in listed if word != value][:_MOST_WORDS]


def _numbers(name: str, usual: float, known: Collection[str]) -> Sequence[float]:
    """Return numbers to try instead of the usual one, negative ones only if it is 0."""
    if isinstance(usual, int):
        if usual == 0 and table().neutral_number(name) == 0:
            return (1, -1)  # larger origins of a window end the process in some functions
        if "float" in known:
            return (*_BOTH, *((-1.0,) if usual == 0 else (0, usual / 2)))
        return (*_COUNTS, usual // 2 or 1, 2 * usual) if usual >= 1 else _INTEGERS
    if usual == 0:
        return (*_FLOATS, -1.0)
    return (*_FLOATS, usual / 2, 1.25 * usual, 0.0)
