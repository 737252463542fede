"""Calls a function once and describes the outcome."""

from __future__ import annotations

import errno
import math
import re
import sys
import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from msgspec import structs

from voxbind_build.common.fixed_text import without_places
from voxbind_build.memories.interface import Memory
from voxbind_build.model import Outcome, Parameter, Result
from voxbind_build.probe.inputs.images import Array

_MEMBERS = 12
_NUDGE = 1 + 1e-6
_EXHAUSTED = frozenset(
    (
        *(errno.EAGAIN, errno.ENOMEM, errno.ENOSPC),
        *(errno.EDQUOT, errno.EMFILE, errno.ENFILE),
    )
)
"""System errors for a lack of memory, processes, disk space or open files."""
_EXHAUSTED_WORDS = re.compile(r"(?i)out of memory|can't start new thread")
"""Messages for the same in libraries that raise a plain `RuntimeError`."""


@dataclass(frozen=True)
class Answer:
    """The outcome of one call."""

    value: Any = None
    outcome: Outcome = "returned"
    error: str = ""
    """The exception, or how the call ended; empty if it returned."""
    warnings: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()

    @property
    def returned(self) -> bool:
        """Whether the call returned without an exception."""
        return self.outcome == "returned"


def raised(error: BaseException, warnings: tuple[str, ...] = ()) -> Answer:
    """Return the outcome of a call that raised an exception.

    A lack of memory, processes, disk space or open files is a temporary state of the machine, so
    the call is inconclusive: it doesn't show that the function refuses its arguments.

    Parameters
    ----------
    error
        The exception.
    warnings
        The warnings before it.
    """
    outcome: Outcome = "inconclusive" if is_exhausted(error) else "raised"
    return Answer(outcome=outcome, error=tell_error(error), warnings=warnings)


def is_exhausted(error: BaseException) -> bool:
    """Return whether an exception means that the machine ran out of a resource."""
    if isinstance(error, OSError):
        return error.errno in _EXHAUSTED
    if isinstance(error, RuntimeError):
        return bool(_EXHAUSTED_WORDS.search(tell_error(error)))
    return isinstance(error, MemoryError)


def call(
    function: Callable[..., Any],
    parameters: tuple[Parameter, ...],
    arguments: Mapping[str, Any],
    *,
    memory: Memory,
    given: Container[str] = (),
    only: tuple[str, ...] = (),
    watched: bool = True,
) -> Answer:
    """Call a function on copies of the arguments.

    Exceptions of the function are caught, and the original arguments stay unchanged.

    Parameters
    ----------
    function
        The callable.
    parameters
        Its parameters, in order.
    arguments
        Arguments by parameter name; arrays are NumPy arrays.
    memory
        The memory of the library, in which results are.
    given
        Parameters whose arrays are passed in the library's memory.
    only
        The dtypes that the function reads correctly in those arrays; all dtypes if empty.
    watched
        Whether to find out which arguments the function changes. Each array is copied back from the
        library's memory for that.
    """
    try:
        copies = {
            name: memory.give(_copy(value)) if name in given else _copy(value)
            for name, value in arguments.items()
        }
    except Exception as error:  # the memory lacks a dtype, or a number of axes
        return raised(error)
    before = {
        name: _copy(memory.take(copies[name]))
        for name in arguments
        if name in given and (watched or only)
    }
    if only:
        dtypes = {str(value.dtype) for value in before.values() if isinstance(value, np.ndarray)}
        if not dtypes <= {*only}:
            return Answer(
                outcome="raised",
                error=f"not given: arrays of other dtypes than {'/'.join(only)} are misread",
            )
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.name not in copies:
            continue
        # Required arguments go by position, as users and the generated wrappers pass them.
        if parameter.kind == "POSITIONAL_ONLY" or (
            parameter.default is None and parameter.kind == "POSITIONAL_OR_KEYWORD" and not keywords
        ):
            positional.append(copies[parameter.name])
        else:
            keywords[parameter.name] = copies[parameter.name]
    with warnings.catch_warnings(record=True) as caught, np.errstate():
        warnings.simplefilter("always")
        try:
            value = memory.take(realise(function(*positional, **keywords)))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also SystemExit, which ends this call only
            memory.wait()
            return raised(error, _told(caught))
        memory.wait()
    mutated = tuple(
        name
        for name, value_before in ({**arguments, **before} if watched else {}).items()
        if isinstance(value_before, np.ndarray)
        and _differs(value_before, memory.take(copies[name]))
    )
    return Answer(value=value, warnings=_told(caught), mutated=mutated)


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _differs(before: Array, after: Array) -> bool:
    if before.shape != after.shape or before.dtype != after.dtype:
        return True
    if before.dtype == object:
        return False
    return before.tobytes() != after.tobytes()


class Realised(list[Any]):
    """The items of an iterator."""


def realise(value: Any) -> Any:
    """Return the first items of an iterator, so that it does its work inside the call."""
    if isinstance(value, Iterator) and not hasattr(value, "__array__"):
        return Realised(islice(value, _MEMBERS))
    return value


