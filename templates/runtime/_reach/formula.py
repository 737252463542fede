"""Formulas for a reach, such as ``int(truncate * sigma + 0.5)``.

A formula is evaluated for one axis of the image. It consists of numbers, parameters, parentheses,
``+ - * / //``, and these functions:

``int(x)``, ``ceil(x)``, ``abs(x)``, ``max(x, y, ...)``
    As in Python.
``half(parameter)``, ``half(parameter, otherwise)``
    Half the length of an array along the axis, rounded down: the half-width of a footprint. The
    second argument applies if the array is None.
``along(z, y, x)``
    The parameter for the axis, of those that have the axis in their name: the last one for the last
    axis.

The text is read as a syntax tree, and nothing in it is executed.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from operator import index
from typing import Any, NamedTuple

__all__ = ["Axis", "FormulaError", "evaluate", "parameters_of"]

_LONGEST = 200
"""Most characters of a formula."""
_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
    ast.FloorDiv: lambda one, other: one // other,
}
_OF_ONE: Mapping[str, Callable[[float], float]] = {"int": int, "ceil": math.ceil, "abs": abs}
_FUNCTIONS = frozenset((*_OF_ONE, "max", "half", "along"))


class FormulaError(ValueError):
    """A formula, or an argument in it, from which no reach follows."""


class Axis(NamedTuple):
    """An axis of an image."""

    number: int
    """Its number, from 0."""
    ndim: int
    """How many axes the image has."""


def evaluate(
    formula: str,
    arguments: Mapping[str, Any],
    axis: Axis,
    per_axis: Collection[str] = (),
) -> float:
    """Return the value of a formula along an axis.

    Parameters
    ----------
    formula
        The formula.
    arguments
        The arguments of a call by parameter, with defaults.
    axis
        The axis of the image.
    per_axis
        Parameters whose argument may be a sequence with a number for each axis.

    Raises
    ------
    FormulaError
        If the formula is none, or if an argument isn't a finite number, or an array for `half`.
    """
    return _Evaluation(arguments, axis, per_axis).of(_parsed(formula))


def parameters_of(formula: str) -> tuple[str, ...]:
    """Return the parameters in a formula, sorted.

    Raises
    ------
    FormulaError
        If the text can't be read as a formula.
    """
    names = {node.id for node in ast.walk(_parsed(formula)) if isinstance(node, ast.Name)}
    return tuple(sorted(names - _FUNCTIONS))


@lru_cache(maxsize=1024)
def _parsed(formula: str) -> ast.expr:
    if len(formula) > _LONGEST:
        raise FormulaError(f"the formula has more than {_LONGEST} characters")
    try:
        return ast.parse(formula, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"{formula!r} isn't a formula") from None


class _Evaluation:
    """The value of a formula for given arguments along an axis."""

    def __init__(self, arguments: Mapping[str, Any], axis: Axis, per_axis: Collection[str]) -> None:
        self._arguments, self._axis, self._per_axis = arguments, axis, per_axis

    def of(self, node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return _finite(number, "a number of the formula")
            case ast.Name(id=name):
                return self._number(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.of(operand)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATIONS:
                return self._operation(_OPERATIONS[type(operator)], left, right)
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
                return self._call(function, arguments)
            case _:
                raise FormulaError(f"{ast.unparse(node)} can't be part of a formula")

    def _operation(
        self, operation: Callable[[float, float], float], left: ast.expr, right: ast.expr
    ) -> float:
        try:
            return _finite(operation(self.of(left), self.of(right)), "the result")
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, FormulaError):
                raise
            raise FormulaError(f"the formula can't be computed: {error}") from None

    def _call(self, function: str, arguments: list[ast.expr]) -> float:
        match function, arguments:
            case "half", [ast.Name(id=name), *otherwise] if len(otherwise) <= 1:
                return self._half(name, otherwise)
            case "along", [*names] if self._axis.ndim <= len(names):
                return self.of(names[self._axis.number - self._axis.ndim])
            case "max", [_, _, *_]:
                return max(map(self.of, arguments))
            case _, [argument] if function in _OF_ONE:
                return _OF_ONE[function](self.of(argument))
            case _:
                axes = self._axis.ndim
                raise FormulaError(f"{function}() can't be part of a formula for {axes} axes")

    def _half(self, name: str, otherwise: list[ast.expr]) -> float:
        value = self._argument(name)
        if value is None and otherwise:
            return self.of(otherwise[0])
        lengths = _shape(value)
        if len(lengths) != self._axis.ndim:
            raise FormulaError(f"{name} isn't an array with {self._axis.ndim} axes")
        return lengths[self._axis.number] // 2

    def _number(self, name: str) -> float:
        value = self._argument(name)
        entries = entries_of(value)
        if entries is not None:
            if name not in self._per_axis or len(entries) != self._axis.ndim:
                raise FormulaError(f"{name} isn't one number")
            value = entries[self._axis.number]
        return _finite(as_number(value), name)

    def _argument(self, name: str) -> Any:
        try:
            return self._arguments[name]
        except KeyError:
            raise FormulaError(f"{name} isn't known") from None


def as_number(value: Any) -> float | None:
    """Return an argument as an int or a float; None if it is anything else.

    Parameters
    ----------
    value
        A number of Python or NumPy, or an array without axes.
    """
    if isinstance(value, bool) or getattr(value, "shape", ()) != ():
        return None
    if isinstance(value, int | float):
        return value
    try:
        return index(value)
    except (TypeError, ValueError):
        pass
    if str(getattr(value, "dtype", "")).startswith("float"):
        try:
            return float(value)
        except (TypeError, ValueError):
            pass
    return None


def _finite(value: float | None, name: str) -> float:
    try:
        if value is not None and math.isfinite(value):
            return value
    except OverflowError:
        pass
    raise FormulaError(f"{name} isn't a finite number")


def entries_of(value: Any) -> list[Any] | None:
    """Return the entries of a sequence of numbers; None if the argument isn't a sequence."""
    if _is_sequence(value):
        return [*value]
    if isinstance(getattr(value, "shape", None), tuple) and len(value.shape) == 1:
        return [value[place] for place in range(len(value))]
    return None


def _shape(value: Any) -> tuple[int, ...]:
    """Return the shape of an array or of nested lists of numbers; empty for anything else.

    Sequences of arrays are footprints that are applied one after the other.
    """
    if isinstance(getattr(value, "shape", None), tuple):
        shape: tuple[Any, ...] = (*value.shape,)
        return shape if all(isinstance(length, int) for length in shape) else ()
    lengths: list[int] = []
    inner: Any = value
    while _is_sequence(inner):
        lengths.append(len(inner))
        inner = inner[0] if lengths[-1] else None
    return tuple(lengths) if getattr(inner, "shape", ()) == () else ()


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list | tuple)
