"""`voxbind.over` computes what a plain loop over the axes computes, for every kind of result."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from itertools import permutations
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import array_api_strict
import numpy as np
import pytest
import scipy.ndimage
import skimage.color
import skimage.feature
import skimage.filters
import skimage.measure
import skimage.metrics
import skimage.morphology
import skimage.restoration
import skimage.segmentation
import skimage.transform
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import voxbind
from helpers.axis_loops import LENGTHS, array_of, blocks_of, looped
from voxbind import auto, native
from voxbind.scipy import ndimage
from voxbind.skimage import (
    color,
    feature,
    filters,
    measure,
    metrics,
    morphology,
    restoration,
    segmentation,
    transform,
    util,
)


class Case(NamedTuple):
    """A wrapper, the library's own function, and the axes of both."""

    wrapper: Any
    upstream: Any
    kept: str
    result: str
    options: Mapping[str, Any] = MappingProxyType({})
    dtypes: tuple[Any, ...] = (float, np.float32, np.uint8)


CASES = {
    "2-D": Case(feature.canny, skimage.feature.canny, "YX", "YX", {"sigma": 1}),
    "2-D, horizontal": Case(filters.sobel_h, skimage.filters.sobel_h, "YX", "YX"),
    "2-D, resized": Case(
        transform.warp_polar,
        skimage.transform.warp_polar,
        "YX",
        "YX",
        {"output_shape": (9, 11)},
    ),
    "labels": Case(measure.label, skimage.measure.label, "ZYX", "ZYX", dtypes=(bool,)),
    "both": Case(filters.gaussian, skimage.filters.gaussian, "ZYX", "ZYX", {"sigma": 1}),
    "scipy": Case(ndimage.median_filter, scipy.ndimage.median_filter, "ZYX", "ZYX", {"size": 3}),
    "resized": Case(ndimage.zoom, scipy.ndimage.zoom, "ZYX", "ZYX", {"zoom": 0.5}),
    "a mask": Case(
        morphology.remove_small_objects,
        partial(skimage.morphology.remove_small_objects),
        "ZYX",
        "ZYX",
        {"max_size": 5},
        (bool,),
    ),
    "a slice": Case(native.max_projection, partial(np.max, axis=0), "ZYX", "YX"),
    "a number": Case(filters.threshold_otsu, skimage.filters.threshold_otsu, "ZYX", ""),
    "a number of scipy": Case(ndimage.mean, scipy.ndimage.mean, "ZYX", ""),
    "auto": Case(auto.filters.gaussian, skimage.filters.gaussian, "ZYX", "ZYX", {"sigma": 1}),
    "auto, 2-D": Case(auto.feature.canny, skimage.feature.canny, "YX", "YX", {"sigma": 1}),
}
ALL_AXES = sorted(
    {
        "".join(order)
        for letters in ("YX", "ZYX", "TYX", "CYX", "TZYX", "TCZYX", "TCYX")
        for order in permutations(letters)
    }
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_images_and_numbers_are_those_of_a_plain_loop(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(CASES)))
    case = CASES[name]
    axes = data.draw(st.sampled_from(ALL_AXES))
    if name == "a slice" and "Z" not in axes:
        axes += "Z"
    array = array_of(axes, data.draw(st.sampled_from(case.dtypes)))
    kept = "".join(letter for letter in case.kept if letter in axes)
    result = "".join(letter for letter in case.result if letter in axes)
    expected = looped(partial(case.upstream, **case.options), array, axes, kept, result)
    before = array.copy()
    workers = data.draw(st.sampled_from([1, 2]))
    with voxbind.workers(workers):
        returned = voxbind.over(case.wrapper, axes)(array, **case.options)
    assert type(returned) is np.ndarray
    assert returned.dtype == expected.dtype
    np.testing.assert_array_equal(returned, expected)
    np.testing.assert_array_equal(array, before)


def test_letters_may_be_in_lower_case() -> None:
    movie = array_of("TYX")
    np.testing.assert_array_equal(
        voxbind.over(filters.sobel, "tyx")(movie), voxbind.over(filters.sobel, "TYX")(movie)
    )


