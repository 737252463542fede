"""Whether a function looks farther than its reach if the image has NaN or infinite elements.

A running sum never becomes finite again behind a NaN, and a running minimum depends on the elements
in front of it. A reach is measured with finite elements, so this is tried out for blocks with
others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf, nan
from typing import Any

from .._memory.lookup import from_host_like, to_host
from .._support.untyped import np

__all__ = ["kinds_of_not_finite", "stays_in_reach"]

_SHARES = (0.0, 0.05, 0.2)
"""Shares of the elements that are NaN or infinite in the images that are tried, besides one in the
middle."""
_KINDS = {"NaN": nan, "infinite": inf}


def kinds_of_not_finite(array: Any) -> tuple[str, ...]:
    """Return which elements an array has that aren't finite: ``NaN``, ``infinite`` or both."""
    with np.errstate(all="ignore"):
        if array.dtype.kind not in "fc" or np.isfinite(complex(array.sum())):
            return ()
    has = {"NaN": np.isnan(array).any(), "infinite": np.isinf(array).any()}
    return tuple(kind for kind in _KINDS if has[kind])


def stays_in_reach(
    call: Callable[[Mapping[str, Any]], Any],
    blocks: Mapping[str, Any],
    axes: Mapping[str, str],
    result: str,
    halo: Mapping[str, int],
    kinds: Sequence[str],
) -> bool:
    """Whether small images with such elements give the same if they are cut at the reach.

    Parameters
    ----------
    call
        Calls the function on blocks, by parameter.
    blocks
        A block of each array, of which the small images have the dtype and the memory.
    axes
        The axes of each array; empty for a number.
    result
        The axes of the result.
    halo
        The reach along each axis.
    kinds
        What elements the images have.
    """
    return all(
        _cuts_agree(
            call, blocks, axes, result, halo, letter, partial(_small, kinds=kinds, share=share)
        )
        for letter in result
        if halo[letter]
        for share in _SHARES
    )


def _cuts_agree(
    call: Callable[[Mapping[str, Any]], Any],
    blocks: Mapping[str, Any],
    axes: Mapping[str, str],
    result: str,
    halo: Mapping[str, int],
    letter: str,
    small: Callable[[Any, str, Mapping[str, int]], Any],
) -> bool:
    """Whether parts of an image that are cut along one axis give the same as all of it."""
    reach = halo[letter]
    lengths = {other: 2 * steps + 21 if steps else 0 for other, steps in halo.items()}
    lengths[letter] = 4 * reach + 21
    images = {name: small(block, axes[name], lengths) for name, block in blocks.items()}
    whole = call(images)
    for cut in (1, reach + 1, 2 * reach + 1):
        for kept, inner in ((slice(cut, None), slice(reach, None)), (slice(-cut), slice(-reach))):
            parts = {name: _part(image, axes[name], letter, kept) for name, image in images.items()}
            expected = whole[_along(result, letter, kept)][_along(result, letter, inner)]
            if not _same(call(parts)[_along(result, letter, inner)], expected):
                return False
    return True


def _small(
    block: Any, axes: str, lengths: Mapping[str, int], *, kinds: Sequence[str], share: float
) -> Any:
    """Return an image of the block's dtype, as long as the block along axes without a reach."""
    if not axes:
        return block
    random = np.random.default_rng(0)
    shape = tuple(
        lengths[letter] if lengths.get(letter) and length > 1 else length
        for letter, length in zip(axes, block.shape, strict=True)
    )
    values = random.random(shape)
    array = (values < 0.9 if block.dtype.kind in "biu" else values).astype(block.dtype)
    if block.dtype.kind in "fc":
        for kind in kinds:
            array[random.random(shape) < share] = _KINDS[kind]
        array[tuple(length // 2 for length in shape)] = _KINDS[kinds[0]]
    return from_host_like(array, block)


def _part(image: Any, axes: str, letter: str, kept: slice) -> Any:
    """Return a part of an image; all of it if it has a length of 1, which is used everywhere."""
    if letter not in axes or image.shape[axes.index(letter)] == 1:
        return image
    return image[_along(axes, letter, kept)]


def _along(axes: str, letter: str, part: slice) -> tuple[slice, ...]:
    return tuple(part if other == letter else slice(None) for other in axes)


def _same(one: Any, other: Any) -> bool:
    near, far = to_host(one, "result"), to_host(other, "result")
    is_float = near.dtype.kind in "fc"
    tolerance = 1e-4 if is_float else 0
    return bool(np.allclose(near, far, rtol=tolerance, atol=tolerance, equal_nan=is_float))
