"""Concludes from measurements how far a function looks: pointwise, locally, or at everything.

A measurement shows how far an element looks at least, so a formula is never smaller than any of
them. What doesn't fit makes the reach unknown: in doubt nothing is said.
"""

from __future__ import annotations

import math
from typing import Any

from voxbind_build.classify.reach_fit import Formula, fit
from voxbind_build.classify.reach_forms import of_any_axis
from voxbind_build.classify.reach_numbers import Range, valid_numbers
from voxbind_build.classify.reach_trials import Trials, argument, is_array
from voxbind_build.model import Contract, Description, Observation, Reach, ResultKind

__all__ = ["reach"]

_WITHOUT_AXES = frozenset(("scalar", "histogram", "table", "points"))
"""Kinds of results that aren't made of elements of the image."""


def reach(
    description: Description,
    observation: Observation,
    contract: Contract | None,
    result: ResultKind | tuple[ResultKind, ...],
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
        return _everything("the result has no element for each element of the image")
    if measured.failure:
        return _unknown(measured.failure)
    if measured.trials[0].elements is None:
        return _everything("elements depend on others farther away than a third of the image")
    if contract not in ("PURE_2D", "FLEXIBLE"):
        return _unknown(f"it is measured for images, and not for the contract {contract}")
    return _conclusion(Trials(description, measured), takes_volumes=contract == "FLEXIBLE")


def _everything(reason: str) -> Reach:
    return Reach(kind="everything", reason=reason, evidence="observed")


def _unknown(reason: str) -> Reach:
    return Reach(kind="unknown", reason=reason, evidence="observed")


def _conclusion(trials: Trials, *, takes_volumes: bool) -> Reach:
    """Conclude from trials in which no element looked at everything."""
    growing = [quantity for quantity in trials.quantities if trials.grows(quantity)]
    samples = [*trials.samples(growing)]
    formula = fit(growing, samples, trials.optional())
    if formula is None:
        return _unknown("no formula fits the measurements")
    numbers = valid_numbers(trials, formula, growing, is_sure=formula.is_sure(samples))
    if numbers.problem:
        return _unknown(numbers.problem)
    resolved = formula.names | {*numbers.free}
    accepted = _accepted(trials, formula, resolved)
    problem = (
        _contradiction(trials, formula, takes_volumes=takes_volumes)
        or _cheaper_than_the_default(trials, resolved)
        or _never_changed(trials, resolved | accepted.keys())
    )
    if problem:
        return _unknown(problem)
    is_pointwise = not formula.quantities and formula.constant == 0
    return Reach(
        kind="pointwise" if is_pointwise else "local",
        formula="" if is_pointwise else _text(trials, formula, takes_volumes=takes_volumes),
        parameters=accepted,
        free=tuple(sorted(numbers.free)),
        least=_least(numbers.ranges, numbers.free),
        most={
            n: valid.most for n, valid in sorted(numbers.ranges.items()) if valid.most < math.inf
        },
        per_axis=_per_axis(trials, formula),
        images=(*trials.images, *_other_images(trials, formula)),
        evidence="observed",
    )


# --- what contradicts a formula ---------------------------------------------------------


def _contradiction(trials: Trials, formula: Formula, *, takes_volumes: bool) -> str:
    """Return the images to which the formula doesn't apply, in words; empty if it does to all."""
    for trial in trials.all:
        if trial.dtype and not trials.holds(trial, formula):
            return f"it is another one for images of {trial.dtype}"
    volume = trials.volume
    if takes_volumes and (volume is None or not trials.holds(volume, formula, 3)):
        return "it is another one for volumes, or couldn't be measured for them"
    return ""


def _cheaper_than_the_default(trials: Trials, resolved: set[str]) -> str:
    """Return the parameters that were measured with less than their default, in words."""
    cheaper = {
        name
        for name, value in trials.usual.items()
        if name in trials.defaults
        and value != trials.defaults[name]
        and name not in {*resolved, *trials.images}
    }
    return f"it wasn't measured with the default of {', '.join(sorted(cheaper))}" if cheaper else ""


def _never_changed(trials: Trials, known: set[str]) -> str:
    """Return the required parameters of which only one argument was tried, in words."""
    others = trials.required - known - {*trials.images}
    return f"it may depend on {', '.join(sorted(others))}" if others else ""


# --- the parts of the conclusion --------------------------------------------------------


def _text(trials: Trials, formula: Formula, *, takes_volumes: bool) -> str:
    text = formula.text
    for quantity in formula.quantities:
        # Volumes are measured with the usual numbers: numbers of 0 don't show their axes.
        if takes_volumes and not any(trials.usual.get(name) for name in quantity.names):
            text = of_any_axis(text, quantity)
    return text


def _least(ranges: dict[str, Range], free: tuple[str, ...]) -> dict[str, float]:
    """Return the smallest number by parameter.

    Numbers below 0 make a formula negative, which is no reach.
    """
    return {
        name: valid.least
        for name, valid in sorted(ranges.items())
        if valid.least > -math.inf and (valid.least or name in free)
    }


def _accepted(
    trials: Trials, formula: Formula, resolved: set[str]
) -> dict[str, tuple[bool | int | float | str | None, ...]]:
    """Return the values of the options for which the formula holds."""
    accepted: dict[str, list[Any]] = {}
    for name, text in trials.held_options(formula):
        value = argument(text)
        if isinstance(value, bool | int | float | str | None):
            accepted.setdefault(name, []).append(value)
    for name in accepted.keys() & trials.defaults.keys():
        accepted[name].insert(0, trials.defaults[name])
    for name in trials.required - resolved - {*trials.images}:
        value = trials.usual.get(name)
        if isinstance(value, bool | int | float | str):
            accepted.setdefault(name, []).insert(0, value)
    return {name: tuple(dict.fromkeys(values)) for name, values in sorted(accepted.items())}


def _other_images(trials: Trials, formula: Formula) -> list[str]:
    names = {name for name, text in trials.held_options(formula) if is_array(text)}
    return sorted(names - {*trials.images})


def _per_axis(trials: Trials, formula: Formula) -> tuple[str, ...]:
    """Return the parameters of which a number for each axis was seen to count."""
    names: list[str] = []
    for quantity in formula.quantities:
        if len(quantity.names) == 1 and not quantity.is_kernel:
            rows = [
                trial
                for trial in trials.alone(quantity)
                if isinstance(argument(trial.changed[quantity.names[0]]), tuple)
            ]
            if rows and all(trials.holds(t, formula) and any(t.elements or ()) for t in rows):
                names += quantity.names
    return tuple(sorted(names))