@pytest.mark.parametrize("axes", ["TYX", "TCYX", "YXT", "CZYX"])
def test_tuples_are_joined_member_by_member(axes: str) -> None:
    array = array_of(axes, bool)
    labels, counts = voxbind.over(ndimage.label, axes)(array)
    kept = "".join(letter for letter in "ZYX" if letter in axes)
    np.testing.assert_array_equal(
        labels, looped(lambda block: scipy.ndimage.label(block)[0], array, axes, kept, kept)
    )
    expected = looped(lambda block: scipy.ndimage.label(block)[1], array, axes, kept, "")
    np.testing.assert_array_equal(counts, expected)


def test_an_option_that_makes_the_result_a_tuple_is_honoured() -> None:
    array = array_of("TYX", bool)
    labels, counts = voxbind.over(measure.label, "TYX")(array, return_num=True)
    assert labels.shape == array.shape
    assert np.asarray(counts).tolist() == [skimage.measure.label(plane).max() for plane in array]
    movie = array_of("TYX")
    similar, images = voxbind.over(metrics.structural_similarity, "TYX")(
        movie,
        movie[::-1].copy(),
        data_range=1,
        full=True,
    )
    assert similar.shape == (3,)
    assert images.shape == movie.shape


@pytest.mark.parametrize("axes", ["TCYX", "TZYX", "CTYX"])
def test_tables_become_one_with_a_column_for_each_axis(axes: str) -> None:
    array = array_of(axes, bool)
    labels = voxbind.over(measure.label, axes)(array)
    columns = ("label", "area", "centroid")
    table = voxbind.over(measure.regionprops_table, axes)(labels, properties=columns)
    kept = "".join(letter for letter in axes if letter in "ZYX")
    others = [letter for letter in axes if letter not in kept]
    assert [*table][: len(others)] == others
    rows: dict[str, list[Any]] = {key: [] for key in table}
    for index, block in blocks_of(labels, axes, kept):
        part = skimage.measure.regionprops_table(block, properties=columns)
        for letter, number in zip(others, index, strict=True):
            rows[letter] += [number] * len(part["label"])
        for key, values in part.items():
            rows[key] += values.tolist()
    assert {key: values.tolist() for key, values in table.items()} == rows


def test_a_table_of_images_without_labels_has_no_rows_for_them() -> None:
    labels = np.zeros((3, 8, 9), int)
    labels[1, 2:4, 2:4] = 1
    table = voxbind.over(measure.regionprops_table, "TYX")(labels)
    assert table["T"].tolist() == [1]
    assert table["label"].tolist() == [1]


def test_objects_and_points_become_a_list() -> None:
    movie = array_of("TCYX")
    contours = voxbind.over(measure.find_contours, "TCYX")(movie, 0.5)
    planes = movie.reshape(-1, *movie.shape[2:])
    assert len(contours) == len(planes)
    for mine, plane in zip(contours, planes, strict=True):
        for line, expected in zip(mine, skimage.measure.find_contours(plane, 0.5), strict=True):
            np.testing.assert_array_equal(line, expected)
    peaks: Any = voxbind.over(feature.peak_local_max, "TCYX")(movie)
    assert type(peaks) is list
    for points, plane in zip(peaks, planes, strict=True):
        np.testing.assert_array_equal(points, skimage.feature.peak_local_max(plane))
    labels = voxbind.over(measure.label, "TYX")(movie[:, 0] > 0.5) * 3
    numbered, forward, backward = voxbind.over(segmentation.relabel_sequential, "TYX")(labels)
    assert (numbered * 3 == labels).all()
    assert [len(member) for member in (forward, backward)] == [3, 3]
    surfaces: Any = voxbind.over(measure.marching_cubes, "TZYX")(array_of("TZYX"), 0.5)
    assert [type(member) for member in surfaces] == [list] * 4
    assert [len(member) for member in surfaces] == [3] * 4


def test_without_an_axis_to_loop_over_the_kinds_stay_the_same() -> None:
    image = array_of("YX")
    threshold = voxbind.over(filters.threshold_otsu, "YX")(image)
    assert threshold.shape == ()
    assert threshold == skimage.filters.threshold_otsu(image)
    np.testing.assert_array_equal(
        voxbind.over(filters.sobel, "YX")(image), skimage.filters.sobel(image)
    )
    assert len(voxbind.over(measure.find_contours, "YX")(image)) == 1
    assert "T" not in voxbind.over(measure.regionprops_table, "YX")((image > 0.5).astype(int))


