"""Tests whether results differ between equal calls, and on which seeds they depend."""

from __future__ import annotations

from typing import Any

import numpy as np

from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.relations import close, leaves, same
from voxbind_build.probe.protocol.unwritten_memory import filled_memory

_EQUAL_CALLS = 4
_BYTE = 0x55
"""What memory is filled with before equal calls, so that what isn't written is equal."""


def is_random(bench: Bench, arrangement: Arrangement) -> bool:
    """Return whether the result depends on the random generator by default.

    The results for several fixed states of the generator are compared, so that the answer doesn't
    depend on chance.
    """
    name = next((entry for entry, role in bench.roles.items() if role == "generator"), None)
    parameter = bench.parameter(name) if name else None
    if parameter is not None and parameter.default != "None":
        return False  # the library fixes the generator by default
    arguments = bench.compose(arrangement, arrangement.main())
    answers: list[Answer] = []
    for state in range(2 if bench.sparing else 4):
        if name:
            arguments[name] = state
        np.random.seed(state)
        answers.append(bench.call(arguments))
        if bench.is_late():
            break
    values = [answer.value for answer in answers if answer.returned]
    return any(not _alike(values[0], value) for value in values[1:])


def keeps_state(bench: Bench, arrangement: Arrangement) -> bool:
    """Return whether the function keeps something from one call to the next.

    Two equal calls then give different results. A function that uses several operators in turn, one
    for each iteration, does so only for certain numbers of iterations: each integer is passed plus
    one too.

    Parameters
    ----------
    bench
        The function, whose results aren't random.
    arrangement
        An arrangement that the function accepts.
    """
    arguments = bench.compose(arrangement, arrangement.main())
    integers = {name: value for name, value in arguments.items() if type(value) is int}
    changes: list[dict[str, int]] = [{}, *({name: integers[name] + 1} for name in integers)]
    if not isinstance(bench.memory.give(np.zeros((2, 2), np.float32)), np.ndarray):
        return False  # what was never written to other memories can't be made equal
    return any(
        _always_differs(bench, {**arguments, **change})
        for change in changes[: 1 if bench.sparing else None]
    )


def _always_differs(bench: Bench, arguments: dict[str, Any]) -> bool:
    """Return whether no two calls in a row, of several equal ones, give the same result."""
    before: Answer | None = None
    for _ in range(_EQUAL_CALLS):
        if bench.is_late():
            return False
        with filled_memory(_BYTE):
            answer = bench.run(arguments, watched=False)
        if not answer.returned or (before and _alike(before.value, answer.value)):
            return False
        before = answer
    return True


def _alike(first: Any, second: Any) -> bool:
    arrays = leaves(first), leaves(second)
    if len(arrays[0]) != len(arrays[1]):
        return False
    if any(leaf.dtype.kind not in "biufc" for leaf in arrays[0]):
        return same(first, second)
    return all(close(one, two) for one, two in zip(*arrays, strict=True))


def seeds(bench: Bench, arrangement: Arrangement) -> tuple[str, ...]:
    """Return the parameters that take an integer, on which the results depend.

    Parameters
    ----------
    bench
        The function, whose results are random by default.
    arrangement
        An arrangement that the function accepts.
    """
    arguments = bench.compose(arrangement, arrangement.main())
    names = [name for name, role in bench.roles.items() if role == "generator"]
    return tuple(sorted(name for name in names if _depends(bench, arguments, name)))


def _depends(bench: Bench, arguments: dict[str, Any], name: str) -> bool:
    """Return whether the result depends on a seed alone: equal seeds give equal results."""
    if bench.is_late():
        return False
    first, again, other = (bench.run({**arguments, name: seed}) for seed in (1, 1, 2))
    if not (first.returned and again.returned and other.returned):
        return False
    return _alike(first.value, again.value) and not _alike(first.value, other.value)
