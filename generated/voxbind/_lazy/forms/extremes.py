"""Pointwise functions that also need the smallest and the largest element of the image.

Each chunk is passed with two more layers, one of the smallest and one of the largest element of all
chunks, which are removed from the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._support.untyped import np
from ..block_calls import CallOfPart
from ..building import arguments_in_words, plain_arguments
from ..graph import Job, lazy_result
from ..halo import reach_of
from ..result_dtypes import dtype_of_result, narrowed
from .counting import ends_of
from .tree import caller_of, lazy_number

__all__ = ["needs_extremes", "with_extremes"]

_ENDS = ("smallest", "largest")
_RESCALED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "skimage.exposure.rescale_intensity": {"out_range": ("dtype", "image")},
}
"""By the name of a library's function that depends on nothing else of the image: by parameter, the
options with which the result has the measured dtype."""


def needs_extremes(facts: Measured, arguments: Mapping[str, Any]) -> bool:
    """Whether a call needs the extremes of the image, besides the element that it computes.

    Integers that become a smaller dtype are scaled only if the largest doesn't fit.
    """
    options = _RESCALED.get(facts.upstream)
    if options is not None:
        return all(
            isinstance(arguments[name], str) and arguments[name] in accepted
            for name, accepted in options.items()
        )
    image = facts.images[0]
    array = arguments[image]
    if len(facts.images) > 1 or not narrowed(facts.dtypes, facts.kinds, array.dtype):
        return False
    reach = reach_of(facts, arguments, array.ndim, image)
    return reach.elements is not None and not any(reach.elements)


@dataclass(frozen=True)
class CallWithExtremes:
    """Calls a function for a block with the extremes of all blocks."""

    call: CallOfPart
    image: str
    """The parameter that takes the image."""

    def __call__(self, blocks: Mapping[str, Any]) -> Any:
        """Return the result for a block; the extremes are among the blocks, by name."""
        block = blocks[self.image]
        ends = [np.full_like(block[:1], blocks[name]) for name in _ENDS]
        return self.call({self.image: np.concatenate([block, *ends])})[: len(block)]


def with_extremes(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the lazy result of a pointwise function that needs the extremes."""
    array = image.array
    rest = plain_arguments(facts, arguments)
    rest.pop(image.parameter, None)
    ends = ends_of(caller_of(facts, arguments, image.parameter), array)
    return lazy_result(
        Job(
            name=facts.name,
            call=CallWithExtremes(CallOfPart(facts.function, rest), image.parameter),
            images=[image],
            numbers={
                name: lazy_number(ends[index], str(array.dtype)) for index, name in enumerate(_ENDS)
            },
            order=image.axes,
            lengths=dict(zip(image.axes, image.shape, strict=True)),
            result=image.axes,
            lengths_of_result={},
            undivided="",
            halo=dict.fromkeys(image.axes, 0),
            minimum={},
            dtype=dtype_of_result(facts.name, facts.dtypes, image.parameter, array.dtype),
            modified=facts.modified,
            verify=False,
            words=arguments_in_words(rest),
        )
    )
