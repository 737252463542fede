"""Filters in Fourier space, which multiply each element by a number that follows from its place.

The number is a product of one for each axis. The library's function computes those of an axis with
an array of ones that is as long as the image along this axis, and has one element along the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._memory.lookup import from_host_like, to_host
from ..._support.untyped import np
from ...errors import MemoryTypeError
from ..building import plain_arguments
from .tree import array_of_chunks, caller_of, last_step, starts_of_chunks, untraced

__all__ = ["FOURIER_FILTERS", "filtered_in_fourier_space"]

_FLOATS = ("float32", "complex64", "complex128")
_COMPLEX = ("complex64", "complex128")
FOURIER_FILTERS: Mapping[str, tuple[tuple[str, ...], str]] = {
    f"scipy.ndimage.fourier_{name}": dtypes
    for name, dtypes in (
        ("gaussian", (_FLOATS, "float64")),
        ("shift", (_COMPLEX, "complex128")),
        ("uniform", (_FLOATS, "float64")),
    )
}
"""By the name of the library's function, the dtypes that the result has if the image has them, and
its dtype otherwise."""


def filtered_in_fourier_space(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the lazy result of a filter in Fourier space.

    Raises
    ------
    MemoryTypeError
        If a dtype of the result is asked for.
    """
    array = image.array
    for output in facts.outputs:
        if arguments.get(output) is not None:
            raise MemoryTypeError(
                f"{facts.name} was given {image.parameter!r}, a dask array, and {output!r}. Leave "
                f"{output!r} out, and convert the result: result.astype(...)."
            )
    rest = plain_arguments(facts, arguments)
    rest.pop(image.parameter, None)
    caller = caller_of(facts, arguments, image.parameter)
    call = partial(untraced, facts.function, **rest)
    kept, other = FOURIER_FILTERS[facts.upstream]
    dtype = str(array.dtype) if str(array.dtype) in kept else other
    return array_of_chunks(
        caller,
        partial(_multiplied, starts_of_chunks(array), dtype),
        array,
        meta=array._meta.astype(dtype),
        with_place=True,
        factors=last_step(caller, partial(_factors, call))(array.shape),
    )


def _factors(call: Any, shape: Sequence[int]) -> list[Any]:
    """Return the numbers of each axis, as arrays with all axes."""
    ndim = len(shape)
    return [
        call(np.ones([length if other == axis else 1 for other in range(ndim)]))
        for axis, length in enumerate(shape)
    ]


def _multiplied(
    starts: Sequence[Sequence[int]],
    dtype: str,
    place: tuple[int, ...],
    block: Any,
    *,
    factors: Sequence[Any],
) -> Any:
    product = np.ones((1,) * block.ndim)
    for axis, (factor, index) in enumerate(zip(factors, place, strict=True)):
        start = starts[axis][index]
        product = product * np.moveaxis(
            np.moveaxis(factor, axis, 0)[start : start + block.shape[axis]], 0, axis
        )
    result = to_host(block, "input") * product
    return from_host_like(result.astype(dtype), block)
