"""Calls a function on each block of images, one after another, and joins the results."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from functools import partial
from inspect import BoundArguments, Signature
from typing import Any

from .._memory.exporter_memory import is_dask_array
from .._memory.lookup import is_array
from .._memory.numpy_memory import numpy_dtype
from .._settings.context import change
from .._support.contract import ProcessingContract
from .._support.untyped import np
from ..errors import DimensionError
from .cutting import block
from .joining import Context, Finish, joined
from .layout import Image, Layout
from .looping import positions, results
from .measured import Measured
from .slice_arguments import is_seed

__all__ = ["call_blocks", "call_with"]

_CHANNEL_AXIS = "channel_axis"
_SEEDS = ("rng", "seed")


def call_blocks(
    function: Callable[..., Any],
    facts: Measured,
    arguments: Mapping[str, Any],
    images: Sequence[Image],
    layout: Layout,
    finished: Finish,
    *,
    colours: str,
    progress: Any = False,
) -> Any:
    """Call a function on each block of the images, and join the results.

    The parameters are those of `voxbind._axes.calling.call`, with the layout of the images and what
    makes the results that the caller gets.
    """
    _refuse_outputs(facts, arguments, layout)
    arguments = dict(arguments)
    parameter = facts.signature.parameters.get(_CHANNEL_AXIS)
    if parameter is not None and colours:
        arguments[_CHANNEL_AXIS] = -1
    elif parameter is not None and parameter.default is not None and facts.takes_colours:
        arguments[_CHANNEL_AXIS] = None
    _make_generators(facts, arguments)
    places = positions(layout)

    def run(place: Mapping[str, int]) -> Any:
        blocks = {
            image.parameter: block(image, kept, place)
            for image, kept in zip(images, layout.kept, strict=True)
        }
        return call_with(function, facts.signature, {**arguments, **blocks})

    shape = tuple(images[0].length(letter) for letter in layout.kept[0])
    if is_dask_array(images[0].array) and not finished.gives_names:
        return run({})  # lazy, and there is nothing to join
    projected = ""
    if facts.contract is ProcessingContract.VOLUMETRIC_TO_SLICE and len({*shape}) < len(shape):
        small = {**arguments, images[0].parameter: _small_volume(images[0])}
        try_out = partial(call_with, function, facts.signature, small)
        projected = _axes_of_projection(try_out, layout.kept[0])
    context = Context(facts, layout, shape, projected, places, finished)
    return joined(results(run, places, facts.name, facts.runs_in_threads, progress), context)


def call_with(
    function: Callable[..., Any], described: Signature, arguments: Mapping[str, Any]
) -> Any:
    """Call a function of a signature with arguments by parameter, in any order."""
    names = [name for name in described.parameters if name in arguments]
    bound = BoundArguments(described, OrderedDict((name, arguments[name]) for name in names))
    return function(*bound.args, **bound.kwargs)


def _small_volume(image: Image) -> Any:
    """Return a volume whose axes have different lengths: 2, 3 and 4."""
    return np.zeros((2, 3, 4), numpy_dtype(image.array) or np.float32)


def _axes_of_projection(call: Callable[[], Any], kept: str) -> str:
    """Return the axes of the result that a function gives for a small volume.

    A result of a volume with equal lengths doesn't show which axis is gone. Empty if the call fails
    or no axis is gone.
    """

    def run() -> Any:
        change(transfers="allow", logs=())  # the caller didn't ask for this call
        return call()

    try:
        shape = tuple(copy_context().run(run).shape)
    except Exception:
        return ""
    return {(3, 4): kept[1:], (2, 4): kept[::2], (2, 3): kept[:2]}.get(shape, "")


def _refuse_outputs(facts: Measured, arguments: Mapping[str, Any], layout: Layout) -> None:
    given = [name for name in facts.outputs if is_array(arguments.get(name))]
    if given and (layout.looped or layout.is_reordered):
        raise DimensionError(
            f"{facts.name} was given {given[0]!r}, and it is called for parts of the image. Leave "
            f"{given[0]!r} out: the results are put into one array anyway."
        )


def _make_generators(facts: Measured, arguments: dict[str, Any]) -> None:
    """Replace an integer seed by a generator, so that each block gets random numbers of its own."""
    for name in _SEEDS:
        seed = arguments.get(name)
        if facts.is_random and is_seed(seed):
            arguments[name] = np.random.default_rng(seed)
