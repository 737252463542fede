"""Tests whether results are random, and on which seeds they depend."""

from __future__ import annotations

from typing import Any

import numpy as np

from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.relations import close, leaves, same


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
