"""Words that parameters of one name take in one module, of which each function tells a few."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

from voxbind_build.model import Description

__all__ = ["words_elsewhere"]


def words_elsewhere(
    descriptions: Sequence[Description],
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the words of each function's parameters that others of their names take.

    Parameters
    ----------
    descriptions
        All functions of a library.

    Returns
    -------
    dict
        By function and parameter, words that aren't documented of it.
    """
    known: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for description in descriptions:
        for parameter in description.parameters:
            known[description.module, parameter.name] |= set(_words(parameter.annotation))
    return {
        description.name: {
            parameter.name: tuple(sorted(others))
            for parameter in description.parameters
            if (own := set(_words(parameter.annotation)))
            and (others := known[description.module, parameter.name] - own)
        }
        for description in descriptions
    }


def _words(annotation: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(annotation, mode="eval")):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
