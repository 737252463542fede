"""Tries undocumented kinds of arguments: lists, one number for all axes, further words.

Documentation may say "tuple" although any sequence is accepted, and "int" although fractions are
used unrounded. An argument counts as accepted only if the result shows that it was understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from voxbind_build.common.typeexpr import (
    arguments,
    head,
    literal_values,
    members,
    names,
    parse,
    walk,
)
from voxbind_build.model import OUTPUT_ROLES, WHOLE_ROLES, Parameter
from voxbind_build.probe.inputs.roles import table
from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.figures import figures
from voxbind_build.probe.protocol.option_values import default_value
from voxbind_build.probe.protocol.relations import close, leaves, same

_LARGEST = 20_000
"""Largest number of elements of an array that is passed as nested lists."""
_NONSENSE = "no such word"
_COLOUR = (0.25, 0.5, 0.75)
"""A sequence of three numbers."""
_RANGE = re.compile(r"range\((-?\d{1,4}(?:, ?-?\d{1,4}){0,1}(?:, ?-?[1-9]\d{0,3})?)\)")
"""A default such as ``range(1, 10, 2)``."""
_SHAPE = "whole shape"
"""The role of a parameter for the shape of the result."""


def lists(bench: Bench, arrangement: Arrangement) -> dict[str, bool]:
    """Pass each array as nested lists; return for which parameters the result stays the same."""
    return dict(_Trial(bench, arrangement).lists())


def also_accepts(
    bench: Bench, arrangement: Arrangement, words: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Return the undocumented kinds of arguments that each parameter accepts.

    Parameters
    ----------
    bench : Bench
        The function.
    arrangement : Arrangement
        An arrangement that the function accepts.
    words : dict
        By parameter name, words that other functions accept for parameters of this name.

    Returns
    -------
    dict
        By parameter name: ``list`` and ``array`` in place of a tuple, ``number`` in place of equal
        numbers in a tuple, ``sequence`` and ``array`` in place of a number for all axes, ``float``
        in place of an integer, ``complex`` with a complex image, and further words as literals.
    """
    trial = _Trial(bench, arrangement)
    found = {each.name: tuple(trial.takes(each, words.get(each.name, ()))) for each in trial.free}
    return {name: kinds for name, kinds in found.items() if kinds}


