"""The arguments of a call that runs slice by slice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from operator import index
from typing import Any

from .._axes.slice_arguments import is_seed, replace_for_slices, seeds_of_slice
from .._memory.lookup import LibraryMemory
from ..errors import DimensionError
from .plan import Plan

__all__ = ["arguments_of_slices", "keep_channels_last"]


def arguments_of_slices(
    plan: Plan,
    values: dict[str, Any],
    shape: tuple[int, ...],
    memory: LibraryMemory,
    *,
    takes_volumes: bool,
) -> Callable[[int], Mapping[str, Any]] | None:
    """Replace arguments for a volume by those for a slice.

    Parameters
    ----------
    plan
        The facts about the function.
    values
        The arguments by parameter. Those for all slices are replaced.
    shape
        The volume's shape, with channels if it has any.
    memory
        The memory of the arrays.
    takes_volumes
        Whether the function also processes volumes in 3-D.

    Returns
    -------
    callable or None
        Returns the arguments that are different for each slice, by the number of the slice. None
        if there are none.

    Raises
    ------
    DimensionError
        If an argument for the volume says more than an argument for slices can.
    """
    replace_for_slices(
        plan.name, plan.axis_arguments, values, shape, memory, takes_volumes=takes_volumes
    )
    seeds = {name: values[name] for name in plan.seeds if is_seed(values[name])}
    return partial(seeds_of_slice, seeds) if seeds else None


def keep_channels_last(plan: Plan, values: dict[str, Any], image: str, ndim: int) -> None:
    """Make the channel axis of each slice the one of the volume: the last.

    Parameters
    ----------
    plan
        The facts about the function.
    values
        The arguments by parameter.
    image
        The parameter that holds the volume.
    ndim
        Number of the volume's axes.

    Raises
    ------
    DimensionError
        If the volume's channel axis is another one.
    """
    axis = values.get("channel_axis")
    if axis is None:
        return
    try:
        is_last = index(axis) in (-1, ndim - 1)
    except TypeError:
        is_last = False
    if not is_last:
        raise DimensionError(
            f"{plan.name} was given channel_axis={axis!r}. Slice by slice, only the last axis can "
            f"hold the channels. Give numpy.moveaxis({image}, {axis!r}, -1) and channel_axis=-1."
        )
    values["channel_axis"] = -1
