"""What pyclesperanto would misread, change or leave unwritten without a word."""

import numpy as np
import pyclesperanto
import pytest

from voxbind import pyclesperanto as cle
from voxbind.errors import DtypeConversionWarning, MemoryTypeError

VOLUME = np.random.default_rng(3).random((5, 17, 22)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
def test_dtypes_that_are_misread_are_refused(dtype: str) -> None:
    with pytest.raises(MemoryTypeError, match=rf"dtype {dtype}, .*Accepted are uint8"):
        cle.mode(np.zeros((9, 9), dtype))
    assert cle.mode(np.zeros((9, 9), np.uint8)).dtype == np.uint8


def test_every_array_of_a_call_is_looked_at() -> None:
    with pytest.raises(MemoryTypeError, match=r"'kernel' of dtype uint8, .*Accepted are float32"):
        cle.fft.convolve(VOLUME, np.ones((3, 3, 3), np.uint8))
    kernel = np.zeros((3, 3, 3), np.float32)
    kernel[1, 1, 1] = 1
    expected = pyclesperanto.fft.convolve(VOLUME, kernel).get()
    np.testing.assert_array_equal(cle.fft.convolve(VOLUME, kernel), expected)


def test_a_result_that_would_come_back_unwritten_is_refused() -> None:
    with pytest.raises(MemoryTypeError, match="without 'output_image'"):
        cle.copy_slice(VOLUME, slice_index=2)
    out = np.zeros(VOLUME.shape[1:], np.float32)
    assert cle.copy_slice(VOLUME, out, slice_index=2) is out
    np.testing.assert_array_equal(out, VOLUME[2])


def test_what_goes_to_the_device_by_itself_is_told() -> None:
    with pytest.warns(DtypeConversionWarning, match="'array' is float64"):
        assert isinstance(cle.push(VOLUME.astype(float)), pyclesperanto.Array)
    assert isinstance(cle.push(VOLUME.astype(float), dtype=np.float32), pyclesperanto.Array)
    with pytest.raises(MemoryTypeError, match="32 bits"):
        cle.push(np.full((3, 3), 2**40))
