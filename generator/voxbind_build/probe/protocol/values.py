"""Measures the values of results: of plain calls, and of calls with each option.

So a result that changed is noticed although the signature is as it was. Which options matter, alone
or beside another, is measured.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from voxbind_build.common.figures import RAISED, UNSTABLE, figures_differ
from voxbind_build.common.typeexpr import literal_values, names, parse
from voxbind_build.model import IMAGE_ROLES, OUTPUT_ROLES, WHOLE_ROLES, Parameter
from voxbind_build.probe.inputs.images import SIZES_OF_OBJECTS
from voxbind_build.probe.inputs.roles import table
from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol.bench import Arrangement, Bench, in_words
from voxbind_build.probe.protocol.figures import figures, mark
from voxbind_build.probe.protocol.relations import leaves

_BUDGET = 40
"""Calls with options, for one function."""
_MOST_WORDS = 12
"""Values of one option that are tried."""
_MOST_ENDED = 2
"""Calls that may end the process, or be inconclusive, before no other is made."""
_ROUNDING = 1e-7
"""Relative change of an image that a result has to bear: about what float32 rounds away."""
_KEPT = ("generator", "channels")
"""Roles of options that stay as they are."""

Choice = tuple[str, Any]
"""A parameter and a value that isn't its default."""
Arguments = dict[str, Any]


