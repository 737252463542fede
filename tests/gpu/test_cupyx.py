"""CuPy's scipy.ndimage through its wrappers: what CuPy gives, in the memory of the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.gpu_libraries import IMAGE, VOLUME
from helpers.gpu_wrappers import check, check_version, result_of_each_memory
from voxbind.cupyx.scipy import ndimage

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("cupy")]
MODULE = "cupyx.scipy.ndimage"


def test_wrapper_gives_what_the_function_gives() -> None:
    assert check("cupyx", MODULE, "compared")


def test_nothing_moves_where_the_image_is_on_the_gpu() -> None:
    assert check("cupyx", MODULE, "moved")


@pytest.mark.parametrize("array", [IMAGE, VOLUME], ids=["image", "volume"])
def test_each_memory_gets_its_own_back_with_the_same_values(array: Any) -> None:
    found = result_of_each_memory(lambda image: ndimage.gaussian_filter(image, 2), array)
    np.testing.assert_array_equal(found["numpy"], found["cupy"], strict=True)
    np.testing.assert_array_equal(found["torch"], found["cupy"], strict=True)


def test_slices_are_those_of_the_volume(cupy: Any) -> None:
    volume = cupy.asarray(VOLUME)
    result = ndimage.gaussian_filter(volume, 2, slice_by_slice=True)
    for plane, own in zip(volume, result, strict=True):
        np.testing.assert_array_equal(own.get(), ndimage.gaussian_filter(plane, 2).get())


def test_output_is_written_wherever_it_is(cupy: Any) -> None:
    expected = ndimage.gaussian_filter(cupy.asarray(IMAGE), 2).get()
    for output in (np.zeros_like(IMAGE), cupy.zeros(IMAGE.shape, np.float32)):
        assert ndimage.gaussian_filter(cupy.asarray(IMAGE), 2, output=output) is output
        own = output if type(output) is np.ndarray else output.get()
        np.testing.assert_array_equal(own, expected)


def test_current_device_stays_what_it_was(cupy: Any, gpu: int) -> None:
    before = cupy.cuda.Device().id
    with cupy.cuda.Device(gpu):
        image = cupy.asarray(IMAGE)
    result = ndimage.gaussian_filter(image, 2)
    assert result.device.id == gpu
    assert cupy.cuda.Device().id == before


def test_nothing_is_copied_under_forbid(cupy: Any) -> None:
    with voxbind.transfers("forbid"):
        ndimage.gaussian_filter(cupy.asarray(IMAGE), 2)


def test_version_is_cupys_whichever_wheel_it_came_in(cupy: Any) -> None:
    check_version("cupyx", cupy.__version__)
