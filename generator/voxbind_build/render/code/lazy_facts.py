"""Facts from which the run time concludes what a dask array will hold before it is computed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from voxbind_build.model import SLICE_BY_SLICE, Function
from voxbind_build.render.code.wrapper import axis_kinds

__all__ = ["lazy_facts"]

_SHAPE = re.compile(r" (\d+(?:x\d+)+)")
"""The shape in the figures of a result."""
_COLOURS = re.compile(r"\bC=(\d+)\b")
"""The number of colours in a documented shape: ``(..., C=3, ...)``."""
_OPTION = re.compile(r"(\w+)=('\w*'|True|False)")
_OF_JOINED = ("image", "mask", "labels")
"""Kinds of results that have the shape of the image."""


def lazy_facts(function: Function) -> dict[str, object]:
    """Return the facts on one function, as its entry in the index has them, without empty ones."""
    facts: dict[str, object] = {
        "axis_arguments": axis_kinds(function),
        "colours": _colours(function),
        "dtype_follows": function.dtype_follows,
        "ignored_outputs": function.ignored_outputs,
        "keeps_state": function.keeps_state,
        "reach": function.reach,
        "refuses": sorted(function.refuses),
        "resizing_options": _resizing_options(function),
        "result_colours": function.result_colours,
        "result_options": _result_options(function),
        "slices_with_one": function.slices_with_one,
    }
    return {name: value for name, value in facts.items() if value}


def _result_options(function: Function) -> list[str]:
    """Return the parameters on which the kind of the result depends: ``return_num``."""
    forms = function.returns.forms
    options = {*forms[0].options} if forms else set[str]()
    options |= {name for form in forms for name in form.types}
    return sorted(options - {SLICE_BY_SLICE, *function.outputs})


def _colours(function: Function) -> list[int]:
    """Return the documented number of colours of the image, and of the result if it has colours.

    It is empty if the function needs no colours, or if the result of a trial image has another
    number of them.
    """
    if not function.needs_channels or not function.arrays:
        return []
    facts = {parameter.name: parameter.facts for parameter in function.parameters}
    documented = _COLOURS.search(facts[function.arrays[0]].get("shape", ""))
    if documented is None:
        return []
    shape = _shape(function.values.get("colour image", ""))
    if len(shape) != 3:
        return [int(documented[1])]
    of_result = _COLOURS.search(function.returns.facts.get("shape", ""))
    agree = of_result is not None and int(of_result[1]) == shape[-1]
    return [int(documented[1]), shape[-1]] if agree else []


def _resizing_options(function: Function) -> dict[str, list[object]]:
    """Return the options with which the result of a trial image had another shape, by parameter.

    The shapes of results without options are those of the trial images.
    """
    usual = {_shape(figures) for case, figures in function.values.items() if "=" not in case}
    resizing: dict[str, list[object]] = {}
    for name, value, shape in _shapes_with_options(function.values):
        if function.result in _OF_JOINED and shape and shape not in usual:
            resizing.setdefault(name, []).append(value)
    return resizing


def _shapes_with_options(
    values: Mapping[str, str],
) -> Iterator[tuple[str, object, tuple[int, ...]]]:
    """Yield each option that was tried alone, its value, and the shape of the result."""
    for case, figures in values.items():
        if option := _OPTION.fullmatch(case):
            yield option[1], ast.literal_eval(option[2]), _shape(figures)


def _shape(figures: str) -> tuple[int, ...]:
    shape = _SHAPE.search(figures)
    return tuple(map(int, shape[1].split("x"))) if shape else ()
