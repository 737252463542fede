"""Connected components, labelled chunk by chunk and then merged.

1. Each chunk is labelled by itself. A component's label is the place of its first element in the
   array, plus 1, so that labels of different chunks differ.
2. Where two chunks touch, elements of one component have two labels: such pairs are collected.
3. One task finds which labels belong together, and numbers the components in the order of their
   first elements, as the library does.
4. Each chunk's labels are replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._memory.lookup import from_host_like, to_host
from ..._support.untyped import np
from ...errors import MemoryTypeError
from ..block_calls import CallOfPart
from ..building import plain_arguments
from ..result_dtypes import dtype_of_output, dtype_of_result
from .tree import (
    array_of_chunks,
    caller_of,
    combined,
    delayed,
    lazy_number,
    of_chunks,
    starts_of_chunks,
    untraced,
)

__all__ = ["LABELLINGS", "labelled"]


class Labelling(NamedTuple):
    """How a function labels components."""

    neighbours: Callable[[Mapping[str, Any], int], Any]
    """Returns the offsets of an element's neighbours, for the arguments and a number of axes."""
    by_value: bool
    """Whether neighbours with different values belong to different components."""
    num: str
    """Parameter that asks for the number of labels too; empty if it is always returned."""


def _of_structure(arguments: Mapping[str, Any], ndim: int) -> Any:
    structure = arguments.get("structure")
    if structure is None:
        return _of_connectivity({"connectivity": 1}, ndim)
    array = np.asarray(to_host(structure, "structure"))
    if array.shape != (3,) * ndim:
        raise MemoryTypeError(
            f"'structure' has the shape {array.shape}. Give an array of shape {(3,) * ndim}."
        )
    return np.argwhere(array) - 1


def _of_connectivity(arguments: Mapping[str, Any], ndim: int) -> Any:
    hops = arguments.get("connectivity")
    hops = ndim if hops is None else hops
    offsets = np.array([*product((-1, 0, 1), repeat=ndim)])
    return offsets[np.abs(offsets).sum(axis=1) <= hops]


_SCIPY = Labelling(_of_structure, by_value=False, num="")
_SKIMAGE = Labelling(_of_connectivity, by_value=True, num="return_num")
LABELLINGS = {
    "scipy.ndimage.label": _SCIPY,
    "cupyx.scipy.ndimage.label": _SCIPY,
    "skimage.measure.label": _SKIMAGE,
    "skimage.morphology.label": _SKIMAGE,
    "cucim.skimage.measure.label": _SKIMAGE,
    "cucim.skimage.morphology.label": _SKIMAGE,
}
"""By the name of the library's function."""


