"""Calls with the same image in each dtype."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from voxbind_build.model import IMAGE_ROLES
from voxbind_build.probe.inputs.images import DTYPES
from voxbind_build.probe.invoke import Answer
from voxbind_build.probe.protocol import arrangements as searching
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.relations import main_array


def observe_dtypes(
    bench: Bench, order: tuple[searching.Content, ...], arrangement: Arrangement
) -> dict[str, Answer]:
    """Give the same image in each dtype, over the dtype's whole range.

    A dtype is refused only where no other content or argument helps.
    """
    found = {}
    for dtype in DTYPES:
        content = arrangement.content
        if content == "grey" and dtype == "int32":
            content = "labels"
        known = replace(arrangement, dtype=dtype, content=content)
        found[dtype] = _in_dtype(bench, known)
        if found[dtype].outcome == "raised":
            for other in searching.dtype_attempts(bench, order, known):
                answer = _in_dtype(bench, other)
                if answer.outcome in ("returned", "inconclusive"):
                    found[dtype] = answer
                if answer.returned:
                    break
        bench.mutated.update(found[dtype].mutated)
    return found


def _in_dtype(bench: Bench, arrangement: Arrangement) -> Answer:
    """Call with a dtype's whole range.

    Where the result is no image, grey uint16 stays at 12 bits, which is what cameras give:
    thresholds are found in a histogram, and some take time that grows with the square of its
    length.
    """
    arguments = bench.compose(arrangement, arrangement.main())
    if arrangement.dtype == "uint16" and arrangement.content in ("grey", "two phases"):
        images = {name for name in arguments if bench.roles.get(name) in IMAGE_ROLES}
        answer = bench.run(arguments | {name: _at_12_bits(arguments[name]) for name in images})
        result = main_array(answer.value)
        ranks = (arrangement.ndim, arrangement.main().ndim)  # with colours, or without
        image_like = result is not None and result.ndim in ranks
        if not answer.returned or not image_like:
            return answer
    return bench.run(arguments)


def _at_12_bits(value: Any) -> Any:
    return value // 16 if isinstance(value, np.ndarray) and value.dtype == np.uint16 else value
