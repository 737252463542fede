"""What type checkers make of programs that use the generated package, and that these run.

One program holds a table of expressions, each with every kind of image, and each checker reads
it once in each environment: with all array libraries, with one of them, and with none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from helpers.type_checkers import CHECKERS, in_short, interpreter

# --- images -------------------------------------------------------------------------------


class Kind(NamedTuple):
    """A kind of image: how its type is written, and what a checker calls results."""

    annotation: str
    kept: str
    """An array that keeps the image's dtype and number of axes."""
    reshaped: str
    """An array that keeps the dtype."""
    cast: str
    """An array of any dtype and number of axes."""
    float32: str
    """An array of the dtype that is measured for a float32 image; the other names as well."""
    bool: str
    uint8: str
    needs: str = ""
    """The library that must be installed besides NumPy."""


_NUMPY = ("NDArray[Any]", "NDArray[float32]", "NDArray[bool]", "NDArray[uint8]")
_TORCH = ("Tensor", "Tensor", "Tensor", "Tensor", "Tensor", "Tensor")
KINDS = {
    "numpy": Kind("npt.NDArray[np.float32]", "NDArray[float32]", "NDArray[float32]", *_NUMPY),
    # As `np.zeros((8, 9), np.float32)` is typed, which keeps the number of axes too.
    "plain": Kind(
        "np.ndarray[tuple[int, int], np.dtype[np.float32]]",
        "ndarray[tuple[int, int], dtype[float32]]",
        "NDArray[float32]",
        *_NUMPY,
    ),
    "torch": Kind("torch.Tensor", *_TORCH, needs="torch"),
    # Parameters of a module are tensors, and results are no parameters.
    "parameter": Kind("torch.nn.Parameter", *_TORCH, needs="torch"),
    # An array of any other library comes back as NumPy's.
    "own": Kind("Own", *["NDArray[Any]"] * 6),
}
OWN = """
class Own:
    ndim: int = 2
    shape: tuple[int, ...] = (8, 9)
    dtype: str = "float32"

    def __array__(self) -> Any: ...
"""
SETUP = """
from typing import Any

from voxbind import native
from voxbind import pyclesperanto as cle
from voxbind.scipy import ndimage
from voxbind.skimage import exposure, feature, filters, measure, metrics, morphology
from voxbind.skimage import restoration, segmentation, transform, util
"""

# --- expressions --------------------------------------------------------------------------

