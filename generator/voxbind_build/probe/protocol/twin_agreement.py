"""Runs a function and its twin on the same data, and measures how much their results differ.

The probe makes its usual calls. Both functions get the same numbers, each in its own memory.
"""

from __future__ import annotations

import copy
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec import structs

from voxbind_build.memories.interface import Memory
from voxbind_build.model import Agreement, Deviation, Observation, ProbeTask, Twin
from voxbind_build.probe.inputs.images import Array
from voxbind_build.probe.invoke import realise, tell_error
from voxbind_build.probe.protocol.bench import in_words
from voxbind_build.probe.protocol.function_run import blank, load, observe

_TOLD = 12
"""Largest number of calls that are listed for each kind of difference."""
_LEFT_OUT = ""
"""Stands for the value of an argument that isn't passed."""
_NOTHING = 16 * sys.float_info.epsilon
"""Absolute differences up to this number count as zero. Most test images have values up to 1, and
for a result that should be 0, each library returns another remainder."""
_ROUNDING = 1e-6
"""Relative differences above this number are recorded; it is ten times the rounding of float32."""


class Distance(NamedTuple):
    """The difference between two results."""

    absolute: float = 0.0
    relative: float = 0.0
    unlike: str = ""
    """A difference that no number measures: another shape, another type, another text."""
    numbers: int = 0
    """How many numbers were compared."""


def distance(value: Any, twin: Any) -> Distance:
    """Compare two results.

    Parameters
    ----------
    value, twin
        Numbers, NumPy arrays, or tuples, lists and dictionaries of them, in any depth. Booleans
        count as numbers, and an array without axes as one number. For other objects, only the
        names of their classes are compared.

    Returns
    -------
    Distance
        The largest absolute difference, and the largest relative one. The latter is divided by the
        largest number in the twin's array or, if that array is zero everywhere, in the other.
        Differences of at most 16 float64 epsilons count as zero.
    """
    # Many branches, but one for each pair of types that are compared in the same way.
    if _is_number(value) and _is_number(twin):
        return _of_arrays(np.asarray(value), np.asarray(twin))
    if isinstance(value, dict) and isinstance(twin, dict):
        if value.keys() != twin.keys():
            return Distance(unlike="other keys")
        return _greatest([distance(value[key], twin[key]) for key in twin])
    if _is_row(value) and _is_row(twin):
        if len(value) != len(twin):
            return Distance(unlike=f"{len(value)} members for {len(twin)}")
        return _greatest([distance(*pair) for pair in zip(value, twin, strict=True)])
    # One may return an array, and the other a list of numbers.
    if (_is_row(value) and _is_number(twin)) or (_is_number(value) and _is_row(twin)):
        rows = _as_array(value), _as_array(twin)
        if rows[0] is not None and rows[1] is not None:
            return _of_arrays(rows[0], rows[1])
    kinds = type(value).__name__, type(twin).__name__
    if kinds[0] != kinds[1]:
        return Distance(unlike=f"{kinds[0]} for {kinds[1]}")
    if isinstance(value, str | bytes | slice | None) and value != twin:
        return Distance(unlike=f"{in_words(value)} for {in_words(twin)}")
    return Distance()


def _is_number(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | bool | int | float | complex)


def _is_row(value: Any) -> bool:
    return isinstance(value, tuple | list)


