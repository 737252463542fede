"""The dtype of a result, from the dtypes that were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._axes.measured import Measured as Facts
from .._support.untyped import np
from ..errors import MemoryTypeError

__all__ = [
    "dtype_by_rule",
    "dtype_of_argument",
    "dtype_of_output",
    "dtype_of_result",
    "narrowed",
]

_DTYPE = "dtype"
"""A parameter that names the dtype of the result."""
Measured = Mapping[str, Mapping[str, Any]]


def dtype_of_result(name: str, dtypes: Measured, image: str, dtype: Any) -> str:
    """Return the dtype of the result for an image of some dtype.

    Parameters
    ----------
    name
        The function's name, for messages.
    dtypes
        By dtype of the image, the measured ``dtype`` of the result.
    image
        The parameter that takes the image.
    dtype
        The image's dtype.

    Raises
    ------
    MemoryTypeError
        If neither this dtype nor a rule that all measured dtypes follow is known.
    """
    given = str(dtype.newbyteorder("="))
    measured = {key: str(facts["dtype"]) for key, facts in dtypes.items() if facts.get("dtype")}
    if given in measured:
        return measured[given]
    results = {*measured.values()}
    if len(measured) > 1 and all(key == result for key, result in measured.items()):
        return given
    if len(measured) > 1 and len(results) == 1:
        return results.pop()
    alike = {result for key, result in measured.items() if np.dtype(key).kind in "iu"}
    if dtype.kind in "iu" and len(alike) == 1:
        return alike.pop()
    known = f"It was measured for {', '.join(measured)}." if measured else "It was never measured."
    raise MemoryTypeError(
        f"{name} was given {image!r}, a dask array of dtype {given}, and the dtype of the result "
        f"isn't known for it. {known} Convert the image, {image}.astype(...), or name the dtype of "
        f'the result: voxbind.over({name}, axes, dtype="float64")({image}).'
    )


def dtype_of_argument(facts: Facts, arguments: Mapping[str, Any]) -> str:
    """Return the dtype that an argument names, if the result has it; else nothing."""
    for parameter in (*facts.outputs, _DTYPE):
        named = dtype_of_output(arguments.get(parameter))
        if named and parameter not in facts.lazy.ignored_outputs:
            return named
    return ""


def dtype_by_rule(facts: Facts, arguments: Mapping[str, Any], dtypes: Sequence[Any]) -> str:
    """Return the dtype of a result that follows from other arguments, else nothing.

    Parameters
    ----------
    facts
        What was measured about the function.
    arguments
        The arguments of the call.
    dtypes
        The dtypes of all images, that of the first image first.
    """
    if followed := getattr(arguments.get(facts.lazy.dtype_follows), "dtype", None):
        return str(followed)
    if "out_range" in arguments:
        return _of_range(arguments["out_range"], dtypes[0])
    if facts.lazy.is_of_any_memory and len(dtypes) > 1:
        return _common_float(facts, dtypes)
    return ""


def _common_float(facts: Facts, dtypes: Sequence[Any]) -> str:
    """Return the dtype to which the array API promotes several images in floats.

    It is float32 if that has all values of each dtype, else float64. Nothing is returned if a
    measured result isn't of floats.
    """
    if any(np.dtype(str(result["dtype"])).kind != "f" for result in facts.dtypes.values()):
        return ""
    return str(np.result_type(*(np.result_type(dtype, np.float32) for dtype in dtypes)))


def _of_range(ends: Any, dtype: Any) -> str:
    """Return the dtype that a range has the name of, or that of floats for two ends."""
    if isinstance(ends, str):
        return "" if ends in ("dtype", "image") else dtype_of_output(ends)
    if isinstance(ends, (tuple, list, np.ndarray)):
        return "float32" if str(dtype) in ("float16", "float32") else "float64"
    return dtype_of_output(ends)


def dtype_of_output(output: Any) -> str:
    """Return the dtype that an output argument names; empty if it names none."""
    try:
        return "" if output is None else str(np.dtype(output))
    except (TypeError, ValueError):
        return ""


def narrowed(dtypes: Measured, kind: Any, dtype: Any) -> str:
    """Return the dtype of smaller integers that integers are brought to; empty if they aren't.

    Libraries scale integers down only if they don't fit, which depends on the largest element.
    A mask is of one dtype, whatever the image's.

    Parameters
    ----------
    dtypes
        By dtype of the image, the measured ``dtype`` of the result.
    kind
        The kind of the result: ``image``, ``mask`` or ``labels``.
    dtype
        The image's dtype.
    """
    measured = {key: str(facts["dtype"]) for key, facts in dtypes.items() if facts.get("dtype")}
    results = {*measured.values()}
    if dtype.kind not in "iu" or (kind == "mask" and len(results) == 1):
        return ""
    if kind not in ("image", "mask", "labels"):
        return ""
    given = str(dtype.newbyteorder("="))
    integers = {result for key, result in measured.items() if np.dtype(key).kind in "iu"}
    result = measured.get(given) or (integers.pop() if len(integers) == 1 else given)
    if np.dtype(result).kind not in "iu" or np.iinfo(result).max >= np.iinfo(dtype).max:
        return ""
    return result
