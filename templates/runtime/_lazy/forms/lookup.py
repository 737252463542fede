"""Which functions have a form that passes over the chunks several times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._axes.layout import Image
from ..._axes.measured import Measured
from .centres import CENTRES, centre
from .extremes import needs_extremes, with_extremes
from .fourier import FOURIER_FILTERS, filtered_in_fourier_space
from .histograms import from_histogram, is_from_histogram
from .label_extrema import EXTREMA, extrema
from .label_histograms import LABEL_HISTOGRAMS, label_histogram
from .labelling import LABELLINGS, labelled
from .medians import has_median, median
from .reductions import REDUCTIONS, reduced
from .regions import REGION_TABLES, region_table
from .spread import SPREADS, spread
from .thresholds import has_histogram, thresholded

__all__ = ["Form", "form_of"]

Form = Callable[[Measured, Mapping[str, Any], Image], Any]
"""Returns the lazy result, for the facts, the arguments and the image."""


_BY_NAME: Mapping[str, Form] = {
    **dict.fromkeys(CENTRES, centre),
    **dict.fromkeys(EXTREMA, extrema),
    **dict.fromkeys(FOURIER_FILTERS, filtered_in_fourier_space),
    **dict.fromkeys(LABELLINGS, labelled),
    **dict.fromkeys(LABEL_HISTOGRAMS, label_histogram),
    **dict.fromkeys(REDUCTIONS, reduced),
    **dict.fromkeys(REGION_TABLES, region_table),
    **dict.fromkeys(SPREADS, spread),
}
"""By the name of the library's function, forms for all arguments."""
_BY_CALL: Sequence[tuple[Callable[[Measured, Mapping[str, Any]], bool], Form]] = (
    (has_histogram, thresholded),
    (is_from_histogram, from_histogram),
    (needs_extremes, with_extremes),
    (has_median, median),
)
"""Forms for some arguments, each with a function that says whether it computes them."""


def form_of(facts: Measured, arguments: Mapping[str, Any]) -> Form | None:
    """Return the form of a function that computes these arguments; None if there is none."""
    for computes, form in _BY_CALL:
        if computes(facts, arguments):
            return form
    return _BY_NAME.get(facts.upstream)
