"""Arrays of any memory go in, the same memory comes out, sharing the buffer where it can be."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.ndimage
import skimage.exposure
import skimage.filters
import skimage.measure
import skimage.restoration
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from torch._subclasses.fake_tensor import FakeTensorMode

from helpers.generated_packages import Import

IMAGE = np.random.default_rng(0).random((12, 15))
SHARED = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
SHARED += ["float16", "float32", "float64", "complex64", "complex128"]


class Pair(NamedTuple):
    image: Any
    count: Any


@pytest.fixture
def exchange(voxbind: Import) -> Any:
    return voxbind("_dispatch.exchange").Exchange()


@pytest.fixture
def round_trip(exchange: Any) -> Any:
    """Give what comes back for a library's result when the image was a CPU tensor."""
    return lambda result: exchange.give_back(result, torch.zeros(1))


def pointer(array: Any) -> int:
    return array.data_ptr() if isinstance(array, torch.Tensor) else array.ctypes.data


@pytest.mark.parametrize("dtype", SHARED)
def test_a_tensor_and_its_array_share_one_buffer(exchange: Any, dtype: str) -> None:
    tensor = torch.from_numpy(np.ones((3, 4), dtype))
    array = exchange.lower(tensor, "image")
    assert type(array) is np.ndarray
    assert array.dtype == dtype
    assert pointer(array) == pointer(tensor)
    back = exchange.give_back(array[1:], tensor)
    assert back.dtype == tensor.dtype
    assert pointer(back) == pointer(tensor[1:])


@pytest.mark.parametrize("dtype", SHARED)
def test_wrappers_give_the_library_the_dtype_that_came(voxbind: Import, dtype: str) -> None:
    image = (np.arange(30).reshape(5, 6) % 2).astype(dtype)
    with_mask = voxbind("scipy.ndimage").median_filter
    if dtype.startswith(("complex", "float16")):
        with pytest.raises((TypeError, RuntimeError)) as expected:
            scipy.ndimage.median_filter(image, 3)
        with pytest.raises(expected.type, match=str(expected.value)[:20]):
            with_mask(torch.from_numpy(image), 3)
        return
    result = with_mask(torch.from_numpy(image), 3)
    np.testing.assert_array_equal(result.numpy(), scipy.ndimage.median_filter(image, 3))
    assert result.numpy().dtype == scipy.ndimage.median_filter(image, 3).dtype


def test_gradients_are_left_behind_but_values_are_shared(exchange: Any) -> None:
    tensor = torch.ones(3, 4, requires_grad=True)
    array = exchange.lower(tensor, "image")
    assert pointer(array) == pointer(tensor)
    assert not exchange.give_back(array[0], tensor).requires_grad


def test_conjugate_and_negated_views_are_resolved(exchange: Any) -> None:
    tensor = torch.tensor([1 + 2j, 3 - 1j])
    np.testing.assert_array_equal(exchange.lower(tensor.conj(), "image"), [1 - 2j, 3 + 1j])
    np.testing.assert_array_equal(exchange.lower(tensor.conj().imag, "image"), [-2, 1])


def test_strided_zero_dimensional_and_empty_tensors_share(exchange: Any) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    for tensor in (base.T, base[::2, 1::3], base[0, 0], base[:0], torch.empty(0, 3)):
        array = exchange.lower(tensor, "image")
        np.testing.assert_array_equal(array, np.array(tensor.tolist()).reshape(tensor.shape))
        assert array.size == 0 or pointer(array) == pointer(tensor)
        assert exchange.give_back(array, tensor) is tensor


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_array_comes_back_as_an_equal_tensor(voxbind: Import, data: st.DataObject) -> None:
    numbers = st.one_of(
        npst.boolean_dtypes(),
        npst.integer_dtypes(endianness="?"),
        npst.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
        npst.complex_number_dtypes(endianness="?", sizes=(64, 128)),
    )
    array = data.draw(npst.arrays(numbers, npst.array_shapes(min_dims=0, max_dims=3, min_side=0)))
    for axis in range(array.ndim):
        if data.draw(st.booleans(), label=f"flip {axis}"):
            array = np.flip(array, axis)
    array = array.T if data.draw(st.booleans(), label="transpose") else array
    array.flags.writeable = data.draw(st.booleans(), label="writeable")
    tensor = voxbind("_dispatch.exchange").Exchange().give_back(array, torch.zeros(1))
    assert isinstance(tensor, torch.Tensor)
    assert tuple(tensor.shape) == array.shape
    np.testing.assert_array_equal(tensor.numpy(), array)
    assert tensor.numpy().dtype == array.dtype.newbyteorder("=")
    plain = array.flags.writeable and array.dtype.isnative and min(array.strides, default=0) >= 0
    if plain and array.size:
        assert pointer(tensor) == pointer(array)


def test_a_read_only_result_is_copied_so_that_nothing_writes_into_it(round_trip: Any) -> None:
    array = np.broadcast_to(np.float32(1), (2, 3))
    tensor = round_trip(array)
    tensor += 1
    assert (array == 1).all()


