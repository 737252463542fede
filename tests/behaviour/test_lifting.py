"""What each contract does with images, volumes and colours, held against the library itself."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.ndimage
import skimage.color
import skimage.exposure
import skimage.feature
import skimage.filters
import skimage.measure
import skimage.metrics
import skimage.morphology
import skimage.segmentation
import torch

from helpers.generated_packages import Import

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.random((20, 24))
VOLUME = RANDOM.random((4, 20, 24))
BLOBS = scipy.ndimage.gaussian_filter(VOLUME, 1.5) > 0.5
MASK = RANDOM.random((20, 24)) > 0.3
MASKS = RANDOM.random((4, 20, 24)) > 0.3


class Parts(NamedTuple):
    image: Any
    count: Any


def slices(function: Callable[..., Any], *volumes: Any, **options: Any) -> Any:
    return np.stack([function(*planes, **options) for planes in zip(*volumes, strict=True)])


def same(result: Any, expected: Any) -> None:
    assert type(result) is type(expected)
    if isinstance(expected, (list, tuple)):
        assert len(result) == len(expected)
        for one, other in zip(result, expected, strict=True):
            same(one, other)
    elif isinstance(expected, dict):
        assert list(result) == list(expected)
        same(list(result.values()), list(expected.values()))
    else:
        np.testing.assert_array_equal(result, expected)
        assert getattr(result, "dtype", None) == getattr(expected, "dtype", None)


def as_torch(value: Any) -> Any:
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def as_numpy(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.numpy()
    if isinstance(value, (list, tuple)):
        return type(value)(map(as_numpy, value))
    return {k: as_numpy(v) for k, v in value.items()} if isinstance(value, dict) else value


# --- as the library takes it ---------------------------------------------------------------

DIRECT: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("skimage.filters.gaussian", (IMAGE,), {"sigma": 2}),
    ("skimage.filters.gaussian", (VOLUME, 1.5), {}),
    ("skimage.filters.gaussian", (VOLUME,), {"channel_axis": 0}),
    ("skimage.filters.sobel_h", (IMAGE,), {"mask": MASK}),
    ("skimage.filters.threshold_otsu", (IMAGE,), {}),
    ("skimage.filters.rank.mean", (BLOBS[0].astype(np.uint8),), {"footprint": np.ones((3, 3))}),
    ("skimage.feature.canny", (IMAGE,), {}),
    ("skimage.feature.corner_peaks", (IMAGE,), {"min_distance": 3}),
    ("skimage.feature.hessian_matrix", (VOLUME,), {"use_gaussian_derivatives": False}),
    ("skimage.measure.label", (BLOBS,), {"return_num": True}),
    ("skimage.measure.block_reduce", (IMAGE, 2), {}),
    ("skimage.measure.block_reduce", (IMAGE, 2, np.max), {}),
    ("skimage.measure.regionprops_table", (BLOBS.astype(int),), {"intensity_image": VOLUME}),
    ("skimage.metrics.structural_similarity", (IMAGE, 1 - IMAGE), {"data_range": 1}),
    ("skimage.segmentation.clear_border", (BLOBS[0],), {}),
    ("skimage.color.rgb2gray", (RANDOM.random((4, 5, 3)),), {}),
    ("scipy.ndimage.gaussian_filter", (IMAGE[0], 1), {}),
    ("scipy.ndimage.gaussian_filter", (np.stack([VOLUME] * 2), 1), {}),
    ("scipy.ndimage.gaussian_filter", (VOLUME, 1), {"output": np.float32}),
    ("scipy.ndimage.label", (BLOBS,), {}),
    ("scipy.ndimage.generic_filter", (IMAGE, np.ptp, 3), {}),
    ("scipy.ndimage.sum_labels", (IMAGE, MASK.astype(int), [1, 2]), {}),
    ("scipy.ndimage.sum_labels", (IMAGE,), {}),
    ("scipy.ndimage.distance_transform_edt", (BLOBS,), {"return_indices": True}),
]


@pytest.mark.parametrize("memory", ["numpy", "torch"])
@pytest.mark.parametrize(
    ("name", "arguments", "options"), DIRECT, ids=lambda value: str(value)[:40]
)
def test_what_the_library_takes_is_exactly_the_librarys(
    voxbind: Import, name: str, arguments: Any, options: Any, memory: str
) -> None:
    module, _, attribute = name.rpartition(".")
    wrapper = getattr(voxbind(module), attribute)
    upstream = getattr(__import__(module, fromlist=["*"]), attribute)
    expected = upstream(*arguments, **options)
    if memory == "torch":
        options = {key: as_torch(value) for key, value in options.items()}
        result = wrapper(*map(as_torch, arguments), **options)
        if isinstance(expected, np.ndarray):
            assert isinstance(result, torch.Tensor)
        same(as_numpy(result), expected)
    else:
        same(wrapper(*arguments, **options), expected)


# --- PURE_2D ---------------------------------------------------------------------------------


@pytest.mark.parametrize("memory", [np.asarray, torch.from_numpy])
def test_a_volume_is_processed_slice_by_slice(voxbind: Import, memory: Any) -> None:
    result = voxbind("skimage.filters").sobel_h(memory(VOLUME))
    assert type(result) is type(memory(VOLUME))
    same(as_numpy(result), slices(skimage.filters.sobel_h, VOLUME))


def test_masks_are_cut_with_the_volume_and_planes_are_shared(voxbind: Import) -> None:
    sobel_h, upstream = voxbind("skimage.filters").sobel_h, skimage.filters.sobel_h
    same(sobel_h(VOLUME, MASKS), slices(upstream, VOLUME, MASKS))
    same(sobel_h(VOLUME, mask=MASK), slices(upstream, VOLUME, mask=MASK))
    same(sobel_h(VOLUME, torch.from_numpy(MASKS)), slices(upstream, VOLUME, MASKS))


def test_options_reach_every_slice(voxbind: Import) -> None:
    options = {"sigma": 2.0, "mode": "nearest", "low_threshold": 0.01}
    same(
        voxbind("skimage.feature").canny(VOLUME, **options),
        slices(skimage.feature.canny, VOLUME, **options),
    )


def test_volumes_with_different_numbers_of_slices_are_refused(voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").DimensionError, match="4 slices and 'mask' with 3"):
        voxbind("skimage.filters").sobel_h(VOLUME, MASKS[:3])


def test_a_volume_without_slices_is_refused(voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").DimensionError, match="without slices"):
        voxbind("skimage.filters").sobel_h(VOLUME[:0])


def test_results_that_are_no_images_are_not_stacked(voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").DimensionError, match=r"\(4, 20, 24\).*\(Y, X\).*plane"):
        voxbind("skimage.feature").corner_peaks(VOLUME)


def test_more_axes_than_a_volume_has_are_refused_before_the_library(voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").DimensionError, match=r"\(1, 4, 20, 24\).*Loop over"):
        voxbind("skimage.filters").sobel_h(VOLUME[None])


def test_one_axis_is_the_librarys_to_judge(voxbind: Import) -> None:
    with pytest.raises(Exception) as expected:
        skimage.feature.canny(IMAGE[0])
    with pytest.raises(expected.type) as raised:
        voxbind("skimage.feature").canny(IMAGE[0])
    assert not isinstance(raised.value, voxbind("errors").VoxbindError)
    assert str(raised.value) == str(expected.value)


# --- FLEXIBLE --------------------------------------------------------------------------------


def test_slice_by_slice_is_off_unless_asked_for(voxbind: Import) -> None:
    gaussian, upstream = voxbind("skimage.filters").gaussian, skimage.filters.gaussian
    same(gaussian(VOLUME), upstream(VOLUME))
    same(gaussian(VOLUME, slice_by_slice=True), slices(upstream, VOLUME))
    same(gaussian(IMAGE, slice_by_slice=True), upstream(IMAGE))


def test_numbers_beside_images_become_one_number_a_slice(voxbind: Import) -> None:
    for memory in (np.asarray, torch.from_numpy):
        labels, counts = voxbind("scipy.ndimage").label(memory(BLOBS), slice_by_slice=True)
        expected = [scipy.ndimage.label(plane) for plane in BLOBS]
        np.testing.assert_array_equal(labels, [labelled for labelled, _ in expected])
        assert type(counts) is type(memory(VOLUME))
        assert list(counts) == [count for _, count in expected]


def test_lists_of_images_are_stacked_member_by_member(voxbind: Import) -> None:
    options = {"sigma": 1, "use_gaussian_derivatives": False}
    result = voxbind("skimage.feature").hessian_matrix(VOLUME, slice_by_slice=True, **options)
    expected = [skimage.feature.hessian_matrix(plane, **options) for plane in VOLUME]
    same(result, [np.stack(members) for members in zip(*expected, strict=True)])


def test_resized_slices_are_stacked(voxbind: Import) -> None:
    result = voxbind("skimage.measure").block_reduce(VOLUME, 2, slice_by_slice=True)
    same(result, slices(skimage.measure.block_reduce, VOLUME, block_size=2))


@pytest.mark.parametrize("memory", [np.asarray, torch.from_numpy])
def test_outputs_are_cut_too_and_are_the_result(voxbind: Import, memory: Any) -> None:
    out = memory(np.zeros(VOLUME.shape))
    result = voxbind("scipy.ndimage").gaussian_filter(
        memory(VOLUME), 1, output=out, slice_by_slice=True
    )
    assert result is out
    same(as_numpy(out), slices(scipy.ndimage.gaussian_filter, VOLUME, sigma=1))


@pytest.mark.parametrize("memory", [np.asarray, torch.from_numpy])
def test_a_volume_may_be_its_own_output(voxbind: Import, memory: Any) -> None:
    volume = memory(VOLUME.copy())
    result = voxbind("scipy.ndimage").gaussian_filter(volume, 1, output=volume, slice_by_slice=True)
    assert result is volume
    same(as_numpy(volume), slices(scipy.ndimage.gaussian_filter, VOLUME, sigma=1))


def test_an_output_of_one_plane_is_refused_for_a_volume(voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").DimensionError, match="'output' of shape"):
        voxbind("scipy.ndimage").gaussian_filter(
            VOLUME, 1, output=np.zeros(IMAGE.shape), slice_by_slice=True
        )


def test_nested_lists_are_cut_like_volumes(voxbind: Import) -> None:
    result = voxbind("scipy.ndimage").gaussian_filter(VOLUME.tolist(), 1, slice_by_slice=True)
    same(result, slices(scipy.ndimage.gaussian_filter, VOLUME, sigma=1))


def test_colours_last_are_kept_together_slice_by_slice(voxbind: Import) -> None:
    gaussian, upstream = voxbind("skimage.filters").gaussian, skimage.filters.gaussian
    stack = RANDOM.random((4, 9, 10, 3))
    same(
        gaussian(stack, channel_axis=3, slice_by_slice=True),
        slices(upstream, stack, channel_axis=-1),
    )
    with pytest.raises(voxbind("errors").DimensionError, match="moveaxis"):
        gaussian(stack, channel_axis=0, slice_by_slice=True)


def test_the_switch_is_refused_where_results_do_not_stack(voxbind: Import) -> None:
    with pytest.raises(
        voxbind("errors").DimensionError, match=r"stacked.*Leave slice_by_slice out"
    ) as raised:
        voxbind("skimage.filters").threshold_otsu(VOLUME, slice_by_slice=True)
    assert "(Y, X)" not in str(raised.value)


def test_a_narrow_volume_is_no_colour_image_to_the_switch(voxbind: Import) -> None:
    result = voxbind("skimage.filters").gaussian(VOLUME[..., :3], slice_by_slice=True)
    same(result, slices(skimage.filters.gaussian, VOLUME[..., :3]))


@pytest.mark.parametrize("axis", [0, -2, 7, 1.5, (3,)])
def test_only_the_last_axis_of_channels_is_kept_together(voxbind: Import, axis: Any) -> None:
    with pytest.raises(voxbind("errors").DimensionError, match="the last axis"):
        voxbind("skimage.filters").gaussian(
            np.zeros((4, 9, 10, 3)), channel_axis=axis, slice_by_slice=True
        )


def test_the_switch_takes_no_more_axes_than_a_volume_has(voxbind: Import) -> None:
    with pytest.raises(
        voxbind("errors").DimensionError, match=r"\(Z, Y, X\) volume.*leave slice_by_slice out"
    ):
        voxbind("skimage.filters").gaussian(VOLUME[None], slice_by_slice=True)


# --- the lifting functions themselves, on functions made for the case -----------------------


def lift(voxbind: Import, contract: str, function: Any, image: Any, **facts: Any) -> Any:
    options = facts.pop("options", {})
    lifting = getattr(voxbind("_dispatch.dispatch"), contract)
    return lifting(function, {"image": image, **options}, images=("image",), **facts)


def test_slices_of_different_shapes_are_told(voxbind: Import) -> None:
    def nonzero(image: Any) -> Any:
        return image[image > 0.5]

    with pytest.raises(voxbind("errors").DimensionError, match=r"nonzero returned shape.*slice 1"):
        lift(voxbind, "call_2d", nonzero, VOLUME)


def test_a_later_slice_may_need_a_larger_dtype(voxbind: Import) -> None:
    def smallest(image: Any) -> Any:
        return image.astype(np.min_scalar_type(int(image.max())))

    volume = np.stack([np.full((2, 2), value) for value in (1, 300, 70_000)])
    same(lift(voxbind, "call_2d", smallest, volume), volume.astype(np.uint32))


def test_named_tuples_stay_named(voxbind: Import) -> None:
    result = lift(voxbind, "call_2d", lambda image: Parts(image * 2, 5), torch.from_numpy(VOLUME))
    assert type(result) is Parts
    same(result.image.numpy(), VOLUME * 2)
    assert result.count.tolist() == [5] * 4


def test_functions_that_give_nothing_give_nothing(voxbind: Import) -> None:
    def clear(image: Any) -> None:
        image[...] = 0

    volume = torch.from_numpy(VOLUME.copy())
    assert lift(voxbind, "call_2d", clear, volume) is None
    assert not volume.any()


def test_what_cannot_be_stacked_is_told(voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").DimensionError, match="returns a dict for each slice"):
        lift(voxbind, "call_2d", lambda image: {"a": image}, VOLUME)


def test_one_object_given_twice_is_one_object_in_the_library(voxbind: Import) -> None:
    seen = []

    def look(image: Any, other: Any) -> Any:
        seen.append(image is other)
        return image

    for image in (torch.from_numpy(VOLUME), VOLUME):
        arguments = {"image": image, "other": image}
        voxbind("_dispatch.dispatch").call_2d(
            look, arguments, images=("image", "other"), n_required=2
        )
        voxbind("_dispatch.dispatch").call_as_is(
            look, arguments, other_arrays=("image", "other"), n_required=2
        )
    assert seen == [True] * 10


@pytest.mark.parametrize(
    ("shape", "facts", "options", "calls"),
    [
        ((6, 5), {}, {}, [(6, 5)]),
        ((6, 5, 3), {}, {}, [(6, 5, 3)]),
        ((6, 5, 3), {"stackable": False}, {}, [(6, 5, 3)]),
        ((2, 6, 5), {}, {}, [(6, 5)] * 2),
        ((2, 6, 5, 4), {}, {}, [(6, 5, 4)] * 2),
        ((6, 5, 2), {"needs_channels": True}, {}, [(6, 5, 2)]),
        ((2, 6, 5, 2), {"needs_channels": True}, {}, [(6, 5, 2)] * 2),
        ((6, 5, 7), {}, {"channel_axis": -1}, [(6, 5, 7)]),
        ((7, 6, 5), {}, {"channel_axis": 0}, [(7, 6, 5)]),
        ((2, 6, 5, 7), {}, {"channel_axis": -1}, [(6, 5, 7)] * 2),
        ((2, 6, 5, 7), {}, {"channel_axis": np.int64(3)}, [(6, 5, 7)] * 2),
        ((6, 5, 3), {}, {"channel_axis": None}, [(6, 5, 3)]),
        ((6, 5, 7), {}, {"channel_axis": None}, [(5, 7)] * 6),
    ],
)
def test_an_axis_of_colours_is_no_axis_of_slices(
    voxbind: Import, shape: Any, facts: Any, options: Any, calls: Any
) -> None:
    seen = []

    def look(image: Any, **options: Any) -> Any:
        seen.append(image.shape)
        return image

    image = np.arange(np.prod(shape)).reshape(shape)
    result = lift(voxbind, "call_2d", look, image, options=options, **facts)
    same(result, image)
    assert seen == calls


@pytest.mark.parametrize("shape", [(5,), (), (2, 3, 4)])
def test_volume_functions_take_volumes_and_what_is_no_image(voxbind: Import, shape: Any) -> None:
    image = np.zeros(shape)
    assert lift(voxbind, "call_3d", lambda image: image.ndim, image) == len(shape)


def test_volume_functions_refuse_more_axes_than_a_volume_has(voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").DimensionError, match=r"voxbind\.over\(.*, \"TZYX\"\)"):
        lift(voxbind, "call_3d", lambda image: image, np.zeros((2, 3, 4, 5)))


def test_volume_functions_refuse_images(voxbind: Import) -> None:
    for image in (IMAGE, torch.from_numpy(IMAGE)):
        with pytest.raises(
            voxbind("errors").DimensionError, match=r"\(20, 24\).*\(Z, Y, X\) volume"
        ):
            lift(voxbind, "call_3d", lambda image: image, image)


def test_arguments_go_as_the_library_has_them(voxbind: Import) -> None:
    def function(a: Any, b: Any, /, c: Any, *more: Any, d: Any = 1, e: Any = 2, **rest: Any) -> Any:
        return (b, c, more, d, e, rest)

    mark = voxbind("_upstream.defaults").library_default("somewhere.NAME")
    arguments = {"a": IMAGE, "b": 1, "c": 2, "d": mark, "e": 5, "more": (3, 4), "rest": {"f": 6}}
    facts = {"other_arrays": ("a",), "n_required": 3, "args": "more", "kwargs": "rest"}
    result = voxbind("_dispatch.dispatch").call_as_is(function, arguments, **facts)
    assert result == (1, 2, (3, 4), 1, 5, {"f": 6})


def test_what_is_at_its_default_is_kept_back_where_there_are_old_names(voxbind: Import) -> None:
    def function(image: Any, **given: Any) -> Any:
        return given

    arguments = {"image": IMAGE, "old": 3, "new": 1, "ratio": 1.0, "switch": 1, "mode": "reflect"}
    defaults = {"new": 1, "ratio": 1.0, "switch": True, "mode": "nearest"}
    result = voxbind("_dispatch.dispatch").call_as_is(
        function, arguments, other_arrays=("image",), defaults=defaults
    )
    assert result == {"old": 3, "switch": 1, "mode": "reflect"}


# --- what the library says -------------------------------------------------------------------


def warn(image: Any) -> Any:
    warnings.warn("mind this", FutureWarning, stacklevel=2)
    return image


@pytest.mark.parametrize("image", [IMAGE, torch.from_numpy(IMAGE)], ids=["numpy", "torch"])
def test_warnings_are_neither_swallowed_nor_doubled(voxbind: Import, image: Any) -> None:
    with pytest.warns(FutureWarning, match="mind this") as told:
        lift(voxbind, "call_2d", warn, image)
    assert len(told) == 1


def test_a_volume_warns_as_a_loop_would(voxbind: Import) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        lift(voxbind, "call_2d", warn, VOLUME)
    assert len(told) == 1


def test_the_librarys_own_exceptions_pass_unchanged(voxbind: Import) -> None:
    error = KeyError("mine")

    def fail(image: Any) -> Any:
        raise error

    for image in (IMAGE, VOLUME, torch.from_numpy(VOLUME)):
        with pytest.raises(KeyError) as raised:
            lift(voxbind, "call_2d", fail, image)
        assert raised.value is error
        assert raised.value.__cause__ is None
