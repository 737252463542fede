"""Arguments of a whole volume, in calls that cut it: by name, by block and by `voxbind.over`."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import voxbind
from voxbind import DimensionError

da = pytest.importorskip("dask.array")
xr = pytest.importorskip("xarray")

# Without their types, since the same call is made with arrays of each kind.
ndimage: Any = import_module("voxbind.scipy.ndimage")
feature, filters, morphology, transform, util = (
    import_module(f"voxbind.skimage.{name}")
    for name in ("feature", "filters", "morphology", "transform", "util")
)

VOLUME = np.random.default_rng(0).random((5, 12, 14))
BYTES = (VOLUME * 255).astype(np.uint8)
MOVIE = np.random.default_rng(1).random((2, 3, *VOLUME.shape))


def named(volume: Any) -> Any:
    return xr.DataArray(volume, dims=["z", "y", "x"])


def lazy(volume: Any) -> Any:
    return da.from_array(volume, chunks=(2, 12, 14))


KINDS: dict[str, Callable[[Any], Any]] = {
    "xarray": named,
    "dask": lazy,
    "xarray of dask": lambda volume: named(lazy(volume)),
}
ACCEPTED: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "the shape of the volume": (
        VOLUME,
        lambda v: transform.warp(v, np.eye(3), output_shape=VOLUME.shape),
    ),
    "the shape of the volume, for a rotation": (
        VOLUME,
        lambda v: transform.swirl(v, output_shape=VOLUME.shape),
    ),
    "no smoothing along Z": (VOLUME, lambda v: feature.canny(v, sigma=(0, 2, 2))),
    "no smoothing along Z, by the switch": (
        VOLUME,
        lambda v: filters.gaussian(v, sigma=(0, 2, 2), slice_by_slice=True),
    ),
    "a size of 1 along Z": (
        VOLUME,
        lambda v: ndimage.median_filter(v, size=(1, 3, 3), slice_by_slice=True),
    ),
    "a footprint of one slice": (
        BYTES,
        lambda v: filters.rank.mean_percentile(v, np.ones((1, 3, 3), np.uint8)),
    ),
    "a footprint of one slice, by the switch": (
        VOLUME,
        lambda v: morphology.erosion(v, np.ones((1, 3, 3)), slice_by_slice=True),
    ),
}
REFUSED: dict[str, Callable[[Any], Any]] = {
    "smoothing along Z": lambda v: feature.canny(v, sigma=(1, 2, 2)),
    "smoothing along Z, by the switch": lambda v: filters.gaussian(
        v, sigma=(1, 2, 2), slice_by_slice=True
    ),
    "a centre with a Z": lambda v: transform.swirl(v, center=(2, 6, 7)),
    "a transform of volumes": lambda v: transform.warp(v, np.eye(4)),
    "another number of slices": lambda v: transform.warp(v, np.eye(3), output_shape=(7, 8, 9)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ACCEPTED)
def test_an_argument_of_the_volume_serves_its_slices_for_each_kind_of_array(
    name: str, kind: str
) -> None:
    volume, call = ACCEPTED[name]
    result = call(KINDS[kind](volume))
    assert type(result) is type(KINDS[kind](volume))
    np.testing.assert_array_equal(np.asarray(result), call(volume))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", REFUSED)
def test_an_argument_that_slices_would_ignore_is_refused_for_each_kind_of_array(
    name: str, kind: str
) -> None:
    with pytest.raises(DimensionError, match=r"slice, which has two axes\. Give ") as expected:
        REFUSED[name](VOLUME)
    with pytest.raises(DimensionError) as refused:
        REFUSED[name](KINDS[kind](VOLUME))
    short = str(expected.value).partition(" was given ")[2]
    assert str(refused.value).endswith(short)


@pytest.mark.parametrize("shape", [MOVIE.shape, VOLUME.shape, VOLUME.shape[1:]])
@pytest.mark.parametrize("way", ["over", "xarray"])
def test_a_shape_may_be_that_of_the_movie_of_a_volume_or_of_a_slice(
    shape: tuple[int, ...], way: str
) -> None:
    if way == "over":
        result = voxbind.over(transform.warp, "TCZYX")(MOVIE, np.eye(3), output_shape=shape)
    else:
        movie = xr.DataArray(MOVIE, dims=["t", "c", "z", "y", "x"])
        result = transform.warp(movie, np.eye(3), output_shape=shape)
    np.testing.assert_array_equal(np.asarray(result), MOVIE)


def test_a_function_of_volumes_takes_the_shape_of_the_movie_or_of_a_volume() -> None:
    for shape in ((2, 4, 6, 7), (4, 6, 7)):
        result = voxbind.over(transform.resize, "TZYX")(MOVIE[:, 0], shape)
        expected = np.stack([transform.resize(volume, (4, 6, 7)) for volume in MOVIE[:, 0]])
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("seed", [3, [3, 4], np.random.SeedSequence(3)])
def test_a_seed_gives_each_part_noise_of_its_own(seed: Any) -> None:
    flat = np.full((3, 16, 16), 0.5)
    noisy = voxbind.over(util.random_noise, "TYX")(flat, rng=seed)
    assert len({plane.tobytes() for plane in noisy}) == 3
