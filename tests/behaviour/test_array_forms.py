"""Axes are added to images that lack them, and the result has those of the first image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from voxbind._upstream.array_forms import ImageClass, with_axes, with_class


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


class Picture:
    """An image of a library: it is no array."""

    def __init__(self, pixels: Any) -> None:
        self.pixels = pixels


def refusing(pixels: Any) -> Picture:
    if pixels.dtype == bool:
        raise TypeError("no booleans")
    return Picture(pixels)


@pytest.mark.parametrize(("from_array", "dtype"), [(Picture, "bool"), (refusing, "uint8")])
def test_masks_stay_boolean_unless_the_class_of_images_refuses_booleans(
    from_array: Any, dtype: str
) -> None:
    kind = ImageClass(Picture, from_array, lambda picture: picture.pixels)
    function = with_class(lambda image: Picture(~image.pixels), {"image": 0}, kind)
    result = function(np.eye(3, dtype=bool))
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, ~np.eye(3, dtype=bool).view(dtype))


def test_an_array_that_a_class_of_images_refuses_raises_its_error() -> None:
    def from_array(pixels: Any) -> Picture:
        raise TypeError(f"no {pixels.dtype}")

    kind = ImageClass(Picture, from_array, lambda picture: picture.pixels)
    function = with_class(lambda image: image, {"image": 0}, kind)
    with pytest.raises(TypeError, match="no float64"):
        function(np.ones((3, 3)))
    with pytest.raises(TypeError, match="no uint8"):
        function(np.ones((3, 3), bool))
