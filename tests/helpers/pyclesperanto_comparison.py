"""Compares each wrapper of pyclesperanto with the installed function, whatever its version.

Run as a program, since a call that the record doesn't know to end its process may end it with an
older version. Functions of which a recorded call ends the process are left out.
"""

from __future__ import annotations

import inspect
import json
import sys
import warnings
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from voxbind import MemoryTypeError, StaleWrapperError, StaleWrapperWarning, registry
from voxbind import pyclesperanto as wrappers

Outcome = tuple[Any, Exception | None, list[warnings.WarningMessage]]
OTHER_RESULT = "wrong: another result"
_VOLUME = (np.random.default_rng(0).random((6, 17, 22)) * 9).astype("float32")
_LABELS = (_VOLUME > 5).astype("uint32")


def main(output: Path, left_out: frozenset[str]) -> None:
    """Write the names of functions by what a call of the wrapper and of the function gave.

    Parameters
    ----------
    output
        The JSON file to write.
    left_out
        Public names of functions that aren't called.
    """
    # Imported by the wrappers first, which set the variable that names the OpenCL driver.
    wrappers.absolute(_VOLUME)
    cle: Any = sys.modules["pyclesperanto"]
    names: dict[str, list[str]] = {"warns of other code": []}
    for name, facts in registry.functions().items():
        if facts.library != "pyclesperanto" or name in left_out:
            continue
        function = reduce(
            lambda module, part: getattr(module, part, None), name.split(".")[1:], cle
        )
        wrapped = call(facts.func, arguments(facts, cle))
        if function is None:
            kind = "stale" if isinstance(wrapped[1], StaleWrapperError) else f"wrong: {wrapped[1]}"
        else:
            expected = call(function, arguments(facts, cle))
            kind = compared(wrapped, expected, name)
            if any(entry.category is StaleWrapperWarning for entry in wrapped[2]):
                names["warns of other code"].append(name)
            if kind == OTHER_RESULT and not is_repeatable(function, facts, cle):
                kind = "differs between equal calls"
        names.setdefault(kind, []).append(name)
    output.write_text(json.dumps(names), encoding="utf-8")


def arguments(facts: registry.FunctionMetadata, cle: Any) -> list[Any]:
    """Return new arguments for the required parameters: labels, images, and 2 for numbers."""
    given: list[Any] = []
    for parameter in inspect.signature(facts.func).parameters.values():
        if parameter.default is not parameter.empty or parameter.kind.name.startswith("VAR"):
            continue
        if "label" in parameter.name:
            given.append(cle.push(_LABELS))
        elif parameter.name in facts.arrays or "image" in parameter.name:
            given.append(cle.push(_VOLUME))
        else:
            given.append(2)
    return given


def is_repeatable(function: Callable[..., Any], facts: registry.FunctionMetadata, cle: Any) -> bool:
    """Return whether equal calls of the library's function agree; some leave memory unwritten."""
    first, *others = (call(function, arguments(facts, cle))[0] for _ in range(8))
    return all(is_equal(first, other) for other in others)


def call(function: Callable[..., Any], given: list[Any]) -> Outcome:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return function(*given), None, caught
        except Exception as error:
            return None, error, caught


def compared(wrapped: Outcome, expected: Outcome, name: str) -> str:
    """Return what the two calls gave in a word, or what is wrong.

    The wrapper may refuse a call, but not answer one that the function refuses, nor answer it with
    another result. It may warn once that its function's code is another, and of nothing else.
    """
    result, error, caught = wrapped
    own = [str(entry.message) for entry in caught if entry.category is StaleWrapperWarning]
    others = sorted(str(e.message) for e in caught if e.category is not StaleWrapperWarning)
    if len(own) > 1 or any(not message.startswith(f"{name} ") for message in own):
        return f"wrong: warns {own}"
    if isinstance(error, StaleWrapperError):
        return "stale"
    if isinstance(error, MemoryTypeError):
        return "refused"
    if (error is None) != (expected[1] is None):
        return f"wrong: {error!r} against {expected[1]!r}"
    if error is not None:
        return "both refuse"
    if others != sorted(str(entry.message) for entry in expected[2]):
        return f"wrong: warns {others}"
    return "equal" if is_equal(result, expected[0]) else OTHER_RESULT


def is_equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(is_equal, one, other))
    first, second = (
        np.asarray(value.get() if hasattr(value, "get") else value) for value in (one, other)
    )
    nan = first.dtype.kind in "fc"
    return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=nan)


if __name__ == "__main__":
    main(Path(sys.argv[1]), frozenset(sys.argv[2].split(",")))
