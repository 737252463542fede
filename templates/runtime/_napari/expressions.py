"""Values that are written in a field as text: ``(1, 2, 2)``, ``None``, ``disk(3)``."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any, NamedTuple

from ..registry import FunctionMetadata, functions

__all__ = ["Expression", "evaluate"]

_FOOTPRINTS = "skimage.morphology"
"""The module whose functions without images can be called in a field: ``ball(2)``."""


class Expression(NamedTuple):
    """A value, and how a program writes it."""

    value: Any
    code: str
    imports: frozenset[str] = frozenset()
    """Import lines that the code needs."""


def evaluate(text: str) -> Expression:
    """Return the value of a literal, or of a call that makes a footprint.

    Parameters
    ----------
    text
        A number, text, list, tuple, dictionary or None as Python writes it, or a call of a function
        of `skimage.morphology` that takes no image, such as ``disk(3)``.

    Raises
    ------
    ValueError
        If it is neither.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
        if isinstance(node, ast.Call):
            return _footprint(node, text.strip())
        return Expression(ast.literal_eval(node), text.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{text!r} isn't a value. Write a number, a list such as (1, 2, 2), a text in quotes, "
            f"None, or a footprint such as {' or '.join(_examples())}."
        ) from error


def _footprint(node: ast.Call, text: str) -> Expression:
    name = ast.unparse(node.func)
    function = _footprints()[name].func if name in _footprints() else None
    if function is None:
        raise ValueError(name)
    arguments = [ast.literal_eval(argument) for argument in node.args]
    options = {str(each.arg): ast.literal_eval(each.value) for each in node.keywords}
    module, _, short = _FOOTPRINTS.rpartition(".")
    value = function(*arguments, **options)
    return Expression(
        value, f"{short}.{text}", frozenset({f"from voxbind.{module} import {short}"})
    )


@cache
def _footprints() -> dict[str, FunctionMetadata]:
    return {
        entry.original_name: entry
        for entry in functions(helpers=True).values()
        if entry.module == _FOOTPRINTS and entry.kind == "helper"
    }


def _examples() -> list[str]:
    return [f"{name}(3)" for name in ("disk", "ball") if name in _footprints()]