# --- colours -----------------------------------------------------------------------------


@pytest.mark.parametrize("axes", ["TYXS", "STYX", "TCZYXS", "YXS", "SYX"])
def test_samples_are_handed_on_as_colours(axes: str) -> None:
    array = array_of(axes)
    kept = "".join(letter for letter in "ZYXS" if letter in axes)
    spatial = kept[:-1]
    np.testing.assert_array_equal(
        voxbind.over(color.rgb2gray, axes)(array),
        looped(skimage.color.rgb2gray, array, axes, kept, spatial),
    )
    np.testing.assert_array_equal(
        voxbind.over(color.rgb2hsv, axes)(array),
        looped(skimage.color.rgb2hsv, array, axes, kept, kept),
    )
    blur = partial(skimage.filters.gaussian, sigma=1, channel_axis=-1)
    np.testing.assert_array_equal(
        voxbind.over(filters.gaussian, axes)(array, 1), looped(blur, array, axes, kept, kept)
    )


def test_a_function_that_takes_no_colours_is_called_for_each_sample() -> None:
    array = array_of("TYXS")
    np.testing.assert_array_equal(
        voxbind.over(feature.canny, "TYXS")(array),
        looped(skimage.feature.canny, array, "TYXS", "YX", "YX"),
    )
    np.testing.assert_array_equal(
        voxbind.over(ndimage.gaussian_filter, "YXS")(array[0], 1),
        looped(partial(scipy.ndimage.gaussian_filter, sigma=1), array[0], "YXS", "YX", "YX"),
    )


def test_channels_are_colours_if_the_function_needs_them_or_is_told() -> None:
    array = array_of("TCYX", lengths=LENGTHS | {"C": 3})
    expected = looped(skimage.color.rgb2gray, array, "TCYX", "YXC", "YX")
    np.testing.assert_array_equal(voxbind.over(color.rgb2gray, "TCYX")(array), expected)
    blur = partial(skimage.filters.gaussian, sigma=1, channel_axis=-1)
    np.testing.assert_array_equal(
        voxbind.over(filters.gaussian, "TCYX")(array, 1, channel_axis=1),
        looped(blur, array, "TCYX", "YXC", "YXC"),
    )


def test_the_last_spatial_axis_is_not_taken_for_colours() -> None:
    array = array_of("TZYX")
    expected = [
        skimage.segmentation.slic(volume, n_segments=5, channel_axis=None) for volume in array
    ]
    np.testing.assert_array_equal(
        voxbind.over(segmentation.slic, "TZYX")(array, n_segments=5), np.stack(expected)
    )


def test_an_image_in_colours_has_them_after_its_spatial_axes() -> None:
    array = array_of("YXT")
    result = voxbind.over(color.gray2rgb, "YXT")(array)
    assert result.shape == (14, 17, 3, 3)
    np.testing.assert_array_equal(result[..., 1, 2], array[..., 2])


# --- further images ----------------------------------------------------------------------


def test_further_images_are_cut_along_or_used_for_all() -> None:
    array = array_of("TCYX")
    labels = voxbind.over(measure.label, "TCYX")(array > 0.5)
    columns = ("label", "mean_intensity")
    call = voxbind.over(measure.regionprops_table, "TCYX")
    table = call(labels, array, properties=columns)
    expected = [
        value
        for index in np.ndindex(3, 2)
        for value in skimage.measure.regionprops_table(
            labels[index], array[index], properties=columns
        )["mean_intensity"]
    ]
    assert table["mean_intensity"].tolist() == expected
    # Labels without channels, for images with them.
    table = call(labels[:, :1], array, properties=columns)
    assert sorted({*zip(table["T"].tolist(), table["C"].tolist(), strict=True)}) == [
        *np.ndindex(3, 2)
    ]
    mask = np.zeros((14, 17), bool)
    mask[3:9, 4:12] = True
    np.testing.assert_array_equal(
        voxbind.over(filters.sobel, "TCYX")(array, mask=mask),
        looped(partial(skimage.filters.sobel, mask=mask), array, "TCYX", "YX", "YX"),
    )


