"""Arrays of other libraries that override NumPy's functions: dask's, and classes like pint's.

No library of NumPy's is given one as it is: it is converted, which a trace reports and
``transfers("forbid")`` refuses, and NumPy's array comes back. This holds for a dask array beside
the image, such as a footprint; `test_dask.py` is about images of dask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import array_api_strict
import numpy as np
import pytest
import skimage.exposure
import skimage.filters
from PIL import Image
from skimage import morphology as upstream_morphology

import voxbind

# Without their types, which not all foreign arrays fit: these tests are about the run time.
ndimage: Any = import_module("voxbind.scipy.ndimage")
exposure, feature, filters, measure, morphology, util = (
    import_module(f"voxbind.skimage.{name}")
    for name in ("exposure", "feature", "filters", "measure", "morphology", "util")
)
da = pytest.importorskip("dask.array")

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.random((20, 24))
MASK = IMAGE > 0.4
LABELS = np.asarray(measure.label(MASK))
VOLUME = RANDOM.random((4, 20, 24))
FOOTPRINT = np.ones((3, 3), bool)
COORDINATES = RANDOM.random((2, 5)) * 19
POINTS = RANDOM.random((7, 16)) > 0.5


class Quantity:
    """An array as pint's: no function of NumPy works with it, and it says nothing of its shape."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return NotImplemented


class Measured(np.ndarray):
    """A class derived from NumPy's that overrides its functions, as astropy's quantities do."""

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise TypeError(f"{function.__name__} was called with a quantity")


