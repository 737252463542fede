"""Calls of a function on the blocks of images that one task of a dask graph gets.

They are pickled with the graph and run in the threads, processes or machines that dask uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

from .._axes.blocks import call_blocks, call_with
from .._axes.joining import Finish
from .._axes.layout import Image, laid_out
from .._axes.measured import measured
from .._support.contract import ProcessingContract

__all__ = ["BlockCall", "CallOfPart", "LoopOverPart"]


@dataclass(frozen=True)
class CallOfPart:
    """Calls a function once for the block, as a user would call it for an array in memory."""

    function: Callable[..., Any]
    """A wrapper, or a `functools.partial` of one."""
    arguments: Mapping[str, Any]
    """The arguments that aren't images, by parameter; those at their defaults are left out."""

    def __call__(self, blocks: Mapping[str, Any]) -> Any:
        """Return the result for these blocks, by parameter."""
        given = {**self.arguments, **blocks}
        return call_with(self.function, signature(self.function), given)


@dataclass(frozen=True)
class LoopOverPart:
    """Loops over the named axes of the block, as `voxbind.over` does for an array in memory."""

    function: Callable[..., Any]
    """Is called for each part."""
    wrapper: Callable[..., Any]
    """The wrapper whose facts hold for it."""
    arguments: Mapping[str, Any]
    axes: Mapping[str, str]
    """By parameter, the axes of the images, the image first."""
    colours: str
    """The axis of colours; empty if there is none."""
    contract: ProcessingContract
    """Which axes the function gets; that of images if the caller asked for slices."""

    def __call__(self, blocks: Mapping[str, Any]) -> Any:
        """Return the joined results for these blocks, by parameter."""
        facts = measured(self.wrapper)._replace(contract=self.contract)
        images = [
            Image(name, blocks[name], tuple(blocks[name].shape), axes)
            for name, axes in self.axes.items()
        ]
        numbers = {name: block for name, block in blocks.items() if name not in self.axes}
        arguments = {**self.arguments, **{image.parameter: image.array for image in images}}
        return call_blocks(
            self.function,
            facts,
            {**arguments, **numbers},
            images,
            laid_out(images, facts, self.colours),
            _Joined(),
            colours=self.colours,
        )


BlockCall = Callable[[Mapping[str, Any]], Any]
"""Calls a function on the blocks of one position, by parameter."""


class _Joined(Finish):
    """Results without names."""

    gives_names = False

    def array(self, array: Any, axes: str, kind: str) -> Any:
        return array

    def column(self, letter: str, indices: Any) -> tuple[str, Any]:
        return letter, indices