def test_a_mask_of_colours_lacks_their_axis() -> None:
    array, mask = array_of("TYXS"), array_of("TYX", bool)
    np.testing.assert_array_equal(
        voxbind.over(restoration.inpaint_biharmonic, "TYXS")(array, mask),
        np.stack(
            [
                skimage.restoration.inpaint_biharmonic(image, hole, channel_axis=-1)
                for image, hole in zip(array, mask, strict=True)
            ]
        ),
    )


def test_arrays_of_other_shapes_are_those_of_one_call() -> None:
    array = array_of("TYX")
    footprint = np.ones((3, 5), bool)
    np.testing.assert_array_equal(
        voxbind.over(morphology.erosion, "TYX")(array, footprint),
        looped(lambda x: skimage.morphology.erosion(x, footprint), array, "TYX", "YX", "YX"),
    )


def test_a_number_for_each_image_may_be_passed_for_a_further_image() -> None:
    array = array_of("TCYX")
    low, high = array.mean(axis=(2, 3)), array.mean(axis=(2, 3)) + 0.1
    result = voxbind.over(filters.apply_hysteresis_threshold, "TCYX")(array, low, high)
    for index in np.ndindex(3, 2):
        np.testing.assert_array_equal(
            result[index],
            skimage.filters.apply_hysteresis_threshold(array[index], low[index], high[index]),
        )


def test_the_image_may_be_passed_by_name_and_the_function_may_be_partial() -> None:
    array = array_of("TYX")
    expected = looped(partial(skimage.feature.canny, sigma=2), array, "TYX", "YX", "YX")
    np.testing.assert_array_equal(
        voxbind.over(feature.canny, "TYX")(sigma=2, image=array), expected
    )
    smooth = partial(feature.canny, sigma=2)
    np.testing.assert_array_equal(voxbind.over(smooth, "TYX")(array), expected)


def test_a_declared_function_is_looped_over_by_its_contract() -> None:
    @voxbind.declare("PURE_2D")
    def doubled(image: Any) -> Any:
        assert image.ndim == 2
        return image * 2

    array = array_of("TZYX")
    np.testing.assert_array_equal(voxbind.over(doubled, "TZYX")(array), array * 2)


def test_each_image_gets_noise_of_its_own() -> None:
    array = np.zeros((3, 12, 12))
    noisy = voxbind.over(util.random_noise, "TYX")(array, rng=0)
    again = voxbind.over(util.random_noise, "TYX")(array, rng=0)
    np.testing.assert_array_equal(noisy, again)
    assert not np.array_equal(noisy[0], noisy[1])


# --- memories ----------------------------------------------------------------------------


@pytest.mark.parametrize("axes", ["TCYX", "YXT"])
def test_a_tensor_stays_a_tensor(axes: str) -> None:
    array = array_of(axes, np.float32)
    with voxbind.transfers("forbid"):
        result = voxbind.over(filters.sobel, axes)(torch.from_numpy(array))
        numbers = voxbind.over(filters.threshold_otsu, axes)(torch.from_numpy(array))
    assert isinstance(result, torch.Tensor)
    np.testing.assert_array_equal(result.numpy(), voxbind.over(filters.sobel, axes)(array))
    assert type(numbers) is np.ndarray
    table: Any = voxbind.over(measure.regionprops_table, "TYX")(
        torch.from_numpy(array_of("TYX", bool)).int()
    )
    assert {type(column) for column in table.values()} == {torch.Tensor}


def test_arrays_of_other_libraries_come_back_as_from_a_plain_call() -> None:
    array = array_of("TYX", np.float32)
    expected = voxbind.over(filters.sobel, "TYX")(array)
    strict: Any = voxbind.over(filters.sobel, "TYX")(array_api_strict.asarray(array))
    assert type(strict) is type(array_api_strict.asarray(array))
    np.testing.assert_array_equal(np.asarray(strict), expected)
    jax = pytest.importorskip("jax.numpy")
    result = voxbind.over(filters.sobel, "TYX")(jax.asarray(array))
    assert type(result) is type(jax.asarray(array))
    np.testing.assert_array_equal(np.asarray(result), expected)


class OnDisk:
    """An array as zarr's and HDF5's: it is read when it is indexed, and has no functions."""

    def __init__(self, array: Any) -> None:
        self._array, self.shape, self.dtype = array, array.shape, array.dtype
        self.reads: list[tuple[int, ...]] = []

    def __getitem__(self, index: Any) -> Any:
        part = self._array[index].copy()
        self.reads.append(part.shape)
        return part

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self[...]