def measure_values(
    bench: Bench, taken: Sequence[Arrangement], words: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """Measure the figures of a function's results.

    Parameters
    ----------
    bench : Bench
        The function.
    taken : sequence of Arrangement
        How it can be called, with an image and with a volume for example. Options are added to the
        first call.
    words : dict
        By parameter, words that parameters of its name take elsewhere.

    Returns
    -------
    dict
        By call in words, the text that `voxbind_build.common.figures` describes. Results without
        numbers have none.
    """
    measurement, base = _Measurement(bench), taken[0]
    arguments = bench.compose(base, base.main())
    name = base.case.partition(" of ")[0] if bench.main else "plain call"
    text = measurement.add(name, arguments)
    if bench.sparing:
        return measurement.values
    for other in taken[1:]:
        space = other.case.partition(" of ")[0]
        measurement.add(space, bench.compose(other, other.main()))
    if bench.main and (in_uint8 := _in_uint8(base)):
        measurement.add(f"{name} of uint8", bench.compose(in_uint8, in_uint8.main()))
    if bench.main and (blocks := _blocks(taken)):
        own_limits = _with_own_limits(bench, bench.compose(blocks, blocks.main()))
        measurement.add("image of blocks", own_limits)
    if text not in ("", RAISED):
        _Options(measurement, name, text, arguments, base).measure(words)
    return measurement.values


def _in_uint8(arrangement: Arrangement) -> Arrangement | None:
    """Return how to give the same image in another dtype."""
    if arrangement.dtype in ("uint8", "bool") or arrangement.content == "phase":
        return None
    return replace(arrangement, dtype="uint8")


def _blocks(taken: Sequence[Arrangement]) -> Arrangement | None:
    """Return how to give objects of round sizes, to a function that is given objects."""
    for arrangement in taken:
        if arrangement.ndim == 2 and arrangement.dtype[0] != "f" and not arrangement.channels:
            return replace(arrangement, content="blocks", size="roomy", choice=(), fills=False)
    return None


def _with_own_limits(bench: Bench, arguments: Arguments) -> Arguments:
    """Leave the function's own limits for sizes of which there are objects."""
    own = {
        entry.name
        for entry in bench.parameters
        if entry.name in arguments
        and type(default := _default(entry)) is int
        and default in SIZES_OF_OBJECTS
    }
    return {name: value for name, value in arguments.items() if name not in own}


class _Measurement:
    """Calls of one function, and the texts of their results. What returns is called twice."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.values: dict[str, str] = {}
        self._ended = 0

    def add(self, name: str, arguments: Arguments) -> str:
        """Make a call and keep the text of its result; return this, empty if there is none."""
        text = self.measure(arguments)
        if text:
            self.keep(name, arguments, text)
        return text

    def keep(self, name: str, arguments: Arguments, text: str) -> None:
        """Keep the text of a call."""
        told = (f"{key}={in_words(value)} {figures(value)}" for key, value in arguments.items())
        self.values[name] = f"{mark(told)} {text}"

    def measure(self, arguments: Arguments) -> str:
        """Return the figures of a call's result, or what stands for them."""
        answer = self._call(arguments)
        text = _text(answer)
        if not text or text == RAISED:
            return text
        _litter(self.bench, answer)
        again = self._call(_rounded_otherwise(self.bench, arguments))
        if again.outcome not in ("returned", "raised"):
            return ""
        return UNSTABLE if figures_differ(text, _text(again)) else text

    def _call(self, arguments: Arguments) -> Answer:
        if self._ended >= _MOST_ENDED or self.bench.is_late():
            return Answer(outcome="inconclusive", error="late")
        answer = self.bench.run(arguments)
        self._ended += answer.outcome in ("crashed", "inconclusive")
        return answer


def _text(answer: Answer) -> str:
    if answer.returned:
        return figures(answer.value)
    return RAISED if answer.outcome == "raised" else ""


def _rounded_otherwise(bench: Bench, arguments: Arguments) -> Arguments:
    """Return the arguments with an image of floats that is changed by rounding.

    A result that this changes would be another one on a machine that rounds otherwise.
    """
    image = arguments.get(bench.main or "")
    if not isinstance(image, np.ndarray) or image.dtype.kind != "f":
        return arguments
    changes = 1 - _ROUNDING * np.random.default_rng(0).random(image.shape)
    return {**arguments, bench.main or "": (image * changes).astype(image.dtype)}


def _litter(bench: Bench, answer: Answer) -> None:
    """Leave memory behind that holds something, where results without content would be made."""
    for leaf in leaves(answer.value)[:4]:
        if leaf.size and leaf.dtype.kind in "biufc":
            litter: list[Any] = [np.full(leaf.shape, 85, leaf.dtype) for _ in range(3)]
            with suppress(Exception):  # a dtype, or a number of axes, that the memory doesn't hold
                litter += [bench.memory.give(array) for array in litter]
            del litter


class _Options:
    """The calls of one function with other options than the defaults."""

    def __init__(
        self,
        measurement: _Measurement,
        base: str,
        usual: str,
        arguments: Arguments,
        arrangement: Arrangement,
    ) -> None:
        self._measurement, self._base, self._usual = measurement, base, usual
        self._arguments, self._arrangement = arguments, arrangement
        self._left = _BUDGET
        self._alone: dict[str, str] = {}
        """The figures of each option alone, by its words."""

    def measure(self, words: Mapping[str, tuple[str, ...]]) -> None:
        """Measure each option alone, then those without an effect beside the others."""
        idle: list[Choice] = []
        partners: list[Choice] = []
        for parameter, value in self._choices(words):
            choice = parameter.name, value
            text = self._alone[_in_words(choice)] = self._measure(choice)
            returned = text not in ("", RAISED)
            if not returned or self._is_usual(text):
                idle.append(choice)
            if returned and isinstance(value, str | bool):
                partners.append(choice)
            if self._is_usual(text):
                text = f"={self._base}"
            self._keep(text, choice)
        # A listed value says more than a flag.
        partners.sort(key=lambda choice: isinstance(choice[1], bool))
        for choice in idle:
            self._beside(choice, [partner for partner in partners if partner[0] != choice[0]])

    def _beside(self, choice: Choice, partners: list[Choice]) -> None:
        """Find the first option beside which another one has an effect."""
        for partner in partners:
            text = self._measure(partner, choice)
            alone = self._alone[_in_words(partner)]
            if {text, alone}.isdisjoint(("", RAISED, UNSTABLE)) and figures_differ(alone, text):
                self._keep(text, partner, choice)
                return

    def _measure(self, *choices: Choice) -> str:
        self._left -= 1
        if self._left < 0:
            return ""
        return self._measurement.measure({**self._arguments, **dict(choices)})

    def _keep(self, text: str, *choices: Choice) -> None:
        if text:
            arguments = {**self._arguments, **dict(choices)}
            self._measurement.keep(", ".join(map(_in_words, choices)), arguments, text)

    def _is_usual(self, text: str) -> bool:
        return {text, self._usual}.isdisjoint(("", RAISED, UNSTABLE)) and not figures_differ(
            self._usual, text
        )

    def _choices(self, words: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Parameter, Any]]:
        """Yield the options to try, each with a value that isn't its default."""
        bench = self._measurement.bench
        for parameter in bench.parameters:
            role = bench.roles.get(parameter.name)
            if (
                parameter.default is None
                or parameter.name in self._arguments
                or parameter.kind.startswith("VAR_")
                or role in OUTPUT_ROLES
                or role in _KEPT
            ):
                continue
            for value in self._other_values(parameter, role, words.get(parameter.name, ())):
                yield parameter, value

    def _other_values(
        self, parameter: Parameter, role: str | None, words: tuple[str, ...]
    ) -> list[Any]:
        default = _default(parameter)
        type_ = parse(parameter.annotation)
        listed = [value for value in literal_values(type_) if value != default]
        if isinstance(default, bool):
            return [not default]
        if listed:
            return listed[:_MOST_WORDS]
        if isinstance(default, str) and "str" in names(type_):
            beside = [other.get(parameter.name) for other in table().beside.values()]
            known = dict.fromkeys((*filter(None, beside), *words))
            return [word for word in known if word != default][:_MOST_WORDS]
        if isinstance(default, int | float):
            return [_other_number(default)]
        if default is None:
            return self._instead_of_none(parameter, role)
        return []

    def _instead_of_none(self, parameter: Parameter, role: str | None) -> list[Any]:
        """Return a value for an option that is off by default, if its type tells which."""
        known = names(parse(parameter.annotation))
        if role in IMAGE_ROLES | WHOLE_ROLES or not known.isdisjoint(("int", "float")):
            arrangement = self._arrangement
            bench = self._measurement.bench
            return bench.candidates(parameter, arrangement, arrangement.main())[:1]
        return [True] if "bool" in known else []


def _default(parameter: Parameter) -> Any:
    try:
        return ast.literal_eval(parameter.default or "...")
    except (SyntaxError, ValueError):
        return ...


def _other_number(default: float) -> float:
    if isinstance(default, int):
        return default // 2 if default > 4 else default + 1
    if default == 0:
        return 1.0
    return default / 2 if default > 2 else default * 1.5


def _in_words(choice: Choice) -> str:
    name, value = choice
    return f"{name}={in_words(value)}"
