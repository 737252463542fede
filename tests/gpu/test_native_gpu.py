"""The native functions on a GPU: NumPy's values, and nothing leaves the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import voxbind
from helpers.gpu_libraries import IMAGE, RNG, VOLUME, Library
from voxbind import native

pytestmark = pytest.mark.gpu

DARK, FLAT = np.full_like(IMAGE, 0.01), (1 + RNG.random(IMAGE.shape)).astype(np.float32)
COUNTS = RNG.integers(0, 4000, VOLUME.shape).astype(np.uint16)
CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "max_projection": (native.max_projection, (VOLUME,)),
    "min_projection along X": (lambda volume: native.min_projection(volume, axis=2), (VOLUME,)),
    "mean_projection": (native.mean_projection, (VOLUME,)),
    "std_projection": (native.std_projection, (VOLUME,)),
    "max_projection of counts": (native.max_projection, (COUNTS,)),
    "sum_projection of counts": (native.sum_projection, (COUNTS,)),
    "max_projection of bool": (native.max_projection, (VOLUME > 0.5,)),
    "normalize_percentile": (native.normalize_percentile, (VOLUME,)),
    "normalize_percentile of counts": (native.normalize_percentile, (COUNTS,)),
    "normalize_percentile slice by slice": (
        lambda volume: native.normalize_percentile(volume, slice_by_slice=True),
        (VOLUME,),
    ),
    "normalize_percentile_per_slice": (native.normalize_percentile_per_slice, (VOLUME,)),
    "flat_field_correction": (native.flat_field_correction, (IMAGE, FLAT, DARK)),
    "flat_field_correction of a volume": (native.flat_field_correction, (VOLUME, FLAT, DARK)),
    "focus_measure": (native.focus_measure, (IMAGE,)),
    "best_focus_slice": (native.best_focus_slice, (VOLUME,)),
    "crop": (lambda image: native.crop(image, 4), (IMAGE,)),
    "bin_image": (native.bin_image, (IMAGE,)),
    "bin_image of counts": (lambda image: native.bin_image(image, 2, reduce="max"), (COUNTS,)),
    "bin_image of a view": (lambda volume: native.bin_image(volume[1:, ::2, 2:]), (VOLUME,)),
}
"""What is called, and on which arrays."""


@pytest.mark.parametrize("case", CALLS)
def test_values_are_numpys_and_nothing_moves(library: Library, gpu: int, case: str) -> None:
    call, arrays = CALLS[case]
    expected = call(*arrays)
    sent = [library.send(array, gpu) for array in arrays]
    with voxbind.transfers("forbid"):
        result = call(*sent)
    assert type(result) is library.kind
    assert library.gpu(result) == gpu
    fetched = library.fetch(result)
    assert fetched.dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(fetched, expected, rtol=2e-5, atol=1e-6)
    for array, given in zip(arrays, sent, strict=True):
        np.testing.assert_array_equal(library.fetch(given), array)


def test_trace_names_the_device_and_nothing_that_moved(library: Library, gpu: int) -> None:
    with voxbind.trace() as log:
        native.max_projection(library.send(VOLUME, gpu))
    (row,) = log.rows()
    assert row["function"] == "native.max_projection"
    assert row["device"] == f"cuda:{gpu}"
    assert row["conversions"] == []


def test_array_on_the_host_is_sent_to_the_image(library: Library, gpu: int) -> None:
    expected = native.flat_field_correction(IMAGE, FLAT)
    image = library.send(IMAGE, gpu)
    for flat in (FLAT, torch.from_numpy(FLAT)):
        with voxbind.trace() as log:
            result = native.flat_field_correction(image, flat)
        assert library.gpu(result) == gpu
        np.testing.assert_allclose(library.fetch(result), expected, rtol=2e-5)
        (sent,) = log[0].conversions
        assert (sent.argument, sent.target, sent.nbytes) == (
            "flat",
            library.place(gpu),
            IMAGE.nbytes,
        )
        assert not sent.shared
        with (
            voxbind.transfers("forbid"),
            pytest.raises(voxbind.TransferForbiddenError, match="'flat' would be copied"),
        ):
            native.flat_field_correction(image, flat)


def test_array_on_a_gpu_comes_to_an_image_on_the_host(library: Library, gpu: int) -> None:
    expected, flat = native.flat_field_correction(IMAGE, FLAT), library.send(FLAT, gpu)
    np.testing.assert_array_equal(native.flat_field_correction(IMAGE, flat), expected)
    result = native.flat_field_correction(torch.from_numpy(IMAGE), flat)
    assert result.device.type == "cpu"
    np.testing.assert_allclose(result.numpy(), expected, rtol=2e-5)


def test_array_on_another_gpu_comes_to_the_images(library: Library, gpu: int) -> None:
    elsewhere = (gpu + 1) % torch.cuda.device_count()
    expected, image = native.flat_field_correction(IMAGE, FLAT), library.send(IMAGE, gpu)
    result = native.flat_field_correction(image, library.send(FLAT, elsewhere))
    assert library.gpu(result) == gpu
    np.testing.assert_allclose(library.fetch(result), expected, rtol=2e-5)
