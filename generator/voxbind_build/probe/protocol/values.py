"""Measures the values of results: of plain calls, and of calls with each option.

A new version may change a result and leave the signature as it is. Which options have an effect,
alone or beside another option, is measured.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from voxbind_build.common.figures import RAISED, UNSTABLE, figures_differ
from voxbind_build.probe.inputs.images import SIZES_OF_OBJECTS
from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol.bench import Arrangement, Bench, in_words
from voxbind_build.probe.protocol.figures import figures, mark
from voxbind_build.probe.protocol.option_values import default_value, option_values
from voxbind_build.probe.protocol.relations import leaves
from voxbind_build.probe.protocol.unwritten_memory import filled_memory

_BUDGET = 40
"""Calls with options for one function; each that returns is made twice."""
_MOST_ENDED = 2
"""Calls that may crash or be inconclusive; no other call is made after them."""
_ROUNDING = 1e-7
"""Relative change of an image that must not change a result: about the precision of float32."""
_BYTES = (0x55, 0xAA)
"""What memory is filled with before the two calls: what isn't written then differs."""
_OBJECTS = ("labels", "cells", "mask")
"""Contents of images that show objects."""
_NO_FIGURES = ("", RAISED, UNSTABLE)
"""Texts of calls without figures."""

Arguments = dict[str, Any]


def measure_values(
    bench: Bench,
    accepted: Sequence[Arrangement],
    words: Mapping[str, tuple[str, ...]],
    crashes: Collection[str] = (),
) -> dict[str, str]:
    """Measure the figures of a function's results.

    Parameters
    ----------
    bench : Bench
        The function.
    accepted : sequence of Arrangement
        How it can be called, for example with an image and with a volume. Options are added to the
        first call.
    words : dict
        By parameter, words that parameters of its name accept elsewhere.
    crashes : collection of str
        Dtypes of images that crash the function.

    Returns
    -------
    dict
        By call in words, a text that `voxbind_build.common.figures` describes. Results without
        numbers are left out.
    """
    measurement, base = _Measurement(bench), accepted[0]
    name = base.case.partition(" of ")[0] if bench.main else "plain call"
    plain = measurement.add(name, bench.compose(base, base.main()))
    if bench.sparing:
        return measurement.values
    for other in accepted[1:]:
        measurement.add(other.case.partition(" of ")[0], bench.compose(other, other.main()))
    in_uint8 = None
    if bench.main and "uint8" not in crashes and (integers := _in_uint8(base)):
        arguments = bench.compose(integers, integers.main())
        in_uint8 = measurement.add(f"{name} of uint8", arguments)
        in_uint8 = in_uint8._replace(prefix=f"{name} of uint8, ")
    if bench.main and (blocks := _blocks(accepted)):
        arguments = _without_economies(bench, bench.compose(blocks, blocks.main()))
        measurement.add("image of blocks", arguments)
    if plain.text not in _NO_FIGURES:
        choices = [*option_values(bench, base, words)]
        _Options(measurement).measure(plain, in_uint8, choices)
    return measurement.values


def _in_uint8(arrangement: Arrangement) -> Arrangement | None:
    """Return the arrangement of the same image in uint8, if it has another dtype."""
    if arrangement.dtype in ("uint8", "bool") or arrangement.content == "phase":
        return None
    return replace(arrangement, dtype="uint8")


def _blocks(accepted: Sequence[Arrangement]) -> Arrangement | None:
    """Return the arrangement of objects of round sizes, for a function of objects."""
    for arrangement in accepted:
        is_image = arrangement.ndim == 2 and not arrangement.channels
        if is_image and arrangement.content in _OBJECTS and arrangement.dtype[0] != "f":
            return replace(arrangement, content="blocks", size="roomy", choice=(), fills=False)
    return None


def _without_economies(bench: Bench, arguments: Arguments) -> Arguments:
    """Return the arguments without those whose default is the size of one of the objects."""
    limits = {
        entry.name
        for entry in bench.parameters
        if type(default := default_value(entry)) is int and default in SIZES_OF_OBJECTS
    }
    return {name: value for name, value in arguments.items() if name not in limits}


class _Call(NamedTuple):
    """A call that options can be added to."""

    name: str
    arguments: Arguments
    text: str
    """The figures of the result."""
    prefix: str = ""
    """What the names of calls with another option begin with."""
    option: str = ""
    """The parameter that isn't at its default, if any."""


