"""Measures whether a function looks at the mask of a masked array.

It does if the elements below the mask don't matter and the mask does: two arrays that differ only
below the mask give the same, and another mask gives something else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from voxbind_build.model import IMAGE_ROLES
from voxbind_build.probe.inputs.images import Array
from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.relations import close, leaves

_OTHER_CONTENTS = ("two phases", "labels")
"""What the image shows in further calls, besides what it is known to show: many values, and few."""
_SPECKS = 0.2
"""The part of the elements that is below a mask of single elements."""

Leaf = tuple[Array, Array]
"""An array of a result, with zeros below its mask, and its mask."""


def masks(
    bench: Bench, accepted: Sequence[Arrangement], dtypes: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the dtypes for which a function looks at the mask, by array parameter.

    Parameters
    ----------
    bench : Bench
        The function.
    accepted : sequence of Arrangement
        How it can be called, for example with an image and with a volume. All must look at the
        mask; the first is called with each dtype.
    dtypes : collection of str
        The dtypes that the function accepts.
    """
    probe = np.ma.zeros((2, 2))
    if bench.sparing or not isinstance(bench.memory.give(probe), np.ma.MaskedArray):
        return {}  # there are no masked arrays in the library's memory
    base = accepted[0]
    found: dict[str, tuple[str, ...]] = {}
    arguments = bench.compose(base, base.main())
    for name, value in arguments.items():
        if bench.roles.get(name) not in IMAGE_ROLES or not isinstance(value, np.ndarray):
            continue
        if all(_is_seen(bench, bench.compose(each, each.main()), name) for each in accepted):
            seen = tuple(dtype for dtype in dtypes if _is_seen_in(bench, base, name, dtype))
            found |= {name: seen} if seen else {}
    return found


def _is_seen_in(bench: Bench, base: Arrangement, name: str, dtype: str) -> bool:
    """Return whether the mask of an array with a dtype is looked at, whatever the array shows.

    The mask of an integer image has an effect in `threshold_li` if its darker class is all zero,
    and none if it isn't.
    """
    results = []
    for content in dict.fromkeys((base.content, *_OTHER_CONTENTS)):
        arrangements = [replace(base, content=content, dtype=each) for each in (base.dtype, dtype)]
        for arrangement in arrangements:  # images beside the main one may have their own dtype
            arguments = bench.compose(arrangement, arrangement.main())
            if str(arguments[name].dtype) == dtype:
                specks = _specks(arguments[name].shape)
                results.append(_is_seen(bench, arguments, name, *specks))
                break
    return True in results and False not in results


def _is_seen(
    bench: Bench,
    arguments: dict[str, Any],
    name: str,
    mask: Array | None = None,
    other_mask: Array | None = None,
) -> bool | None:
    """Return whether one of two masks, which are blocks by default, is looked at.

    None if that can't be observed: the call fails, its result has no arrays that can be compared,
    or neither the elements below the mask nor the mask have an effect on it.
    """
    image = arguments.get(name)
    if not isinstance(image, np.ndarray) or bench.is_late():
        return None
    if mask is None or other_mask is None:
        mask, other_mask = _block(image.shape, 4), _block(image.shape, 3)
    first: list[Leaf] = []
    for fill in (image.max(), image.min()):
        leaves_of_fill = _run(bench, arguments, name, np.where(mask, fill, image), mask)
        if not leaves_of_fill:
            return None
        if first and not _equal(first, leaves_of_fill):
            return False
        first = leaves_of_fill
    filled = np.where(other_mask, image.max(), image)
    other = _run(bench, arguments, name, filled, other_mask)
    if not other or _equal(first, other):
        return None
    return _are_left_out(bench, arguments, mask, first)


def _are_left_out(
    bench: Bench, arguments: dict[str, Any], mask: Array, result: Sequence[Leaf]
) -> bool:
    """Return whether a number is that of the elements outside the mask, as far as that shows.

    `shannon_entropy` counts all elements below the mask as one more value. For a function that
    doesn't look at neighbours, the elements outside the mask in one row must give the same number.
    """
    if any(leaf.ndim for leaf, _ in result):
        return True
    images = {
        name: value
        for name, value in arguments.items()
        if isinstance(value, np.ndarray)
        and bench.roles.get(name) in IMAGE_ROLES
        and value.shape == mask.shape
    }
    row = (1,) * (mask.ndim - 1)
    plain, in_a_row, left = (
        bench.run({**arguments, **changed})
        for changed in (
            {},
            {name: value.reshape(*row, -1) for name, value in images.items()},
            {name: value[~mask].reshape(*row, -1) for name, value in images.items()},
        )
    )
    if not (plain.returned and in_a_row.returned and left.returned):
        return True
    looks_at_neighbours = not _equal(_leaves(plain.value), _leaves(in_a_row.value))
    return looks_at_neighbours or _equal(_leaves(left.value), result)


def _block(shape: tuple[int, ...], part: int) -> Array:
    """Return a mask that is true in a block, which begins at a part of each axis."""
    mask = np.zeros(shape, np.bool_)
    mask[tuple(slice(length // part, max(1, length - length // 4)) for length in shape)] = True
    return mask


def _specks(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return two masks of single elements, each of which touches many others.

    They aren't used for all volumes: they leave parts without a neighbour, whose unwrapped phase is
    undefined.
    """
    random = np.random.default_rng(0)
    first, second = (random.random(shape) < _SPECKS for _ in range(2))
    return first, second


def _run(
    bench: Bench, arguments: dict[str, Any], name: str, data: Array, mask: Array
) -> list[Leaf] | None:
    """Call with a masked array, and return the arrays of the result; None if the call fails."""
    masked = np.ma.array(data.astype(arguments[name].dtype), mask=mask)
    answer: Answer = bench.run({**arguments, name: masked})
    if not answer.returned:
        return None
    return _leaves(answer.value)


def _leaves(value: Any) -> list[Leaf]:
    results = leaves(value)
    if any(leaf.dtype.kind not in "biufc" for leaf in results):
        return []
    return [(np.ma.filled(leaf, 0), np.ma.getmaskarray(leaf)) for leaf in results]


def _equal(first: Sequence[Leaf], second: Sequence[Leaf]) -> bool:
    return len(first) == len(second) and all(
        close(one, other) and np.array_equal(mask, other_mask)
        for (one, mask), (other, other_mask) in zip(first, second, strict=True)
    )