def test_an_array_on_disk_is_read_block_by_block_and_that_is_reported() -> None:
    array = array_of("TCYX")
    stored: Any = OnDisk(array)
    with voxbind.trace() as log:
        result = voxbind.over(filters.sobel, "TCYX")(stored)
    assert {*stored.reads} == {(14, 17)}
    np.testing.assert_array_equal(result, voxbind.over(filters.sobel, "TCYX")(array))
    assert [call.function for call in log] == ["skimage.filters.sobel"] * 6
    assert sum(row["bytes_copied"] for row in log.rows()) == array.nbytes
    assert "OnDisk" in str(log)
    with voxbind.transfers("forbid"), pytest.raises(voxbind.TransferForbiddenError, match="OnDisk"):
        voxbind.over(filters.sobel, "TCYX")(stored)


def test_a_memoryview_is_read_like_the_array_that_lends_it() -> None:
    array = array_of("TYX")
    for function in (filters.gaussian, ndimage.mean):
        over = voxbind.over(function, "TYX")
        assert np.array_equal(over(memoryview(array)), over(array))


def test_zarr_and_hdf5_give_the_same(tmp_path: Any) -> None:
    array = array_of("TCYX")
    expected = voxbind.over(filters.gaussian, "TCYX")(array)
    zarr = pytest.importorskip("zarr")
    stored = zarr.array(array, chunks=(1, 1, 14, 17))
    np.testing.assert_array_equal(voxbind.over(filters.gaussian, "TCYX")(stored), expected)
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "movie.h5", "w") as file:
        stored = file.create_dataset("movie", data=array)
        np.testing.assert_array_equal(voxbind.over(filters.gaussian, "TCYX")(stored), expected)


def test_pyclesperantos_arrays_stay_on_the_device() -> None:
    cle = pytest.importorskip("voxbind.pyclesperanto")
    raw = pytest.importorskip("pyclesperanto")
    array = array_of("TCZYX", np.float32)
    expected = np.stack(
        [
            np.asarray(raw.gaussian_blur(raw.push(volume), sigma_x=1, sigma_y=1, sigma_z=1))
            for volume in array.reshape(-1, *array.shape[2:])
        ]
    ).reshape(array.shape)
    blurred = voxbind.over(cle.gaussian_blur, "TCZYX")(array, sigma_x=1, sigma_y=1, sigma_z=1)
    np.testing.assert_array_equal(blurred, expected)
    on_device = cle.push(array[:, 0, 0])
    result = voxbind.over(cle.top_hat_sphere, "TYX")(on_device, radius_x=2, radius_y=2)
    assert type(result) is type(on_device)
    planes = [
        np.asarray(raw.top_hat_sphere(raw.push(plane), radius_x=2, radius_y=2))
        for plane in array[:, 0, 0]
    ]
    np.testing.assert_array_equal(np.asarray(result), np.stack(planes))
    with pytest.raises(voxbind.DimensionError, match="only the first axis can be looped over"):
        voxbind.over(cle.top_hat_sphere, "YXT")(on_device)


# --- workers, progress, interrupts -------------------------------------------------------


def test_workers_compute_several_images_at_a_time() -> None:
    barrier = threading.Barrier(2, timeout=30)

    @voxbind.declare("PURE_2D")
    def meet(image: Any) -> Any:
        barrier.wait()
        return image

    with voxbind.workers(2):
        assert voxbind.over(meet, "TYX")(np.zeros((4, 3, 3))).shape == (4, 3, 3)


class Bar:
    """A progress bar with a method."""

    def __init__(self) -> None:
        self.count = 0

    def update(self, n: int, /) -> None:
        self.count += n


def test_a_bar_counts_the_calls() -> None:
    movie = array_of("TCYX")
    bar = Bar()
    voxbind.over(filters.sobel, "TCYX", progress=bar)(movie)
    assert bar.count == 6
    counted: list[int] = []

    def track(calls: range) -> Iterator[int]:
        for call in calls:
            yield call
            counted.append(call)

    for workers in (1, 2):
        counted.clear()
        with voxbind.workers(workers):
            voxbind.over(filters.sobel, "TCYX", progress=track)(movie)
        assert counted == [*range(6)]
    rich = pytest.importorskip("rich.progress")
    voxbind.over(filters.sobel, "TCYX", progress=rich.track)(movie)


