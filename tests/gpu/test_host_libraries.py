"""Arrays on a GPU through libraries that work on the host: down once, and back to the very GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.gpu_libraries import IMAGE, VOLUME, Library, delay
from voxbind.scipy import ndimage
from voxbind.skimage import exposure, feature, filters, measure, util

pytestmark = pytest.mark.gpu

CALLS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "image": (filters.gaussian, IMAGE),
    "volume at once": (filters.gaussian, VOLUME),
    "volume per slice": (feature.canny, VOLUME),
    "options": (lambda image: filters.gaussian(image, sigma=2, mode="wrap"), IMAGE),
    "another dtype": (lambda image: measure.label(image > 0.5), IMAGE),
    "the image itself": (util.img_as_float32, IMAGE),
    "a view of it": (lambda image: util.crop(image, 4), IMAGE),
    "no axes": (filters.threshold_otsu, IMAGE),
}
"""What is called, and on what."""


@pytest.mark.parametrize("case", CALLS)
def test_result_is_in_the_memory_and_on_the_gpu_of_the_image(
    library: Library, gpu: int, case: str
) -> None:
    call, array = CALLS[case]
    expected, result = call(array), call(library.send(array, gpu))
    if not isinstance(expected, np.ndarray):  # a number is one in every memory
        assert result == expected
        return
    assert type(result) is library.kind
    assert library.gpu(result) == gpu
    np.testing.assert_array_equal(library.fetch(result), expected, strict=True)


def test_every_result_of_several_comes_back(library: Library, gpu: int) -> None:
    results = exposure.histogram(library.send(IMAGE, gpu))
    for result, expected in zip(results, exposure.histogram(IMAGE), strict=True):
        assert library.gpu(result) == gpu
        np.testing.assert_array_equal(library.fetch(result), expected)


def test_volume_of_results_of_a_slice_keeps_their_dtype(library: Library, gpu: int) -> None:
    result = feature.canny(library.send(VOLUME, gpu), sigma=2)
    assert str(result.dtype).rpartition(".")[2] == "bool"
    assert tuple(result.shape) == VOLUME.shape


@pytest.mark.parametrize("output_is", ["new", "the image"])
def test_output_is_written_and_given_back(library: Library, gpu: int, output_is: str) -> None:
    image = library.send(IMAGE, gpu)
    output = library.send(np.zeros_like(IMAGE), gpu) if output_is == "new" else image
    result = ndimage.uniform_filter(image, output=output)
    assert result is output
    np.testing.assert_array_equal(library.fetch(output), ndimage.uniform_filter(IMAGE))


def test_output_that_is_a_view_is_written_in_its_place(library: Library, gpu: int) -> None:
    whole = library.send(np.zeros((*IMAGE.shape, 2), np.float32), gpu)
    ndimage.uniform_filter(library.send(IMAGE, gpu), output=whole[..., 1])
    np.testing.assert_array_equal(library.fetch(whole)[..., 1], ndimage.uniform_filter(IMAGE))
    assert not library.fetch(whole)[..., 0].any()


def test_output_of_another_memory_is_written_and_given_back(
    libraries: dict[str, Library], gpu: int
) -> None:
    expected = ndimage.uniform_filter(IMAGE)
    for own, other in (("torch", "cupy"), ("cupy", "torch")):
        output = libraries[other].send(np.zeros_like(IMAGE), gpu)
        result = ndimage.uniform_filter(libraries[own].send(IMAGE, gpu), output=output)
        assert result is output
        np.testing.assert_array_equal(libraries[other].fetch(output), expected)


@pytest.mark.parametrize("where", ["host", "gpu"])
def test_mask_serves_an_image_wherever_each_is(library: Library, gpu: int, where: str) -> None:
    mask = IMAGE > 0.5
    expected = filters.sobel_h(IMAGE, mask=mask)
    if where == "host":
        result = filters.sobel_h(library.send(IMAGE, gpu), mask=mask)
        assert library.gpu(result) == gpu
        np.testing.assert_array_equal(library.fetch(result), expected)
    else:
        result = filters.sobel_h(IMAGE, mask=library.send(mask, gpu))
        assert type(result) is np.ndarray
        np.testing.assert_array_equal(result, expected)


def test_each_memory_of_a_mixed_call_is_its_own(libraries: dict[str, Library], gpu: int) -> None:
    mask = IMAGE > 0.5
    expected = filters.sobel_h(IMAGE, mask=mask)
    for own, other in (("torch", "cupy"), ("cupy", "torch")):
        image = libraries[own].send(IMAGE, gpu)
        result = filters.sobel_h(image, mask=libraries[other].send(mask, gpu))
        assert type(result) is libraries[own].kind
        assert libraries[own].gpu(result) == gpu
        np.testing.assert_array_equal(libraries[own].fetch(result), expected)


def test_both_copies_are_told(library: Library, gpu: int) -> None:
    with voxbind.trace() as log:
        filters.gaussian(library.send(IMAGE, gpu))
    (row,) = log.rows()
    place, nbytes = library.place(gpu), IMAGE.nbytes
    assert row["device"] == "cpu"
    assert (row["bytes_copied"], row["bytes_shared"]) == (2 * nbytes, 0)
    assert [tuple(each.values()) for each in row["conversions"]] == [
        ("image", place, "numpy", nbytes, False),
        ("result", "numpy", place, nbytes, False),
    ]


def test_copy_is_refused_where_it_is_forbidden(library: Library, gpu: int) -> None:
    image = library.send(IMAGE, gpu)
    with (
        voxbind.transfers("forbid"),
        pytest.raises(voxbind.TransferForbiddenError, match=rf"cuda:{gpu}\) to numpy"),
    ):
        filters.gaussian(image)


def test_work_queued_on_a_side_stream_is_waited_for(library: Library, gpu: int) -> None:
    with library.side_stream(gpu) as stream:
        image = library.send(np.zeros_like(IMAGE), gpu)
        image[...] = 1
        delay(stream, gpu)
        image[...] = 7
        assert float(ndimage.maximum(image)) == 7


def test_output_on_a_side_stream_is_written_after_what_was_queued(
    library: Library, gpu: int
) -> None:
    with library.side_stream(gpu) as stream:
        image = library.send(np.ones_like(IMAGE), gpu)
        output = library.send(np.zeros_like(IMAGE), gpu)
        output[...] = 2
        delay(stream, gpu)
        output[...] = 3
        ndimage.uniform_filter(image, output=output)
        np.testing.assert_array_equal(library.fetch(output), np.ones_like(IMAGE))


def test_pyclesperanto_takes_them_through_the_host_and_says_so(
    library: Library, gpu: int, cle: Any
) -> None:
    expected = cle.gaussian_blur(IMAGE, sigma_x=2, sigma_y=2)
    with voxbind.trace() as log:
        result = cle.gaussian_blur(library.send(IMAGE, gpu), sigma_x=2, sigma_y=2)
    assert library.gpu(result) == gpu
    np.testing.assert_array_equal(library.fetch(result), expected)
    (down, up) = log[0].conversions
    assert (down.argument, down.source, down.shared) == ("input_image", library.place(gpu), False)
    assert down.target.startswith("pyclesperanto (")
    assert (up.source, up.target, up.shared) == (down.target, library.place(gpu), False)


def test_array_of_pyclesperanto_and_one_on_a_gpu_in_one_call(
    library: Library, gpu: int, cle: Any
) -> None:
    expected = cle.add_images_weighted(IMAGE, IMAGE, factor1=1, factor2=2)
    image = library.send(IMAGE, gpu)
    result = cle.add_images_weighted(image, cle.push(IMAGE), factor1=1, factor2=2)
    assert library.gpu(result) == gpu
    np.testing.assert_array_equal(library.fetch(result), expected)
