"""CUDA tensors through libraries that work on the host: down once, back to their very device."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import voxbind
from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters

pytestmark = pytest.mark.gpu
IMAGE = np.random.default_rng(0).random((5, 32, 40)).astype(np.float32)


def test_result_is_on_the_very_device_of_the_image(device: torch.device) -> None:
    result = filters.gaussian(torch.from_numpy(IMAGE).to(device))
    assert result.device == device
    np.testing.assert_array_equal(result.cpu().numpy(), filters.gaussian(IMAGE))


def test_volume_runs_per_slice_and_comes_back(device: torch.device) -> None:
    result = feature.canny(torch.from_numpy(IMAGE).to(device))
    assert result.device == device
    np.testing.assert_array_equal(result.cpu().numpy(), feature.canny(IMAGE))


def test_output_on_the_device_is_written_and_given_back(device: torch.device) -> None:
    output = torch.empty(IMAGE.shape, device=device)
    result = ndimage.uniform_filter(torch.from_numpy(IMAGE).to(device), output=output)
    assert result is output
    np.testing.assert_array_equal(output.cpu().numpy(), ndimage.uniform_filter(IMAGE))


def test_mask_on_the_host_serves_an_image_on_the_device(device: torch.device) -> None:
    mask = IMAGE[0] > 0.5
    result = filters.sobel_h(torch.from_numpy(IMAGE[0]).to(device), mask=mask)
    assert result.device == device
    np.testing.assert_array_equal(result.cpu().numpy(), filters.sobel_h(IMAGE[0], mask=mask))


def test_work_queued_on_another_stream_is_waited_for(device: torch.device) -> None:
    with torch.cuda.device(device):
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            queued = torch.zeros(4096, 4096, device=device)
            for _ in range(50):
                queued = queued + 1
            result = ndimage.maximum(queued)
    assert float(result) == 50


def test_gradients_dont_flow_through(device: torch.device) -> None:
    image = torch.from_numpy(IMAGE[0]).to(device).requires_grad_()
    result = filters.gaussian(image * 2)
    assert result.device == device
    assert not result.requires_grad
    np.testing.assert_array_equal(result.cpu().numpy(), filters.gaussian(IMAGE[0] * 2))


def test_conjugate_is_resolved(device: torch.device) -> None:
    image = (IMAGE[0] + 1j).astype(np.complex64)
    result = ndimage.uniform_filter(torch.from_numpy(image).to(device).conj())
    assert result.device == device
    np.testing.assert_array_equal(result.cpu().numpy(), ndimage.uniform_filter(image.conj()))


@pytest.mark.parametrize(
    ("dtype", "advice"),
    [(torch.bfloat16, r"image\.float\(\)"), (torch.complex32, r"image\.to\(torch\.complex64\)")],
)
def test_dtype_that_numpy_lacks_is_refused(
    device: torch.device, dtype: torch.dtype, advice: str
) -> None:
    with pytest.raises(voxbind.MemoryTypeError, match=advice):
        filters.gaussian(torch.zeros(8, 8, dtype=dtype, device=device))


def test_sparse_tensor_is_refused_traced_or_not(device: torch.device) -> None:
    image = torch.eye(8, device=device).to_sparse()
    with pytest.raises(voxbind.MemoryTypeError, match=r"image\.to_dense\(\)"):
        filters.gaussian(image)
    with voxbind.trace(), pytest.raises(voxbind.MemoryTypeError, match=r"image\.to_dense\(\)"):
        filters.gaussian(image)


def test_pinned_tensor_stays_on_the_host() -> None:
    pinned = torch.from_numpy(IMAGE).pin_memory()
    with voxbind.transfers("forbid"):
        result = filters.gaussian(pinned)
    assert result.device.type == "cpu"
    np.testing.assert_array_equal(result.numpy(), filters.gaussian(IMAGE))


def test_tensors_on_two_gpus_meet_on_the_first_ones(device: torch.device) -> None:
    mask = IMAGE[0] > 0.5
    elsewhere = torch.device("cuda", (device.index + 1) % torch.cuda.device_count())
    image, other = torch.from_numpy(IMAGE[0]).to(device), torch.from_numpy(mask).to(elsewhere)
    result = filters.sobel_h(image, mask=other)
    assert result.device == device
    np.testing.assert_array_equal(result.cpu().numpy(), filters.sobel_h(IMAGE[0], mask=mask))
