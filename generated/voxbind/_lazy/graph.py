"""Builds the graph of a call with dask arrays, which computes nothing."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from .._axes.layout import Image
from .._memory.exporter_memory import is_dask_array
from .._settings.context import current
from .._support.stacklevel import callers_level
from .._support.untyped import np
from .block import Block, Operand
from .block_calls import BlockCall
from .chunks import with_minimum

__all__ = ["Job", "lazy_result"]

VERIFY = "VOXBIND_VERIFY"
"""Environment variable with the number of blocks of each call that are computed a second time."""
_SEAMS = 8
"""Number of blocks that ``verify=True`` computes a second time."""


class Job(NamedTuple):
    """A call of a function with dask arrays."""

    name: str
    call: BlockCall
    images: Sequence[Image]
    """The image first. The further ones are of dask or NumPy."""
    numbers: Mapping[str, Any]
    """Dask arrays without axes, such as a lazy threshold, by parameter."""
    order: str
    """All axes, in the order of the result."""
    lengths: Mapping[str, int]
    result: str
    """The axes of the result: those of `order`, or some of them."""
    lengths_of_result: Mapping[str, int]
    """Lengths of undivided axes of which the result has another number of elements."""
    undivided: str
    """Axes that a block has all of."""
    halo: Mapping[str, int]
    """By axis, how far the result depends on neighbours."""
    minimum: Mapping[str, int]
    """By axis, the smallest length of a block."""
    dtype: str
    modified: Sequence[str]
    verify: bool | int
    words: str
    """The arguments, for messages."""


def lazy_result(job: Job) -> Any:
    """Return the result as a dask array.

    Warns
    -----
    dask.array.PerformanceWarning
        If blocks of at least the function's reach make one chunk of an image of several.
    """
    da: Any = sys.modules["dask.array"]
    before = _chunks_of_images(job)
    job = job._replace(verify=job.verify or _verified_by_default(job, before))
    exchange = {
        letter: max(2 * job.halo[letter], 1) if job.verify else job.halo[letter]
        for letter in job.halo
    }
    chunks = {
        letter: (sum(sizes),)
        if letter in job.undivided
        else with_minimum(sizes, max(exchange.get(letter, 0), job.minimum.get(letter, 1)))
        for letter, sizes in before.items()
    }
    counts = tuple(len(chunks[letter]) for letter in job.order)
    _warn_if_fused(job, before, counts)
    divided = {letter for letter in job.order if len(chunks[letter]) > 1}
    widths = {letter: exchange.get(letter, 0) * (letter in divided) for letter in job.order}
    arrays = [_blocks(image, job.order, chunks, widths) for image in job.images]
    operands = [
        Operand(image.parameter, image.axes, image.parameter in job.modified)
        for image in job.images
    ] + [Operand(name, "") for name in job.numbers]
    kept = [axis for axis, letter in enumerate(job.order) if letter in job.result]
    block = Block(
        call=job.call,
        name=job.name,
        operands=tuple(operands),
        order=job.order,
        result=job.result,
        lengths=job.lengths_of_result,
        counts=counts,
        halo=tuple(job.halo.get(letter, 0) * (letter in divided) for letter in job.order),
        exchange=tuple(widths[letter] for letter in job.order),
        seams=_sample(job, counts, widths),
        dtype=job.dtype,
        transfers=current().transfers,
        words=job.words,
    )
    meta = _meta(job.images[0].array, len(kept), job.dtype)
    return da.map_blocks(
        block,
        *arrays,
        *job.numbers.values(),
        token=job.name.rpartition(".")[2],
        dtype=meta.dtype,
        meta=meta,
        chunks=tuple(
            (job.lengths_of_result[letter],) if letter in job.lengths_of_result else chunks[letter]
            for letter in job.result
        ),
        drop_axis=[axis for axis in range(len(job.order)) if axis not in kept],
    )


def _verified_by_default(job: Job, chunks: Mapping[str, Sequence[int]]) -> int:
    """Return the number in ``VOXBIND_VERIFY`` if no chunk has to be merged for twice the reach.

    Raises
    ------
    ValueError
        If the variable isn't an integer of at least 0.
    """
    given = os.environ.get(VERIFY, "").strip()
    if not given:
        return 0
    if not given.isdecimal():
        raise ValueError(
            f"The environment variable {VERIFY} is {given!r}. Accepted are integers of at least 0: "
            "the number of blocks of each call that are computed a second time."
        )
    is_large = all(
        min(chunks[letter]) >= max(2 * reach, 1)
        for letter, reach in job.halo.items()
        if letter not in job.undivided and len(chunks[letter]) > 1
    )
    return int(given) if is_large else 0


def _chunks_of_images(job: Job) -> dict[str, tuple[int, ...]]:
    """Return the chunks along each axis: those of the first dask array that has the axis."""
    chunks: dict[str, tuple[int, ...]] = {}
    for letter in job.order:
        chunks[letter] = next(
            (
                image.array.chunks[image.axes.index(letter)]
                for image in job.images
                if letter in image.axes
                and image.length(letter) == job.lengths[letter]
                and is_dask_array(image.array)
            ),
            (job.lengths[letter],),
        )
    return chunks


def _blocks(
    image: Image, order: str, chunks: Mapping[str, Sequence[int]], widths: Mapping[str, int]
) -> Any:
    """Return an array with all axes of `order`, in chunks that overlap by `widths`."""
    da: Any = sys.modules["dask.array"]
    array = image.array if is_dask_array(image.array) else da.from_array(image.array, chunks=-1)
    present = [letter for letter in order if letter in image.axes]
    # Each step is left out if it changes nothing, since dask would add a task for each chunk.
    if present != [*image.axes]:
        array = array.transpose([image.axes.index(letter) for letter in present])
    if len(present) < len(order):
        array = array[tuple(slice(None) if letter in present else None for letter in order)]
    divided = [
        tuple(chunks[letter]) if length == sum(chunks[letter]) else (length,)
        for letter, length in zip(order, array.shape, strict=True)
    ]
    if array.chunks != tuple(divided):
        array = array.rechunk(tuple(divided))
    depth = {
        axis: widths[letter] if len(divided[axis]) > 1 else 0 for axis, letter in enumerate(order)
    }
    if not any(depth.values()):
        return array
    boundary = dict.fromkeys(depth, "none")
    return da.overlap.overlap(array, depth=depth, boundary=boundary, allow_rechunk=False)


def _warn_if_fused(job: Job, before: Mapping[str, Sequence[int]], counts: Sequence[int]) -> None:
    count = prod(sum(map(bool, sizes)) for sizes in before.values())
    if count == 1 or prod(counts) > 1:
        return
    da: Any = sys.modules["dask.array"]
    if any(job.halo.values()):
        reason = f"its reach is {tuple(job.halo.get(letter, 0) for letter in job.order)} elements"
    elif job.undivided:
        reason = "each block needs all of " + _axes_in_words(job)
    else:
        smallest = max(job.minimum.values())
        reason = f"a block has at least {smallest} elements along its last axis"
    warnings.warn(
        f"{job.name} computes the {count} chunks of {job.images[0].parameter!r} as a single one, "
        f"since {reason}. The entire array must fit into memory. Give larger chunks if it does, or "
        "more of them along other axes.",
        da.PerformanceWarning,
        stacklevel=callers_level(),
    )


def _axes_in_words(job: Job) -> str:
    """Return the undivided axes by their number: axes of arrays without names have no letters."""
    numbers = [str(axis) for axis, letter in enumerate(job.order) if letter in job.undivided]
    return f"{'axes' if len(numbers) > 1 else 'axis'} {' and '.join(numbers)}"


def _sample(
    job: Job, counts: Sequence[int], widths: Mapping[str, int]
) -> frozenset[tuple[int, ...]]:
    """Return the positions of the blocks that are computed a second time."""
    if not job.verify:
        return frozenset()
    divided = [axis for axis, letter in enumerate(job.order) if widths[letter] and counts[axis] > 1]
    if not divided:
        return frozenset()
    total = prod(counts)
    number = min(_SEAMS if job.verify is True else job.verify, total)
    spread = np.linspace(0, total - 1, number).round().astype(int)
    return frozenset(tuple(map(int, np.unravel_index(index, tuple(counts)))) for index in spread)


def _meta(like: Any, ndim: int, dtype: str) -> Any:
    """Return an empty array of the kind that the chunks of `like` are."""
    utilities: Any = sys.modules["dask.array.utils"]
    return utilities.meta_from_array(getattr(like, "_meta", like), ndim=ndim, dtype=dtype)
