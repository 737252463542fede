"""What an array that comes back keeps of the image: its dtype, the number of its axes."""

from __future__ import annotations

from collections.abc import Iterator

from voxbind_build.model import Call, Observation, Preserved, Result

__all__ = ["preserved"]

_OF_NUMPY = ("structured", "object")


def preserved(observation: Observation) -> Preserved:
    """Tell what all arrays of a result have in common with the image, in all that was seen."""
    dtypes = [
        (dtype, array) for dtype, result in observation.dtypes.items() for array in arrays(result)
    ]
    if any(array.dtype in _OF_NUMPY for _, array in dtypes):
        return "nothing"
    if not dtypes:  # a table of numbers says nothing of what options add to them
        return "memory"
    turned = [each for each in observation.option_effects if each.dtype]
    dtypes += [(each.dtype, array) for each in turned for array in arrays(each.result)]
    if any(array.dtype != dtype for dtype, array in dtypes):
        return "memory"
    calls = [call for call in observation.calls if call.outcome == "returned"]
    return "all" if all(map(_keeps_axes, calls)) else "dtype"


def _keeps_axes(call: Call) -> bool:
    return call.result is None or all(
        len(array.shape) == len(call.shape) for array in arrays(call.result)
    )


def arrays(result: Result) -> Iterator[Result]:
    """Give the arrays in a result."""
    if result.type == "array":
        yield result
    for member in result.members:
        yield from arrays(member)
