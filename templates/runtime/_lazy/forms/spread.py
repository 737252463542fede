"""Variance and standard deviation of an array, or of each of its labels, chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._support.untyped import np
from ..inputs import refuse_complex
from .by_label import labelled, of_index, values_and_labels
from .tree import caller_of, combined, last_step, lazy_number, of_chunks

__all__ = ["SPREADS", "spread"]

SPREADS: Mapping[str, bool] = {
    f"{module}.{name}": is_root
    for module in ("scipy.ndimage", "cupyx.scipy.ndimage")
    for name, is_root in (("variance", False), ("standard_deviation", True))
}
"""By the name of the library's function, whether the square root is taken."""


class Moments(NamedTuple):
    """For each label, what the variance follows from."""

    labels: Any
    counts: Any
    means: Any
    squares: Any
    """Sums of the squared differences from the mean."""


def spread(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the variance of a dask array or its root: one number, or one for each index."""
    refuse_complex(facts.name, image.parameter, image.array)
    caller = caller_of(facts, arguments, image.parameter)
    given = labelled(facts.name, arguments, image)
    parts = of_chunks(caller, partial(_moments, given.is_one_group), *given.arrays)
    finish = partial(_finished, SPREADS[facts.upstream], given.group)
    return lazy_number(last_step(caller, finish)(combined(_joined, parts)), "float64", given.shape)


def _moments(is_one_group: bool, block: Any, labels: Any = None) -> Moments:
    values, numbers = values_and_labels(block, labels, is_one_group=is_one_group)
    values = values.astype(np.float64)
    present, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    places = places.ravel()
    means = np.bincount(places, weights=values) / counts
    squares = np.bincount(places, weights=(values - means[places]) ** 2)
    return Moments(present, counts, means, squares)


def _joined(parts: list[Moments]) -> Moments:
    labels, counts, means, squares = map(np.concatenate, zip(*parts, strict=True))
    present, places = np.unique(labels, return_inverse=True)
    places = places.ravel()
    totals = np.bincount(places, weights=counts)
    joined = np.bincount(places, weights=counts * means) / totals
    within = np.bincount(places, weights=squares)
    between = np.bincount(places, weights=counts * (means - joined[places]) ** 2)
    return Moments(present, totals, joined, within + between)


def _finished(is_root: bool, index: Any, moments: Moments) -> Any:
    squares, counts = of_index(index, moments.labels, moments.squares, moments.counts)
    variance = np.asarray(squares / counts)
    return np.sqrt(variance) if is_root else variance
