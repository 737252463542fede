"""Concludes from measurements how far a function looks: pointwise, locally, or at everything.

A measurement shows how far an element looks at least, so a formula is never smaller than any of
them. What doesn't fit makes the reach unknown: in doubt nothing is said.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from voxbind_build.classify.reach_fit import Formula, Sample, fit
from voxbind_build.classify.reach_forms import Kernel, Quantity, grouped, of_any_axis
from voxbind_build.model import (
    LARGEST_REACH,
    Contract,
    Description,
    DtypeFact,
    Observation,
    Reach,
    ReachTrial,
    ReachTrials,
    ResultKind,
)

__all__ = ["reach"]

_ARRAY = re.compile(r"array (\(.*\))")
_WITHOUT_AXES = frozenset(("scalar", "histogram", "table", "points"))
"""Kinds of results that aren't made of elements of the image."""
_UNKNOWN: Any = object()
"""Stands for an argument whose value isn't in the record."""


def reach(
    description: Description,
    observation: Observation,
    contract: Contract | None,
    result: ResultKind | tuple[ResultKind, ...],
    dtypes: Mapping[str, DtypeFact],
) -> Reach | None:
    """Conclude how far an element of a function's result looks.

    Parameters
    ----------
    description
        The function's parameters.
    observation
        What was measured.
    contract
        The images that it accepts.
    result
        The kind of its result.
    dtypes
        By dtype of the image, what is known of the result.

    Returns
    -------
    Reach or None
        None if that wasn't measured.
    """
    measured = observation.reach
    if measured is None:
        return None
    kinds = {result} if isinstance(result, str) else {*result}
    if kinds <= _WITHOUT_AXES:
        return _everything("its result has no elements at the places of the image's")
    if measured.failure:
        return _unknown(measured.failure)
    if measured.trials[0].elements is None:
        return _everything("elements depend on others farther away than a third of the image")
    if contract not in ("PURE_2D", "FLEXIBLE"):
        return _unknown(f"it is measured for images, and not for the contract {contract}")
    conclusion = _Conclusion(description, measured).reach(takes_volumes=contract == "FLEXIBLE")
    if conclusion.kind != "unknown" and _is_constant(dtypes):
        return _unknown("all elements of its results were equal, which says nothing about a reach")
    return conclusion


def _is_constant(dtypes: Mapping[str, DtypeFact]) -> bool:
    """Return whether no result has two different elements."""
    ranges = [fact.range for fact in dtypes.values() if fact.range is not None]
    return bool(ranges) and all(least == greatest for least, greatest in ranges)


def _everything(reason: str) -> Reach:
    return Reach(kind="everything", reason=reason, evidence="observed")


def _unknown(reason: str) -> Reach:
    return Reach(kind="unknown", reason=reason, evidence="observed")


class _Range(NamedTuple):
    """The numbers for which a formula is valid."""

    least: float
    most: float


