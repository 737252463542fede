"""Measures the values of results: of plain calls, and of calls with each option.

So a result that changed is noticed although the signature is as it was. Which options matter, alone
or beside another, is measured.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

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
_OBJECTS = ("labels", "cells", "mask")
"""Contents of images that are objects."""
_KEPT = ("generator", "channels")
"""Roles of options that stay as they are."""

_NO_FIGURES = ("", RAISED, UNSTABLE)
"""Texts of calls whose result has no figures."""

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
    name = base.case.partition(" of ")[0] if bench.main else "plain call"
    plain = measurement.add(name, bench.compose(base, base.main()))
    if bench.sparing:
        return measurement.values
    for other in taken[1:]:
        measurement.add(other.case.partition(" of ")[0], bench.compose(other, other.main()))
    in_uint8 = None
    if bench.main and (integers := _in_uint8(base)):
        arguments = bench.compose(integers, integers.main())
        in_uint8 = measurement.add(f"{name} of uint8", arguments)
        in_uint8 = in_uint8._replace(prefix=f"{name} of uint8, ")
    if bench.main and (blocks := _blocks(taken)):
        own_limits = _with_own_limits(bench, bench.compose(blocks, blocks.main()))
        measurement.add("image of blocks", own_limits)
    if plain.text not in _NO_FIGURES:
        _Options(measurement, base).measure(plain, in_uint8, words)
    return measurement.values


def _in_uint8(arrangement: Arrangement) -> Arrangement | None:
    """Return how to give the same image in another dtype."""
    if arrangement.dtype in ("uint8", "bool") or arrangement.content == "phase":
        return None
    return replace(arrangement, dtype="uint8")


def _blocks(taken: Sequence[Arrangement]) -> Arrangement | None:
    """Return how to give objects of round sizes, to a function that is given objects."""
    for arrangement in taken:
        is_image = arrangement.ndim == 2 and not arrangement.channels
        if is_image and arrangement.content in _OBJECTS and arrangement.dtype[0] != "f":
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


class _Call(NamedTuple):
    """A call that options are added to."""

    name: str
    arguments: Arguments
    text: str
    """Of its result."""
    prefix: str = ""
    """How the names of calls begin that add an option to it."""
    parameter: str = ""
    """The option that isn't at its default, if one isn't."""


class _Measurement:
    """Calls of one function, and the texts of their results. What returns is called twice."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.values: dict[str, str] = {}
        self._ended = 0

    def add(self, name: str, arguments: Arguments) -> _Call:
        """Make a call, and keep the text of its result if there is one."""
        text = self.measure(arguments)
        if text:
            self.keep(name, arguments, text)
        return _Call(name, arguments, text)

    def keep(self, name: str, arguments: Arguments, text: str) -> None:
        """Keep the text of a call."""
        told = (f"{key}={in_words(value)} {figures(value)}" for key, value in arguments.items())
        self.values[name] = f"{mark(told)} {text}"

    def measure(self, arguments: Arguments) -> str:
        """Return the figures of a call's result, or what stands for them."""
        answer = self._call(arguments)
        text = _text(answer)
        if text in _NO_FIGURES:
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

    def __init__(self, measurement: _Measurement, arrangement: Arrangement) -> None:
        self._measurement, self._arrangement = measurement, arrangement
        self._left = _BUDGET

    def measure(
        self, plain: _Call, in_uint8: _Call | None, words: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Measure each option alone, then those without an effect beside the others.

        Parameters
        ----------
        plain, in_uint8 : _Call
            The call with all defaults, and that with an image of integers: options such as
            ``preserve_range`` have no effect on floats.
        words : dict
            See `measure_values`.
        """
        idle: list[Choice] = []
        partners: list[_Call] = []
        for choice in self._choices(plain.arguments, words):
            call = self._measure(plain, choice)
            if call.text == RAISED or _are_equal(plain.text, call.text):
                idle.append(choice)
            if isinstance(choice[1], str | bool) and call.text not in _NO_FIGURES:
                partners.append(call)
        # A listed value says more than a flag.
        partners.sort(key=lambda call: isinstance(call.arguments[call.parameter], bool))
        for choice in idle:
            for partner in (in_uint8, *partners):
                if partner is not None and partner.parameter != choice[0]:
                    call = self._measure(partner, choice)
                    if not (call.text in _NO_FIGURES or _are_equal(partner.text, call.text)):
                        break

    def _measure(self, call: _Call, choice: Choice) -> _Call:
        """Add an option to a call, and keep the text of the result, or that it is the same."""
        parameter, value = choice
        name = f"{call.prefix}{parameter}={in_words(value)}"
        arguments = {**call.arguments, parameter: value}
        self._left -= 1
        text = self._measurement.measure(arguments) if self._left >= 0 else ""
        if text and not (call.prefix and text == RAISED):
            is_same = _are_equal(call.text, text)
            self._measurement.keep(name, arguments, f"={call.name}" if is_same else text)
        return _Call(name, arguments, text, f"{name}, ", parameter)

    def _choices(
        self, arguments: Arguments, words: Mapping[str, tuple[str, ...]]
    ) -> Iterator[Choice]:
        """Yield the options to try, each with a value that isn't its default."""
        bench = self._measurement.bench
        for parameter in bench.parameters:
            role = bench.roles.get(parameter.name)
            if (
                parameter.default is None
                or parameter.name in arguments
                or parameter.kind.startswith("VAR_")
                or role in OUTPUT_ROLES
                or role in _KEPT
            ):
                continue
            for value in self._other_values(parameter, role, words.get(parameter.name, ())):
                yield parameter.name, value

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


def _are_equal(one: str, other: str) -> bool:
    return {one, other}.isdisjoint(_NO_FIGURES) and not figures_differ(one, other)


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
    return float(f"{default / 2 if default > 2 else default * 1.5:.6g}")
