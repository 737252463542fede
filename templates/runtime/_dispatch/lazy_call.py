"""Calls of a wrapper with dask arrays, as arrays without names."""

from __future__ import annotations

from functools import partial
from typing import Any

from .._axes.layout import Image
from .._axes.lazy_options import NO_OPTIONS
from .._axes.measured import Measured, measured
from .._lazy.block_calls import CallOfPart
from .._lazy.building import Axes, built
from .._lazy.forms.lookup import form_of
from .._lazy.inputs import (
    check_image,
    in_chunks,
    refuse_others,
    refuse_outputs,
    refuse_unlike_first,
)
from .._memory.exporter_memory import is_dask_array
from .._memory.lookup import is_array, shape_of
from .._support.running import running_wrapper
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
            raise refuse_unlike_first(name, first, arguments[first], lazy)
        check_image(name, first, arguments[first])
        super().__init__(plan, arguments)

    def _find_device(self) -> Any:
        return None  # each block is computed where it is

    def run(self) -> Any:
        """Build the graph of a call on all axes at once."""
        plan, arguments = self._plan, self._arguments
        lazy = [name for name in plan.read if is_dask_array(arguments[name])]
        if all(name in plan.accepts_dask for name in lazy):
            return super().run()
        _, facts = self._facts()
        form = form_of(facts, arguments)
        if form is None:
            return self._build("", self._colours(), arguments)
        refuse_outputs(facts.name, arguments, plan.outputs)
        refuse_others(facts.name, arguments, plan.images)
        image = Image(self.image, arguments[self.image], self.shape, _LETTERS[: len(self.shape)])
        return form(facts, arguments, image)

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
        slices = {"slice_by_slice": True} if takes_volumes else {}
        return self._build(axes[0], colours, {**self._arguments, **slices})

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
        refuse_others(name, arguments, [each.parameter for each in images])
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

    def _colours(self) -> str:
        """Return the letter of the axis of colours; empty if there is none."""
        letters = _LETTERS[: len(self.shape)]
        axis = self._arguments.get("channel_axis")
        if isinstance(axis, int):
            return letters[axis] if -len(letters) <= axis < len(letters) else ""
        _, facts = self._facts()
        return letters[-1] if facts.needs_colours or self.may_be_colours else ""

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
