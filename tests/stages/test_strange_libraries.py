"""Libraries with signatures, values, axes and image classes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from voxbind_build import manifest
from voxbind_build.build import pipeline
from voxbind_build.build.admission import known_roles
from voxbind_build.libraries import load
from voxbind_build.model import Function, Library

# By name of a library: its source, and what its TOML file has beside the name and the module.
SOURCES = {
    "pictures": '''
import numpy as np
from scipy import ndimage

class Picture:
    """An image of this library: it is no array, and can't be made one by NumPy."""

    def __init__(self, pixels):
        self._pixels = pixels
        self.shape = pixels.shape

def from_pixels(pixels):
    if pixels.dtype == bool:
        raise TypeError("no booleans")
    return Picture(np.array(pixels))

def to_pixels(picture):
    return picture._pixels

def _pixels(picture):
    if not isinstance(picture, Picture):
        raise TypeError(f"in method, argument 1 of type Picture: {type(picture)}")
    return picture._pixels

def blur(*args, **kwargs):
    """blur(Picture image1, double sigma=1.5) -> Picture"""
    def run(image1, sigma=1.5):
        return Picture(ndimage.gaussian_filter(_pixels(image1).astype(float), sigma))
    return run(*args, **kwargs)

def subtract(*args):
    """
    subtract(Picture image1, Picture image2) -> Picture
    subtract(Picture image1, double constant) -> Picture
    """
    first, second = args
    if isinstance(second, Picture):
        second = second._pixels
    return Picture(_pixels(first).astype(float) - second)

def inside(*args):
    """
    inside(Picture image, Picture mask, double level=0.0, VectorDouble spacing=Unit) -> Picture
    inside(Picture image, double level=0.0, VectorDouble spacing=Unit) -> Picture
    """
    first, *rest = args
    pixels = _pixels(first).astype(float)
    mask = _pixels(rest.pop(0)) if isinstance(rest and rest[0], Picture) else 1
    level, spacing = (*rest, *(0.0, (1.0, 1.0))[len(rest):])
    return Picture(np.where(mask, pixels, level) * spacing[0])

def flat(*args, **kwargs):
    """flat(Picture image1) -> Picture"""
    def run(image1):
        pixels = _pixels(image1)
        if pixels.ndim != 2:
            raise ValueError("two axes only")
        return Picture(pixels[::-1].copy())
    return run(*args, **kwargs)
''',
    "plates": '''
import numpy as np

class Plate:
    """An image of this library, which may consist of booleans."""

    def __init__(self, pixels):
        self.pixels = np.array(pixels)

def invert(*args, **kwargs):
    """invert(Plate image1) -> Plate"""
    def run(image1):
        if not isinstance(image1, Plate):
            raise TypeError(f"in method, argument 1 of type Plate: {type(image1)}")
        return Plate(~image1.pixels if image1.pixels.dtype == bool else -image1.pixels)
    return run(*args, **kwargs)

def to_pixels(plate):
    return plate.pixels
''',
    "loose": '''
import numpy as np

def shine(image, mask=slice(None)):
    """Multiply a part of an image by two.

    Parameters
    ----------
    image : ndarray
        Image.
    mask : ndarray
        The part.
    """
    result = np.array(image, float)
    result[mask] *= 2
    return result

def count(sizes=frozenset({1, 2}), start=..., step=(slice(None, 2), ...), kinds={1: 2}):
    """Count.

    Parameters
    ----------
    sizes : int
        Sizes.
    start : int
        Start.
    step : int
        Step.
    kinds : dict
        Kinds.
    """
    return len(sizes)
''',
    "batched": '''
import torch

def _check(input, *axes):
    if input.ndim not in axes:
        raise ValueError(f"{input.ndim} axes")

def blur(input: torch.Tensor, times: int = 1) -> torch.Tensor:
    """Blur a (N, C, Y, X) tensor along Y and X."""
    _check(input, 4)
    for _ in range(times):
        input = (input + input.roll(1, -1) + input.roll(1, -2)) / 3
    return input

