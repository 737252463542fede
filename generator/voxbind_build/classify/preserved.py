"""Which properties of the image all arrays in a result have: its dtype and number of axes."""

from __future__ import annotations

from collections.abc import Iterator

from voxbind_build.model import Call, Observation, Preserved, Result

__all__ = ["OF_NUMPY", "arrays", "preserved"]

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


def arrays(result: Result) -> Iterator[Result]:
    """Yield the arrays in a result."""
    if result.type == "array":
        yield result
    for member in result.members:
        yield from arrays(member)