CALLS = [
    # The dtype is kept, unless another is asked for.
    ("ndimage.gaussian_filter({image}, 1)", "{kept}"),
    ("ndimage.gaussian_filter({image}, 1, output='float64')", "{cast}"),
    ("ndimage.zoom({image}, 2)", "{kept}"),
    ("morphology.dilation({image}, morphology.disk(1))", "{kept}"),
    ("native.max_projection({volume})", "{reshaped}"),
    # It isn't.
    ("filters.gaussian({image})", "{float32}"),
    ("filters.gaussian({image}, sigma=2, mode='wrap')", "{float32}"),
    ("feature.canny({image})", "{bool}"),
    ("util.img_as_ubyte({image})", "{uint8}"),
    ("restoration.denoise_nl_means({image})", "{float32}"),
    ("cle.gaussian_blur({image}, sigma_x=1)", "{float32}"),
    # Numbers, and arrays in tuples, lists, dictionaries and iterators.
    ("filters.threshold_otsu({image})", "float"),
    ("exposure.histogram({image})", "tuple[{cast}, {cast}]"),
    ("feature.hessian_matrix({image}, use_gaussian_derivatives=False)", "list[{cast}]"),
    ("measure.regionprops_table({labels})", "dict[str, {cast}]"),
    ("transform.pyramid_gaussian({image}, max_layer=2)", "Iterator[{cast}]"),
    ("ndimage.center_of_mass({image})", "tuple[float, ...]"),
]
DECIDED = [
    # Options that decide what comes back.
    ("measure.label({labels})", "{cast}"),
    ("measure.label({labels}, return_num=False)", "{cast}"),
    ("measure.label({labels}, return_num=True)", "tuple[{cast}, int]"),
    ("measure.label({labels}, return_num=flag)", "{cast} | tuple[{cast}, int]"),
    ("ndimage.label({image})", "tuple[{cast}, int]"),
    ("segmentation.chan_vese({image})", "{cast}"),
    (
        "segmentation.chan_vese({image}, extended_output=True)",
        "tuple[{cast}, {cast}, list[float]]",
    ),
    ("morphology.medial_axis({image})", "{cast}"),
    ("morphology.medial_axis({image}, return_distance=True)", "tuple[{cast}, {cast}]"),
    ("ndimage.distance_transform_edt({image})", "{cast}"),
    ("ndimage.distance_transform_edt({image}, return_indices=True)", "tuple[{cast}, {cast}]"),
    (
        "ndimage.distance_transform_edt({image}, return_indices=True, return_distances=False)",
        "{cast}",
    ),
    ("metrics.structural_similarity({image}, {image}, data_range=1)", "float"),
    (
        "metrics.structural_similarity({image}, {image}, data_range=1, full=True)",
        "tuple[float, {cast}]",
    ),
    (
        "metrics.structural_similarity({image}, {image}, data_range=1, full=True, gradient=True)",
        "tuple[float, {cast}, {cast}]",
    ),
    # A number for each of several labels.
    ("ndimage.mean({image})", "float"),
    ("ndimage.mean({image}, {labels})", "float"),
    ("ndimage.mean({image}, {labels}, None)", "float"),
    ("ndimage.mean({image}, {labels}, 1)", "float"),
    ("ndimage.mean({image}, {labels}, [1, 2])", "{cast}"),
    ("ndimage.mean({image}, {labels}, index=[1, 2])", "{cast}"),
    ("ndimage.center_of_mass({image}, {labels}, [1, 2])", "list[tuple[float, ...]]"),
    ("ndimage.extrema({image})", "tuple[float, float, tuple[int, ...], tuple[int, ...]]"),
]
NO_IMAGE = [
    ("morphology.disk(3)", "NDArray[uint8]"),
    ("morphology.disk(3, bool)", "NDArray[Any]"),
    ("morphology.disk(3, decomposition='sequence')", "tuple[tuple[NDArray[uint8], int], ...]"),
    ("ndimage.generate_binary_structure(2, 1)", "NDArray[bool]"),
    ("ndimage.gaussian_filter([[1.0, 2.0]], 1)", "NDArray[Any]"),
    ("ndimage.mean([[1.0, 2.0]])", "float"),
    ("filters.gaussian(morphology.disk(3))", "NDArray[float64]"),
]
UNKNOWN = [
    # Images of which nothing is known, as CuPy's without its stubs.
    ("ndimage.gaussian_filter(unknown, 1)", "Any"),
    ("filters.gaussian(unknown)", "Any"),
    # It may be an array of dask or xarray, and a number of one is an array.
    ("filters.threshold_otsu(unknown)", "Any"),
    ("exposure.histogram(unknown)[0]", "Any"),
    ("transform.pyramid_gaussian(unknown)", "Any"),
]
MISUSES = [
    "filters.gaussian('image.png')",
    "filters.gaussian([[1.0, 2.0]])",
    "filters.gaussian({image}, mode='nowhere')",
    "filters.gaussian({image}, sgima=2)",
    "filters.gausian({image})",
    "filters.gaussian({image}, sigma='2')",
    "filters.gaussian({image}).sort_values()",
    "ndimage.gaussian_filter('image.png', 1)",
    "ndimage.gaussian_filter({image})",
    "measure.label({labels}, return_num=True).shape",
    "measure.label({labels}, return_num=flag).shape",
    "ndimage.label({image}).shape",
    "ndimage.mean({image}, {labels}, [1, 2]).append(1)",
    "filters.threshold_otsu({image}).shape",
    "segmentation.chan_vese({image}, extended_output=True).shape",
    "morphology.disk('3')",
    "morphology.disk(3, decomposition='sequence' if flag else None).shape",
]
CLESPERANTO_MISUSE = "cle.gaussian_blur('image.png')"
"""basedpyright knows that of pyclesperanto's own class alone, where it is there."""
TO_BASEDPYRIGHT = [
    # pyclesperanto ships no types, and mypy takes what it doesn't know for anything.
    ("cle.gaussian_blur(opencl, sigma_x=1)", "Array"),
    ("cle.pull(opencl)", "NDArray[Any]"),
]


class Line(NamedTuple):
    """A line of the program."""

    expression: str
    revealed: str | None
    """None where the line is to be refused."""


def named(kind: str) -> dict[str, str]:
    """Return what the program calls images of a kind."""
    return {"image": kind, "labels": f"{kind}_labels", "volume": f"{kind}_volume"}


def lines(kinds: tuple[str, ...], checker: str, environment: str) -> Iterator[Line]:
    """Give the expressions of a program for certain kinds of images."""
    for name in kinds:
        kind, names = KINDS[name], named(name)
        for call, revealed in CALLS:
            yield Line(call.format(**names), revealed.format(**kind._asdict()))
        for call, revealed in DECIDED if name != "own" else ():
            yield Line(call.format(**names), revealed.format(**kind._asdict()))
        for call in MISUSES:
            yield Line(call.format(**names), None)
    for call, revealed in (*NO_IMAGE, *UNKNOWN):
        yield Line(call, revealed)
    if checker == "mypy" or environment == "all":
        yield Line(CLESPERANTO_MISUSE, None)
    if checker == "basedpyright" and environment == "all":
        for call, revealed in TO_BASEDPYRIGHT:
            yield Line(call, revealed)


