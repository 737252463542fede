"""One task of a dask graph: it calls the function on a block and checks the result."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Literal

from .._memory.exporter_memory import as_libraries_read_it
from .._memory.lookup import to_host
from .._settings.context import change
from .._support.untyped import np
from ..errors import DimensionError, MemoryTypeError
from .block_calls import BlockCall
from .not_finite import kinds_of_not_finite, stays_in_reach

__all__ = ["Block", "Operand"]

_TOLERANCES = {"float16": 1e-2, "float32": 1e-6, "complex64": 1e-6}
_TOLERANCE = 1e-9
"""Largest difference at a seam that counts as rounding, relative to the range of the values; by
dtype, and for all other floats."""
_STAYS: dict[str, bool | None] = {}
"""Whether NaN and infinite elements count no farther away than the reach, as was tried in this
process; None if a trial raised an error. By dask's token of the call, its axes and reach, the kinds
of elements and the dtypes."""
_TRIALS: dict[str, Lock] = {}
"""A lock for each key of `_STAYS`, so that several threads don't try the same."""


@dataclass(frozen=True)
class Operand:
    """An array among the arguments, of which the task gets a block."""

    parameter: str
    axes: str
    """A letter for each axis, in the order in which the function gets them; empty for a number."""
    is_modified: bool = False
    """Whether the function modifies it in place."""