def blur3d(input: torch.Tensor) -> torch.Tensor:
    """Blur a (N, C, Z, Y, X) tensor."""
    _check(input, 5)
    return (input + input.roll(1, -1) + input.roll(1, -2) + input.roll(1, -3)) / 4

def grey(image: torch.Tensor) -> torch.Tensor:
    """Return the mean of the three colours of a (..., 3, Y, X) tensor."""
    if image.ndim < 3 or image.shape[-3] != 3:
        raise ValueError("no colours")
    return image.mean(-3, keepdim=True)

def kernel(size: int) -> torch.Tensor:
    """Return a square."""
    return torch.ones(size, size)
''',
    "labelled": '''
import numpy as np
from scipy import ndimage

def relabel(labeled):
    """Number objects in the order in which they come.

    Parameters
    ----------
    labeled : ndarray
        Labels.
    """
    values, firsts = np.unique(labeled, return_index=True)
    order = [value for value in values[np.argsort(firsts)] if value]
    table = {0: 0} | {value: number for number, value in enumerate(order, 1)}
    return np.vectorize(table.get)(labeled)

def dust(labeled):
    """Remove small components.

    Parameters
    ----------
    labeled : ndarray
        Labels.
    """
    result = labeled.copy()
    components, n = ndimage.label(labeled > 0, np.ones((3,) * labeled.ndim))
    sizes = np.bincount(components.ravel())
    result[(sizes < 9)[components]] = 0
    return result

def convolve1d(image, weights, axis):
    """Filter along an axis.

    Parameters
    ----------
    image : ndarray
        Image.
    weights : ndarray
        A row of weights.
    axis : int
        Axis.
    """
    return ndimage.convolve1d(image.astype(float), np.asarray(weights).ravel()[:3], axis)

def mirror(image):
    """Return the mirror filter.

    Parameters
    ----------
    image : array_like
        Values.
    """
    result = np.array(image)[::-1].astype(float)
    result[1::2] = -result[1::2]
    return result

def along(image):
    """Filter a row.

    Parameters
    ----------
    image : ndarray
        Values.
    """
    if image.ndim != 1:
        raise ValueError("one axis only")
    return image - image.mean()

def wave(image, wavelet, level):
    """Filter.

    Parameters
    ----------
    image : ndarray
        Image.
    wavelet : object
        A name.
    level : object
        A pair.
    """
    if wavelet != "haar" or level != (1, 2):
        raise ValueError(f"{wavelet} {level}")
    return image * 2.0

def decode(data: bytes):
    """Decode."""
    return np.frombuffer(data, np.uint8)

def join(arrays):
    """Add arrays up.

    Parameters
    ----------
    arrays : list of ndarray
        Arrays.
    """
    return sum(arrays)
