"""Unchanged programs of scikit-image, with arrays on a GPU: its dispatch, and cuCIM behind it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from behaviour.test_skimage_backend import installed, run

from voxbind.cucim.skimage import metrics as on_gpu

pytestmark = pytest.mark.gpu
__all__ = ["installed"]

ARRAYS = {
    "CuPy": "cupy.asarray(first), cupy.asarray(second)",
    "PyTorch": "torch.from_numpy(first).cuda(), torch.from_numpy(second).cuda()",
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_an_unchanged_program_runs_on_the_gpu(installed: Path, cupy: object, kind: str) -> None:
    code = f"""
        import cupy
        from voxbind import trace

        arrays = {ARRAYS[kind]}
        with trace() as log:
            result, messages = call(*arrays)
        assert "cucim" in str(log), str(log)
        assert len(messages) == 1 and "to the 'voxbind' backend" in messages[0], messages
        print(np.isclose(result, error))
    """
    assert run(code, installed, "voxbind") == "True\n"


def test_the_result_is_that_of_the_twin(device: torch.device) -> None:
    from voxbind._backend import scikit_image as backend

    first, second = torch.rand(2, 16, 16, device=device, dtype=torch.float64)
    name = "skimage.metrics:mean_squared_error"
    assert backend.can_has(name, first, second)
    result = backend.get_implementation(name)(first, second)
    assert np.isclose(float(result), float(on_gpu.mean_squared_error(first, second)))