def write(kinds: tuple[str, ...], table: list[Line]) -> tuple[str, dict[int, Line]]:
    """Write a program, and tell which line is at which number."""
    needed = {KINDS[name].needs for name in kinds}
    head = [*SETUP.strip().splitlines()]
    head += ["import numpy as np", "import numpy.typing as npt"]
    if "torch" in needed:
        head += ["import torch"]
    opencl = any("opencl" in line.expression for line in table)
    if opencl:
        head += ["import pyclesperanto  # pyright: ignore[reportMissingTypeStubs]"]
    parameters = [
        f"{each}: {KINDS[name].annotation}" for name in kinds for each in named(name).values()
    ]
    parameters += ["flag: bool", "unknown: Any", *["opencl: pyclesperanto.Array"] * opencl]
    head += [*OWN.splitlines(), f"def program({', '.join(parameters)}) -> None:"]
    body = [
        f"    reveal_type({line.expression})" if line.revealed else f"    {line.expression}"
        for line in table
    ]
    return "\n".join([*head, *body, ""]), dict(enumerate(table, len(head) + 1))


ENVIRONMENTS = {"all": tuple(KINDS), "torch": tuple(KINDS), "numpy": ("numpy", "plain", "own")}
"""The kinds of images by the libraries that are installed besides NumPy."""


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_checker_tells_what_comes_back_and_refuses_what_is_wrong(
    checker: str, environment: str, tmp_path: Path
) -> None:
    kinds = ENVIRONMENTS[environment]
    for needed in {KINDS[name].needs for name in kinds} - {""}:
        pytest.importorskip(needed)
    text, at = write(kinds, list(lines(kinds, checker, environment)))
    (tmp_path / "program.py").write_text(text)
    python = interpreter(environment, tmp_path / "environment")
    revealed, refused = CHECKERS[checker](tmp_path, python, environment)
    expected = {line.expression: line.revealed for line in at.values() if line.revealed}
    seen = {
        line.expression: in_short(revealed[number])
        for number, line in at.items()
        if number in revealed
    }
    assert seen == expected
    right = {number: line for number, line in at.items() if line.revealed}
    assert [told for number, told in refused.items() if number in right or number not in at] == []
    wrong = {number: line.expression for number, line in at.items() if line.revealed is None}
    assert [text for number, text in wrong.items() if number not in refused] == []


# --- programs that checkers accept --------------------------------------------------------


@cache
def pictures() -> tuple[Any, Any]:
    """Make an image of two bright squares, and their labels."""
    labels = np.zeros((16, 18), np.int32)
    labels[2:7, 2:7], labels[9:14, 8:15] = 1, 2
    image = (labels > 0) * 0.5 + np.linspace(0, 0.5, labels.size).reshape(labels.shape)
    return image.astype(np.float32), labels


def images(kind: str) -> dict[str, Any]:
    """Return what the program knows by name, for one kind of images."""
    image, labels = pictures()
    made = [image, labels, np.stack([image, image / 2, image / 4])]
    if kind == "torch":
        torch = pytest.importorskip("torch")
        made = [torch.from_numpy(each) for each in made]
    return {**dict(zip(named(kind).values(), made, strict=True)), "flag": True}


DTYPES = ("bool", "uint8", "float32", "float64")


def is_a(value: Any, node: ast.expr, kind: str) -> bool:
    """Tell whether a value is of a type, as far as can be seen from outside."""
    if isinstance(node, ast.BinOp):
        return is_a(value, node.left, kind) or is_a(value, node.right, kind)
    if isinstance(node, ast.Name):
        name, inside = node.id, []
    else:
        assert isinstance(node, ast.Subscript)
        name = ast.unparse(node.value)
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in ("NDArray", "ndarray", "Tensor"):
        wanted = {"Tensor": "torch"}.get(name, "numpy")
        right = type(value).__module__.partition(".")[0] == wanted and hasattr(value, "shape")
        [dtype] = [name for name in DTYPES if name in ast.unparse(node)] or [""]
        return right and dtype in str(value.dtype)
    if name == "tuple" and ast.unparse(inside[-1]) != "...":
        return (
            isinstance(value, tuple)
            and len(value) == len(inside)
            and all(is_a(part, each, kind) for part, each in zip(value, inside, strict=True))
        )
    if name in ("tuple", "list", "Iterator"):
        of = {"tuple": tuple, "list": list, "Iterator": Iterator}[name]
        return isinstance(value, of) and all(is_a(part, inside[0], kind) for part in value)
    if name == "dict":
        return isinstance(value, dict) and all(
            is_a(key, inside[0], kind) and is_a(part, inside[1], kind)
            for key, part in value.items()
        )
    if name == "Any":
        return True
    numbers = {"float": (float, int, np.number), "int": (int, np.integer), "str": (str,)}
    return isinstance(value, numbers[name])


RUN = [
    (kind, call, revealed) for kind in ("numpy", "torch") for call, revealed in (*CALLS, *DECIDED)
] + [("", call, revealed) for call, revealed in NO_IMAGE]


@pytest.mark.parametrize(("kind", "call", "revealed"), RUN)
def test_what_a_checker_accepts_runs_and_gives_what_it_tells(
    kind: str, call: str, revealed: str
) -> None:
    if call.startswith("cle"):
        pytest.importorskip("pyclesperanto")
    known: dict[str, Any] = {}
    exec(SETUP, known)
    value = eval(call.format(**named(kind)), known, images(kind) if kind else {})
    expected = revealed.format(**KINDS[kind]._asdict()) if kind else revealed
    assert is_a(value, ast.parse(expected, mode="eval").body, kind)