def test_odd_strides_are_copied(round_trip: Any) -> None:
    records = np.zeros(4, dtype=[("small", "u1"), ("wide", "f8")])
    records["wide"] = range(4)
    np.testing.assert_array_equal(round_trip(records["wide"]).numpy(), range(4))


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a", "b"]),
        np.array([object()]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.zeros(2, [("a", "f8")]),
        np.zeros(2, np.longdouble),
        np.ma.masked_array([1.0, 2.0], [True, False]),
        np.zeros(2, np.dtype(">g")),
    ],
    ids=lambda array: str(array.dtype),
)
def test_what_torch_has_no_dtype_for_stays_an_array(round_trip: Any, array: Any) -> None:
    assert round_trip(array) is array


def test_members_of_containers_come_back_one_by_one(round_trip: Any) -> None:
    array = np.ones(2)
    number = np.float64(3)
    result = round_trip(([array, "text"], {"key": array}, Pair(array, number), None))
    assert isinstance(result[0][0], torch.Tensor)
    assert result[0][1] == "text"
    assert isinstance(result[1]["key"], torch.Tensor)
    assert type(result[2]) is Pair
    assert isinstance(result[2].image, torch.Tensor)
    assert result[2].count is number
    assert result[3] is None


def test_numpy_results_of_a_numpy_image_are_the_very_same_object(exchange: Any) -> None:
    for result in (np.ones(2), (np.ones(2), 3), [np.ones(1)], {"a": np.ones(1)}):
        assert exchange.give_back(result, np.zeros(1)) is result


def test_an_output_tensor_is_written_and_given_back(voxbind: Import) -> None:
    tensor = torch.from_numpy(IMAGE.copy())
    out = torch.zeros_like(tensor)
    result = voxbind("scipy.ndimage").gaussian_filter(tensor, 1, output=out)
    assert result is out
    np.testing.assert_array_equal(out.numpy(), scipy.ndimage.gaussian_filter(IMAGE, 1))


def test_image_and_output_may_be_one_tensor(voxbind: Import) -> None:
    tensor, array = torch.from_numpy(IMAGE.copy()), IMAGE.copy()
    result = voxbind("scipy.ndimage").gaussian_filter(tensor, 1, output=tensor)
    scipy.ndimage.gaussian_filter(array, 1, output=array)
    assert result is tensor
    np.testing.assert_array_equal(tensor.numpy(), array)


def test_an_output_that_could_not_share_is_written_back(voxbind: Import) -> None:
    # A negated view has no buffer that NumPy could write into.
    out = torch.zeros(IMAGE.shape, dtype=torch.complex128).conj().imag
    assert out.is_neg()
    result = voxbind("scipy.ndimage").gaussian_filter(torch.from_numpy(IMAGE), 1, output=out)
    assert result is out
    np.testing.assert_array_equal(out.numpy(force=True), scipy.ndimage.gaussian_filter(IMAGE, 1))


def test_a_numpy_image_with_a_tensor_output_gives_the_tensor_back(voxbind: Import) -> None:
    out = torch.zeros(IMAGE.shape, dtype=torch.float64)
    assert voxbind("scipy.ndimage").gaussian_filter(IMAGE, 1, output=out) is out


def test_the_first_image_decides_the_memory_of_the_result(voxbind: Import) -> None:
    canny = voxbind("skimage.feature").canny
    mask = np.ones(IMAGE.shape, bool)
    assert isinstance(canny(torch.from_numpy(IMAGE), mask=mask), torch.Tensor)
    assert isinstance(canny(IMAGE, mask=torch.from_numpy(mask)), np.ndarray)


def test_a_result_that_views_the_image_still_views_it(voxbind: Import) -> None:
    tensor = torch.from_numpy(IMAGE.copy())
    result = voxbind("skimage.util").crop(tensor, 2)
    assert pointer(result) == pointer(tensor[2:, 2:])
    result[0, 0] = 7
    assert tensor[2, 2] == 7


def test_sequences_of_tensors_are_lowered_member_by_member(exchange: Any) -> None:
    tensor = torch.ones(2)
    lowered = exchange.lower([tensor, (tensor, 3)], "images")
    assert type(lowered[0]) is np.ndarray
    assert lowered[1][0] is lowered[0]
    plain = [(1, 2), [3]]
    assert exchange.lower(plain, "weights") is plain


def test_array_subclasses_pass_as_they_are(exchange: Any) -> None:
    class Image(np.ndarray):
        pass

    image = IMAGE.view(Image)
    assert exchange.lower(image, "image") is image


class Exported:
    """An array of another library, known by what it exports."""

    array: Any

    def __init__(self, **exports: Any) -> None:
        vars(self).update(exports)


class HasArray(Exported):
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


class HasInterface(Exported):
    @property
    def __array_interface__(self) -> Any:
        return self.array.__array_interface__


class HasDlpack(Exported):
    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("kind", [HasArray, HasInterface, HasDlpack])
