"""Which properties of the image a result has: its dtype, its number of axes, its colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from voxbind_build.model import Call, Observation, Preserved, Result, ResultKind

__all__ = ["OF_NUMPY", "arrays", "preserved", "result_colours"]

OF_NUMPY = ("structured", "object")
"""Dtypes that other memories don't have."""


def preserved(observation: Observation) -> Preserved:
    """Return what all arrays in the observed results have in common with the image."""
    dtypes = [
        (dtype, array) for dtype, result in observation.dtypes.items() for array in arrays(result)
    ]
    if any(array.dtype in OF_NUMPY for _, array in dtypes):
        return "nothing"
    if not dtypes:  # options may add arrays to a result that has none by default
        return "memory"
    option_effects = [effect for effect in observation.option_effects if effect.dtype]
    dtypes += [
        (effect.dtype, array) for effect in option_effects for array in arrays(effect.result)
    ]
    if any(array.dtype != dtype for dtype, array in dtypes):
        return "memory"
    calls = [call for call in observation.calls if call.outcome == "returned"]
    return "all" if all(map(_keeps_axes, calls)) else "dtype"


def _keeps_axes(call: Call) -> bool:
    return call.result is None or all(
        len(array.shape) == len(call.shape) for array in arrays(call.result)
    )


def result_colours(
    observation: Observation,
    kind: ResultKind | tuple[ResultKind, ...],
    needs_channels: bool,
) -> Literal["", "removed", "added"]:
    """Return what the function does to the axis of colours; empty if it keeps the image's axes.

    Parameters
    ----------
    observation
        The calls of the function.
    kind
        The kind of its result. For kinds other than images, masks and labels, nothing is derived.
    needs_channels
        Whether it only accepts images with colours.
    """
    if kind not in ("image", "mask", "labels"):
        return ""
    of_image, of_colour_image = _ranks(observation, "image"), _ranks(observation, "colour image")
    if of_colour_image == {2} and (needs_channels or of_image == {2}):
        return "removed"
    return "added" if of_image == {3} and not needs_channels else ""


def _ranks(observation: Observation, case: str) -> set[int]:
    """Return the numbers of axes of the results of all calls with one kind of image."""
    return {
        len(call.result.shape)
        for call in observation.calls
        if call.case.startswith(case) and call.result is not None and call.result.type == "array"
    }


def arrays(result: Result) -> Iterator[Result]:
    """Yield the arrays in a result."""
    if result.type == "array":
        yield result
    for member in result.members:
        yield from arrays(member)
