"""CUDA tensors through libraries that work on the host: down once, back to their very device."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU that PyTorch can use"),
]
IMAGE = np.random.default_rng(0).random((5, 32, 40)).astype(np.float32)


@pytest.fixture(params=range(max(torch.cuda.device_count(), 1)))
def device(request: pytest.FixtureRequest) -> torch.device:
    return torch.device("cuda", request.param)


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
