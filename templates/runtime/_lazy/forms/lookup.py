"""Which functions have a form that passes over the chunks several times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..._axes.layout import Image
from ..._axes.measured import Measured
from .labelling import LABELLINGS, labelled
from .reductions import REDUCTIONS, reduced
from .thresholds import has_histogram, thresholded

__all__ = ["Form", "form_of"]

Form = Callable[[Measured, Mapping[str, Any], Image], Any]
"""Returns the lazy result, for the facts, the arguments and the image."""


def form_of(facts: Measured, arguments: Mapping[str, Any]) -> Form | None:
    """Return the form of a function that computes these arguments; None if there is none."""
    if has_histogram(facts, arguments):
        return thresholded
    if facts.upstream in LABELLINGS:
        return labelled
    if facts.upstream in REDUCTIONS:
        return reduced
    return None