def labelled(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the labels of a dask array, and the number of labels if the function returns it."""
    labelling, array = LABELLINGS[facts.upstream], image.array
    named = (dtype_of_output(arguments.get(output)) for output in facts.outputs)
    dtype = next(filter(None, named), "") or dtype_of_result(
        facts.name, facts.dtypes, image.parameter, array.dtype
    )
    caller = caller_of(facts, arguments, image.parameter)
    offsets = labelling.neighbours(arguments, array.ndim)
    rest = plain_arguments(facts, arguments)
    for name in (image.parameter, labelling.num, *facts.outputs):
        rest.pop(name, None)
    call = CallOfPart(facts.function, rest)
    place = partial(_places, call, image.parameter, starts_of_chunks(array), array.shape)
    host = np.empty((0,) * array.ndim, np.int64)
    places = array_of_chunks(caller, place, array, meta=host, with_place=True)
    known = combined(_concatenated, of_chunks(caller, _present, places))
    numbering = delayed(_numbering)(known, _touching(array, places, offsets, labelling))
    replaced = partial(_replaced, dtype=dtype, like=array._meta)
    meta = array._meta.astype(dtype)
    labels = array_of_chunks(caller, replaced, places, meta=meta, numbering=numbering)
    if labelling.num and not arguments[labelling.num]:
        return labels
    return labels, lazy_number(delayed(_count)(numbering), "int64")


def _places(
    call: CallOfPart,
    image: str,
    starts: Sequence[Sequence[int]],
    shape: tuple[int, ...],
    position: tuple[int, ...],
    block: Any,
) -> Any:
    """Label a chunk: each label is the place of the component's first element, plus 1."""
    result = untraced(call, {image: block})
    labels = to_host(result[0] if isinstance(result, tuple) else result, "labels")
    flat = labels.ravel()
    first = np.zeros(int(flat.max(initial=0)) + 1, np.int64)
    # Of several assignments to an element the last one holds, which is that of the first place.
    first[flat[::-1]] = np.arange(flat.size - 1, -1, -1)
    inside = np.unravel_index(first, labels.shape)
    start = [axis[index] for axis, index in zip(starts, position, strict=True)]
    index = tuple(axis + offset for axis, offset in zip(inside, start, strict=True))
    place = np.ravel_multi_index(index, shape).astype(np.int64) + 1
    place[0] = 0
    return place[labels]


def _present(places: Any) -> Any:
    found = np.unique(places)
    return found[found > 0]


def _concatenated(parts: list[Any]) -> Any:
    return np.concatenate(parts)


def _touching(array: Any, places: Any, offsets: Any, labelling: Labelling) -> Any:
    """Return a task that collects the pairs of labels that touch across chunks."""
    da: Any = sys.modules["dask.array"]
    sources = [places, array] if labelling.by_value else [places]
    overlapping = [
        da.overlap.overlap(source, depth=1, boundary="none", allow_rechunk=False)
        for source in sources
    ]
    task = delayed(_pairs_at_seams)
    blocks = [source.to_delayed() for source in overlapping]
    pairs = [
        task(index, offsets, *(block[index] for block in blocks))
        for index in np.ndindex(*places.numblocks)
        if any(index)
    ]
    return combined(_concatenated, pairs) if pairs else np.empty((0, 2), np.int64)


def _pairs_at_seams(index: tuple[int, ...], offsets: Any, places: Any, *values: Any) -> Any:
    """Return the pairs of labels that touch at the lower seams of a block.

    The block has one further element on each side that has a neighbour.
    """
    pairs = [np.empty((0, 2), np.int64)]
    for axis, number in enumerate(index):
        if not number:
            continue
        lower, upper = (places.take(layer, axis=axis) for layer in (0, 1))
        sides = [
            [to_host(each, "image").take(layer, axis=axis) for layer in (0, 1)] for each in values
        ]
        for offset in offsets[offsets[:, axis] == 1]:
            others = [*offset[:axis], *offset[axis + 1 :]]
            here, there = zip(*map(_shifted, others), strict=True) if others else ((), ())
            one, other = upper[here], lower[there]
            joined = (one > 0) & (other > 0) & (one != other)
            for low, high in sides:
                joined &= high[here] == low[there]
            if joined.any():
                found = np.stack([one[joined], other[joined]], axis=1)
                pairs.append(np.unique(found, axis=0))
    return np.concatenate(pairs)


def _shifted(offset: int) -> tuple[slice, slice]:
    """Return the parts of an axis that face each other after a shift by -1, 0 or 1."""
    start, stop = max(offset, 0), min(offset, 0)
    return slice(start, stop or None), slice(-stop, -start or None)


def _numbering(known: Any, pairs: Any) -> tuple[Any, Any]:
    """Return the labels in ascending order, and the number of the component of each."""
    known = np.unique(known)
    one, other = np.searchsorted(known, pairs.T)
    roots = np.arange(len(known))
    while True:
        before = roots.copy()
        lowest = np.minimum(roots[one], roots[other])
        for side in (one, other):
            np.minimum.at(roots, before[side], lowest)
        while (roots[roots] != roots).any():
            roots = roots[roots]
        if np.array_equal(roots, before):
            break
    return known, np.unique(roots, return_inverse=True)[1].ravel() + 1


def _count(numbering: tuple[Any, Any]) -> Any:
    return np.asarray(numbering[1].max(initial=0))


def _replaced(places: Any, *, numbering: tuple[Any, Any], dtype: str, like: Any) -> Any:
    known, numbers = numbering
    table = np.concatenate([[0], numbers]).astype(dtype)
    labels = table[np.searchsorted(known, places, side="right")]
    return from_host_like(labels, like)
