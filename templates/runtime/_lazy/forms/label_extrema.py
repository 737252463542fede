"""Smallest and largest element of an array, or of each of its labels, and where they are.

Of each chunk, a few elements of each label are kept with their places: the first of the smallest,
the first of the largest, and the first NaN. In the end, the library's function gets those of all
chunks, in the order of their places, as an array of one axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._support.untyped import np
from .by_label import labelled, refuse_index_of_axes, values_and_labels
from .tree import (
    caller_of,
    combined,
    last_step,
    lazy_number,
    of_chunks,
    starts_of_chunks,
    untraced,
)

__all__ = ["EXTREMA", "extrema"]

_VALUE, _POSITION = "value", "position"
EXTREMA: Mapping[str, tuple[str, ...]] = {
    f"{module}.{name}": members
    for module in ("scipy.ndimage", "cupyx.scipy.ndimage")
    for name, members in (
        ("extrema", (_VALUE, _VALUE, _POSITION, _POSITION)),
        ("maximum", (_VALUE,)),
        ("maximum_position", (_POSITION,)),
        ("minimum", (_VALUE,)),
        ("minimum_position", (_POSITION,)),
    )
}
"""By the name of the library's function, the members of its result."""


class Kept(NamedTuple):
    """The elements that are kept."""

    labels: Any
    values: Any
    places: Any
    """Index in the flat array of the entire image."""


def extrema(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the extremes of a dask array: one for all elements, or one for each index.

    A value has the shape of the index. A position has a further axis, with an entry for each axis
    of the image.
    """
    array, members = image.array, EXTREMA[facts.upstream]
    caller = caller_of(facts, arguments, image.parameter)
    given = labelled(facts.name, arguments, image)
    if _POSITION in members:
        refuse_index_of_axes(facts.name, given.index)
    part = partial(_part, array.shape, starts_of_chunks(array), given.is_one_group)
    kept = combined(_joined, of_chunks(caller, part, *given.arrays, with_place=True))
    call = partial(untraced, facts.function)
    finish = partial(_finished, call, members, given.has_labels, given.index, array.shape)
    results = last_step(caller, finish)(kept)
    lazy: list[Any] = []
    for number, member in enumerate(members):
        entry = results[number]
        if member == _VALUE:
            lazy.append(lazy_number(entry, str(array.dtype), given.shape))
        else:
            lazy.append(lazy_number(entry, "int64", (*given.shape, array.ndim)))
    return tuple(lazy) if len(lazy) > 1 else lazy[0]


def _part(
    shape: Sequence[int],
    starts: Sequence[Sequence[int]],
    is_one_group: bool,
    place: tuple[int, ...],
    block: Any,
    labels: Any = None,
) -> Kept:
    values, numbers = values_and_labels(block, labels, is_one_group=is_one_group)
    chosen = _chosen(values, numbers, np.arange(values.size))
    inside = np.unravel_index(chosen, block.shape)
    start = [axis[index] for axis, index in zip(starts, place, strict=True)]
    index = tuple(axis + offset for axis, offset in zip(inside, start, strict=True))
    places = np.ravel_multi_index(index, tuple(shape))
    return Kept(numbers[chosen], values[chosen], places)


def _joined(parts: list[Kept]) -> Kept:
    kept = Kept(*map(np.concatenate, zip(*parts, strict=True)))
    chosen = _chosen(kept.values, kept.labels, kept.places)
    return Kept(*(column[chosen] for column in kept))


def _chosen(values: Any, labels: Any, places: Any) -> Any:
    """Return the indices of the elements to keep, in the order of their places."""
    is_nan = values != values
    keys = np.where(is_nan, np.zeros((), values.dtype), values) if is_nan.any() else values
    order = np.lexsort((places, keys, is_nan, labels))
    labels, keys, is_nan = labels[order], keys[order], is_nan[order]

    def is_first(*columns: Any) -> Any:
        """Whether an element is the first one that has the values of these columns."""
        differs = np.ones(len(order), bool)
        differs[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
        return differs

    of_label, of_value = is_first(labels, is_nan), is_first(labels, is_nan, keys)
    # The largest value is the last one before the next label or before NaN.
    (firsts,) = np.nonzero(of_value)
    largest = np.zeros(len(order), bool)
    largest[firsts[np.append(of_label[firsts[1:]], True)]] = True
    chosen = order[of_label | largest]
    return chosen[np.argsort(places[chosen], kind="stable")]


def _finished(
    function: Any,
    members: Sequence[str],
    has_labels: bool,
    index: Any,
    shape: Sequence[int],
    kept: Kept,
) -> list[Any]:
    labels = kept.labels if has_labels else None
    results = function(kept.values, labels, index)
    results = results if len(members) > 1 else [results]
    return [
        np.asarray(result) if member == _VALUE else _positions(result, index, shape, kept)
        for member, result in zip(members, results, strict=True)
    ]


def _positions(result: Any, index: Any, shape: Sequence[int], kept: Kept) -> Any:
    """Return positions in the image for positions among the elements that were kept."""
    places = kept.places[np.asarray(result)[..., 0].astype(np.int64)]
    if np.ndim(index):  # a label that doesn't occur is at 0
        places = np.where(np.isin(index, kept.labels), places, 0)
    return np.stack(np.unravel_index(places, tuple(shape)), axis=-1)
