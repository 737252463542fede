"""Finds the arguments that decide about the dtype of a result, and those that only seem to."""

from __future__ import annotations

from typing import Any

import numpy as np

from voxbind_build.common.typeexpr import names, parse
from voxbind_build.model import IMAGE_ROLES, OUTPUT_ROLES, WHOLE_ROLES, Parameter
from voxbind_build.probe.inputs.images import Array
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.relations import main_array

__all__ = ["dtype_follows", "ignored_outputs"]

_NAMED = ("float32", "uint16", "float64")
"""Dtypes that are passed by name."""
_OF_ARRAYS = ("uint8", "uint16", "int32", "float32", "float64")
"""Dtypes of other arrays than the image."""


def ignored_outputs(bench: Bench, arrangement: Arrangement) -> tuple[str, ...]:
    """Return the parameters that take a dtype which the result then doesn't have.

    Parameters
    ----------
    bench
        The function.
    arrangement
        An arrangement that it accepts.
    """
    arguments = bench.compose(arrangement, arrangement.main())
    ignored = []
    for parameter in bench.parameters:
        if _may_take_dtype(parameter, bench.roles.get(parameter.name)):
            results = _results(bench, arguments, parameter.name, {name: name for name in _NAMED})
            if len(results) > 1 and len({*results.values()}) == 1:
                ignored.append(parameter.name)
    return tuple(sorted(ignored))


def dtype_follows(bench: Bench, arrangement: Arrangement) -> str:
    """Return the parameter, besides the image, whose array has the dtype of the result.

    Parameters
    ----------
    bench
        The function.
    arrangement
        An arrangement that it accepts.

    Returns
    -------
    str
        It is empty if there is none, and if the dtype may be one that all numbers of the image and
        the array have in common.
    """
    main = arrangement.main()
    arguments = bench.compose(arrangement, main)
    for parameter in bench.parameters:
        array = _array(bench, arrangement, parameter, arguments)
        if array is None:
            continue
        arrays = {dtype: array.astype(dtype) for dtype in _OF_ARRAYS}
        results = _results(bench, arguments, parameter.name, arrays)
        integers = [dtype for dtype in results if np.dtype(dtype).kind in "iu"]
        is_common = all(str(np.result_type(main.dtype, dtype)) == dtype for dtype in results)
        follows = all(dtype == result for dtype, result in results.items())
        # Functions that compute in floats keep those alone.
        if len(integers) > 1 and follows and not is_common:
            return parameter.name
    return ""


def _results(
    bench: Bench, arguments: dict[str, Any], name: str, values: dict[str, Any]
) -> dict[str, str]:
    """Return the dtype of the result by dtype of an argument, for those that are accepted."""
    dtypes = {}
    for dtype, value in values.items():
        if bench.is_late():
            break
        answer = bench.run({**arguments, name: value}, watched=False)
        result = main_array(answer.value) if answer.returned else None
        if result is not None and result.ndim:
            dtypes[dtype] = str(result.dtype)
    return dtypes


def _may_take_dtype(parameter: Parameter, role: str | None) -> bool:
    """Return whether a parameter is an output, for which many functions also take a dtype."""
    is_output = role in OUTPUT_ROLES or "DTypeLike" in names(parse(parameter.annotation))
    return is_output and parameter.default is not None


def _array(
    bench: Bench, arrangement: Arrangement, parameter: Parameter, arguments: dict[str, Any]
) -> Array | None:
    """Return the array that is passed for a parameter, or could be, except for the image."""
    name = parameter.name
    if name == bench.main or bench.roles.get(name) not in IMAGE_ROLES | WHOLE_ROLES:
        return None
    value = arguments.get(name)
    if value is None and parameter.default == "None":
        value = next(iter(bench.candidates(parameter, arrangement, arrangement.main())), None)
    is_numeric = isinstance(value, np.ndarray) and value.dtype.kind in "biufc"
    return value if is_numeric else None