def test_what_exports_an_array_is_taken_and_gives_numpy(voxbind: Import, kind: Any) -> None:
    result = voxbind("skimage.filters").gaussian(kind(array=IMAGE))
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, skimage.filters.gaussian(IMAGE))


def test_nested_lists_are_arrays_only_where_the_library_documents_it(voxbind: Import) -> None:
    nested = IMAGE.tolist()
    result = voxbind("scipy.ndimage").gaussian_filter(nested, 1)
    np.testing.assert_array_equal(result, scipy.ndimage.gaussian_filter(IMAGE, 1))
    with pytest.raises(voxbind("errors").MemoryTypeError, match=r"numpy\.asarray"):
        voxbind("skimage.filters").gaussian(nested)


def test_masked_arrays_are_refused_with_what_to_do(voxbind: Import) -> None:
    masked = np.ma.masked_less(IMAGE, 0.5)
    with pytest.raises(voxbind("errors").MemoryTypeError, match=r"image\.filled.*mask"):
        voxbind("skimage.filters").gaussian(masked)


@pytest.mark.parametrize("slice_by_slice", [False, True])
def test_masked_arrays_are_taken_where_the_library_looks_at_the_mask(
    voxbind: Import, slice_by_slice: bool
) -> None:
    volume = np.ma.masked_less(np.stack([IMAGE, IMAGE + 1]), 0.2)
    result = voxbind("skimage.restoration").unwrap_phase(volume, slice_by_slice=slice_by_slice)
    planes = [skimage.restoration.unwrap_phase(plane) for plane in volume]
    expected = np.ma.stack(planes) if slice_by_slice else skimage.restoration.unwrap_phase(volume)
    np.testing.assert_array_equal(result.mask, expected.mask)
    np.testing.assert_array_equal(result.compressed(), expected.compressed())


def test_tensors_are_taken_for_what_is_no_image(voxbind: Import) -> None:
    sigma = np.array([1.0, 2.0])
    expected = scipy.ndimage.gaussian_filter(IMAGE, sigma)
    gaussian_filter = voxbind("scipy.ndimage").gaussian_filter
    result = gaussian_filter(torch.from_numpy(IMAGE), torch.from_numpy(sigma))
    np.testing.assert_array_equal(result.numpy(), expected)
    result = gaussian_filter(torch.from_numpy(IMAGE), list(torch.from_numpy(sigma)))
    np.testing.assert_array_equal(result.numpy(), expected)


def test_lazy_arrays_stay_lazy_where_the_library_leaves_them_so(voxbind: Import) -> None:
    dask = pytest.importorskip("dask.array")
    image = dask.from_array(IMAGE, chunks=5)
    result = voxbind("skimage.exposure").rescale_intensity(image, out_range=(0, 2))
    assert isinstance(result, dask.Array)
    expected = skimage.exposure.rescale_intensity(IMAGE, out_range=(0, 2))
    np.testing.assert_array_equal(result, expected)


with FakeTensorMode():
    FAKE = torch.empty(3, 3)
    FAKE_CUDA = torch.empty(3, 3, device="cuda")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda: torch.zeros(3, 3, dtype=torch.bfloat16), r"image\.float\(\)"),
        (lambda: torch.zeros(3, 3).to(torch.float8_e4m3fn), r"image\.float\(\)"),
        (lambda: torch.zeros(3, 3, dtype=torch.complex32), r"torch\.complex64"),
        (lambda: torch.zeros(3, 3).to_sparse(), r"image\.to_dense\(\)"),
        (lambda: torch.zeros(3, 3).to_sparse_csr(), r"image\.to_dense\(\)"),
        (
            lambda: torch.quantize_per_tensor(torch.zeros(3, 3), 1.0, 0, torch.quint8),
            r"image\.dequantize\(\)",
        ),
        (lambda: torch.nested.nested_tensor([torch.zeros(2)]), r"image\.unbind\(\)"),
        (lambda: torch.zeros(3, 3, device="meta"), "no data"),
        (lambda: FAKE, "torch.Tensor"),
    ],
    ids=["bfloat16", "float8", "complex32", "coo", "csr", "quantized", "nested", "meta", "fake"],
)
def test_tensors_without_a_numpy_form_are_refused_with_what_to_call(
    voxbind: Import, make: Any, advice: str
) -> None:
    filters = voxbind("skimage.filters")
    for function in (filters.gaussian, filters.sobel_h):
        with pytest.raises(voxbind("errors").MemoryTypeError, match=advice):
            function(make())


def test_a_tensor_on_a_device_that_is_not_there(voxbind: Import) -> None:
    with pytest.raises(voxbind("errors").DeviceUnavailableError, match="cuda"):
        voxbind("skimage.filters").gaussian(FAKE_CUDA)


def test_torch_is_looked_for_only_where_it_is_loaded(
    voxbind: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    volume = np.stack([IMAGE] * 3)
    result = voxbind("skimage.filters").sobel_h(volume)
    np.testing.assert_array_equal(result[1], skimage.filters.sobel_h(IMAGE))