def _as_array(value: Any) -> Array | None:
    """Return nested lists of numbers as an array; None if they contain other objects."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array if array.dtype.kind in "biufc" else None


def _of_arrays(value: Array, twin: Array) -> Distance:
    if value.shape != twin.shape:
        return Distance(unlike=f"shape {value.shape} for {twin.shape}")
    if not {value.dtype.kind, twin.dtype.kind} <= {*"biufc"}:
        if value.dtype.kind == twin.dtype.kind == "O":
            return _greatest([distance(*pair) for pair in zip(value.flat, twin.flat, strict=True)])
        alike = value.dtype.kind == twin.dtype.kind and bool(np.all(value == twin))
        return Distance(unlike="" if alike else f"{value.dtype} of other values than {twin.dtype}")
    kind = complex if "c" in (value.dtype.kind, twin.dtype.kind) else float
    one, other = value.astype(kind), twin.astype(kind)
    known = np.isfinite(one) & np.isfinite(other)
    unknown = ~known
    if not np.array_equal(one[unknown], other[unknown], equal_nan=True):
        return Distance(unlike="a number where the twin has none, or none where it has one")
    if not known.any():
        return Distance(numbers=one.size)
    with np.errstate(over="ignore"):
        absolute = min(float(np.abs(one[known] - other[known]).max()), sys.float_info.max)
        greatest = float(np.abs(other[known]).max()) or float(np.abs(one[known]).max())
    if absolute <= _NOTHING:
        return Distance(absolute, numbers=one.size)
    relative = min(absolute / greatest, sys.float_info.max)
    return Distance(absolute, relative, numbers=one.size)


def _greatest(parts: Sequence[Distance]) -> Distance:
    return Distance(
        absolute=max((part.absolute for part in parts), default=0.0),
        relative=max((part.relative for part in parts), default=0.0),
        unlike=next((part.unlike for part in parts if part.unlike), ""),
        numbers=sum(part.numbers for part in parts),
    )


class Pair:
    """Passes each call on to a function and its twin, and records how their results differ.

    Parameters
    ----------
    function, twin
        The two functions.
    memory
        The memory that the function works in; its twin works on the host.
    task
        The description of the function, and the differences between the two signatures.
    image
        The parameter that takes the image; empty if there is none.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        twin: Callable[..., Any],
        memory: Memory,
        task: ProbeTask,
        image: str,
    ) -> None:
        self._function, self._twin, self._memory, self._image = function, twin, memory, image
        beside = task.beside or Twin(name="")
        self._theirs = {mine: theirs for theirs, mine in beside.renamed.items()}
        self._own = frozenset(beside.added)
        self._parameters = task.description.parameters
        self.calls = 0
        self._absolute = self._relative = 0.0
        self._at = ""
        self._unlike: dict[str, str] = {}
        self._only_twin: dict[str, str] = {}
        # For each call, the dtype of the image, the other arguments in words, and the difference.
        self._compared: list[tuple[str, dict[str, str], Distance]] = []

    @property
    def agreement(self) -> Agreement | None:
        """The differences; None if nothing was compared and no call worked for the twin only."""
        if not (self.calls or self._unlike or self._only_twin):
            return None
        return Agreement(
            calls=self.calls,
            absolute=_rounded(self._absolute),
            relative=_rounded(self._relative),
            at=self._at,
            unlike=tuple([*self._unlike.values()][:_TOLD]),
            only_twin=tuple([*self._only_twin.values()][:_TOLD]),
            deviations=tuple(self._deviations()),
        )

    def _deviations(self) -> Iterator[Deviation]:
        """Yield the kinds of call whose results differ, by the arguments with unusual values."""
        usual = {
            each.name: Counter(values[each.name] for _, values, _ in self._compared).most_common(1)
            for each in self._parameters
        }
        kinds: dict[tuple[str, tuple[str, ...]], Distance] = {}
        for dtype, values, found in self._compared:
            given = tuple(
                name
                for name, value in values.items()
                if value not in (usual[name][0][0], _LEFT_OUT)
            )
            kinds[dtype, given] = _greatest([kinds.get((dtype, given), Distance()), found])
        for (dtype, given), found in sorted(
            kinds.items(), key=lambda item: (not item[1].unlike, -item[1].relative, item[0])
        ):
            if found.unlike or found.relative > _ROUNDING:
                yield Deviation(
                    dtype=dtype,
                    parameters=given,
                    max_relative=_rounded(found.relative),
                    unlike=bool(found.unlike),
                )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function and its twin; return or raise the outcome of the function."""
        # Copied before the calls, since both functions may modify their arguments.
        given = (
            [_copied(self._memory.take(value)) for value in args],
            {name: _copied(self._memory.take(value)) for name, value in kwargs.items()},
        )
        try:
            value = realise(self._function(*args, **kwargs))
        except Exception as error:
            told = tell_error(error)
            # Each error is recorded once; the observation lists all refused calls.
            if told not in self._only_twin and self._of_twin(*given) is not None:
                self._only_twin[told] = f"{self._in_words(*given)}: {told}"
            raise
        expected = self._of_twin(*given)
        if expected is not None:
            self._compare(self._memory.take(value), expected.value, given)
        return value

    def _of_twin(self, args: Sequence[Any], kwargs: dict[str, Any]) -> _Returned | None:
        """Call the twin; None if it can't be called with these arguments, or raises an error."""
        arguments = dict(self._named(args, kwargs))
        if arguments.keys() & self._own:
            return None
        state = np.random.get_state()
        try:
            with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
                positional, keywords = self._placed(arguments)
                return _Returned(realise(self._twin(*positional, **keywords)))
        except Exception:
            return None
        finally:
            np.random.set_state(state)

    def _named(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        yield from zip((each.name for each in self._parameters), args, strict=False)
        yield from kwargs.items()

    def _placed(self, arguments: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return positional-only arguments, and all others by the twin's parameter names."""
        nameless = {each.name for each in self._parameters if each.kind == "POSITIONAL_ONLY"}
        return (
            [value for name, value in arguments.items() if name in nameless],
            {
                self._theirs.get(name, name): value
                for name, value in arguments.items()
                if name not in nameless
            },
        )

    def _compare(self, value: Any, expected: Any, given: tuple[Any, dict[str, Any]]) -> None:
        found = distance(value, expected)
        image, arguments = self._split(*given)
        if image is None or hasattr(image, "dtype"):  # NumPy chooses the dtype of a list
            values = {
                each.name: _kind_of(arguments[each.name]) if each.name in arguments else _LEFT_OUT
                for each in self._parameters
            }
            self._compared.append((str(getattr(image, "dtype", "")), values, found))
        if found.unlike and found.unlike not in self._unlike:
            self._unlike[found.unlike] = f"{self._in_words(*given)}: {found.unlike}"
        if not found.numbers:
            return
        self.calls += 1
        self._absolute = max(self._absolute, found.absolute)
        if found.relative > self._relative:
            self._relative = found.relative
            self._at = self._in_words(*given)

    def _split(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return the image, or None, and the other arguments by name."""
        arguments = dict(self._named(args, kwargs))
        return arguments.pop(self._image, None), arguments

    def _in_words(self, args: Sequence[Any], kwargs: dict[str, Any]) -> str:
        """Describe a call, beginning with the image."""
        image, arguments = self._split(args, kwargs)
        told = [] if image is None else [_in_words(image)]
        told += [f"{name}={_in_words(value)}" for name, value in arguments.items()]
        return ", ".join(told) or "no arguments"


class _Returned(NamedTuple):
    """The result of a call, which may be None."""

    value: Any


def _in_words(value: Any) -> str:
    """Describe an argument without its data; nested lists are described by their shape."""
    if isinstance(value, list) and (array := _as_array(value)) is not None and array.ndim > 1:
        return f"nested lists {array.shape}"
    return in_words(value)


def _kind_of(value: Any) -> str:
    """Describe an argument; arrays, whose shapes vary between calls, are ``an array``."""
    return "an array" if isinstance(value, np.ndarray | list) else in_words(value)


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # a module, say, which functions don't modify
        return value


def _rounded(number: float) -> float:
    """Round to three digits, since the last bits of a sum depend on the order of summation."""
    return float(f"{number:.2e}")


def agree(task: ProbeTask, before_call: Callable[[int], None] = lambda number: None) -> Observation:
    """Run the probe on a function together with the twin that the task names.

    Parameters
    ----------
    task
        The function, and its twin.
    before_call
        Called with the number of each call before it is made.

    Returns
    -------
    Observation
        Only the `agreement` is filled in, if any results were compared. Other facts are left out,
        since calling the twin in between may change them.
    """
    unseen, pairs = blank(task), list[Pair]()
    module, _, attribute = (task.beside or Twin(name="")).name.rpartition(".")

    def through(function: Callable[..., Any], memory: Memory) -> Callable[..., Any]:
        pairs.append(Pair(function, load(module, attribute), memory, task, unseen.image))
        return pairs[0]

    observed = observe(task, before_call, through)
    return structs.replace(
        unseen,
        agreement=pairs[0].agreement if pairs else None,
        inconclusive=observed.inconclusive,
        failure="" if pairs else observed.failure,
    )
