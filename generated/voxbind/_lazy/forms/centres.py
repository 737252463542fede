"""Centre of mass of an array, or of each of its labels, chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._support.untyped import np
from ..inputs import refuse_complex
from .by_label import labelled, of_index, refuse_index_of_axes, values_and_labels
from .tree import caller_of, combined, last_step, lazy_number, of_chunks, starts_of_chunks

__all__ = ["CENTRES", "centre"]

CENTRES = ("scipy.ndimage.center_of_mass", "cupyx.scipy.ndimage.center_of_mass")
"""The library's functions, by name."""


class Sums(NamedTuple):
    """For each label, the sum of its elements and of their products with their coordinates."""

    labels: Any
    sums: Any
    """One row for each label: the sum, and the sums of products along each axis."""


def centre(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the centre of mass of a dask array, or one for each index.

    It has the shape of the index and a further axis, with an entry for each axis of the image.
    """
    refuse_complex(facts.name, image.parameter, image.array)
    caller = caller_of(facts, arguments, image.parameter)
    given = labelled(facts.name, arguments, image)
    refuse_index_of_axes(facts.name, given.index)
    part = partial(_sums, starts_of_chunks(image.array), given.is_one_group)
    sums = combined(_joined, of_chunks(caller, part, *given.arrays, with_place=True))
    shape = (*given.shape, image.array.ndim)
    return lazy_number(last_step(caller, partial(_finished, given.group))(sums), "float64", shape)


def _sums(
    starts: Sequence[Sequence[int]],
    is_one_group: bool,
    place: tuple[int, ...],
    block: Any,
    labels: Any = None,
) -> Sums:
    values, numbers = values_and_labels(block, labels, is_one_group=is_one_group)
    present, places = np.unique(numbers, return_inverse=True)
    places, values = places.ravel(), values.astype(np.float64)
    columns = [np.bincount(places, weights=values)]
    for axis, (length, index) in enumerate(zip(block.shape, place, strict=True)):
        coordinates = np.arange(length, dtype=np.float64) + starts[axis][index]
        along = coordinates.reshape([-1 if other == axis else 1 for other in range(block.ndim)])
        products = values * np.broadcast_to(along, block.shape).ravel()
        columns.append(np.bincount(places, weights=products))
    return Sums(present, np.stack(columns, axis=1))


def _joined(parts: list[Sums]) -> Sums:
    present, places = np.unique(
        np.concatenate([part.labels for part in parts]), return_inverse=True
    )
    sums = np.zeros((len(present), parts[0].sums.shape[1]))
    np.add.at(sums, places.ravel(), np.concatenate([part.sums for part in parts]))
    return Sums(present, sums)


def _finished(index: Any, sums: Sums) -> Any:
    total, *products = of_index(index, sums.labels, *sums.sums.T)
    return np.stack([product / total for product in products], axis=-1)
