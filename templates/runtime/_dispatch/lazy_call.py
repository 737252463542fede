"""Calls of a wrapper with dask arrays, as arrays without names."""

from __future__ import annotations

from functools import partial
from typing import Any

from .._axes.layout import Image
from .._axes.lazy_options import NO_OPTIONS
from .._axes.measured import Measured, measured
from .._axes.slice_arguments import replace_for_slices
from .._lazy.block_calls import CallOfPart
from .._lazy.building import Axes, built
from .._lazy.forms.lookup import form_of
from .._lazy.inputs import (
    check_image,
    in_chunks,
    refuse_others,
    refuse_outputs,
    refuse_unlike_first,
    without_empty_chunks,
)
from .._memory.exporter_memory import is_dask_array
from .._memory.lookup import NUMPY, is_array, shape_of
from .._settings.tracing import note_graph
from .._support.contract import ProcessingContract
from .._support.running import running_wrapper
from .._upstream.defaults import is_same
from ..errors import DimensionError, MemoryTypeError
from .call import Call
from .facts import Arguments
from .plan import Plan

__all__ = ["LazyCall"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""Stand for the axes of an array without names."""


class LazyCall(Call):
    """A call with a dask array, which returns a lazy one."""

    __slots__ = ()

    def __init__(self, plan: Plan, arguments: Arguments) -> None:
        lazy = next(name for name in plan.images if is_dask_array(arguments[name]))
        first = next(name for name in plan.images if arguments[name] is not None)
        name = plan.name
        if not is_dask_array(arguments[first]):
            raise refuse_unlike_first(name, first, arguments[first], lazy, arguments[lazy])
        check_image(name, first, arguments[first])
        super().__init__(plan, arguments)

    def _find_device(self) -> Any:
        return None  # each block is computed where it is

    def run(self) -> Any:
        """Build the graph of a call on all axes at once."""
        plan, arguments = self._plan, self._arguments
        lazy = [name for name in plan.read if is_dask_array(arguments[name])]
        is_accepted = all(name in plan.accepts_dask for name in lazy)
        try:
            _, facts = self._facts()
        except MemoryTypeError:
            if is_accepted:
                return self._run_in_library()
            raise
        form = form_of(facts, arguments)
        if form is None and is_accepted:
            return self._run_in_library()
        if form is None:
            result = self._build(self._leading_axes(facts), self._colours(), arguments)
        else:
            refuse_outputs(facts.name, arguments, plan.outputs)
            refuse_others(facts.name, arguments, plan.images)
            letters = _LETTERS[: len(self.shape)]
            array = without_empty_chunks(arguments[self.image])
            image = Image(self.image, array, self.shape, letters)
            result = form(facts, arguments, image)
        note_graph("", arguments)
        return result

    def _run_in_library(self) -> Any:
        """Call a function that keeps dask arrays lazy by itself."""
        try:
            return super().run()
        except Exception as error:
            if not _is_from_dask(error):
                raise
            raise MemoryTypeError(
                f"{self.name} was given {self.image!r}, a dask array, which the library accepts, "
                f"but not with these arguments: {error}. Compute the array first: "
                f"{self.image}.compute()."
            ) from error

    def run_per_slice(self, has_channels: bool, *, takes_volumes: bool = False) -> Any:
        """Build the graph of a call for each slice."""
        axes = _LETTERS[: len(self.shape)]
        colours = self._colours() if has_channels else ""
        if colours and colours != axes[-1]:
            raise DimensionError(
                f"{self.describe(self.shape)}, a dask array whose channel axis isn't the last. "
                f"Move it there, dask.array.moveaxis({self.image}, channel_axis, -1), and give "
                "channel_axis=-1."
            )
        arguments = dict(self._arguments)
        facts = self._plan.name, self._plan.axis_arguments
        replace_for_slices(*facts, arguments, self.shape, NUMPY, takes_volumes=takes_volumes)
        if takes_volumes:
            arguments["slice_by_slice"] = True
        result = self._build(axes[0], colours, arguments)
        note_graph("", self._arguments)
        return result

    def _build(self, looped: str, colours: str, arguments: Arguments) -> Any:
        wrapper, facts = self._facts()
        name, image = facts.name, self.image
        refuse_outputs(name, arguments, self._plan.outputs)
        letters = _LETTERS[: len(self.shape)]
        images = [Image(image, arguments[image], self.shape, letters)]
        for other in self._plan.images:
            if (
                other != image
                and is_array(arguments[other])
                and len(shape_of(arguments[other], other))
            ):
                array = in_chunks(name, other, arguments[other], image)
                images.append(self._aligned(other, array, letters, looped, colours))
        refuse_others(name, arguments, [argument.parameter for argument in images])
        axes = Axes(
            order=letters,
            lengths=dict(zip(letters, self.shape, strict=True)),
            looped=looped,
            spatial="".join(letter for letter in letters if letter not in looped + colours),
            names="",
        )
        return built(facts, arguments, images, axes, NO_OPTIONS, partial(CallOfPart, wrapper))

    def _facts(self) -> tuple[Any, Measured]:
        """Return the wrapper that is running, and what was measured about it."""
        dotted, module = running_wrapper()
        wrapper: Any = module.get(dotted.rpartition(".")[2])
        try:
            return wrapper, measured(wrapper)
        except TypeError as error:
            raise MemoryTypeError(
                f"{self.name} was given {self.image!r}, a dask array. It can't be computed by "
                f"block, since its contract isn't known. Compute the array first: "
                f"{self.image}.compute()."
            ) from error

    def _leading_axes(self, facts: Measured) -> str:
        """Return the axes of slices if the function treats each slice by itself, else nothing."""
        others = [
            shape_of(self._arguments[name], name)
            for name in self._plan.images
            if name != self.image and is_array(self._arguments[name])
        ]
        slice_shape = self.shape[-2:]
        is_slicewise = facts.lazy.slices_with_one and len(self.shape) > len(slice_shape)
        is_slice = [tuple(shape) == slice_shape for shape in others if shape]
        if not is_slicewise or not is_slice or not all(is_slice):
            return ""
        return _LETTERS[: len(self.shape) - len(slice_shape)]

    def _colours(self) -> str:
        """Return the letter of the axis of colours; empty if there is none."""
        letters = _LETTERS[: len(self.shape)]
        axis = self._arguments.get("channel_axis")
        _, facts = self._facts()
        if isinstance(axis, int):
            is_default = is_same(axis, facts.signature.parameters["channel_axis"].default)
            if is_default and len(letters) < 3 and not facts.needs_colours:
                return ""  # the library then takes all axes as spatial
            return letters[axis] if -len(letters) <= axis < len(letters) else ""
        is_read = facts.contract is ProcessingContract.PURE_2D or facts.lazy.reads_colours
        return letters[-1] if facts.needs_colours or (is_read and self.may_be_colours) else ""

    def _aligned(self, name: str, array: Any, letters: str, looped: str, colours: str) -> Image:
        """Return a further image with its axes: those of the image, or of a slice."""
        accepted = [letters]
        accepted += [letters.replace(looped, "")] if looped else []
        accepted += [axes.replace(colours, "") for axes in accepted] if colours else []
        lengths = dict(zip(letters, self.shape, strict=True))
        for axes in accepted:
            if tuple(lengths[letter] for letter in axes) == tuple(array.shape):
                return Image(name, array, tuple(array.shape), axes)
        shapes = " or ".join(str(tuple(lengths[letter] for letter in axes)) for axes in accepted)
        raise DimensionError(
            f"{self.describe(self.shape)}, a dask array, and {name!r} of shape "
            f"{tuple(array.shape)}. They are cut into the same blocks: give {name!r} with the "
            f"shape {shapes}."
        )


def _is_from_dask(error: Exception) -> bool:
    """Return whether dask's own code raised an error."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else ""
    return str(module).partition(".")[0] == "dask"
