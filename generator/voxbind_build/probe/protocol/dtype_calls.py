"""Calls a function with the same image in each dtype."""

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
    """Call with the same image in each dtype, over the full range of the dtype.

    A dtype counts as refused only if the function refuses other contents and arguments too.

    Parameters
    ----------
    bench
        The function.
    order
        Contents and dtypes, in the order in which they are tried.
    arrangement
        An arrangement that the function accepts.

    Returns
    -------
    dict
        The outcome by dtype.
    """
    found = {}
    for dtype in dict.fromkeys((*DTYPES, arrangement.dtype)):  # which may be complex
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
    """Call with an image over the full range of its dtype.

    If the result isn't an image, grey uint16 images keep to 12 bits, as those of many cameras: some
    functions compute a threshold from a histogram, in a time that grows with the square of its
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
