"""Axes are added to images that lack them, and the result has those of the first image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from voxbind._upstream.array_forms import with_axes


def masked(image: Any, mask: Any = None) -> Any:
    assert image.ndim == 4
    return image if mask is None else image * mask


CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...] | None, tuple[int, ...]]] = {
    "an image without axes": ((5, 6), None, (5, 6)),
    "an image with all axes": ((1, 1, 5, 6), None, (1, 1, 5, 6)),
    "both without axes": ((5, 6), (5, 6), (5, 6)),
    "a mask without axes": ((1, 1, 5, 6), (5, 6), (1, 1, 5, 6)),
    "a mask with all axes": ((5, 6), (1, 1, 5, 6), (5, 6)),
    "several images, one mask": ((2, 1, 5, 6), (5, 6), (2, 1, 5, 6)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_image_decides_which_axes_the_result_has(case: str) -> None:
    shape, mask, expected = CASES[case]
    function = with_axes(masked, {"image": 0, "mask": 1}, "NCYX", False)
    masks = () if mask is None else (np.ones(mask),)
    assert function(np.ones(shape), *masks).shape == expected
    by_name = {"mask": np.ones(mask)} if mask is not None else {}
    assert function(image=np.ones(shape), **by_name).shape == expected


def test_the_first_image_decides_where_the_channels_of_the_result_are() -> None:
    function = with_axes(masked, {"image": 0, "mask": 1}, "NCYX", True)
    first, last = np.ones((1, 3, 5, 6)), np.ones((5, 6, 3))
    assert function(first, last).shape == (1, 3, 5, 6)
    assert function(last, first).shape == (5, 6, 3)
