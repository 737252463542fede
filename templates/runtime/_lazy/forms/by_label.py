"""Elements by their label, for functions that return one number for each label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..._axes.layout import Image
from ..._memory.lookup import to_host
from ..._support.untyped import np
from ...errors import DimensionError
from ..inputs import in_same_chunks

__all__ = ["Labelled", "labelled", "of_index", "refuse_index_of_axes", "values_and_labels"]

_LABELS, _INDEX = "labels", "index"


class Labelled(NamedTuple):
    """The arrays of a call, and the labels that it returns a number for."""

    arrays: list[Any]
    """The image and, if they were passed, the labels in the same chunks."""
    index: Any
    """None if labels weren't passed, or if all labels above 0 are one group."""

    @property
    def has_labels(self) -> bool:
        """Whether labels were passed."""
        return len(self.arrays) > 1

    @property
    def is_one_group(self) -> bool:
        """Whether all labels above 0 are one group."""
        return self.has_labels and self.index is None

    @property
    def group(self) -> Any:
        """The index, or the label of the only group: see `values_and_labels`."""
        return int(self.is_one_group) if self.index is None else self.index

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        shape: tuple[int, ...] = () if self.index is None else np.shape(self.index)
        return shape


def labelled(name: str, arguments: Mapping[str, Any], image: Image) -> Labelled:
    """Return the arrays of a call that may have the arguments ``labels`` and ``index``.

    Parameters
    ----------
    name
        The function's name, for messages.
    arguments
        The arguments of the call, by parameter.
    image
        The image, a dask array.
    """
    labels = arguments.get(_LABELS)
    if labels is None:
        return Labelled([image.array], None)
    labels = in_same_chunks(name, _LABELS, labels, image.parameter, image.array)
    return Labelled([image.array, labels], arguments.get(_INDEX))


def refuse_index_of_axes(name: str, index: Any) -> None:
    """Raise if labels are given in an array of several axes."""
    if np.ndim(index) > 1:
        raise DimensionError(
            f"{name} was given {_INDEX!r} of shape {np.shape(index)}, and a dask array. Give the "
            f"labels in one axis: numpy.ravel({_INDEX})."
        )


def values_and_labels(block: Any, labels: Any, *, is_one_group: bool = False) -> tuple[Any, Any]:
    """Return the elements of a chunk and their labels, in NumPy's memory.

    Without labels, all elements have the label 0. In one group, labels above 0 become 1.
    """
    values = to_host(block, "input").ravel()
    numbers = np.zeros(values.size, int) if labels is None else to_host(labels, _LABELS).ravel()
    return values, (numbers > 0).astype(int) if is_one_group else numbers


def of_index(index: Any, labels: Any, *columns: Any) -> list[Any]:
    """Return the entries of columns for the labels in `index`; 0 for labels that don't occur.

    Parameters
    ----------
    index
        A label, or several.
    labels
        The labels that occur, in ascending order.
    columns
        Arrays with an entry for each of these labels.
    """
    places = np.clip(np.searchsorted(labels, index), 0, len(labels) - 1)
    is_there = labels[places] == index
    return [np.where(is_there, column[places], 0) for column in columns]
