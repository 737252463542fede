"""Observes a function without an image argument."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from voxbind_build.model import Call, Observation, Result
from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.options import option_effects
from voxbind_build.probe.protocol.variants import also_accepts, lists

__all__ = ["observe_helper"]


def observe_helper(
    bench: Bench, unseen: Observation, words: dict[str, tuple[str, ...]]
) -> tuple[Observation, list[Arrangement]]:
    """Call a function without an image argument, to describe its result.

    Returns
    -------
    tuple
        The observation, and the arrangement that the function accepts, if there is one.
    """
    base = Arrangement(content="grey", dtype="float64", ndim=2, size="plain")
    choices = [(), *bench.alternatives(base)]
    answer = Answer(outcome="raised", error="not called")
    for choice in choices[:12]:
        if answer.returned or bench.is_late():
            break
        base = replace(base, choice=choice)
        answer = bench.attempt(base)
    # Without an image, the case and the shape of a call have no meaning.
    calls = tuple(
        _without_image(call) for call in bench.calls if call.outcome == "returned"
    ) or tuple(_without_image(call) for call in bench.calls[:1])
    if not answer.returned:
        return structs.replace(unseen, calls=calls, inconclusive=bench.inconclusive), []
    bench.inconclusive.clear()
    bench.part = "options"
    observation = structs.replace(
        unseen,
        calls=calls,
        option_effects=tuple(
            structs.replace(each, result=_without_range(each.result))
            for each in option_effects(bench, base, answer)
        ),
        lists=lists(bench, base),
        also_accepts=also_accepts(bench, base, words),
        inconclusive=bench.inconclusive,
    )
    return observation, [base]


def _without_image(call: Call) -> Call:
    result = call.result and _without_range(call.result)
    return structs.replace(call, case="no image", shape=(), dtype="", result=result)


def _without_range(result: Result) -> Result:
    """Return a result without ranges of values: some functions return uninitialised arrays."""
    return structs.replace(result, range=None, members=tuple(map(_without_range, result.members)))
