"""Tries other values of options, and output arrays, to find results of another kind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from voxbind_build.common.typeexpr import literal_values, parse
from voxbind_build.model import GIVEN, OUTPUT_ROLES, OptionEffect, Parameter, Result
from voxbind_build.probe.invoke import Answer, describe_result, outline
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.relations import leaves

_MOST_CHOICES = 3
"""An option with more choices, a mode for example, selects a method, not the kind of result."""

Choice = tuple[str, Any]
"""A parameter and a value that isn't its default."""


def option_effects(
    bench: Bench, arrangement: Arrangement, answer: Answer
) -> tuple[OptionEffect, ...]:
    """Change one option at a time, and pairs of options of which one matters.

    Parameters
    ----------
    bench : Bench
        The function.
    arrangement : Arrangement
        The arrangement of a call with defaults.
    answer : Answer
        The outcome of that call.

    Returns
    -------
    tuple of OptionEffect
        The calls whose results are of another kind than by default. A pair of options is included
        if its result differs in kind from that of the first option alone.
    """
    turning = _Turning(bench, arrangement, answer)
    turning.turn_each()
    turning.give_outputs()
    turning.turn_pairs()
    return tuple(turning.found)


class _Turning:
    """Calls of one function with other values of its options than the defaults."""

    def __init__(self, bench: Bench, arrangement: Arrangement, answer: Answer) -> None:
        main = arrangement.main()
        self._bench, self._answer = bench, answer
        self._arguments = bench.compose(arrangement, main)
        self._dtype = str(main.dtype) if bench.main else ""
        self._usual = kind(describe_result(answer.value))
        self._changing: list[Choice] = []
        """Options whose results are of another kind."""
        self._refused: list[Choice] = []
        self.found: list[OptionEffect] = []

    def _turn(self, *choices: Choice) -> Result | None:
        again = self._bench.run({**self._arguments, **dict(choices)})
        return outline(describe_result(again.value)) if again.returned else None

    def _keep(self, result: Result, *choices: Choice) -> None:
        options = {name: repr(value) for name, value in choices}
        self.found.append(OptionEffect(options=options, dtype=self._dtype, result=result))

    def turn_each(self) -> None:
        """Change one option at a time."""
        for choice in _choices(self._bench.parameters):
            if choice[0] in self._arguments or self._bench.is_late():
                continue
            result = self._turn(choice)
            if result is None:
                self._refused.append(choice)
            elif kind(result) != self._usual:
                self._changing.append(choice)
                self._keep(result, choice)

    def give_outputs(self) -> None:
        """Pass an array for each output; some outputs are only used together with an option."""
        for name in _outputs(self._bench):
            for options in ({}, *(dict([choice]) for choice in self._changing)):
                arguments = {**self._arguments, **options}
                before = self._bench.run(arguments) if options else self._answer
                written = _written(self._bench, arguments, name, before)
                if written is not None:
                    if kind(written) != kind(describe_result(before.value)):
                        self.found.append(
                            OptionEffect(options={name: GIVEN}, dtype="", result=written)
                        )
                    break

    def turn_pairs(self) -> None:
        """Change two options at a time, one of which leads to a result of another kind."""
        if not self._changing or self._bench.sparing:
            return
        for first, second in combinations((*self._changing, *self._refused), 2):
            if first in self._changing and first[0] != second[0]:
                both = self._turn(first, second)
                # If the first option alone leads to this kind, the call adds nothing.
                if both is not None and kind(both) != _alone(self.found, first):
                    self._keep(both, first, second)


def _outputs(bench: Bench) -> list[str]:
    """Return the names of optional parameters for output arrays."""
    return [
        parameter.name
        for parameter in bench.parameters
        if bench.roles.get(parameter.name) in OUTPUT_ROLES and parameter.default == "None"
    ]


def _written(bench: Bench, arguments: dict[str, Any], name: str, before: Answer) -> Result | None:
    """Pass an output array like one in the earlier result, and describe the new result."""
    for leaf in leaves(before.value):
        if leaf.ndim:
            again = bench.run({**arguments, name: np.zeros_like(leaf)})
            if again.returned:
                return outline(describe_result(again.value))
    return None


def kind(result: Result) -> str:
    """Return the kind of a result, without lengths and dtypes: ``tuple[array, scalar]``."""
    if result.type == "tuple":
        return f"tuple[{', '.join(map(kind, result.members))}]"
    if result.type == "list":
        return f"list[{', '.join(sorted(set(map(kind, result.members))))}]"
    return result.type


def _alone(found: list[OptionEffect], choice: Choice) -> str:
    options = {choice[0]: repr(choice[1])}
    return next(kind(each.result) for each in found if each.options == options)


def _choices(parameters: tuple[Parameter, ...]) -> Iterator[Choice]:
    """Yield the other value of each flag, and the values of options that are None by default."""
    for parameter in parameters:
        if parameter.default in ("True", "False"):
            yield parameter.name, parameter.default == "False"
        elif parameter.default == "None":
            values = literal_values(parse(parameter.annotation))
            if len(values) <= _MOST_CHOICES:
                yield from ((parameter.name, value) for value in values)
