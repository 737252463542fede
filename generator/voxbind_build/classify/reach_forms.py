"""Terms of which formulas for a reach are made.

A term is a text in the language of `voxbind._reach.formula`, with the function that the text stands
for. Which of them fits a function is decided by measurements.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_FACTORS = (1, 2, 3, 4)
_SCALES = (0.5, 1, 1.6, 2, 3, 4, 5, 6, 8)
_HALVES = (0, 1, 2, 3, 4)
"""Half-widths of the footprint that a function uses if none is passed."""
_OF_AN_AXIS = re.compile(r"^(.*)_([xyz])$")


class Kernel(NamedTuple):
    """An argument that is an array, of which the shape counts."""

    shape: tuple[int, ...]


Arguments = Mapping[str, Any]
Value = Callable[[Arguments, int], float]
"""Takes the arguments and the number of an axis; raises a `TypeError` if a term doesn't apply."""


class Term(NamedTuple):
    """A part of a formula."""

    text: str
    value: Value


class Quantity(NamedTuple):
    """A parameter, or the parameters for x, y and z together."""

    names: tuple[str, ...]
    is_kernel: bool

    @property
    def text(self) -> str:
        """The quantity along an axis, as a formula has it."""
        if len(self.names) == 1:
            return self.names[0]
        return f"along({', '.join(self.names)})"

    def read(self, arguments: Arguments, axis: int) -> float:
        """Return the number along an axis."""
        name = self.names[0]
        if len(self.names) > 1:
            name = self.names[axis - arguments["ndim"]]
        value = arguments.get(name)
        if isinstance(value, tuple) and not isinstance(value, Kernel):
            value = value[axis]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        return value


def grouped(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Put the names of parameters for x, y and z together, in the order of the axes."""
    groups: dict[str, list[str]] = {}
    for name in names:
        match = _OF_AN_AXIS.match(name)
        groups.setdefault(f"{match[1]}_" if match else name, []).append(name)
    return [tuple(sorted(group, reverse=True)) for group in groups.values()]


def of_any_axis(text: str, quantity: Quantity) -> str:
    """Return a formula in which the largest of the numbers for x, y and z counts for each axis."""
    if len(quantity.names) == 1:
        return text
    largest = ", ".join(f"abs({name})" for name in quantity.names)
    return text.replace(f"abs({quantity.text})", f"max({largest})")


def terms(quantity: Quantity, *, is_optional: bool) -> Iterator[Term]:
    """Yield the terms with one quantity.

    Parameters
    ----------
    quantity
        The quantity.
    is_optional
        Whether it may be None: a footprint that isn't passed.
    """
    if quantity.is_kernel:
        for factor in _FACTORS:
            if is_optional:
                for half in _HALVES:
                    yield times(factor, half_of(quantity, Term(str(half), _constant(half))))
            else:
                yield times(factor, half_of(quantity, None))
        return
    yield from _of_number(quantity.text, quantity.read)


def terms_of_two(first: Quantity, second: Quantity, *, is_optional: bool) -> Iterator[Term]:
    """Yield the terms with two quantities that aren't a sum of terms with one.

    Parameters
    ----------
    first, second
        The quantities.
    is_optional
        Whether an array among them may be None.
    """
    if first.is_kernel and second.is_kernel:
        return
    if first.is_kernel or second.is_kernel:
        kernel, number = (first, second) if first.is_kernel else (second, first)
        for inner in _simple(number):
            if is_optional:
                for factor in _FACTORS:
                    yield times(factor, half_of(kernel, inner))
        for half in terms(kernel, is_optional=is_optional):
            yield _product(Term(number.text, number.read), half)
        return
    larger = f"max({first.text}, {second.text})"
    yield from _of_number(
        larger,
        lambda arguments, axis: max(first.read(arguments, axis), second.read(arguments, axis)),
    )
    text = f"{first.text} * {second.text}"
    yield from _of_number(
        text, lambda arguments, axis: first.read(arguments, axis) * second.read(arguments, axis)
    )
    for one, other in ((first, second), (second, first)):
        for half in _halves(other):
            yield _product(Term(one.text, one.read), Term(f"({half.text})", half.value))


def half_of(kernel: Quantity, otherwise: Term | None) -> Term:
    """Return the half-width of an array, or another term if the array is None."""
    [name] = kernel.names

    def value(arguments: Arguments, axis: int) -> float:
        array = arguments.get(name)
        if array is None and otherwise is not None:
            return otherwise.value(arguments, axis)
        if not isinstance(array, Kernel) or len(array.shape) != arguments["ndim"]:
            raise TypeError
        return array.shape[axis] // 2

    return Term(f"half({name})" if otherwise is None else f"half({name}, {otherwise.text})", value)


def times(factor: float, term: Term) -> Term:
    """Return a multiple of a term."""
    if factor == 1:
        return term
    return Term(f"{factor} * {term.text}", lambda a, axis: factor * term.value(a, axis))


def _product(number: Term, half: Term) -> Term:
    return Term(
        f"{number.text} * {half.text}",
        lambda a, axis: number.value(a, axis) * half.value(a, axis),
    )


def _constant(number: int) -> Value:
    return lambda arguments, axis: number


def _simple(number: Quantity) -> Iterator[Term]:
    yield from _halves(number)
    yield Term(number.text, number.read)
    yield Term(f"int({number.text})", lambda a, axis: int(number.read(a, axis)))


def _halves(number: Quantity) -> Iterator[Term]:
    yield Term(f"{number.text} // 2", lambda a, axis: number.read(a, axis) // 2)
    yield Term(f"({number.text} - 1) // 2", lambda a, axis: (number.read(a, axis) - 1) // 2)


def _of_number(text: str, read: Value) -> Iterator[Term]:
    inner = text if re.fullmatch(r"\w+|\w+\([^()]*\)", text) else f"({text})"
    for factor in _FACTORS:
        yield times(factor, Term(inner, read))
        yield times(factor, Term(f"abs({text})", lambda a, axis: abs(read(a, axis))))
        for half in (
            Term(f"{inner} // 2", lambda a, axis: read(a, axis) // 2),
            Term(f"({inner} - 1) // 2", lambda a, axis: (read(a, axis) - 1) // 2),
        ):
            yield half if factor == 1 else times(factor, Term(f"({half.text})", half.value))
        for scale in _SCALES:
            scaled = inner if scale == 1 else f"{scale} * {inner}"
            bare = text if scale == 1 else scaled
            for term in (
                Term(f"int({bare} + 0.5)", _rounded(read, scale, 0.5)),
                Term(f"ceil({bare})", _upwards(read, scale)),
                Term(f"int({bare})", _rounded(read, scale, 0.0)),
            ):
                yield times(factor, term)
    for numerator in (1, 2, 3, 4):
        for denominator in (2, 3, 5, 6):
            yield Term(
                f"int({numerator} * ({inner} - 1) / {denominator} + 0.5)",
                _of_one_less(read, numerator, denominator),
            )


def _rounded(read: Value, scale: float, more: float) -> Value:
    return lambda arguments, axis: int(scale * read(arguments, axis) + more)


def _upwards(read: Value, scale: float) -> Value:
    return lambda arguments, axis: math.ceil(scale * read(arguments, axis))


def _of_one_less(read: Value, numerator: int, denominator: int) -> Value:
    return lambda arguments, axis: int(numerator * (read(arguments, axis) - 1) / denominator + 0.5)