class _Conclusion:
    """The conclusion from the trials of one function."""

    def __init__(self, description: Description, measured: ReachTrials) -> None:
        self._trials, self._images = measured.trials, measured.images
        self._volume = measured.volume
        defaults = {
            parameter.name: _value(parameter.default)
            for parameter in description.parameters
            if parameter.default is not None
        }
        usual = {name: _value(text) for name, text in measured.usual.items()}
        self._defaults, self._usual = defaults, {**defaults, **usual}
        self._required = {
            parameter.name
            for parameter in description.parameters
            if parameter.default is None and not parameter.kind.startswith("VAR_")
        }
        names = (name for trial in measured.trials if not trial.option for name in trial.changed)
        self._numbers = [name for name in dict.fromkeys(names) if self._takes_numbers(name)]

    def reach(self, *, takes_volumes: bool) -> Reach:
        """Return the conclusion."""
        quantities = [self._quantity(group) for group in grouped(self._numbers)]
        growing = [quantity for quantity in quantities if self._grows(quantity)]
        samples = [*self._samples(growing)]
        formula = fit(growing, samples, self._optional())
        if formula is None:
            return _unknown("no formula fits the measurements")
        of_formula = {name for quantity in formula.quantities for name in quantity.names}
        free: list[str] = []
        ranges: dict[str, _Range] = {}
        is_sure = formula.is_sure(samples)
        for quantity in quantities:
            valid = self._range(quantity, formula, is_sure=is_sure)
            is_part = not of_formula.isdisjoint(quantity.names)
            if is_part and valid is None:
                return _unknown(f"no formula fits what {quantity.text} does")
            if not is_part and not self._is_regular(quantity):
                return _unknown(f"it changes with {quantity.text} in no regular way")
            if valid is None or not (
                is_part or (quantity not in growing and not quantity.is_kernel)
            ):
                continue
            ranges |= dict.fromkeys(quantity.names, valid)
            free += () if is_part else quantity.names
        problem = self._problem(formula, takes_volumes=takes_volumes)
        if problem:
            return _unknown(problem)
        economies = {
            name
            for name, value in self._usual.items()
            if name in self._defaults
            and value != self._defaults[name]
            and name not in {*of_formula, *free, *self._images}
        }
        if economies:
            return _unknown(
                f"it wasn't measured with the default of {', '.join(sorted(economies))}"
            )
        accepted = self._accepted(formula, {*of_formula, *free})
        others = self._required - {*of_formula, *free, *accepted, *self._images}
        if others:
            return _unknown(f"it may depend on {', '.join(sorted(others))}")
        text = formula.text
        for quantity in formula.quantities:
            # Volumes are measured with the usual numbers: numbers of 0 don't show their axes.
            if takes_volumes and not any(self._usual.get(name) for name in quantity.names):
                text = of_any_axis(text, quantity)
        is_pointwise = not of_formula and formula.constant == 0
        return Reach(
            kind="pointwise" if is_pointwise else "local",
            formula="" if is_pointwise else text,
            parameters=accepted,
            free=tuple(sorted(free)),
            # Numbers below 0 make a formula negative, which is no reach.
            least={
                name: valid.least
                for name, valid in sorted(ranges.items())
                if valid.least > -math.inf and (valid.least or name in free)
            },
            most={
                name: valid.most for name, valid in sorted(ranges.items()) if valid.most < math.inf
            },
            per_axis=self._per_axis(formula),
            images=(*self._images, *self._other_images(formula)),
            evidence="observed",
        )

    # --- what the trials say ------------------------------------------------------------

    def _arguments(self, changed: Mapping[str, str], ndim: int = 2) -> dict[str, Any]:
        values = {name: _value(text) for name, text in changed.items()}
        return {**self._usual, **values, "ndim": ndim}

    def _takes_numbers(self, name: str) -> bool:
        values = [_value(t.changed[name]) for t in self._trials if name in t.changed]
        return not isinstance(next((v for v in values if v is not None), None), str | bool | None)

    def _quantity(self, names: tuple[str, ...]) -> Quantity:
        is_kernel = any(
            _ARRAY.match(trial.changed.get(names[0], "")) is not None for trial in self._trials
        )
        return Quantity(names, is_kernel)

    def _optional(self) -> set[str]:
        return {name for name in self._numbers if self._usual.get(name) is None}

    def _alone(self, quantity: Quantity) -> list[ReachTrial]:
        """Return the trials in which one quantity is changed, with the options that it needs."""
        others = {*self._numbers} - {*quantity.names}
        return [
            trial
            for trial in self._trials
            if not trial.option
            and not {*quantity.names}.isdisjoint(trial.changed)
            and not others & {name for name, text in trial.changed.items() if text != "-"}
        ]

    def _grows(self, quantity: Quantity) -> bool:
        usual = self._trials[0].elements or ()
        return any(
            trial.elements is not None
            and any(one > other for one, other in zip(trial.elements, usual, strict=True))
            for trial in self._alone(quantity)
        )

    def _samples(self, growing: Sequence[Quantity]) -> Iterator[Sample]:
        """Yield what was measured with numbers that make the reach larger.

        If a function works along one axis alone, the formula is that of this axis. It is valid for
        the other, too, and so doesn't depend on which of them it is.
        """
        names = {name for quantity in growing for name in quantity.names}
        seen = [t.elements for t in self._trials if t.elements is not None and not t.option]
        axes = [axis for axis in range(2) if any(elements[axis] for elements in seen)]
        for trial in self._trials:
            if trial.dtype or not trial.changed.keys() <= names or trial.elements is None:
                continue
            if _is_nonsense(trial) or _has_row(trial):
                continue
            arguments = self._arguments(trial.changed)
            given = frozenset(n for n, text in trial.changed.items() if text != "-")
            for axis in axes or range(2):
                yield Sample(arguments, axis, trial.elements[axis], given)

    def _range(self, quantity: Quantity, formula: Formula, *, is_sure: bool) -> _Range | None:
        """Return the numbers for which the formula is valid; None if there are none.

        A number that is part of the formula must be valid up to the largest that was tried. One
        that isn't part of it, but has an effect, is valid as far as it was tried.
        """
        trials = [trial for trial in self._alone(quantity) if not _has_row(trial)]
        if quantity.is_kernel:
            holds = all(self._holds(trial, formula) for trial in trials)
            return _Range(-math.inf, math.inf) if holds else None
        usual = self._usual.get(quantity.names[0])
        good = [usual] if isinstance(usual, int | float) else []
        bad: list[float] = []
        has_effect = False
        for trial in trials:
            number = _value(trial.changed[quantity.names[0]])
            (good if self._holds(trial, formula) else bad).append(number)
            has_effect = has_effect or (number != 0 and trial.elements != self._trials[0].elements)
        is_part = quantity in formula.quantities
        if not good or (is_part and bad and (max(bad) > 0 or max(bad) >= min(good))):
            return None
        if bad and not is_part:
            middle = usual if isinstance(usual, int | float) else good[0]
            lowest = max((number for number in bad if number < middle), default=-math.inf)
            highest = min((number for number in bad if number > middle), default=math.inf)
            good = [number for number in good if lowest < number < highest]
        is_limited = not is_sure if is_part else has_effect or bool(bad)
        is_counted = all(isinstance(number, int) for number in good) and min(good) >= 1
        has_least = is_limited or bool(bad) or (is_counted if is_part else min(good) >= 0)
        return _Range(
            float(min(good)) if has_least else -math.inf,
            float(max(good)) if is_limited else math.inf,
        )

    def _holds(self, trial: ReachTrial, formula: Formula, ndim: int = 2) -> bool:
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

    def _is_regular(self, quantity: Quantity) -> bool:
        """Return whether more than was measured is needed only for numbers beyond those measured.

        If a threshold makes elements look at the entire image, that may happen with others too.
        """
        trials = [
            (number, trial.elements)
            for trial in self._alone(quantity)
            if isinstance(number := _value(trial.changed[quantity.names[0]]), int | float)
        ]
        endless = [number for number, elements in trials if elements is None and number > 0]
        if not endless:
            return True
        usual = max(self._trials[0].elements or (0,))
        return any(
            elements is not None and max(elements) >= usual + 4 and number < min(endless)
            for number, elements in trials
        ) and all(elements is None for number, elements in trials if number > min(endless))

    def _problem(self, formula: Formula, *, takes_volumes: bool) -> str:
        """Return what contradicts the formula, in words."""
        for trial in self._trials:
            if trial.dtype and not self._holds(trial, formula):
                return f"it is another one for images of {trial.dtype}"
        if takes_volumes and (self._volume is None or not self._holds(self._volume, formula, 3)):
            return "it is another one for volumes, or couldn't be measured for them"
        return ""

    # --- options ------------------------------------------------------------------------

    def _accepted(
        self, formula: Formula, resolved: set[str]
    ) -> dict[str, tuple[bool | int | float | str | None, ...]]:
        accepted: dict[str, list[Any]] = {}
        for name, text in self._held_options(formula):
            value = _value(text)
            if isinstance(value, bool | int | float | str | None):
                accepted.setdefault(name, []).append(value)
        for name in accepted.keys() & self._defaults.keys():
            accepted[name].insert(0, self._defaults[name])
        for name in self._required - resolved - {*self._images}:
            value = self._usual.get(name, _UNKNOWN)
            if isinstance(value, bool | int | float | str) and name not in accepted:
                accepted[name] = [value]
            elif name in accepted:
                accepted[name].insert(0, value)
        return {name: tuple(dict.fromkeys(values)) for name, values in sorted(accepted.items())}

    def _other_images(self, formula: Formula) -> list[str]:
        names = {name for name, text in self._held_options(formula) if _ARRAY.match(text)}
        return sorted(names - {*self._images})

    def _held_options(self, formula: Formula) -> Iterator[tuple[str, str]]:
        """Yield the options, with the values, for which all trials agree with the formula.

        A trial in which no element looks at another one doesn't say anything about an option.
        """
        trials = [trial for trial in self._trials if trial.option]
        is_local = any(self._trials[0].elements or ())
        for name, text in dict.fromkeys((t.option, t.changed[t.option]) for t in trials):
            with_it = [t for t in trials if (t.option, t.changed[t.option]) == (name, text)]
            tells = not is_local or any(any(trial.elements or ()) for trial in with_it)
            if tells and all(self._holds(trial, formula) for trial in with_it):
                yield name, text

    def _per_axis(self, formula: Formula) -> tuple[str, ...]:
        """Return the parameters of which a number for each axis was seen to count."""
        names: list[str] = []
        for quantity in formula.quantities:
            if len(quantity.names) == 1 and not quantity.is_kernel:
                rows = [
                    trial
                    for trial in self._alone(quantity)
                    if isinstance(_value(trial.changed[quantity.names[0]]), tuple)
                ]
                if rows and all(self._holds(t, formula) and any(t.elements or ()) for t in rows):
                    names += quantity.names
        return tuple(sorted(names))


def _has_row(trial: ReachTrial) -> bool:
    """Return whether an argument has a number for each axis."""
    values = map(_value, trial.changed.values())
    return any(isinstance(value, tuple) and not isinstance(value, Kernel) for value in values)


def _is_nonsense(trial: ReachTrial) -> bool:
    """Return whether a negative number makes a result that doesn't depend on any neighbour."""
    if trial.elements is None or any(trial.elements):
        return False
    numbers = [_value(text) for text in trial.changed.values()]
    return any(isinstance(number, int | float) and number < 0 for number in numbers)


def _value(text: str | None) -> Any:
    """Return an argument of a trial: a literal, or the shape of an array."""
    if text is None or text == "-":
        return None
    match = _ARRAY.fullmatch(text)
    try:
        return Kernel(ast.literal_eval(match[1])) if match else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return _UNKNOWN