def chunked(array: Any) -> Any:
    return da.from_array(array, chunks=tuple(-(-length // 2) for length in array.shape))


KINDS = {
    "dask": chunked,
    "dask, one chunk": da.from_array,
    "a quantity": Quantity,
    "a class derived from NumPy's": lambda array: array.view(Measured),
}


class Case(NamedTuple):
    """One call: its arguments, and which of them are of a foreign kind."""

    function: str
    arguments: Mapping[str, Any]
    foreign: tuple[str, ...]
    slices: bool = False
    """Whether it runs slice by slice."""


CASES = {
    "2-D": Case("skimage.feature.canny", {"image": IMAGE}, ("image",)),
    "2-D on a volume": Case("skimage.feature.canny", {"image": VOLUME}, ("image",), slices=True),
    "2-D and 3-D": Case("skimage.morphology.erosion", {"image": IMAGE}, ("image",)),
    "booleans": Case("skimage.morphology.skeletonize", {"image": MASK}, ("image",)),
    "3-D": Case("skimage.measure.marching_cubes", {"volume": VOLUME, "level": 0.5}, ("volume",)),
    "a volume to a slice": Case("skimage.util.montage", {"arr_in": VOLUME}, ("arr_in",)),
    "scipy": Case("scipy.ndimage.gaussian_filter", {"input": IMAGE, "sigma": 1}, ("input",)),
    "a mask": Case("skimage.filters.sobel", {"image": IMAGE, "mask": MASK}, ("mask",)),
    "two images": Case(
        "skimage.metrics.structural_similarity",
        {"im1": IMAGE, "im2": IMAGE[::-1].copy(), "data_range": 1.0},
        ("im1", "im2"),
    ),
    "labels": Case(
        "scipy.ndimage.mean", {"input": IMAGE, "labels": LABELS, "index": [1, 2]}, ("labels",)
    ),
    "a footprint": Case(
        "skimage.morphology.dilation", {"image": IMAGE, "footprint": FOOTPRINT}, ("footprint",)
    ),
    "coordinates": Case(
        "scipy.ndimage.map_coordinates",
        {"input": IMAGE, "coordinates": COORDINATES},
        ("coordinates",),
    ),
    "coordinates and the image": Case(
        "scipy.ndimage.map_coordinates",
        {"input": IMAGE, "coordinates": COORDINATES},
        ("input", "coordinates"),
    ),
    "a kernel": Case(
        "scipy.ndimage.convolve", {"input": IMAGE, "weights": FOOTPRINT * 0.1}, ("weights",)
    ),
    "no image": Case(
        "skimage.feature.match_descriptors",
        {"descriptors1": POINTS, "descriptors2": POINTS[::-1].copy()},
        ("descriptors1", "descriptors2"),
    ),
    "a number per axis": Case(
        "scipy.ndimage.gaussian_filter",
        {"input": IMAGE, "sigma": np.array([1.0, 2.0])},
        ("input", "sigma"),
    ),
}


def function_of(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def given(case: Case, kind: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        name: kind(value) if name in case.foreign else value
        for name, value in case.arguments.items()
    }


def equal(result: Any, expected: Any) -> None:
    if type(expected) is tuple:
        assert type(result) is tuple and len(result) == len(expected)
        for member, other in zip(result, expected, strict=True):
            equal(member, other)
        return
    assert type(result) is type(expected)
    assert getattr(result, "dtype", None) == getattr(expected, "dtype", None)
    np.testing.assert_array_equal(result, expected)


@contextmanager
def forbidden() -> Iterator[None]:
    with (
        voxbind.transfers("forbid"),
        pytest.raises(voxbind.TransferForbiddenError, match="would be copied from"),
    ):
        yield


def computes(name: str, kind: str) -> bool:
    """Whether a case has no image of dask, which would be computed later."""
    images = voxbind.registry.functions(helpers=True)[CASES[name].function].arrays
    return not kind.startswith("dask") or not {*CASES[name].foreign} & {*images}


CONVERTED = [(name, kind) for name in CASES for kind in KINDS if computes(name, kind)]


@pytest.mark.parametrize(("name", "kind"), CONVERTED)
def test_a_foreign_array_is_converted_and_that_is_reported(name: str, kind: str) -> None:
    case = CASES[name]
    wrapper, arguments = function_of(f"voxbind.{case.function}"), given(case, KINDS[kind])
    upstream = function_of(case.function)
    if case.slices:
        (volume,) = case.arguments.values()
        expected: Any = np.stack([upstream(plane) for plane in volume])
    else:
        expected = upstream(**case.arguments)
    equal(wrapper(**arguments), expected)
    with voxbind.trace() as log:
        equal(wrapper(**arguments), expected)
    shared = kind == "a class derived from NumPy's"
    reported = {
        each.argument: (each.target, each.nbytes, each.shared) for each in log[0].conversions
    }
    assert reported == {
        argument: ("numpy", np.asarray(case.arguments[argument]).nbytes, shared)
        for argument in case.foreign
    }
    for each in log[0].conversions:
        assert each.source.endswith(" (computed)") == kind.startswith("dask")
    if not shared:
        with forbidden():
            wrapper(**arguments)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "derived" not in kind])
def test_foreign_arrays_in_a_list_are_converted(kind: str) -> None:
    images = [IMAGE, IMAGE[::-1].copy()]
    foreign = list(map(KINDS[kind], images))
    with voxbind.trace() as log:
        result = util.montage(foreign)
    equal(result, skimage.util.montage(images))
    assert sum(each.nbytes for each in log[0].conversions if not each.shared) == 2 * IMAGE.nbytes
    with forbidden():
        util.montage(foreign)


def test_a_dask_array_is_no_output() -> None:
    out = da.zeros(IMAGE.shape, chunks=10)
    with pytest.raises(voxbind.MemoryTypeError, match=r"'output'.*computed each time.*numpy"):
        ndimage.gaussian_filter(IMAGE, 1, output=out)


def test_the_mask_of_a_masked_dask_array_is_not_lost_in_silence() -> None:
    masked = da.from_array(np.ma.masked_less(IMAGE, 0.5), chunks=10)
    with pytest.raises(voxbind.MemoryTypeError, match=r"'image'.*masked array.*filled"):
        filters.gaussian(masked)


@pytest.mark.parametrize("shared", [np.matrix, np.memmap, np.recarray])
def test_classes_that_keep_numpys_functions_are_numpys_arrays(shared: Any) -> None:
    image = IMAGE.view(shared)
    with voxbind.trace() as log, voxbind.transfers("forbid"):
        result = filters.gaussian(image)
    np.testing.assert_array_equal(result, skimage.filters.gaussian(image))
    assert log[0].conversions == ()


SQUARE = RANDOM.random((16, 16))
ELEMENT_BY_ELEMENT: dict[str, Callable[[Any], Any]] = {
    "adjust_gamma": lambda image: exposure.adjust_gamma(image, 2),
    "threshold_otsu": filters.threshold_otsu,
    "peak_local_max": feature.peak_local_max,
    "shannon_entropy": measure.shannon_entropy,
    "denoise_tv_chambolle": import_module("voxbind.skimage.restoration").denoise_tv_chambolle,
    "structural_similarity": lambda image: import_module(
        "voxbind.skimage.metrics"
    ).structural_similarity(SQUARE, image, data_range=1),
    "sum": lambda image: ndimage.sum(image, image > 0.5),
    "filled": lambda image: ndimage.gaussian_filter(SQUARE, 1, output=image),
    "volume": lambda image: exposure.adjust_gamma(image, 2, slice_by_slice=True),
}


@pytest.mark.parametrize("name", ELEMENT_BY_ELEMENT)
def test_a_matrix_is_computed_with_element_by_element(name: str) -> None:
    function = ELEMENT_BY_ELEMENT[name]
    with voxbind.transfers("forbid"):
        result = function(SQUARE.copy().view(np.matrix))
    expected = function(SQUARE.copy())
    assert type(result) is type(expected)
    np.testing.assert_array_equal(result, expected)


# --- what a function keeps lazy --------------------------------------------------------------


def in_blocks(image: Any, **options: Any) -> Any:
    return util.apply_parallel(
        filters.gaussian, image, chunks=(10, 12), extra_keywords={"preserve_range": True}, **options
    )


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda image: in_blocks(image), da.Array),
        (lambda image: in_blocks(image, compute=True), np.ndarray),
        (lambda image: exposure.rescale_intensity(image, out_range=(0, 2)), da.Array),
        (lambda image: exposure.histogram(image)[0], da.Array),
    ],
)
def test_functions_that_keep_a_dask_array_lazy_get_it_as_it_is(call: Any, expected: type) -> None:
    lazy = chunked(LABELS)
    with voxbind.trace() as log, voxbind.transfers("forbid"):
        result = call(lazy)
    assert log[0].conversions == ()
    assert type(result) is expected
    np.testing.assert_allclose(np.asarray(result), call(LABELS))