''',
    "stubbed": """
def smooth(*args, **kwargs):
    def run(source, ksize, sigma=1.0):
        if len(ksize) != 2:
            raise ValueError("two numbers")
        return source * float(sigma)
    return run(*args, **kwargs)

def count():
    return 3
""",
}
SETTINGS = {
    "pictures": """
[image_class]
name = "pictures.Picture"
from_array = "pictures.from_pixels"
to_array = "pictures.to_pixels"

[exclude."pictures.*_pixels"]
reason = "conversion"
""",
    "plates": """
[image_class]
name = "plates.Plate"
from_array = "plates.Plate"
to_array = "plates.to_pixels"

[exclude."plates.to_pixels"]
reason = "conversion"
""",
    "loose": "",
    "batched": """
memory_type = "torch"
axes = "NCYX"
""",
    "labelled": """
[values]
wavelet = ["haar"]
"le*l" = [[1, 2]]

[roles."labelled.convolve*"]
image = "image"
weights = "weights"
""",
    "stubbed": """
[roles."stubbed.sm*"]
source = "image"

[values."stubbed.smooth"]
ksize = [[3, 3]]
""",
}
STUB = """
from typing import Sequence, TypeAlias
import numpy

Size: TypeAlias = Sequence[int]

def smooth(source: numpy.ndarray, ksize: Size, sigma: float = ...) -> numpy.ndarray: ...
def count() -> int: ...
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The libraries, and a package of wrappers for all of them."""
    folder = tmp_path_factory.mktemp("strange")
    for name, source in SOURCES.items():
        (folder / f"{name}.py").write_text(source)
        head = f'name = "{name}"\nmodules = ["{name}"]\n'
        (folder / f"{name}.toml").write_text(head + SETTINGS[name])
    (folder / "stubbed.pyi").write_text(STUB)
    specs = [load(folder / f"{name}.toml", known_roles()) for name in SOURCES]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        pipeline.build(specs, folder / "out" / "voxbind", jobs=2)
    return folder


@pytest.fixture(scope="module")
def libraries(folder: Path) -> dict[str, Library]:
    return manifest.read(folder / "out" / "voxbind" / manifest.MANIFEST).libraries


def run(folder: Path, code: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (folder / "out", folder)))},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def _types(function: Function) -> dict[str, str]:
    return {parameter.name: parameter.annotation for parameter in function.parameters}


@pytest.mark.parametrize(
    ("function", "contract"),
    [
        ("pictures.blur", "FLEXIBLE"),
        ("pictures.subtract", "FLEXIBLE"),
        ("pictures.flat", "PURE_2D"),
        ("batched.blur", "PURE_2D"),
        ("batched.blur3d", "PURE_3D"),
        ("batched.grey", "PURE_2D"),
        ("labelled.relabel", "FLEXIBLE"),
        ("labelled.dust", "FLEXIBLE"),
        ("labelled.convolve1d", "FLEXIBLE"),
        ("labelled.wave", "FLEXIBLE"),
        ("stubbed.smooth", "FLEXIBLE"),
    ],
)
def test_contracts_are_measured(
    libraries: dict[str, Library], function: str, contract: str
) -> None:
    entry = libraries[function.partition(".")[0]].functions[function]
    assert (entry.kind, entry.contract, entry.evidence) == ("image", contract, "observed")


@pytest.mark.parametrize(
    ("function", "evidence", "converted"),
    [
        ("labelled.mirror", "observed", ("image",)),
        ("labelled.along", "observed", ("image",)),
        ("labelled.decode", "unobserved", ()),
        ("labelled.join", "unobserved", ("arrays",)),
        ("batched.kernel", "observed", ()),
        ("stubbed.count", "observed", ()),
    ],
)
def test_functions_of_rows_bytes_and_lists_are_helpers(
    libraries: dict[str, Library], function: str, evidence: str, converted: tuple[str, ...]
) -> None:
    entry = libraries[function.partition(".")[0]].functions[function]
    assert (entry.kind, entry.contract, entry.evidence) == ("helper", None, evidence)
    assert entry.other_arrays == converted


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("pictures.blur", ["image1", "sigma=1.5"]),
        ("pictures.subtract", ["image1", "image2"]),
        ("pictures.inside", ["image", "level=0.0", "args"]),
        ("stubbed.smooth", ["source", "ksize", "sigma=<default>"]),
        ("stubbed.count", []),
    ],
)
def test_signatures_come_from_docstrings_and_stubs(
    libraries: dict[str, Library], function: str, expected: list[str]
) -> None:
    parameters = libraries[function.partition(".")[0]].functions[function].parameters
    found = [p.name if p.default is None else f"{p.name}={p.default}" for p in parameters]
    assert found == expected


def test_types_come_from_docstrings_and_stubs(libraries: dict[str, Library]) -> None:
    def types(library: str, function: str) -> dict[str, Any]:
        entry = libraries[library].functions[f"{library}.{function}"]
        return {parameter.name: parameter.annotation for parameter in entry.parameters}

    assert types("stubbed", "smooth") == {
        "source": "Array",
        "ksize": "Sequence[int]",
        "sigma": "float",
    }
    of_blur = types("pictures", "blur")
    assert of_blur["image1"] == "Array | pictures.Picture"
    assert of_blur["sigma"].split(" | ")[0] == "float"


def test_a_librarys_own_images_are_made_of_arrays_and_come_back_as_arrays(folder: Path) -> None:
    code = """
        import numpy as np, torch, pictures
        from voxbind import pictures as wrapped
        for shape in [(12, 14), (5, 12, 14)]:
            image = np.random.default_rng(0).random(shape)
            own = pictures.from_pixels(image)
            expected = pictures.to_pixels(pictures.blur(own, sigma=2.0))
            for given in (image, torch.from_numpy(image)):
                found = wrapped.blur(given, sigma=2.0)
                assert type(found) is type(given)
                np.testing.assert_array_equal(np.asarray(found), expected)
            assert type(wrapped.blur(own)) is pictures.Picture
            np.testing.assert_array_equal(wrapped.subtract(image, image), np.zeros(shape))
            np.testing.assert_array_equal(wrapped.subtract(image, 1.0), image - 1.0)
            np.testing.assert_array_equal(wrapped.flat(image), image[..., ::-1, :])
        assert wrapped.blur(image > 0.5).shape == image.shape
        assert type(wrapped.flat(pictures.from_pixels(image[0]))) is pictures.Picture
        try:
            wrapped.blur(own, slice_by_slice=True)
        except ValueError as error:
            print(error)
    """
    assert run(folder, code).startswith("blur was given an image of the library's own class")


def test_masks_stay_boolean_if_the_librarys_own_images_may(folder: Path) -> None:
    code = """
        import numpy as np
        from voxbind import pictures, plates
        mask = np.random.default_rng(0).random((12, 14)) > 0.5
        inverted = plates.invert(mask)
        assert inverted.dtype == bool
        np.testing.assert_array_equal(inverted, ~mask)
        # The other library has no booleans: masks are 0 and 1 there.
        np.testing.assert_array_equal(pictures.subtract(mask, 0.0), mask.view("uint8"))
        print("all")
    """
    assert run(folder, code) == "all"
    observed = json.loads((folder / "out/voxbind/observations/plates.json").read_text())
    assert observed["observations"]["plates:invert"]["dtypes"]["bool"]["dtype"] == "bool"


def test_a_default_of_another_type_than_documented_widens_the_type(
    folder: Path, libraries: dict[str, Library]
) -> None:
    functions = libraries["loose"].functions
    types = _types(functions["loose.count"])
    assert types == {
        "sizes": "int | Collection[object]",
        "start": "int | EllipsisType",
        "step": "int | tuple[object, ...]",
        "kinds": "Mapping[str, object] | object",
    }
    assert _types(functions["loose.shine"])["mask"] == "Array | slice"
    code = """
        import numpy as np
        from voxbind import loose
        image = np.random.default_rng(0).random((12, 14))
        for whole in (loose.shine(image), loose.shine(image, slice(None))):
            np.testing.assert_array_equal(whole, 2 * image)
        bright = loose.shine(image, image > 0.5)
        np.testing.assert_array_equal(bright, np.where(image > 0.5, 2 * image, image))
        print(loose.count())
    """
    assert run(folder, code) == "2"


def test_the_arrays_of_another_overload_are_made_into_images_too(folder: Path) -> None:
    code = """
        import numpy as np, torch, pictures
        from voxbind import pictures as wrapped
        image = np.random.default_rng(0).random((12, 14))
        mask = image > 0.5
        own, own_mask = pictures.from_pixels(image), pictures.from_pixels(mask.view("uint8"))
        for further in [(), (2.0,), (2.0, (3.0, 1.0))]:
            expected = pictures.to_pixels(pictures.inside(own, own_mask, *further))
            for second in (mask, torch.from_numpy(mask), own_mask):
                result = wrapped.inside(image, second, *further)
                pixels = result if second is not own_mask else pictures.to_pixels(result)
                np.testing.assert_array_equal(pixels, expected)
            without = pictures.to_pixels(pictures.inside(own, *further))
            np.testing.assert_array_equal(wrapped.inside(image, *further), without)
        print("all")
    """
    assert run(folder, code) == "all"


def test_arrays_may_lack_the_batch_and_channels_of_a_library(folder: Path) -> None:
    code = """
        import numpy as np, torch, voxbind, batched
        from voxbind import batched as wrapped
        batch = torch.rand(2, 3, 12, 14)
        torch.testing.assert_close(wrapped.blur(batch), batched.blur(batch), rtol=0, atol=0)
        image = batch[0, 0]
        expected = batched.blur(batch)[0, 0]
        assert wrapped.blur(image).shape == (12, 14)
        torch.testing.assert_close(wrapped.blur(image), expected)
        np.testing.assert_allclose(wrapped.blur(image.numpy()), expected.numpy(), rtol=1e-6)
        # A volume runs slice by slice, and named axes are looped over.
        torch.testing.assert_close(wrapped.blur(batch[0]), batched.blur(batch)[0])
        over = voxbind.over(wrapped.blur, "TCYX")(batch)
        torch.testing.assert_close(over, batched.blur(batch))
        volume = torch.rand(5, 12, 14)
        torch.testing.assert_close(wrapped.blur3d(volume), batched.blur3d(volume[None, None])[0, 0])
        whole = volume[None, None]
        torch.testing.assert_close(wrapped.blur3d(whole), batched.blur3d(whole))
        # Channels first, as the library takes them, and last, as other libraries do.
        for first in (batch[0], batch):
            torch.testing.assert_close(wrapped.grey(first), batched.grey(first))
        last = batch[0].permute(1, 2, 0)
        torch.testing.assert_close(wrapped.grey(last), batched.grey(batch[0])[0])
        torch.testing.assert_close(wrapped.kernel(3), batched.kernel(3))
        print("all")
    """
    assert run(folder, code) == "all"


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("[values]\nnothing = [1]", "no function of labelled .* has such a parameter"),
        ("[values]\nwavelet = []", "the list is empty; give at least one value"),
        ('[values."labelled.x*"]\nwavelet = ["haar"]', "it matches no function of labelled"),
        ('[values."labelled.wave"]\nwave = ["haar"]', "the function has no parameter 'wave'"),
        ('[roles."labelled.z*"]\nimage = "image"', "it matches no function of labelled"),
        ('[roles."labelled.w*"]\nvolume = "image"', "the function has no parameter 'volume'"),
        ('[declare."labelled.z*"]\ncontract = "PURE_2D"\nreason = "a"', "it matches no function"),
    ],
)
def test_an_entry_that_matches_nothing_is_reported(
    folder: Path, tmp_path: Path, addition: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "labelled.toml"
    file.write_text(f'name = "labelled"\nmodules = ["labelled"]\n{addition}\n')
    monkeypatch.syspath_prepend(folder)
    with pytest.raises(Exception, match=message):
        pipeline.build([load(file, known_roles())], tmp_path / "voxbind", jobs=1)


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ('axes = "YX"', "isn't a list of axes such as 'NCYX'"),
        ('axes = "QYX"', "isn't a list of axes such as 'NCYX'"),
        ('axes = "NNYX"', "isn't a list of axes such as 'NCYX'"),
        ('[image_class]\nname = "a.B"\nfrom_array = "a-b"\nto_array = "a.c"', "dotted Python name"),
        ('[image_class]\nname = "a.B"', "missing required key `from_array`"),
        (
            'memory_type = "torch"\n'
            '[image_class]\nname = "a.B"\nfrom_array = "a.b"\nto_array = "a.c"',
            "its functions convert NumPy arrays",
        ),
    ],
)
def test_an_impossible_value_is_reported(tmp_path: Path, addition: str, message: str) -> None:
    file = tmp_path / "labelled.toml"
    file.write_text(f'name = "labelled"\nmodules = ["labelled"]\n{addition}\n')
    with pytest.raises(Exception, match=message):
        load(file, known_roles())
