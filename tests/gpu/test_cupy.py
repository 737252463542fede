"""What is CuPy's own: managed memory, current devices, and calls that never see an array of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from helpers.gpu_libraries import IMAGE, VOLUME
from voxbind import native
from voxbind._memory.lookup import library_memory, memory_for, memory_of
from voxbind.scipy import ndimage
from voxbind.skimage import filters

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("cupy")]


@pytest.fixture
def managed(cupy: Any) -> Iterator[None]:
    """Let CuPy's arrays be in memory that the host can read too."""
    before = cupy.cuda.get_allocator()
    cupy.cuda.set_allocator(cupy.cuda.MemoryPool(cupy.cuda.malloc_managed).malloc)
    yield
    cupy.cuda.set_allocator(before)


def test_array_is_known_by_its_class(cupy: Any) -> None:
    array = cupy.zeros(3)
    assert memory_of(array) is library_memory("cupy")
    assert memory_for(array) is library_memory("cupy")


def test_scalar_array_goes_through_a_library_on_the_host(cupy: Any) -> None:
    result = ndimage.gaussian_filter(cupy.asarray(IMAGE), sigma=cupy.asarray(2.0))
    np.testing.assert_array_equal(result.get(), ndimage.gaussian_filter(IMAGE, sigma=2.0))


def test_coordinates_on_the_gpu_beside_an_image_on_the_host(cupy: Any) -> None:
    coordinates = np.array([[1.5, 2], [3, 4.25]])
    result = ndimage.map_coordinates(IMAGE, cupy.asarray(coordinates))
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, ndimage.map_coordinates(IMAGE, coordinates))


def test_list_is_an_option_as_on_the_host(cupy: Any) -> None:
    result = filters.gaussian(cupy.asarray(VOLUME), sigma=[0, 1, 1])
    np.testing.assert_array_equal(result.get(), filters.gaussian(VOLUME, sigma=[0, 1, 1]))


@pytest.mark.usefixtures("managed")
def test_managed_array_goes_to_pytorch_and_back(cupy: Any, device: torch.device) -> None:
    with cupy.cuda.Device(device.index):
        flat = cupy.asarray(IMAGE + 1)
    result = native.flat_field_correction(torch.from_numpy(IMAGE).to(device), flat)
    assert result.device == device
    expected = native.flat_field_correction(IMAGE, IMAGE + 1)
    np.testing.assert_allclose(result.cpu().numpy(), expected, rtol=2e-5)


@pytest.mark.usefixtures("managed")
def test_managed_array_goes_through_a_library_on_the_host(cupy: Any) -> None:
    result = filters.gaussian(cupy.asarray(IMAGE))
    assert type(result) is cupy.ndarray
    np.testing.assert_array_equal(result.get(), filters.gaussian(IMAGE))


def test_current_device_stays_what_it_was(cupy: Any, gpu: int) -> None:
    before = cupy.cuda.Device().id, torch.cuda.current_device()
    with cupy.cuda.Device(gpu):
        image = cupy.asarray(IMAGE)
    filters.gaussian(image)
    native.flat_field_correction(torch.ones(IMAGE.shape, device=f"cuda:{gpu}"), image + 1)
    assert (cupy.cuda.Device().id, torch.cuda.current_device()) == before
