"""Functions of colours with dask arrays: the axes of the result are known when it is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import voxbind
from voxbind.skimage import color, restoration, segmentation

da = pytest.importorskip("dask.array")

RGB = np.random.default_rng(0).random((20, 24, 3))
LABELS = (np.random.default_rng(1).random((20, 24)) > 0.5).astype(int)
CHUNKS = [(10, 12, 3), (10, 12, 1), (7, 24, 2), (20, 24, 3)]

KEPT = [color.rgb2hsv, color.rgb2lab, color.lab2rgb, color.rgb2ycbcr]
LOST = [color.rgb2gray, color.deltaE_cie76, color.deltaE_ciede94, color.deltaE_ciede2000]


@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
@pytest.mark.parametrize("function", [*KEPT, *LOST], ids=lambda function: function.__name__)
def test_the_lazy_result_has_the_axes_of_the_librarys(
    function: Callable[..., Any], chunks: Any
) -> None:
    images = [RGB, 1 - RGB] if function.__name__.startswith("deltaE") else [RGB]
    lazy = function(*(da.from_array(image, chunks) for image in images))
    expected = function(*images)
    assert lazy.shape == expected.shape == (RGB.shape if function in KEPT else RGB.shape[:2])
    np.testing.assert_array_equal(lazy.compute(), expected)


@pytest.mark.parametrize("axes", ["TYXS", "TZYXS", "YXST"])
def test_named_colours_are_lost_too(axes: str) -> None:
    lengths = {"T": 4, "Z": 2, "Y": 6, "X": 7, "S": 3}
    array = np.random.default_rng(0).random([lengths[letter] for letter in axes])
    gray = voxbind.over(color.rgb2gray, axes)
    lazy = gray(da.from_array(array, chunks=2))
    assert lazy.shape == gray(array).shape
    # A sum of products is rounded in another order if the array has another layout in memory.
    np.testing.assert_allclose(lazy.compute(), gray(array), rtol=1e-14)


def test_an_array_of_xarray_loses_its_dimension_of_colours() -> None:
    xr = pytest.importorskip("xarray")
    film = xr.DataArray(da.from_array(np.stack([RGB, RGB]), (1, 10, 12, 3)), dims=[*"tyxs"])
    gray = color.rgb2gray(film)
    assert gray.dims == ("t", "y", "x")
    np.testing.assert_array_equal(gray.compute(), color.rgb2gray(film.compute()))


REFUSED: dict[str, Callable[[], Any]] = {
    "colours are added": lambda: color.gray2rgb(da.from_array(LABELS, (10, 12))),
    "labels become colours": lambda: color.label2rgb(da.from_array(LABELS, (20, 24))),
    "boundaries are drawn in colour": lambda: segmentation.mark_boundaries(
        da.from_array(RGB[..., 0], (10, 12)), da.from_array(LABELS, (10, 12))
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_axes_are_refused_when_the_graph_is_built(name: str) -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=r"adds an axis of colours.*compute\(\)"):
        REFUSED[name]()


@pytest.mark.parametrize("chunks", [(10, 12, 4), (10, 12, 1), (20, 24, 3)], ids=str)
def test_a_result_may_have_another_number_of_colours(chunks: Any) -> None:
    rgba = np.dstack([RGB, LABELS])
    lazy = color.rgba2rgb(da.from_array(rgba, chunks))
    assert lazy.shape == (20, 24, 3)
    np.testing.assert_array_equal(lazy.compute(), color.rgba2rgb(rgba))
    film = np.stack([rgba, rgba[::-1]])
    over = voxbind.over(color.rgba2rgb, "TYXS")
    np.testing.assert_array_equal(over(da.from_array(film, (1, *chunks))).compute(), over(film))


@pytest.mark.parametrize("shape", [(20, 24), (6, 20, 24), (20, 24, 4)], ids=str)
@pytest.mark.parametrize(
    "function", [*KEPT, color.rgb2gray], ids=lambda function: function.__name__
)
def test_other_colours_are_refused_when_the_graph_is_built(
    function: Callable[..., Any], shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="channel_axis"):
        function(np.ones(shape))
    with pytest.raises(voxbind.DimensionError, match=r"3 colours, and has \d+.*compute\(\)"):
        function(da.ones(shape, chunks=12))


@pytest.mark.parametrize("shape", [(20, 24), (20, 24, 3)], ids=str)
def test_labels_of_a_colour_image_have_no_axis_of_colours(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(2).random(shape)
    lazy = segmentation.felzenszwalb(da.from_array(image, (20, 24, 3)[: len(shape)]))
    assert lazy.shape == (20, 24)
    np.testing.assert_array_equal(lazy.compute(), segmentation.felzenszwalb(image))


def test_an_axis_that_may_be_one_of_colours_needs_a_name() -> None:
    film = np.stack([RGB, 1 - RGB])
    lazy = da.from_array(film, (1, 20, 24, 3))
    with pytest.raises(voxbind.DimensionError, match=r"channel_axis=-1.*over\(.*\"ZYX\"\)"):
        restoration.denoise_bilateral(lazy[0])
    named = voxbind.over(restoration.denoise_bilateral, "TYXS")
    np.testing.assert_array_equal(named(lazy).compute(), named(film))
    by_axis = restoration.denoise_bilateral(lazy[0], channel_axis=-1)
    np.testing.assert_array_equal(
        by_axis.compute(), restoration.denoise_bilateral(RGB, channel_axis=-1)
    )


def test_building_a_graph_moves_nothing() -> None:
    lazy = da.from_array(RGB, (10, 12, 3))
    with voxbind.transfers("forbid"), voxbind.trace() as log:
        color.rgb2gray(lazy)
    assert [(call.function, call.path) for call in log] == [("skimage.color.rgb2gray", "graph")]
