"""Finds the numbers for which a formula of a reach is valid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from voxbind_build.classify.reach_fit import Formula
from voxbind_build.classify.reach_forms import Quantity
from voxbind_build.classify.reach_trials import Trials, argument, has_row
from voxbind_build.model import ReachTrial

__all__ = ["Numbers", "Range", "valid_numbers"]


class Range(NamedTuple):
    """The numbers of one parameter for which a formula is valid."""

    least: float
    most: float


class Numbers(NamedTuple):
    """What is known about the numbers of all parameters, or why a formula doesn't fit them."""

    ranges: dict[str, Range]
    free: tuple[str, ...]
    """The parameters that aren't part of the formula."""
    problem: str = ""


def valid_numbers(
    trials: Trials, formula: Formula, growing: Sequence[Quantity], *, is_sure: bool
) -> Numbers:
    """Find the numbers for which a formula is valid.

    Parameters
    ----------
    trials
        The function's trials.
    formula
        The formula that fits them.
    growing
        The quantities with which the reach grows.
    is_sure
        Whether the formula may be used for larger numbers than those that were measured.
    """
    ranges: dict[str, Range] = {}
    free: list[str] = []
    for quantity in trials.quantities:
        valid = _range(trials, quantity, formula, is_sure=is_sure)
        if not formula.names.isdisjoint(quantity.names):
            if valid is None:
                return Numbers({}, (), f"no formula fits what {quantity.text} does")
            ranges |= dict.fromkeys(quantity.names, valid)
            continue
        if not _is_regular(trials, quantity):
            return Numbers({}, (), f"it changes with {quantity.text} in no regular way")
        if valid is not None and quantity not in growing and not quantity.is_kernel:
            ranges |= dict.fromkeys(quantity.names, valid)
            free += quantity.names
    return Numbers(ranges, tuple(free))


def _range(trials: Trials, quantity: Quantity, formula: Formula, *, is_sure: bool) -> Range | None:
    """Return the numbers for which the formula is valid; None if there are none.

    A number that is part of the formula must be valid up to the largest that was tried. One that
    isn't part of it, but has an effect, is valid as far as it was tried.
    """
    alone = [trial for trial in trials.alone(quantity) if not has_row(trial)]
    if quantity.is_kernel:
        holds = all(trials.holds(trial, formula) for trial in alone)
        return Range(-math.inf, math.inf) if holds else None
    name = quantity.names[0]
    good, bad = _tried(trials, name, alone, formula)
    if not good:
        return None
    if quantity in formula.quantities:
        if bad and (max(bad) > 0 or max(bad) >= min(good)):
            return None
        is_limited = not is_sure
        is_counted = all(isinstance(number, int) for number in good) and min(good) >= 1
        has_least = is_limited or bool(bad) or is_counted
    else:
        good = _between(bad, good)
        is_limited = bool(bad) or _has_effect(trials, name, alone)
        has_least = is_limited or min(good) >= 0
    return Range(
        float(min(good)) if has_least else -math.inf,
        float(max(good)) if is_limited else math.inf,
    )


def _tried(
    trials: Trials, name: str, alone: Sequence[ReachTrial], formula: Formula
) -> tuple[list[float], list[float]]:
    """Return the numbers for which the formula holds, the usual one first, and the others."""
    usual = trials.usual.get(name)
    good, bad = ([usual] if isinstance(usual, int | float) else []), list[float]()
    for trial in alone:
        numbers = good if trials.holds(trial, formula) else bad
        numbers.append(argument(trial.changed[name]))
    return good, bad


def _between(bad: list[float], good: list[float]) -> list[float]:
    """Return the good numbers without a bad one between them and the first of them."""
    lowest = max((number for number in bad if number < good[0]), default=-math.inf)
    highest = min((number for number in bad if number > good[0]), default=math.inf)
    return [number for number in good if lowest < number < highest]


def _has_effect(trials: Trials, name: str, alone: Sequence[ReachTrial]) -> bool:
    """Return whether a number other than 0 changes the reach."""
    return any(
        argument(trial.changed[name]) != 0 and trial.elements != trials.usual_elements
        for trial in alone
    )


def _is_regular(trials: Trials, quantity: Quantity) -> bool:
    """Return whether more than was measured is needed only for numbers beyond those measured.

    If a threshold makes elements look at the entire image, that may happen with others too.
    """
    tried = [
        (number, trial.elements)
        for trial in trials.alone(quantity)
        if isinstance(number := argument(trial.changed[quantity.names[0]]), int | float)
    ]
    endless = [number for number, elements in tried if elements is None and number > 0]
    if not endless:
        return True
    usual = max(trials.usual_elements or (0,))
    return any(
        elements is not None and max(elements) >= usual + 4 and number < min(endless)
        for number, elements in tried
    ) and all(elements is None for number, elements in tried if number > min(endless))