def _told(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(
        sorted({f"{entry.category.__name__}: {scrub(str(entry.message))}" for entry in caught})
    )


def tell_error(error: BaseException) -> str:
    """Describe an exception as ``TypeName: first line``."""
    if isinstance(error, RecursionError):  # its message depends on the depth of our own calls
        return f"{type(error).__name__}: maximum recursion depth exceeded"
    try:
        message = scrub(str(error))
    except Exception as another:  # raised by the exception's own code
        message = f"(whose text can't be told: {type(another).__name__})"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def scrub(message: str) -> str:
    """Return the first line, with placeholders for addresses and paths, which vary by machine."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    first = lines[0].encode("utf-8", "replace").decode() if lines else ""
    return without_places(first)[:300]


def outline(result: Result) -> Result:
    """Return a result without the ranges of floats.

    Some results depend on uninitialised memory (`unwrap_phase` of a volume), but a record must be
    reproducible.
    """
    return structs.replace(
        result,
        range=result.range if result.dtype[:1] in ("b", "i", "u") else None,
        members=tuple(map(outline, result.members)),
    )


# --- results ----------------------------------------------------------------------------


def describe_result(value: Any, depth: int = 0) -> Result:
    """Describe a result without its data.

    For the record of a call, `outline` removes the parts that may differ between two runs.

    Parameters
    ----------
    value
        The result.
    depth
        Depth of nested containers.
    """
    if value is None:
        return Result(type="none")
    if isinstance(value, np.ndarray):
        return Result(
            type="array",
            shape=value.shape,
            dtype=_dtype_name(value.dtype),
            range=value_range(value),
            integral=_integral(value),
        )
    if isinstance(value, bool | int | float | complex | np.generic):
        scalar = np.asarray(value)
        return Result(
            type="scalar",
            dtype=_dtype_name(scalar.dtype),
            range=value_range(scalar),
            integral=_integral(scalar),
        )
    if isinstance(value, tuple | list | dict) and depth < 5:
        members = list(value.values()) if isinstance(value, dict) else list(value)
        return Result(
            type=_container(value),
            shape=(len(members),),
            members=tuple(describe_result(member, depth + 1) for member in members[:_MEMBERS]),
            keys=_keys(value) if isinstance(value, dict) else "",
        )
    shape = getattr(value, "shape", ())
    dtype = getattr(value, "dtype", "")
    return Result(
        type=_dotted(value),
        shape=tuple(map(int, shape)) if isinstance(shape, tuple) else (),
        dtype=str(dtype) if isinstance(dtype, np.dtype) else "",
    )


def _container(value: Any) -> str:
    if isinstance(value, tuple):
        return "tuple"
    known: dict[type[Any], str] = {list: "list", dict: "dict", Realised: "iterator"}
    return known.get(type(value)) or _dotted(value)


def _keys(value: dict[Any, Any]) -> str:
    kinds = {type(key) for key in value}
    named = {"int" if issubclass(kind, np.integer) else kind.__name__ for kind in kinds}
    return named.pop() if len(named) == 1 else ""


def _dotted(value: Any) -> str:
    """Return the dotted name of a class, in the uppermost module that exports it."""
    kind = type(value)
    parts = kind.__module__.split(".")
    modules = (".".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    shown = (name for name in modules if _shows(sys.modules.get(name), kind))
    return f"{next(shown, kind.__module__)}.{kind.__qualname__}"


def _shows(module: Any, kind: type) -> bool:
    try:
        return getattr(module, kind.__qualname__, None) is kind
    except Exception:  # the lazy import of a library's module may fail here
        return False


def _dtype_name(dtype: np.dtype[Any]) -> str:
    return "structured" if dtype.names else str(dtype)


def _integral(values: Array) -> bool:
    if values.dtype.kind in "biu":
        return True
    if values.dtype.kind != "f" or not values.size:
        return False
    return bool(np.all(np.isfinite(values)) and np.all(values == np.round(values)))


def value_range(values: Array) -> tuple[float, float] | None:
    """Return the smallest and the largest finite value, rounded to be equal on every machine.

    The last bits of a sum depend on the order of summation, so floats keep four significant digits.
    Before rounding, they are increased by one part in a million, so that a value like 0.12345,
    which may be 0.12344999 on another machine, isn't at the edge of rounding. Values count as 0 if
    they are below 1e-13, or below 1e-7 (float64: 1e-10) of the largest magnitude.
    """
    if values.dtype.kind not in "biuf" or not values.size:
        return None
    if values.dtype.kind in "biu":
        return float(values.min()), float(values.max())
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    ends = (float(finite.min()), float(finite.max()))
    noise = 1e-10 if values.dtype.itemsize >= 8 else 1e-7
    least = max(noise * max(map(abs, ends)), 1e-13)
    return _round(ends[0], least), _round(ends[1], least)


def _round(value: float, least: float) -> float:
    if abs(value) <= least:
        return 0.0
    if value.is_integer() and abs(value) < 1 << 24:
        return value  # the end of a dtype's range, say
    rounded = float(f"{value * _NUDGE:.3e}")
    # The largest numbers of float64 would be rounded to infinity, which JSON lacks.
    return rounded if math.isfinite(rounded) else math.copysign(sys.float_info.max, value)
