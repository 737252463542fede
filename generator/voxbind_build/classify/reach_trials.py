"""Reads the trials of a function's reach: their arguments, and what each shows about a formula."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from voxbind_build.classify.reach_fit import Formula, Sample
from voxbind_build.classify.reach_forms import Kernel, Quantity, grouped
from voxbind_build.model import LARGEST_REACH, Description, ReachTrial, ReachTrials

__all__ = ["Trials", "argument"]

_ARRAY = re.compile(r"array (\(.*\))")
_UNKNOWN: Any = object()
"""Stands for an argument whose value isn't in the record."""


class Trials:
    """The trials of one function.

    Parameters
    ----------
    description
        The function's parameters.
    measured
        What was measured.
    """

    def __init__(self, description: Description, measured: ReachTrials) -> None:
        self.all, self.images, self.volume = measured.trials, measured.images, measured.volume
        self.usual_elements = measured.trials[0].elements
        self.defaults = {
            parameter.name: argument(parameter.default)
            for parameter in description.parameters
            if parameter.default is not None
        }
        usual = {name: argument(text) for name, text in measured.usual.items()}
        self.usual = {**self.defaults, **usual}
        """The arguments of the first trial, by parameter."""
        self.required = {
            parameter.name
            for parameter in description.parameters
            if parameter.default is None and not parameter.kind.startswith("VAR_")
        }
        names = (name for trial in self.all if not trial.option for name in trial.changed)
        self.numbers = [name for name in dict.fromkeys(names) if self._takes_numbers(name)]
        """The parameters whose numbers, or whose arrays' lengths, were changed."""
        self.quantities = [
            Quantity(names, self._is_kernel(names[0])) for names in grouped(self.numbers)
        ]
        """The same, with the parameters for x, y and z together."""

    def optional(self) -> set[str]:
        """Return the parameters among them that may be None."""
        return {name for name in self.numbers if self.usual.get(name) is None}

    def alone(self, quantity: Quantity) -> list[ReachTrial]:
        """Return the trials in which one quantity is changed, with the options that it needs."""
        others = {*self.numbers} - {*quantity.names}
        return [
            trial
            for trial in self.all
            if not trial.option
            and not {*quantity.names}.isdisjoint(trial.changed)
            and not others & {name for name, text in trial.changed.items() if text != "-"}
        ]

    def grows(self, quantity: Quantity) -> bool:
        """Return whether the reach was larger with other numbers than with the usual ones."""
        usual = self.usual_elements or ()
        return any(
            trial.elements is not None
            and any(one > other for one, other in zip(trial.elements, usual, strict=True))
            for trial in self.alone(quantity)
        )

    def samples(self, growing: Sequence[Quantity]) -> Iterator[Sample]:
        """Yield what was measured with numbers that make the reach larger.

        If a function works along one axis alone, the formula is that of this axis. It is valid for
        the other, too, and so doesn't depend on which of them it is.
        """
        names = {name for quantity in growing for name in quantity.names}
        seen = [t.elements for t in self.all if t.elements is not None and not t.option]
        axes = [axis for axis in range(2) if any(elements[axis] for elements in seen)]
        for trial in self.all:
            if trial.elements is None or not _is_sample(trial, names):
                continue
            arguments = self._arguments(trial.changed)
            given = frozenset(n for n, text in trial.changed.items() if text != "-")
            for axis in axes or range(2):
                yield Sample(arguments, axis, trial.elements[axis], given)

    def holds(self, trial: ReachTrial, formula: Formula, ndim: int = 2) -> bool:
        """Return whether a formula is as large as what a trial shows."""
        arguments = self._arguments(trial.changed, ndim)
        if trial.elements is None:
            values = [formula.value(arguments, axis) or 0 for axis in range(ndim)]
            return ndim == 2 and max(values) > LARGEST_REACH[ndim]
        if _is_nonsense(trial):
            return True
        return all(
            formula.covers(Sample(arguments, axis, elements, frozenset()))
            for axis, elements in enumerate(trial.elements)
        )

    def held_options(self, formula: Formula) -> Iterator[tuple[str, str]]:
        """Yield the options, with the values, for which all trials agree with the formula.

        A trial in which no element looks at another one doesn't say anything about an option.
        """
        trials = [trial for trial in self.all if trial.option]
        is_local = any(self.usual_elements or ())
        for name, text in dict.fromkeys((t.option, t.changed[t.option]) for t in trials):
            with_it = [t for t in trials if (t.option, t.changed[t.option]) == (name, text)]
            tells = not is_local or any(any(trial.elements or ()) for trial in with_it)
            if tells and all(self.holds(trial, formula) for trial in with_it):
                yield name, text

    def _arguments(self, changed: Mapping[str, str], ndim: int = 2) -> dict[str, Any]:
        values = {name: argument(text) for name, text in changed.items()}
        return {**self.usual, **values, "ndim": ndim}

    def _takes_numbers(self, name: str) -> bool:
        values = [argument(t.changed[name]) for t in self.all if name in t.changed]
        return not isinstance(next((v for v in values if v is not None), None), str | bool | None)

    def _is_kernel(self, name: str) -> bool:
        return any(is_array(trial.changed.get(name, "")) for trial in self.all)


def argument(text: str | None) -> Any:
    """Return an argument of a trial: a literal, or the shape of an array."""
    if text is None or text == "-":
        return None
    match = _ARRAY.fullmatch(text)
    try:
        return Kernel(ast.literal_eval(match[1])) if match else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return _UNKNOWN


def is_array(text: str) -> bool:
    """Return whether an argument of a trial is an array."""
    return _ARRAY.match(text) is not None


def has_row(trial: ReachTrial) -> bool:
    """Return whether an argument has a number for each axis."""
    values = map(argument, trial.changed.values())
    return any(isinstance(value, tuple) and not isinstance(value, Kernel) for value in values)


def _is_sample(trial: ReachTrial, names: set[str]) -> bool:
    """Return whether a trial changes nothing but numbers of some parameters."""
    is_of_them = not trial.dtype and trial.changed.keys() <= names
    return is_of_them and not _is_nonsense(trial) and not has_row(trial)


def _is_nonsense(trial: ReachTrial) -> bool:
    """Return whether a negative number makes a result that doesn't depend on any neighbour."""
    if trial.elements is None or any(trial.elements):
        return False
    numbers = [argument(text) for text in trial.changed.values()]
    return any(isinstance(number, int | float) and number < 0 for number in numbers)