def test_true_shows_a_bar_of_tqdm_or_says_that_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = voxbind.over(filters.sobel, "TYX", progress=True)
    try:
        import_module("tqdm.auto")
    except ImportError:
        pass
    else:
        call(array_of("TYX"))
        assert "3/3" in capsys.readouterr().err
        monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="pip install tqdm"):
        call(array_of("TYX"))
    with pytest.raises(TypeError, match=r"progress=3.*tqdm"):
        voxbind.over(filters.sobel, "TYX", progress=3)(array_of("TYX"))  # type: ignore[call-overload]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_stops_it(workers: int) -> None:
    calls: list[int] = []

    @voxbind.declare("PURE_2D")
    def slow(image: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return image

    with voxbind.workers(workers), pytest.raises(KeyboardInterrupt):
        voxbind.over(slow, "TYX")(np.zeros((100, 3, 3)))
    assert len(calls) < 20


def test_an_error_of_the_library_names_the_position() -> None:
    movie = np.zeros((2, 3, 8, 8))
    movie[1, 2] = np.nan

    @voxbind.declare("PURE_2D")
    def check(image: Any) -> Any:
        if np.isnan(image).any():
            raise ArithmeticError("not a number")
        return image

    with pytest.raises(ArithmeticError) as error:
        voxbind.over(check, "TCYX")(movie)
    assert "T=1, C=2" in " ".join(error.value.__notes__)


# --- what is refused ---------------------------------------------------------------------


def cropped(image: Any) -> Any:
    return image[: 2 + int(image[0, 0])]


ragged = voxbind.declare("PURE_2D")(cropped)
MOVIE = array_of("TYX")

REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "an unknown letter": (
        lambda: voxbind.over(feature.canny, "TQYX"),
        voxbind.DimensionError,
        r"'TQYX', which has the letter 'Q'.*T \(time\).*S \(samples of colour\)",
    ),
    "a letter twice": (
        lambda: voxbind.over(feature.canny, "TTYX"),
        voxbind.DimensionError,
        r"'T' more than once",
    ),
    "no letter": (
        lambda: voxbind.over(feature.canny, ""),
        voxbind.DimensionError,
        r"names no axis",
    ),
    "no string": (
        lambda: voxbind.over(feature.canny, ("T", "Y", "X")),  # type: ignore[call-overload]
        TypeError,
        r"Give a string with one letter for each axis",
    ),
    "no spatial axis": (
        lambda: voxbind.over(filters.gaussian, "TC"),
        voxbind.DimensionError,
        r"filters\.gaussian works on spatial axes.*none is spatial",
    ),
    "one spatial axis for a 2-D function": (
        lambda: voxbind.over(feature.canny, "TX"),
        voxbind.DimensionError,
        r"takes a \(Y, X\) image.*only X is spatial",
    ),
    "no colours": (
        lambda: voxbind.over(color.rgb2gray, "TYX")(MOVIE),
        voxbind.DimensionError,
        r"needs an axis of colours.*Name the axis of colours S",
    ),
    "too many axes": (
        lambda: voxbind.over(feature.canny, "TYX")(np.zeros((1, 2, 3, 8, 8))),
        voxbind.DimensionError,
        r"has 5 axes.*axes='TYX', which names 3",
    ),
    "too few axes": (
        lambda: voxbind.over(feature.canny, "TYX")(np.zeros((8, 8))),
        voxbind.DimensionError,
        r"has 2 axes",
    ),
    "an empty axis to loop over": (
        lambda: voxbind.over(feature.canny, "TYX")(np.zeros((0, 8, 8))),
        voxbind.DimensionError,
        r"axis T is empty",
    ),
    "an empty spatial axis": (
        lambda: voxbind.over(feature.canny, "TYX")(np.zeros((2, 0, 8))),
        voxbind.DimensionError,
        r"axis Y is empty",
    ),
    "no volume": (
        lambda: voxbind.over(native.max_projection, "TYX"),
        voxbind.DimensionError,
        r"takes a \(Z, Y, X\) volume.*only Y and X are spatial",
    ),
    "no volume for a function of volumes": (
        lambda: voxbind.over(measure.marching_cubes, "TYX"),
        voxbind.DimensionError,
        r"takes a \(Z, Y, X\) volume.*only Y and X are spatial",
    ),
    "results of different shapes": (
        lambda: voxbind.over(ragged, "TYX")(np.arange(3)[:, None, None] + np.zeros((3, 8, 8))),
        voxbind.DimensionError,
        r"cropped returned the shape \(2, 8\) at T=0 and the shape \(3, 8\) at T=1",
    ),
    "further images of another length": (
        lambda: voxbind.over(filters.sobel, "TYX")(MOVIE, mask=np.ones((2, 14, 17), bool)),
        voxbind.DimensionError,
        r"axis T, on which 'image' \(3\) and 'mask' \(2\) differ",
    ),
    "further images with other axes": (
        lambda: voxbind.over(measure.regionprops_table, "TCZYX")(
            array_of("TCZYX", int), array_of("TZYX")
        ),
        voxbind.DimensionError,
        r"'intensity_image' of shape \(3, 4, 14, 17\).*\(T, C, Z, Y, X\) or \(Z, Y, X\)",
    ),
    "an output": (
        lambda: voxbind.over(ndimage.gaussian_filter, "TYX")(MOVIE, 1, output=np.empty_like(MOVIE)),
        voxbind.DimensionError,
        r"given 'output'.*Leave 'output' out",
    ),
    "another axis of colours": (
        lambda: voxbind.over(filters.gaussian, "TZYX")(array_of("TZYX"), 1, channel_axis=-1),
        voxbind.DimensionError,
        r"channel_axis=-1 and an image with the axes T, Z, Y, X",
    ),
    "no array": (
        lambda: voxbind.over(filters.sobel, "TYX")(cast("Any", [[[1.0]]])),
        voxbind.MemoryTypeError,
        r"'image' is of type list.*numpy\.asarray\(image\)",
    ),
    "the library's own function": (
        lambda: voxbind.over(skimage.feature.canny, "TYX"),
        TypeError,
        r"Give voxbind\.skimage\.feature\.canny",
    ),
    "any function": (
        lambda: voxbind.over(len, "TYX"),
        TypeError,
        r"len, which is not a wrapper.*voxbind\.declare",
    ),
    "a function without an image": (
        lambda: voxbind.over(cast("Any", morphology.disk), "TYX"),
        TypeError,
        r"morphology\.disk can't be looped over axes: it takes no image",
    ),
    "twice": (
        lambda: voxbind.over(voxbind.over(filters.sobel, "TYX"), "TYX"),
        TypeError,
        r"loops over TYX already",
    ),
    "no names at all": (
        lambda: feature.canny(np.zeros((2, 3, 8, 8))),
        voxbind.DimensionError,
        r'voxbind\.over\(canny, "TZYX"\)\(image\)',
    ),
    "five axes without names": (
        lambda: feature.canny(np.zeros((2, 3, 4, 8, 8))),
        voxbind.DimensionError,
        r'voxbind\.over\(canny, "TCZYX"\)\(image\)',
    ),
    "four axes, slice by slice": (
        lambda: filters.gaussian(np.zeros((2, 3, 8, 8)), slice_by_slice=True),
        voxbind.DimensionError,
        r'voxbind\.over\(gaussian, "TZYX"\)\(image\)',
    ),
    "four axes with colours": (
        lambda: segmentation.quickshift(np.zeros((2, 3, 8, 8, 3))),
        voxbind.DimensionError,
        r'voxbind\.over\(quickshift, "TZYXS"\)\(image\)',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_advice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call, kind, message = REFUSED[name]
    with pytest.raises(kind) as error:
        call()
    assert re.search(message, str(error.value), re.DOTALL), error.value


def test_an_array_that_is_refused_never_reaches_the_library() -> None:
    called: list[Any] = []

    @voxbind.declare("PURE_2D")
    def note(image: Any) -> Any:
        called.append(image)
        return image

    for shape in ((0, 8, 8), (8, 8), (2, 3, 8, 8), (2, 8, 0)):
        with pytest.raises(voxbind.DimensionError):
            voxbind.over(note, "TYX")(np.zeros(shape))
    assert called == []
