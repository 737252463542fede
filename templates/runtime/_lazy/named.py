"""Calls with dask arrays whose axes have names, from `voxbind.over` or an array of xarray."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._axes.joining import Finish
from .._axes.layout import Image, Layout
from .._axes.lazy_options import LazyOptions
from .._axes.measured import Measured
from .._memory.exporter_memory import is_dask_array
from .._settings.tracing import note_graph
from .._support.package import name_of_wrapper
from .block_calls import BlockCall, LoopOverPart
from .building import Axes, built
from .inputs import check_image, in_chunks, refuse_others, refuse_outputs, refuse_unlike_first

__all__ = ["call_lazily"]


def call_lazily(
    function: Callable[..., Any],
    facts: Measured,
    arguments: Mapping[str, Any],
    images: Sequence[Image],
    layout: Layout,
    finish: Finish,
    options: LazyOptions,
    *,
    colours: str,
) -> Any:
    """Return the lazy result of a call on each block of the images.

    See `voxbind._axes.calling.call`, which computes the same for arrays in memory.
    """
    first, *others = images
    name = facts.name
    if not is_dask_array(first.array):
        other = next(image for image in others if is_dask_array(image.array))
        raise refuse_unlike_first(name, first.parameter, first.array, other.parameter, other.array)
    check_image(name, first.parameter, first.array)
    refuse_outputs(name, arguments, facts.outputs)
    cut = [first]
    for image in others:
        array = in_chunks(name, image.parameter, image.array, first.parameter)
        cut.append(image._replace(array=array))
    refuse_others(name, arguments, [image.parameter for image in cut])
    lengths = {
        letter: max(image.length(letter) for image in cut if letter in image.axes)
        for letter in layout.order
    }
    kept = layout.kept[0]
    axes = Axes(
        order=layout.order,
        lengths=lengths,
        looped=layout.looped,
        spatial=kept.replace(colours, "") if colours else kept,
        names=first.axes,
    )

    def block_call(rest: Mapping[str, Any]) -> BlockCall:
        by_parameter = {image.parameter: image.axes for image in cut}
        return LoopOverPart(function, facts.function, rest, by_parameter, colours, facts.contract)

    result = built(facts, arguments, cut, axes, options, block_call)
    note_graph(name_of_wrapper(facts.function), arguments)
    kind = facts.kinds if isinstance(facts.kinds, str) else "other"
    without_colours = layout.order.replace(colours, "") if colours else layout.order
    result_axes = next(
        axes for axes in (layout.order, without_colours, layout.looped) if len(axes) == result.ndim
    )
    return finish.array(result, result_axes, kind)