def test_the_histogram_of_a_dask_array_is_that_of_the_array_in_memory() -> None:
    lazy = chunked(IMAGE)  # of floats, of which dask has no histogram without a range
    for ours, expected in zip(exposure.histogram(lazy), exposure.histogram(IMAGE), strict=True):
        np.testing.assert_array_equal(np.asarray(ours), expected)
    with pytest.raises(ValueError, match="Incorrect value for `source_range`"):
        exposure.histogram(lazy, source_range="nowhere")


def test_another_foreign_array_is_not_taken_for_a_dask_array() -> None:
    with voxbind.trace() as log:
        result = exposure.rescale_intensity(Quantity(IMAGE), out_range=(0, 2))
    equal(result, skimage.exposure.rescale_intensity(IMAGE, out_range=(0, 2)))
    assert log.rows()[0]["bytes_copied"] == IMAGE.nbytes


# --- how a library reads what was exported ---------------------------------------------------


class Interface:
    def __init__(self, array: Any) -> None:
        self.array = array

    @property
    def __array_interface__(self) -> Any:
        return self.array.__array_interface__


class Holder:
    """An object that has the interface itself, instead of its class."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.__array_interface__ = array.__array_interface__


class Capsule:
    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def frozen(array: Any) -> Any:
    array = array.copy()
    array.flags.writeable = False
    return array


def careless_booleans() -> Any:
    """Return booleans whose bytes are 0 and 255, as image files have them."""
    return (MASK * np.uint8(255)).view(bool)


EXPORTED = {
    "read-only": (lambda: frozen(MASK), MASK),
    "read-only numbers": (lambda: frozen(IMAGE), IMAGE),
    "foreign byte order": (lambda: IMAGE.astype(">f8"), IMAGE),
    "booleans of 255": (careless_booleans, MASK),
    "read-only booleans of 255": (lambda: frozen(careless_booleans()), MASK),
}


@pytest.mark.parametrize("kind", [Interface, Holder, Quantity, Capsule])
@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_array_arrives_writable_native_and_with_booleans_of_0_and_1(
    name: str, kind: Any
) -> None:
    make, expected = EXPORTED[name]
    exported = make()
    if kind is Capsule and not exported.dtype.isnative:
        pytest.skip("DLPack has no byte order")
    before = exported.tobytes()
    arrived: list[Any] = []
    lifting = import_module("voxbind._dispatch.dispatch")

    def function(image: Any) -> Any:
        arrived.append(image)
        return image.copy()

    with voxbind.trace() as log:
        lifting.call_as_is(function, {"image": kind(exported)}, images=("image",))
    (array,) = arrived
    assert array.flags.writeable and array.dtype.isnative
    assert array.dtype == expected.dtype
    raw = array.view(np.uint8) if array.dtype == bool else array
    np.testing.assert_array_equal(raw, expected)
    assert exported.tobytes() == before
    assert not np.may_share_memory(array, exported)
    assert log.rows()[0]["bytes_copied"] == expected.nbytes
    with forbidden():
        lifting.call_as_is(function, {"image": kind(exported)}, images=("image",))


@pytest.mark.parametrize("kind", [Interface, Holder, Capsule])
def test_an_exported_array_that_is_read_rightly_is_shared(kind: Any) -> None:
    arrived: list[Any] = []
    lifting = import_module("voxbind._dispatch.dispatch")
    with voxbind.trace() as log, voxbind.transfers("forbid"):
        lifting.call_as_is(arrived.append, {"image": kind(MASK)}, images=("image",))
    assert np.may_share_memory(arrived[0], MASK)
    assert log.rows()[0]["bytes_shared"] == MASK.nbytes


def test_a_binary_image_file_is_an_image_for_compiled_code() -> None:
    result = morphology.skeletonize(Image.fromarray(MASK))
    equal(result, upstream_morphology.skeletonize(MASK))


def test_numpys_own_read_only_array_goes_to_the_library_as_it_is() -> None:
    image = frozen(IMAGE)
    with voxbind.trace() as log, voxbind.transfers("forbid"):
        equal(filters.gaussian(image), skimage.filters.gaussian(image))
    assert log[0].conversions == ()
    assert util.crop(image, 0, copy=False).base is image or np.may_share_memory(
        util.crop(image, 0, copy=False), image
    )


@pytest.mark.parametrize(("dtype", "kind"), [(">f8", Interface), (bool, Interface)])
def test_an_exported_output_is_written_whatever_its_bytes(dtype: Any, kind: Any) -> None:
    array = np.full(IMAGE.shape, 255, np.uint8).view(bool) if dtype is bool else IMAGE.astype(dtype)
    image = MASK if dtype is bool else IMAGE
    ndimage.maximum_filter(image, 3, output=kind(array))
    np.testing.assert_array_equal(
        array.view(np.uint8) if dtype is bool else array, ndimage.maximum_filter(image, 3)
    )


def test_an_array_of_the_standard_still_comes_back_as_its_own_kind() -> None:
    image = array_api_strict.asarray(IMAGE)
    assert type(feature.canny(image)) is type(image)


# --- what holds an image but exports no array ------------------------------------------------


def quantity_of_pint() -> Any:
    return pytest.importorskip("pint").UnitRegistry().Quantity(IMAGE, "m")


def quantity_of_astropy() -> Any:
    return IMAGE * pytest.importorskip("astropy.units").m


def image_of_simpleitk() -> Any:
    return pytest.importorskip("SimpleITK").GetImageFromArray(IMAGE)


def image_of_nibabel() -> Any:
    return import_module("nibabel").Nifti1Image(VOLUME, np.eye(4))


ADVICE = {
    "pint": (quantity_of_pint, r"the unit 'meter'.*Give image\.magnitude"),
    "astropy": (quantity_of_astropy, r"the unit 'm'.*Give image\.value"),
    "SimpleITK": (image_of_simpleitk, r"Give SimpleITK\.GetArrayFromImage\(image\)"),
    "nibabel": (image_of_nibabel, r"Give numpy\.asarray\(image\.dataobj\)"),
    "a list of arrays": (lambda: [IMAGE, IMAGE], r"a list of arrays.*numpy\.stack\(image\)"),
    "a tuple of arrays": (lambda: (IMAGE, IMAGE), r"a tuple of arrays.*numpy\.stack\(image\)"),
    "a generator": (lambda: (row for row in IMAGE), r"numpy\.stack\(list\(image\)\)"),
    "a mapping": (lambda: {"a": IMAGE}, "Give one of its values"),
}


@pytest.mark.parametrize("function", [filters.threshold_otsu, morphology.skeletonize])
@pytest.mark.parametrize("name", ADVICE)
def test_an_error_names_the_call_that_returns_an_array(name: str, function: Any) -> None:
    make, expected = ADVICE[name]
    with pytest.raises(voxbind.MemoryTypeError, match=expected):
        function(make())


@pytest.mark.parametrize("array", [IMAGE, VOLUME, frozen(IMAGE), MASK])
def test_a_memoryview_is_an_image(array: Any) -> None:
    with voxbind.trace() as log:
        equal(measure.label(memoryview(array)), measure.label(array))
    assert log.rows()[0]["bytes_copied"] == (0 if array.flags.writeable else array.nbytes)


def test_a_tensor_of_careless_booleans_is_read_as_truth_values() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(careless_booleans().view(np.uint8)).view(torch.bool)
    result = ndimage.sum(tensor)
    assert result == MASK.sum()
    np.testing.assert_array_equal(morphology.skeletonize(tensor), morphology.skeletonize(MASK))