@dataclass(frozen=True)
class Block:
    """Calls a function on the blocks at one position.

    A block has `exchange` more elements on each side than its result, except at the edges of the
    image. The function is called with `halo` of them. At the positions of `seams`, it is called a
    second time with all of them, and the two results must agree.
    """

    call: BlockCall
    name: str
    """The function's name, for messages."""
    operands: tuple[Operand, ...]
    order: str
    """The axes of all blocks."""
    result: str
    """The axes of the result."""
    lengths: Mapping[str, int]
    """Lengths of axes of which the result has another number of elements than the image."""
    counts: tuple[int, ...]
    """Number of blocks along each axis of `order`."""
    halo: tuple[int, ...]
    exchange: tuple[int, ...]
    seams: frozenset[tuple[int, ...]]
    dtype: str
    transfers: Literal["allow", "forbid"]
    """The caller's setting of `voxbind.transfers`."""
    words: str
    """The arguments, for messages."""

    def __call__(self, *blocks: Any, block_id: tuple[int, ...]) -> Any:
        """Return the block of the result at the position `block_id`."""
        try:
            return self._run(blocks, tuple(map(int, block_id)))
        except Exception as error:
            error.add_note(
                f"{self.name} was called for block {_tuple(block_id)} of "
                f"{_tuple(self._of_result(self.counts))}, with {self.words}."
            )
            raise

    def _run(self, blocks: tuple[Any, ...], block_id: tuple[int, ...]) -> Any:
        place = dict(zip(self.result, block_id, strict=True))
        position = tuple(place.get(letter, 0) for letter in self.order)
        given = {
            operand.parameter: self._own_axes(block, operand)
            for operand, block in zip(self.operands, blocks, strict=True)
        }
        surplus = self._margins(
            position, [more - less for more, less in zip(self.exchange, self.halo, strict=True)]
        )
        inner = self._call(
            {
                operand.parameter: _cropped(given[operand.parameter], operand.axes, surplus)
                for operand in self.operands
            },
            self._margins(position, self.halo),
        )
        self._refuse_far_reaching(given)
        if block_id in self.seams:
            outer = self._call(given, self._margins(position, self.exchange))
            self._compare(inner, outer, block_id)
        return inner

    def _refuse_far_reaching(self, blocks: Mapping[str, Any]) -> None:
        """Raise if elements that aren't finite count farther away than the reach."""
        halo = dict(zip(self.order, self.halo, strict=True))
        axes = {operand.parameter: operand.axes for operand in self.operands}
        arrays = [blocks[name] for name, letters in axes.items() if letters]
        kinds = {kind for array in arrays for kind in kinds_of_not_finite(array)}
        if not kinds or not any(halo.values()):
            return
        dtypes = [str(array.dtype) for array in arrays]
        base: Any = sys.modules["dask.base"]
        key: str = base.tokenize(self.call, axes, self.result, halo, sorted(kinds), dtypes)
        with _TRIALS.setdefault(key, Lock()):
            if key not in _STAYS:
                _STAYS[key] = self._tried(blocks, axes, halo, sorted(kinds))
        if _STAYS[key] is False:
            image = self.operands[0].parameter
            raise ValueError(
                f"{self.name} was given {' and '.join(sorted(kinds))} elements, and around them "
                "its result depends on elements that are farther away than its reach, "
                f"{_tuple(self.halo)}. Replace them first, "
                f"{image}.map_blocks(numpy.nan_to_num), or compute the array: {image}.compute()."
            )

    def _tried(
        self,
        blocks: Mapping[str, Any],
        axes: Mapping[str, str],
        halo: Mapping[str, int],
        kinds: Sequence[str],
    ) -> bool | None:
        """Return whether such elements count within the reach only; None if a trial fails."""
        call = partial(self._in_context, self.call)
        try:
            return stays_in_reach(call, blocks, axes, self.result, halo, kinds)
        except Exception as error:
            warnings.warn(
                f"{self.name} was given {' and '.join(kinds)} elements. Whether its result depends "
                "on elements that are farther away than its reach couldn't be tried with a small "
                f"image: {type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
            return None

    def _own_axes(self, block: Any, operand: Operand) -> Any:
        """Return a block with the axes that the function gets, and writable."""
        index = tuple(slice(None) if letter in operand.axes else 0 for letter in self.order)
        present = [letter for letter in self.order if letter in operand.axes]
        own = block[index] if operand.axes else block[()]
        if not operand.axes:
            return own
        own = own.transpose([present.index(letter) for letter in operand.axes])
        if operand.is_modified:  # a block may be a part of the caller's own array
            own = own.copy()
        # A block is read-only after a transfer between processes.
        return as_libraries_read_it(own) if isinstance(own, np.ndarray) else own

    def _margins(self, position: tuple[int, ...], widths: Any) -> Mapping[str, tuple[int, int]]:
        """Return how much to crop before and after each axis: nothing at the image's edges."""
        return {
            letter: (width if index else 0, width if index + 1 < count else 0)
            for letter, index, width, count in zip(
                self.order, position, widths, self.counts, strict=True
            )
        }

    def _call(self, blocks: Mapping[str, Any], margins: Mapping[str, tuple[int, int]]) -> Any:
        sizes: dict[str, int] = {}
        for operand in self.operands:
            for letter, length in zip(
                operand.axes, np.shape(blocks[operand.parameter]), strict=True
            ):
                sizes[letter] = max(length, sizes.get(letter, 0))
        result = self._in_context(self.call, blocks)
        if isinstance(result, (bool, int, float, complex)):
            result = np.asarray(result)
        sizes.update(self.lengths)
        self._check(result, tuple(sizes[letter] for letter in self.result))
        cropped = _cropped(result, self.result, margins)
        # Without a copy, the block would keep its halo in memory.
        return cropped if cropped is result else cropped.copy()

    def _in_context(self, call: BlockCall, blocks: Mapping[str, Any]) -> Any:
        context = copy_context()
        context.run(change, workers=1, logs=(), transfers=self.transfers)
        return context.run(partial(call, blocks))

    def _check(self, result: Any, shape: tuple[int, ...]) -> None:
        found = getattr(result, "shape", None)
        if found is None or tuple(found) != shape:
            got = f"a {type(result).__name__}" if found is None else f"the shape {tuple(found)}"
            raise DimensionError(
                f"{self.name} returned {got} for a block, and a result of shape {shape} was "
                "expected. The results of blocks can't be joined: compute the array first, with "
                "compute()."
            )
        if str(result.dtype) != self.dtype:
            raise MemoryTypeError(
                f"{self.name} returned the dtype {result.dtype} for a block, and the dtype "
                f"{self.dtype} was expected. Name the dtype of the result of this call: "
                f'voxbind.over({self.name}, axes, dtype="{result.dtype}").'
            )

    def _compare(self, inner: Any, outer: Any, block_id: tuple[int, ...]) -> None:
        near, far = to_host(inner, "result"), to_host(outer, "result")
        if np.array_equal(near, far, equal_nan=near.dtype.kind in "fc"):
            return
        differing = near != far
        if near.dtype.kind in "fc":
            finite = np.abs(far[np.isfinite(far)])
            scale = float(finite.max()) if finite.size else 0.0
            tolerance = _TOLERANCES.get(str(near.dtype), _TOLERANCE) * scale
            differing = ~np.isclose(near, far, rtol=0, atol=tolerance, equal_nan=True)
            if not differing.any():
                return
        halo = dict(zip(self.order, self.halo, strict=True))
        reach = _tuple([halo[letter] for letter in self.result])
        raise ValueError(
            f"{self.name} gives other values at the seams of block {_tuple(block_id)} with the "
            f"reach {reach} than with twice that reach: {int(differing.sum())} of {differing.size} "
            "elements differ. The result depends on elements that are farther away. Give a larger "
            f"reach: voxbind.over({self.name}, axes, reach=...)."
        )

    def _of_result(self, values: tuple[int, ...]) -> list[int]:
        return [
            value for letter, value in zip(self.order, values, strict=True) if letter in self.result
        ]


def _cropped(array: Any, axes: str, margins: Mapping[str, tuple[int, int]]) -> Any:
    """Return an array without its margins; the array itself if there are none."""
    if not any(any(margins[letter]) for letter in axes):
        return array
    shape = array.shape
    return array[
        tuple(
            # A length of 1 is used for all elements of the other arrays.
            slice(None) if length == 1 else slice(margins[letter][0], length - margins[letter][1])
            for letter, length in zip(axes, shape, strict=True)
        )
    ]


def _tuple(values: Any) -> str:
    return str(tuple(map(int, values)))
