"""Finds a formula for a reach that fits all that was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

from voxbind_build.classify.reach_forms import (
    Arguments,
    Quantity,
    Term,
    terms,
    terms_of_two,
)

_MOST_QUANTITIES = 3
_MOST_TERMS = 30
"""Terms of one quantity that are tried in sums, those that fit best."""
_EXACT, _EXACT_OF_NUMBERS = 0.6, 0.75
"""Part of the measurements that a formula must equal: with arrays, and with numbers alone."""
_SLACK = 2
"""By how much a formula may be larger than a measurement. Images show what is needed at least: an
opening with a footprint of even length looks less far along one direction."""


class Sample(NamedTuple):
    """A measurement along one axis."""

    arguments: Arguments
    axis: int
    elements: int
    changed: frozenset[str]
    """The parameters that aren't at their usual values."""


class Formula(NamedTuple):
    """A sum of terms and a number."""

    terms: tuple[Term, ...]
    constant: int
    quantities: tuple[Quantity, ...]

    @property
    def text(self) -> str:
        """The formula as it is written."""
        text = " + ".join(term.text for term in self.terms)
        if not self.terms:
            return str(self.constant)
        if not self.constant:
            return text
        return f"{text} {'+' if self.constant > 0 else '-'} {abs(self.constant)}"

    @property
    def names(self) -> set[str]:
        """The parameters that it has."""
        return _names(self.quantities)

    def value(self, arguments: Arguments, axis: int) -> float | None:
        """Return the number of elements along an axis; None if an argument doesn't fit."""
        total = _sum(self.terms, arguments, axis)
        return None if total is None else total + self.constant

    def is_sure(self, samples: Iterable[Sample]) -> bool:
        """Return whether it may be used for larger numbers than those that were measured.

        The lengths of arrays are exact. A formula of numbers must equal all measurements.
        """
        return any(quantity.is_kernel for quantity in self.quantities) or all(
            self.value(sample.arguments, sample.axis) == sample.elements
            for sample in samples
            if sample.changed <= self.names
        )

    def covers(self, sample: Sample) -> bool:
        """Return whether it is as large as a measurement."""
        value = self.value(sample.arguments, sample.axis)
        return value is not None and value >= sample.elements


def fit(
    quantities: Sequence[Quantity],
    samples: Sequence[Sample],
    optional: Iterable[str],
) -> Formula | None:
    """Return the simplest formula over some of the quantities, or None.

    Parameters
    ----------
    quantities
        Those on which the measurements depend.
    samples
        The measurements. Those in which a quantity is changed that isn't part of a formula don't
        count for it.
    optional
        Arrays that may be None.
    """
    optional = frozenset(optional)
    best: Formula | None = None
    for number in range(min(len(quantities), _MOST_QUANTITIES), -1, -1):
        for chosen in combinations(quantities, number):
            others = _names(quantities) - _names(chosen)
            counting = [sample for sample in samples if not sample.changed & others]
            formula = _best(chosen, counting, optional)
            if formula is not None:
                return formula
    return best


def _best(
    quantities: tuple[Quantity, ...], samples: Sequence[Sample], optional: frozenset[str]
) -> Formula | None:
    ranked: list[tuple[tuple[float, float, int, str], Formula]] = []
    for summands in _sums(quantities, samples, optional):
        formula = _completed(summands, quantities, samples)
        if formula is not None:
            ranked.append((_rank(formula, samples), formula))
    return min(ranked, key=lambda entry: entry[0])[1] if ranked else None


def _sums(
    quantities: tuple[Quantity, ...], samples: Sequence[Sample], optional: frozenset[str]
) -> Iterator[tuple[Term, ...]]:
    """Yield the terms of possible sums."""

    def of_one(quantity: Quantity) -> list[Term]:
        candidates = terms(quantity, is_optional=not optional.isdisjoint(quantity.names))
        return _plausible(candidates, (quantity,), samples)

    yield from product(*map(of_one, quantities))
    for pair in combinations(quantities, 2):
        rest = [quantity for quantity in quantities if quantity not in pair]
        both = terms_of_two(*pair, is_optional=not optional.isdisjoint(_names(pair)))
        yield from product(_plausible(both, pair, samples), *map(of_one, rest))


def _plausible(
    candidates: Iterable[Term], quantities: tuple[Quantity, ...], samples: Sequence[Sample]
) -> list[Term]:
    """Return the terms that change as the measurements do if only their quantities change."""
    names = _names(quantities)
    alone = [sample for sample in samples if sample.changed <= names]
    ranked = []
    for place, term in enumerate(candidates):
        formula = _completed((term,), quantities, alone)
        if formula is not None:
            ranked.append((_total_slack(formula, alone), place, term))
    return [term for *_, term in sorted(ranked, key=lambda entry: entry[:2])[:_MOST_TERMS]]


def _completed(
    summands: tuple[Term, ...], quantities: tuple[Quantity, ...], samples: Sequence[Sample]
) -> Formula | None:
    """Add the smallest number with which no measurement is larger; None if that doesn't fit."""
    differences = []
    for sample in samples:
        value = _sum(summands, sample.arguments, sample.axis)
        if value is None:
            return None
        differences.append(sample.elements - value)
    if not differences:
        return None
    constant = max(differences)
    slack = [constant - difference for difference in differences]
    has_kernel = any(quantity.is_kernel for quantity in quantities)
    exact = (_EXACT if has_kernel else _EXACT_OF_NUMBERS) * len(slack)
    is_close = max(slack) <= _SLACK and slack.count(0) >= exact
    return Formula(summands, int(constant), quantities) if is_close and constant % 1 == 0 else None


def _rank(formula: Formula, samples: Sequence[Sample]) -> tuple[float, float, int, str]:
    """Return what the best formula has the least of: slack, then a small value, then length."""
    text = formula.text
    beyond = sum(_beyond(formula, sample.arguments, sample.axis) for sample in samples)
    return _total_slack(formula, samples), -beyond, len(text), text


def _beyond(formula: Formula, arguments: Mapping[str, object], axis: int) -> float:
    """Return the value for numbers other than those that were measured."""
    others = {
        name: value * 1.37 + 1
        if isinstance(value, float)
        else value + 2
        if isinstance(value, int) and not isinstance(value, bool) and name != "ndim"
        else value
        for name, value in arguments.items()
    }
    return formula.value(others, axis) or 0.0


def _total_slack(formula: Formula, samples: Sequence[Sample]) -> float:
    return sum(
        (formula.value(sample.arguments, sample.axis) or 0) - sample.elements for sample in samples
    )


def _names(quantities: Iterable[Quantity]) -> set[str]:
    return {name for quantity in quantities for name in quantity.names}


def _sum(summands: Iterable[Term], arguments: Arguments, axis: int) -> float | None:
    try:
        return sum(term.value(arguments, axis) for term in summands)
    except TypeError:
        return None