class _Measurement:
    """The texts of one function's results. Each call that returns is made twice."""

    def __init__(self, bench: Bench) -> None:
        self.values: dict[str, str] = {}
        self._bench, self._ended = bench, 0

    def add(self, name: str, arguments: Arguments) -> _Call:
        """Make a call, and keep the text of its result."""
        text = self.measure(arguments)
        self.keep(name, arguments, text)
        return _Call(name, arguments, text)

    def keep(self, name: str, arguments: Arguments, text: str) -> None:
        """Keep the text of a result, if there is one."""
        if text:
            described = [f"{key}={in_words(arg)} {figures(arg)}" for key, arg in arguments.items()]
            self.values[name] = f"{mark(described)} {text}"

    def measure(self, arguments: Arguments) -> str:
        """Return the figures of a result, or the mark that stands for them."""
        with filled_memory(_BYTES[0]):
            answer = self._call(arguments)
        text = _text(answer)
        if text in _NO_FIGURES:
            return text
        _fill_free_memory(self._bench, answer)
        with filled_memory(_BYTES[1]):
            second = self._call(_differently_rounded(self._bench, arguments))
        if second.outcome == "inconclusive":
            return ""
        return UNSTABLE if figures_differ(text, _text(second)) else text

    def _call(self, arguments: Arguments) -> Answer:
        if self._ended >= _MOST_ENDED or self._bench.is_late():
            return Answer(outcome="inconclusive", error="late")
        answer = self._bench.run(arguments)
        self._ended += answer.outcome in ("crashed", "inconclusive")
        return answer


def _text(answer: Answer) -> str:
    if not answer.returned:
        return RAISED if answer.outcome in ("raised", "crashed") else ""
    try:
        return figures(answer.value)
    except Exception:  # an object whose attributes can't be read
        return ""


def _differently_rounded(bench: Bench, arguments: Arguments) -> Arguments:
    """Return the arguments with an image of floats that differs by rounding.

    If this changes the result, so does a machine that rounds differently.
    """
    image = arguments.get(bench.main or "")
    if not isinstance(image, np.ndarray) or image.dtype.kind != "f":
        return arguments
    factors = 1 - _ROUNDING * np.random.default_rng(0).random(image.shape)
    return {**arguments, bench.main or "": (image * factors).astype(image.dtype)}


def _fill_free_memory(bench: Bench, answer: Answer) -> None:
    """Fill memory of the result's size and free it.

    A function that returns memory without writing to it then returns something else.
    """
    for leaf in leaves(answer.value)[:4]:
        if leaf.size and leaf.dtype.kind in "biufc":
            arrays: list[Any] = [np.full(leaf.shape, 85, leaf.dtype) for _ in range(3)]
            with suppress(Exception):  # the memory lacks the dtype, or the number of axes
                arrays += [bench.memory.give(array) for array in arrays]
            del arrays


class _Options:
    """The calls of one function with options that aren't at their defaults."""

    def __init__(self, measurement: _Measurement) -> None:
        self._measurement, self._left = measurement, _BUDGET

    def measure(
        self, plain: _Call, in_uint8: _Call | None, choices: Sequence[tuple[str, Any]]
    ) -> None:
        """Measure each option alone, and those without an effect also beside other options.

        Parameters
        ----------
        plain, in_uint8 : _Call
            The call with all defaults, and the same with an image of integers, since options such
            as ``preserve_range`` have no effect on floats.
        choices : sequence of tuple
            Options, each with a value.
        """
        without_effect: list[tuple[str, Any]] = []
        partners: list[_Call] = []
        for option, value in choices:
            call = self._with_option(plain, option, value)
            if call.text == RAISED or _are_equal(plain.text, call.text):
                without_effect.append((option, value))
            if isinstance(value, str | bool) and call.text not in _NO_FIGURES:
                partners.append(call)
        # The values of listed options first: flags more rarely decide whether a number is used.
        partners.sort(key=lambda call: isinstance(call.arguments[call.option], bool))
        for option, value in without_effect:
            for partner in (in_uint8, *partners):
                if partner is not None and partner.option != option:
                    call = self._with_option(partner, option, value)
                    if not (call.text in _NO_FIGURES or _are_equal(partner.text, call.text)):
                        break

    def _with_option(self, call: _Call, option: str, value: Any) -> _Call:
        """Add an option to a call, and keep its figures, or that they are the same."""
        name = f"{call.prefix}{option}={in_words(value)}"
        arguments = {**call.arguments, option: value}
        self._left -= 1
        text = self._measurement.measure(arguments) if self._left >= 0 else ""
        if not (call.prefix and text == RAISED):
            is_same = _are_equal(call.text, text)
            self._measurement.keep(name, arguments, f"={call.name}" if is_same else text)
        return _Call(name, arguments, text, f"{name}, ", option)


def _are_equal(first: str, second: str) -> bool:
    return {first, second}.isdisjoint(_NO_FIGURES) and not figures_differ(first, second)
