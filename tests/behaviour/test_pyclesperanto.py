"""pyclesperanto's wrappers on a real device, and its arrays in the wrappers of other libraries."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pyclesperanto as cle
import pytest
import skimage.filters
import skimage.measure
import skimage.segmentation
import torch

from helpers import handmade_manifest as handmade
from helpers.generated_packages import Import, importing, write_package

IMAGE = np.random.default_rng(0).random((12, 15)).astype(np.float32)
VOLUME = np.random.default_rng(1).random((5, 12, 15)).astype(np.float32)
ARRAY = type(cle.empty((1, 1)))
HELD = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32"]
CONVERTED = [("float64", "float32"), ("int64", "int32"), ("uint64", "uint32")]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_package(handmade.pyclesperanto(), tmp_path_factory.mktemp("pyclesperanto"))


@pytest.fixture(scope="module")
def voxbind(package: Path) -> Iterator[Import]:
    with importing(package) as load:
        yield load


@pytest.fixture(scope="module")
def vcle(voxbind: Import) -> Any:
    return voxbind("pyclesperanto")


def copies(call: Callable[[], Any]) -> list[str]:
    """Name the copies between device and host that happen in a call."""
    seen = []

    def look(frame: FrameType, event: str, argument: Any) -> None:
        name = getattr(argument, "__name__", "") if event == "c_call" else ""
        if name.startswith("_read_") or name == "_write":
            seen.append(name)

    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(None)
    return seen


def device_array(array: Any) -> Any:
    return cle.push(np.asarray(array))


def equal(result: Any, expected: Any) -> None:
    np.testing.assert_array_equal(np.asarray(result), np.asarray(expected))


# --- what goes in comes out ------------------------------------------------------------


@pytest.mark.parametrize("image", [IMAGE, VOLUME], ids=["image", "volume"])
def test_what_goes_in_comes_out(vcle: Any, image: Any) -> None:
    expected = cle.gaussian_blur(image, sigma_x=1, sigma_y=2)
    for given, kind in (
        (image, np.ndarray),
        (torch.from_numpy(image), torch.Tensor),
        (device_array(image), ARRAY),
    ):
        result = vcle.gaussian_blur(given, sigma_x=1, sigma_y=2)
        assert type(result) is kind
        equal(result, expected)


def test_an_array_on_the_device_stays_there(vcle: Any) -> None:
    image, other = device_array(IMAGE), device_array(IMAGE * 2)
    volume = device_array(VOLUME)
    out = cle.create(IMAGE.shape)
    assert copies(lambda: cle.push(IMAGE).get()) == ["_write", "_read_float32"]
    assert copies(lambda: vcle.gaussian_blur(image, sigma_x=1)) == []
    assert copies(lambda: vcle.gaussian_blur(image, out, sigma_x=1)) == []
    assert copies(lambda: vcle.add_images_weighted(image, other)) == []
    assert copies(lambda: vcle.maximum_z_projection(volume)) == []
    assert copies(lambda: vcle.sobel(volume)) == []
    assert copies(lambda: vcle.gaussian_blur(volume, sigma_x=1, slice_by_slice=True)) == []


def test_the_first_image_decides_and_others_follow_it(vcle: Any) -> None:
    host, device = IMAGE, device_array(IMAGE)
    assert type(vcle.add_images_weighted(host, device)) is np.ndarray
    assert type(vcle.add_images_weighted(device, host)) is ARRAY
    assert type(vcle.add_images_weighted(torch.from_numpy(host), device)) is torch.Tensor
    equal(vcle.add_images_weighted(device, host), host * 2)


def test_an_array_given_twice_is_copied_once(vcle: Any) -> None:
    assert copies(lambda: vcle.add_images_weighted(IMAGE, IMAGE)).count("_write") == 1


def test_numbers_stay_numbers(vcle: Any) -> None:
    for image in (IMAGE, torch.from_numpy(IMAGE), device_array(IMAGE)):
        mean = vcle.mean_of_all_pixels(image)
        assert type(mean) is float
        assert mean == pytest.approx(IMAGE.mean(), rel=1e-5)


def test_helpers_are_handed_on_as_they_are(vcle: Any) -> None:
    assert type(vcle.ones((3, 4))) is ARRAY
    pushed = vcle.push(IMAGE)
    assert type(pushed) is ARRAY
    assert type(vcle.pull(pushed)) is np.ndarray
    assert isinstance(cle.get_device(), vcle.Device)
    assert vcle.Array is cle.Array


def test_a_module_that_is_only_an_attribute_of_its_package(voxbind: Import) -> None:
    result = voxbind("pyclesperanto.fft").fft(IMAGE)
    assert type(result) is np.ndarray
    equal(result, cle.fft.fft(IMAGE))


def test_a_wrapper_given_a_device_uses_it(vcle: Any) -> None:
    device = cle.get_device()
    equal(vcle.gaussian_blur(IMAGE, sigma_x=1, device=device), cle.gaussian_blur(IMAGE, sigma_x=1))
    image = device_array(IMAGE)
    result = vcle.gaussian_blur(image, sigma_x=1, device=device)
    assert type(result) is ARRAY
    assert result.device == device


@pytest.mark.filterwarnings("ignore:affine_transform:DeprecationWarning")
def test_a_matrix_stays_on_the_host(vcle: Any) -> None:
    matrix = np.eye(4)
    matrix[0, 3] = 2
    expected = cle.affine_transform(IMAGE, transform_matrix=matrix)
    assert not np.array_equal(np.asarray(expected), IMAGE)
    for given in (matrix, torch.from_numpy(matrix), device_array(matrix), matrix.ravel().tolist()):
        equal(vcle.affine_transform(IMAGE, transform_matrix=given), expected)
        equal(vcle.affine_transform(device_array(IMAGE), transform_matrix=given), expected)


# --- data types ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", HELD)
def test_what_it_has_goes_through_without_a_word(vcle: Any, dtype: str) -> None:
    image = (IMAGE * 100).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        equal(vcle.copy(image), image)
        assert vcle.copy(image).dtype == dtype
        assert vcle.copy(torch.from_numpy(image)).numpy().dtype == dtype


def test_bool_is_held_exactly_as_uint8(vcle: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = vcle.copy(IMAGE > 0.5)
    assert result.dtype == np.uint8
    equal(result, IMAGE > 0.5)


@pytest.mark.parametrize(("came", "to"), CONVERTED)
def test_64_bits_are_converted_and_told(voxbind: Import, vcle: Any, came: str, to: str) -> None:
    image = (IMAGE * 100).astype(came)
    category = voxbind("errors").DtypeConversionWarning
    with pytest.warns(category, match=rf"{came}.*{to}.*input_image\.astype\(numpy\.{to}\)") as seen:
        result = vcle.copy(image)
    assert seen[0].filename == __file__
    assert result.dtype == to
    equal(result, image.astype(to))
    with pytest.warns(category, match=rf"input_image\.to\(torch\.{to}\)"):
        vcle.copy(torch.from_numpy(image))


def test_a_second_c_type_of_the_same_size_is_taken(vcle: Any) -> None:
    for code in "bBhHiI":
        image = (IMAGE * 100).astype(code)
        equal(vcle.copy(image), image)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.array([[2**31, 0]]), r"32 bits.*astype\(numpy\.uint32\)"),
        (np.array([[2**40, 0]]), r"1099511627776.*astype\(numpy\.float32\)"),
        (np.array([[-(2**40), 0]]), r"-1099511627776.*float32"),
        (np.array([[2**63]], np.uint64), r"9223372036854775808.*float32"),
        (IMAGE + 1j, r"complex64.*input_image\.real"),
        (IMAGE.astype(complex), r"complex128.*input_image\.imag"),
        (IMAGE.astype(np.float16), r"float16.*astype\(numpy\.float32\)"),
        (IMAGE.astype(np.longdouble), r"float128.*astype\(numpy\.float32\)"),
        (np.array([["a"]]), "str"),
        (np.array([[object()]]), "object"),
        (np.array([["2020-01-01"]], "datetime64[D]"), "datetime64"),
        (torch.zeros(3, 4, dtype=torch.float16), r"float16.*to\(torch\.float32\)"),
        (torch.zeros(3, 4, dtype=torch.bfloat16), r"bfloat16.*input_image\.to\(torch\.float32\)"),
        (torch.zeros(3, 4, dtype=torch.complex64), "complex64.*real"),
        (np.ma.masked_less(IMAGE, 0.5), r"masked.*input_image\.filled"),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_what_does_not_fit_is_refused_before_the_call(
    voxbind: Import, vcle: Any, image: Any, message: str
) -> None:
    def refused() -> None:
        with pytest.raises(voxbind("errors").MemoryTypeError, match=message):
            vcle.copy(image)

    assert copies(refused) == []


# --- layouts and shapes ----------------------------------------------------------------


@pytest.mark.parametrize(
    "image",
    [
        IMAGE[::-1],
        IMAGE[:, ::-1],
        IMAGE[::2, 1::3],
        IMAGE.T,
        np.asfortranarray(IMAGE),
        np.broadcast_to(IMAGE[0], (4, 15)),
        IMAGE.astype(">f4"),
        (IMAGE * 100).astype(">u2"),
        IMAGE[0],
        IMAGE[:1, :1],
        VOLUME.transpose(2, 0, 1),
    ],
    ids=["rows", "columns", "steps", "T", "F", "read-only", ">f4", ">u2", "1-D", "one", "volume"],
)
def test_any_layout_is_taken(vcle: Any, image: Any) -> None:
    equal(vcle.copy(image), image)
    assert vcle.copy(image).shape == image.shape


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 2, 3, 4), r"input_image.*\(1, 2, 3, 4\).*at most 3 axes.*[Ll]oop"),
        ((0, 3), r"\(0, 3\).*without elements"),
        ((0,), "without elements"),
        ((), r"without axes.*reshape\(1\)"),
    ],
)
def test_shapes_that_it_has_not_are_refused_before_the_call(
    voxbind: Import, vcle: Any, shape: tuple[int, ...], message: str
) -> None:
    for image in (np.zeros(shape, np.float32), torch.zeros(shape)):
        with pytest.raises(voxbind("errors").DimensionError, match=message):
            vcle.copy(image)


def test_nested_lists_are_images_as_they_are_to_the_library(voxbind: Import, vcle: Any) -> None:
    nested: Any = [[1, 2, 300], [4.5, 5, 6]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # plain numbers have no dtype to lose
        result = vcle.add_image_and_scalar(nested, scalar=1)
    assert type(result) is np.ndarray
    equal(result, cle.add_image_and_scalar(nested, scalar=1))
    stack = vcle.add_images_weighted([IMAGE[:2, :3], torch.ones(2, 3)], device_array([nested] * 2))
    equal(stack, np.stack([IMAGE[:2, :3], np.ones((2, 3))]).astype(np.float32) + np.float32(nested))
    errors = voxbind("errors")
    with pytest.raises(errors.MemoryTypeError, match="32 bits"):
        vcle.copy([[2**40, 1]])
    for no_image in (5, "image.png", None):
        with pytest.raises(errors.MemoryTypeError, match=r"copy: 'input_image' is.*Accepted are"):
            vcle.copy(no_image)


# --- outputs ---------------------------------------------------------------------------


@pytest.mark.parametrize("image", [IMAGE, torch.from_numpy(IMAGE), device_array(IMAGE)], ids=type)
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32", "uint32", "int16"])
def test_an_output_of_any_memory_is_written_and_given_back(
    vcle: Any, image: Any, dtype: str
) -> None:
    expected = cle.create(IMAGE.shape, dtype=np.dtype(dtype))
    cle.add_image_and_scalar(IMAGE * 100, expected, scalar=3)
    for out in (
        np.zeros(IMAGE.shape, dtype),
        np.zeros(IMAGE.shape[::-1], dtype).T,
        torch.from_numpy(np.zeros(IMAGE.shape, dtype)),
        device_array(np.zeros(IMAGE.shape, dtype)),
    ):
        scaled = vcle.add_image_and_scalar(image * 100, output_image=out, scalar=3)
        assert scaled is out
        equal(out, expected)


@pytest.mark.parametrize(("came", "to"), CONVERTED)
def test_an_output_of_64_bits_is_written_through_32(
    voxbind: Import, vcle: Any, came: str, to: str
) -> None:
    out = np.full(IMAGE.shape, 7e12).astype(came)  # as numpy.empty may leave it
    with pytest.warns(voxbind("errors").DtypeConversionWarning, match=f"output_image.*{to}"):
        result = vcle.add_image_and_scalar(IMAGE * 100, out, scalar=3)
    assert result is out
    expected = cle.create(IMAGE.shape, dtype=np.dtype(to))
    cle.add_image_and_scalar(IMAGE * 100, expected, scalar=3)
    equal(out, expected)


def test_an_output_is_written_where_the_library_writes(vcle: Any) -> None:
    small = np.ones((2, 3), np.float32)
    expected = np.zeros((6, 7), np.float32)
    expected[1:3, 2:5] = 1
    out = np.zeros((6, 7), np.float32)
    assert vcle.paste(small, out, 2, 1, 0) is out
    equal(out, expected)


def test_an_output_of_another_shape_does_as_the_library_does(vcle: Any) -> None:
    for shape in ((2, 2), (20, 20)):
        on_device = cle.create(shape)
        on_device.fill(7)
        cle.gaussian_blur(IMAGE, on_device, sigma_x=1)
        out = np.full(shape, 7, np.float32)
        assert vcle.gaussian_blur(IMAGE, out, sigma_x=1) is out
        equal(out, on_device)


def test_a_read_only_output_is_refused(voxbind: Import, vcle: Any) -> None:
    out = np.zeros(IMAGE.shape, np.float32)
    out.flags.writeable = False
    with pytest.raises(voxbind("errors").MemoryTypeError, match=r"read-only.*output_image\.copy"):
        vcle.gaussian_blur(IMAGE, out, sigma_x=1)


def test_image_and_output_may_be_one(vcle: Any) -> None:
    expected = cle.add_image_and_scalar(IMAGE, scalar=3)
    for image in (IMAGE.copy(), torch.from_numpy(IMAGE.copy()), device_array(IMAGE)):
        assert vcle.add_image_and_scalar(image, image, scalar=3) is image
        equal(image, expected)


def test_what_is_changed_in_place_is_changed_on_the_device_alone(vcle: Any) -> None:
    # As in the library itself, which changes a copy of what isn't its own.
    for image in (IMAGE.copy(), torch.from_numpy(IMAGE.copy())):
        result = vcle.set(image, 5)
        assert type(result) is type(image)
        equal(result, np.full_like(IMAGE, 5))
        equal(image, IMAGE)
    image = device_array(IMAGE)
    assert vcle.set(image, 5) is image
    equal(image, np.full_like(IMAGE, 5))


def test_a_result_that_shares_nothing_is_no_argument(voxbind: Import) -> None:
    # The library gives its argument back, which it has changed unbeknown to us.
    lifting, memory = voxbind("_dispatch.dispatch"), "pyclesperanto"
    image = IMAGE.copy()
    result = lifting.call_as_is(
        lambda image: cle.set(image, 5), {"image": image}, images=("image",), memory=memory
    )
    equal(result, np.full_like(IMAGE, 5))
    equal(image, IMAGE)


# --- slice by slice --------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 12, 15), (5, 12, 3), (3, 1, 4), (2, 4, 1), (1, 3, 3)])
def test_a_volume_goes_slice_by_slice(vcle: Any, shape: tuple[int, ...]) -> None:
    volume = np.random.default_rng(2).random(shape).astype(np.float32)
    expected = np.stack([np.asarray(cle.sobel(plane)) for plane in volume])
    for given, kind in (
        (volume, np.ndarray),
        (torch.from_numpy(volume), torch.Tensor),
        (device_array(volume), ARRAY),
    ):
        result = vcle.sobel(given)
        assert type(result) is kind
        equal(result, expected)


def test_slices_of_one_element(vcle: Any) -> None:
    volume = np.arange(2**24, 2**24 + 3, dtype=np.uint32).reshape(3, 1, 1)
    other = np.zeros((3, 1, 1), np.uint32)
    result = vcle.absolute_difference(device_array(volume), device_array(other))
    assert result.shape == (3, 1, 1)
    pairs = zip(volume, other, strict=True)
    equal(result, [cle.absolute_difference(*pair).get() for pair in pairs])


def test_a_second_image_is_cut_or_used_for_all(vcle: Any) -> None:
    other = device_array(VOLUME[::-1])
    equal(vcle.absolute_difference(device_array(VOLUME), other), np.abs(VOLUME - VOLUME[::-1]))
    plane = vcle.absolute_difference(VOLUME, device_array(VOLUME[0]))
    equal(plane, np.abs(VOLUME - VOLUME[0]))


@pytest.mark.parametrize("make", [np.zeros, torch.zeros, cle.zeros])
def test_slices_are_written_into_an_output(vcle: Any, make: Any) -> None:
    out = make(VOLUME.shape, dtype=torch.float32 if make is torch.zeros else np.float32)
    assert vcle.sobel(device_array(VOLUME), out) is out
    equal(out, np.stack([np.asarray(cle.sobel(plane)) for plane in VOLUME]))


def test_volumes_of_volumes_are_refused(voxbind: Import, vcle: Any) -> None:
    with pytest.raises(voxbind("errors").DimensionError, match="Loop over the leading axes"):
        vcle.sobel(np.zeros((2, 3, 4, 5), np.float32))
    with pytest.raises(voxbind("errors").DimensionError, match="at most 3 axes"):
        vcle.maximum_z_projection(np.zeros((2, 3, 4, 5), np.float32))


# --- its arrays in the wrappers of other libraries -------------------------------------


def test_other_libraries_take_its_arrays_and_give_them_back(voxbind: Import) -> None:
    image = device_array(IMAGE)
    result = voxbind("skimage.filters").gaussian(image, 2)
    assert type(result) is ARRAY
    assert result.device == image.device
    equal(result, skimage.filters.gaussian(IMAGE, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        edges = voxbind("skimage.feature").canny(image)
    assert edges.dtype == np.uint8
    equal(edges, skimage.feature.canny(IMAGE))


def test_a_volume_of_its_goes_slice_by_slice_through_other_libraries(voxbind: Import) -> None:
    result = voxbind("skimage.filters").sobel_h(device_array(VOLUME))
    assert type(result) is ARRAY
    equal(result, np.stack([skimage.filters.sobel_h(plane) for plane in VOLUME]))


def test_results_of_64_bits_are_converted_and_told(voxbind: Import) -> None:
    errors = voxbind("errors")
    image = device_array((IMAGE * 100).astype(np.uint8))
    with pytest.warns(errors.DtypeConversionWarning, match=r"the result.*float64.*float32"):
        result = voxbind("skimage.filters").gaussian(image)
    equal(result, skimage.filters.gaussian((IMAGE * 100).astype(np.uint8)).astype(np.float32))


def test_results_in_containers_come_back_one_by_one(voxbind: Import) -> None:
    labels, count = voxbind("scipy.ndimage").label(device_array(IMAGE > 0.5))
    assert type(labels) is ARRAY
    assert type(count) is int
    members = voxbind("skimage.feature").hessian_matrix(
        device_array(IMAGE), use_gaussian_derivatives=False
    )
    assert [type(member) for member in members] == [ARRAY] * 3


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_results_that_are_no_array_of_its_stay_numpy_or_are_refused(voxbind: Import) -> None:
    nothing = voxbind("skimage.feature").corner_peaks(device_array(np.zeros_like(IMAGE)))
    assert type(nothing) is np.ndarray
    assert nothing.shape == (0, 2)
    exchange = voxbind("_dispatch.exchange").Exchange()
    for unheld in (np.ones(2, complex), np.array([2**40])):
        with pytest.raises(voxbind("errors").MemoryTypeError, match=r"numpy\.asarray\(image\)"):
            exchange.give_back(unheld, device_array(IMAGE))
    with pytest.raises(voxbind("errors").DimensionError, match=r"numpy\.asarray\(image\)"):
        exchange.give_back(np.ones((1, 2, 3, 4)), device_array(IMAGE))
    text = np.array(["text"])
    assert exchange.give_back({"name": text}, device_array(IMAGE))["name"] is text


def test_other_libraries_write_into_its_arrays(voxbind: Import) -> None:
    out = cle.create(IMAGE.shape)
    assert voxbind("scipy.ndimage").gaussian_filter(device_array(IMAGE), 1, output=out) is out
    equal(out, voxbind("scipy.ndimage").gaussian_filter(IMAGE, 1))


# --- devices and back ends -------------------------------------------------------------


def fresh(package: Path, code: str, *ahead: Path, **environment: str) -> str:
    """Run code in a new interpreter and give what it prints."""
    path = os.pathsep.join(map(str, (*ahead, package)))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={"PYTHONPATH": path, "HOME": str(Path.home()), "PATH": "/bin", **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_device_on_the_cpu_is_found_without_being_told(package: Path) -> None:
    code = """
        import sys
        from voxbind import pyclesperanto as cle
        assert "pyclesperanto" not in sys.modules
        import numpy
        print(cle.gaussian_blur(numpy.ones((3, 4), numpy.float32)).shape)
    """
    assert fresh(package, code).strip() == "(3, 4)"


def test_a_variable_that_is_set_is_left_alone(package: Path) -> None:
    code = """
        import os, sys
        from voxbind._upstream.wrapped_module import upstream
        here = {"below_prefix": ("no/such/file", "bin/python")}
        elsewhere = {"below_prefix": ("bin/python",), "unless": (sys.prefix + "/bin/py*",)}
        environment = {"SET": here, "UNSET": here, "UNNEEDED": elsewhere}
        facts = {"distribution": "numpy", "version": "1", "extra": "numpy"}
        upstream("numpy", environment=environment, **facts).Array
        print(os.environ["SET"])
        print(os.environ["UNSET"] == sys.prefix + "/bin/python")
        print("UNNEEDED" in os.environ)
    """
    assert fresh(package, code, SET="as it was").split("\n")[:3] == ["as it was", "True", "False"]


@pytest.mark.parametrize("missing", ["back end", "device"])
@pytest.mark.parametrize("module", ["pyclesperanto", "pyclesperanto.fft"])
def test_without_a_device_the_error_says_how_to_get_one(
    package: Path, tmp_path: Path, module: str, missing: str
) -> None:
    if missing == "device" and any(Path("/etc/OpenCL/vendors").glob("*.icd")):
        pytest.skip("the machine has a driver of its own, which can't be taken away")
    if missing == "back end":
        (tmp_path / "pyclesperanto_opencl").mkdir()
        broken = tmp_path / "pyclesperanto_opencl" / "__init__.py"
        broken.write_text("raise ImportError('libOpenCL.so.1: cannot open')")
    function = "fft" if module.endswith("fft") else "gaussian_blur"
    code = f"""
        import warnings
        warnings.simplefilter("ignore")
        import importlib, numpy
        import voxbind
        try:
            importlib.import_module("voxbind.{module}").{function}(numpy.ones((3, 4)))
        except voxbind.DeviceUnavailableError as error:
            print(error)
    """
    told = fresh(package, code, tmp_path, OCL_ICD_FILENAMES=str(tmp_path / "no.so"))
    assert "pip install 'voxbind[opencl-cpu]'" in told


def test_it_is_not_imported_to_ask_whether_something_is_its_array(package: Path) -> None:
    code = """
        import sys, numpy
        from voxbind.skimage import filters
        filters.sobel_h(numpy.ones((3, 4, 5)))
        print("pyclesperanto" in sys.modules)
    """
    assert fresh(package, code).strip() == "False"