class _Trial:
    """Calls that differ in one argument."""

    def __init__(self, bench: Bench, arrangement: Arrangement) -> None:
        self.bench, self.arrangement = bench, arrangement
        self.arguments = bench.compose(arrangement, arrangement.main())
        self.ndim = arrangement.ndim
        self.usual = bench.run(self.arguments)
        self.free = [
            each
            for each in bench.parameters
            if each.name not in bench.arrays and not each.kind.startswith("VAR_")
        ]

    def call(self, name: str, value: Any) -> Answer:
        if self.bench.is_late():
            return Answer(outcome="inconclusive", error="late")
        return self.bench.run({**self.arguments, **self.beside(name), name: value})

    def beside(self, name: str) -> dict[str, Any]:
        """Return the options without which a parameter has no effect."""
        options = table().beside.get(name, {})
        return {name: value for name, value in options.items() if self.bench.parameter(name)}

    def lists(self) -> Iterator[tuple[str, bool]]:
        for entry in self.bench.parameters:
            role = self.bench.roles.get(entry.name)
            if entry.name not in self.bench.arrays or role in OUTPUT_ROLES:
                continue
            value, usual = self.arguments.get(entry.name), self.usual
            if value is None and entry.default == "None" and role in WHOLE_ROLES:
                value, usual = self.optional(entry)
            if isinstance(value, np.ndarray) and value.size <= _LARGEST and usual.returned:
                answer = self.call(entry.name, value.tolist())
                if answer.outcome != "inconclusive":
                    yield entry.name, _alike(answer, usual)

    def optional(self, entry: Parameter) -> tuple[Any, Answer]:
        """Return an array that an optional parameter accepts, and the outcome of that call."""
        main = self.arrangement.main()
        # One number for each column: an angle, for example.
        each = np.arange(1.0, main.shape[-1] + 1)
        for value in (*self.bench.candidates(entry, self.arrangement, main), each):
            if isinstance(value, np.ndarray) and (usual := self.call(entry.name, value)).returned:
                return value, usual
        return None, Answer(outcome="raised", error="not given")

    def takes(self, parameter: Parameter, words: tuple[str, ...]) -> Iterator[str]:
        if not self.usual.returned:
            return
        name = parameter.name
        value = self.arguments.get(name, _default(parameter))
        type_ = parse(parameter.annotation)
        known = [word for word in literal_values(type_) if isinstance(word, str)]
        if known and len(known) == len(literal_values(type_)):
            yield from self.words(name, known, words)
            if "Sequence" in names(type_):
                yield from self.row_of_words(name, known[0])
        elif _is_numbers(value):
            yield from self.of_sequence(name, value)
        elif _is_rows(value):
            yield from self.of_rows(name, value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if not isinstance(value, int) and names(type_).isdisjoint(("float", "complex")):
                yield "float"  # the accepted argument is a float
            yield from self.of_number(parameter, value)
        elif value is None:
            yield from self.of_nothing(parameter)
        elif isinstance(value, bool | str | tuple):
            yield from self.of_row(parameter)

    def of_sequence(self, name: str, value: tuple[Any, ...] | list[Any]) -> Iterator[str]:
        # A shape is understood if the result has it. Its values don't count, since they may be
        # uninitialised.
        alike = _shaped_alike if self.bench.roles.get(name) == _SHAPE else _alike
        usual = self.call(name, value)
        others = tuple(item + place for place, item in enumerate(value, 1))
        if alike(self.call(name, others), usual):
            return  # the parameter has no effect
        for kind, other in (("list", list(value)), ("array", np.array(value))):
            if alike(self.call(name, other), usual):
                yield kind
        one = (value[0],) * len(value)
        if alike(self.call(name, value[0]), self.call(name, one)):
            yield "number"

    def of_rows(self, name: str, value: tuple[Any, ...] | list[Any]) -> Iterator[str]:
        usual = self.call(name, value)
        others = [tuple(number + 1 for number in row) for row in value]
        has_effect = not _alike(self.call(name, others), usual)
        if has_effect and _alike(self.call(name, np.array(value)), usual):
            yield "array"

    def of_number(self, parameter: Parameter, value: float) -> Iterator[str]:
        name = parameter.name
        usual, larger = self.call(name, value), value + 1
        next_one = self.call(name, larger)
        if not next_one.returned:  # the length of a window has to be odd, for example
            larger = value + 2
            next_one = self.call(name, larger)
        has_effect = _differ(next_one, usual)
        if has_effect or names(parse(parameter.annotation)) & {"Sequence", "tuple"}:
            row = (larger,) * self.ndim
            given = self.call(name, row)
            # A tuple printed into a kernel's C source is a comma expression: a list is tried too.
            if has_effect and _alike(given, next_one) and _alike(self.call(name, [*row]), next_one):
                yield "sequence"
            is_read = has_effect or _differ(given, usual)
            if is_read and given.returned and _alike(self.call(name, np.array(row)), given):
                yield "array"
        if has_effect and isinstance(value, int) and larger == value + 1:
            between = self.call(name, value + 0.5)
            if _differ(between, usual) and _differ(between, next_one):
                yield "float"
        if self.takes_complex(name, value):
            yield "complex"

    def takes_complex(self, name: str, value: float) -> bool:
        main = self.arguments.get(self.bench.main or "")
        if main is None or main.dtype.kind != "f":
            return False
        image = {self.bench.main or "": main.astype(np.complex128)}
        if self.bench.is_late():
            return False
        arguments = {**self.arguments, **image, **self.beside(name)}
        answers = [
            self.bench.run({**arguments, name: number}) for number in (complex(value, 1), value)
        ]
        return _differ(*answers) and all(
            leaf.dtype.kind == "c" for leaf in leaves(answers[0].value)
        )

    def of_nothing(self, parameter: Parameter) -> Iterator[str]:
        """Try a parameter that is None by default with values of its documented type."""
        for value in self.stand_ins(parameter.annotation):
            if self.call(parameter.name, value).returned:
                if isinstance(value, tuple):
                    yield from self.of_sequence(parameter.name, value)
                else:
                    yield from self.of_number(parameter, value)
                return

    def of_row(self, parameter: Parameter) -> Iterator[str]:
        """Try a parameter that also takes numbers in a row, but has another default."""
        for value in self.stand_ins(parameter.annotation):
            if isinstance(value, tuple) and self.call(parameter.name, value).returned:
                yield from self.of_sequence(parameter.name, value)
                return

    def stand_ins(self, annotation: str) -> Iterator[Any]:
        """Yield values for a parameter whose default shows too little, from its type."""
        type_ = parse(annotation)
        rows = {
            head(arguments(node)[0])
            for node in walk(type_)
            if head(node) in ("tuple", "Sequence") and arguments(node)
        }
        if rows & {"int", "object"}:
            yield tuple(range(self.ndim))
            yield (3,) * self.ndim
        if "object" in rows:
            yield _COLOUR
        if "float" in rows:
            yield (1.0,) * self.ndim
        if head(members(type_)[0]) in ("int", "float"):
            yield 3

    def words(self, name: str, known: list[str], others: tuple[str, ...]) -> Iterator[str]:
        if self.call(name, _NONSENSE).outcome in ("returned", "inconclusive"):
            return  # the parameter has no effect, or that is unknown
        first = self.call(name, known[0])
        for change in (str.lower, str.upper):
            if change(known[0]) not in known and _alike(self.call(name, change(known[0])), first):
                changed = [word for word in map(change, known) if word not in known]
                yield from (repr(word) for word in changed if self.call(name, word).returned)
        for word in others:
            if word not in known and self.call(name, word).returned:
                yield repr(word)

    def row_of_words(self, name: str, word: str) -> Iterator[str]:
        row = [word] * self.ndim
        if _alike(self.call(name, np.array(row)), self.call(name, row)):
            yield "array"


def _default(parameter: Parameter) -> Any:
    """Return a parameter's default; the numbers of a range as a tuple."""
    if match := _RANGE.fullmatch(parameter.default or ""):
        return tuple(range(*map(int, match[1].split(","))))
    return default_value(parameter)


def _is_numbers(value: Any) -> bool:
    return (
        isinstance(value, tuple | list)
        and bool(value)
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    )


def _is_rows(value: Any) -> bool:
    """Return whether a value is a sequence of points: sequences of as many numbers each."""
    return (
        isinstance(value, tuple | list)
        and all(map(_is_numbers, value))
        and len({len(row) for row in value}) == 1
    )


def _alike(one: Answer, other: Answer) -> bool:
    """Return whether two calls returned the same."""
    if not (one.returned and other.returned):
        return False
    mine, others = leaves(one.value), leaves(other.value)
    if not mine or len(mine) != len(others):
        return same(one.value, other.value) and _figures(one) == _figures(other)
    return all(map(_equal, mine, others))


def _figures(answer: Answer) -> str:
    """Return the figures of an object that holds numbers, a sparse array for example."""
    try:
        return figures(answer.value)
    except Exception:  # an object whose attributes can't be read
        return ""


def _shaped_alike(one: Answer, other: Answer) -> bool:
    """Return whether two calls returned arrays of equal shapes and dtypes, or equal numbers."""
    if not (one.returned and other.returned):
        return False
    mine, others = ([(leaf.shape, leaf.dtype) for leaf in leaves(x.value)] for x in (one, other))
    return mine == others if all(shape for shape, _ in mine) and mine else _alike(one, other)


def _differ(one: Answer, other: Answer) -> bool:
    """Return whether two calls returned different results."""
    return one.returned and other.returned and not _alike(one, other)


def _equal(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    if one.dtype.kind in "biufc" and other.dtype.kind in "biufc":
        return close(one, other)
    return same(one, other)
