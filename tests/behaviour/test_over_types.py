"""What type checkers make of `voxbind.over`, and of arrays of xarray."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.type_checkers import CHECKERS, in_short, interpreter

HEAD = """
from functools import partial

import dask.array as da
import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

import voxbind
from voxbind import native
from voxbind.auto import ndimage as either
from voxbind.scipy import ndimage
from voxbind.skimage import exposure, feature, filters, measure, metrics, morphology, transform


class Bar:
    def update(self, n: int, /) -> bool:
        return True


def track(calls: range) -> range:
    return calls


@voxbind.declare("PURE_2D")
def contrast(image: npt.NDArray[np.float32], percent: float = 5) -> float:
    return float(image.max() - percent)


@voxbind.declare("PURE_2D")
def bright(image: npt.NDArray[np.float32], percent: float = 5) -> npt.NDArray[np.bool_]:
    return np.greater(image, percent)


@voxbind.declare("PURE_2D")
def softened(image: torch.Tensor, size: int = 5) -> torch.Tensor:
    return image / size


def program(
    movie: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int32],
    tensor: torch.Tensor,
    named: xr.DataArray,
    lazy: da.Array,
) -> None:
""".strip()

REVEALED = [
    # The overloads, the keywords and the array's type are those of the function.
    ('voxbind.over(feature.canny, "TCYX")(movie, sigma=1)', "NDArray[bool]"),
    ('voxbind.over(feature.canny, "TCYX")(tensor, sigma=1)', "Tensor"),
    ('voxbind.over(ndimage.gaussian_filter, "TYX")(movie, 1)', "NDArray[float32]"),
    ('voxbind.over(either.gaussian_filter, "TYX")(movie, 1)', "NDArray[float32]"),
    ('voxbind.over(native.max_projection, "TZYX")(movie)', "NDArray[float32]"),
    ('voxbind.over(morphology.dilation, "TYX")(movie, footprint=None)', "NDArray[float32]"),
    ('voxbind.over(measure.label, "TYX")(labels)', "NDArray[Any]"),
    ('voxbind.over(measure.regionprops_table, "TYX")(labels)', "dict[str, NDArray[Any]]"),
    ('voxbind.over(ndimage.gaussian_filter, "TYX")(tensor, 1)', "Tensor"),
    ('voxbind.over(ndimage.median_filter, "TYX")(movie, 3)', "NDArray[float32]"),
    ('voxbind.over(filters.gaussian, "TYX")(movie, sigma=2)', "NDArray[float32]"),
    # Its parameters begin as those of `ndimage.label`.
    ('voxbind.over(ndimage.binary_fill_holes, "TYX")(movie)', "NDArray[Any]"),
    ('voxbind.over(filters.gaussian, "TYX")(memoryview(b""))', "NDArray[Any]"),
    ('voxbind.over(exposure.histogram, "TYX")(movie)', "tuple[NDArray[Any], NDArray[Any]]"),
    (
        'voxbind.over(morphology.medial_axis, "TYX")(labels, return_distance=True)',
        "tuple[NDArray[Any], NDArray[Any]]",
    ),
    # A number becomes an array, and a list a list for each call.
    ('voxbind.over(filters.threshold_otsu, "TCYX")(movie)', "NDArray[Any]"),
    ('voxbind.over(filters.threshold_otsu, "TCYX")(tensor, nbins=64)', "NDArray[Any]"),
    ('voxbind.over(metrics.mean_squared_error, "TYX")(movie, movie)', "NDArray[Any]"),
    ('voxbind.over(ndimage.label, "TYX")(movie)', "tuple[NDArray[Any], NDArray[Any]]"),
    ('voxbind.over(measure.find_contours, "TYX")(movie, 0.5)', "list[list[NDArray[Any]]]"),
    (
        'voxbind.over(measure.label, "TYX")(labels, return_num=True)',
        "tuple[NDArray[Any], NDArray[Any]]",
    ),
    (
        'voxbind.over(measure.label, "TYX")(tensor, return_num=True)',
        "tuple[Tensor, NDArray[Any]]",
    ),
    ('voxbind.over(ndimage.label, "TYX")(tensor)', "tuple[Tensor, NDArray[Any]]"),
    ('voxbind.over(ndimage.mean, "TYX")(movie)', "NDArray[Any]"),
    ('voxbind.over(ndimage.mean, "TYX")(movie, labels, 1)', "NDArray[Any]"),
    ('voxbind.over(ndimage.mean, "TYX")(tensor, labels, [1, 2])', "Tensor"),
    ('voxbind.over(ndimage.center_of_mass, "TYX")(movie)', "tuple[NDArray[Any], ...]"),
    (
        'voxbind.over(ndimage.center_of_mass, "TYX")(movie, labels, [1, 2])',
        "list[list[tuple[float, ...]]]",
    ),
    ('voxbind.over(measure.find_contours, "TYX")(tensor, 0.5)', "list[list[Tensor]]"),
    ('voxbind.over(filters.threshold_otsu, "TYX")(named)', "Any"),
    # Results that have no common type.
    ('voxbind.over(metrics.structural_similarity, "TYX")(movie, movie, full=True)', "Any"),
    ('voxbind.over(feature.peak_local_max, "TYX")(movie)', "Any"),
    ('voxbind.over(transform.pyramid_gaussian, "TYX")(movie)', "Any"),
    # Functions of the user's own.
    ('voxbind.over(contrast, "TYX")(movie, percent=3)', "NDArray[Any]"),
    ('voxbind.over(bright, "TYX")(movie, percent=3)', "NDArray[bool]"),
    ('voxbind.over(softened, "TYX")(tensor, size=3)', "Tensor"),
    # Bars.
    ('voxbind.over(feature.canny, "TYX", progress=True)(movie)', "NDArray[bool]"),
    ('voxbind.over(feature.canny, "TYX", progress=track)(movie)', "NDArray[bool]"),
    ('voxbind.over(feature.canny, "TYX", progress=Bar())(movie)', "NDArray[bool]"),
    # Arrays of xarray stay what they are.
    ("ndimage.gaussian_filter(named, 1)", "DataArray"),
    ("measure.label(named)", "DataArray"),
    ("exposure.histogram(named)", "tuple[DataArray, DataArray]"),
    # Their numbers, points and objects are arrays or lists if an axis is looped over.
    ("filters.threshold_otsu(named)", "Any"),
    ("measure.label(named, return_num=True)", "Any"),
    ("ndimage.mean(named)", "Any"),
    ("feature.peak_local_max(named)", "Any"),
    ("measure.find_contours(named)", "Any"),
    ("filters.threshold_otsu(lazy)", "Any"),
    ("feature.canny(named)", "DataArray"),
    ('voxbind.over(feature.canny, "TYX")(named)', "DataArray"),
]
# To mypy, a generic function fits any type of result, so several overloads of `voxbind.over` fit
# these functions, and it takes none.
UNKNOWN_TO_MYPY = (
    'voxbind.over(ndimage.label, "TYX")(movie)',
    'voxbind.over(ndimage.label, "TYX")(tensor)',
    'voxbind.over(ndimage.mean, "TYX")(movie)',
    'voxbind.over(ndimage.mean, "TYX")(movie, labels, 1)',
    'voxbind.over(ndimage.mean, "TYX")(tensor, labels, [1, 2])',
    'voxbind.over(ndimage.center_of_mass, "TYX")(movie)',
    'voxbind.over(ndimage.center_of_mass, "TYX")(movie, labels, [1, 2])',
    'voxbind.over(measure.find_contours, "TYX")(movie, 0.5)',
    'voxbind.over(measure.find_contours, "TYX")(tensor, 0.5)',
)
REFUSED = [
    'voxbind.over(feature.canny, "TYX")(movie, sgima=1)',
    'voxbind.over(feature.canny, "TYX")("movie.tif")',
    'voxbind.over(ndimage.gaussian_filter, "TYX")(movie)',
    'voxbind.over(filters.threshold_otsu, "TYX")(movie, bins=3)',
    'voxbind.over(filters.threshold_otsu, "TYX")(movie).sort_values()',
    'voxbind.over(measure.label, "TYX")(labels, retrun_num=True)',
    'voxbind.over(contrast, "TYX")(movie, 3, 4)',
    'voxbind.over(feature.canny, ["T", "Y", "X"])',
    'voxbind.over("canny", "TYX")',
    'voxbind.over(feature.canny, "TYX", progress="bar")',
]


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_checker_knows_what_over_gives_and_refuses_misuse(checker: str, tmp_path: Path) -> None:
    pytest.importorskip("xarray")
    pytest.importorskip("dask")
    head = HEAD.splitlines()
    body = [f"    reveal_type({expression})" for expression, _ in REVEALED]
    body += [f"    {expression}" for expression in REFUSED]
    (tmp_path / "program.py").write_text("\n".join([*head, *body, ""]))
    python = interpreter("all", tmp_path / "environment")
    revealed, refused = CHECKERS[checker](tmp_path, python, "all")
    seen = {
        expression: in_short(revealed.get(number, "nothing"))
        for number, (expression, _) in enumerate(REVEALED, len(head) + 1)
    }
    expected = dict(REVEALED)
    if checker == "mypy":
        expected |= dict.fromkeys(UNKNOWN_TO_MYPY, "Any")
    assert seen == expected
    first_refused = len(head) + len(REVEALED) + 1
    assert {number: text for number, text in refused.items() if number < first_refused} == {}
    accepted = [text for number, text in enumerate(REFUSED, first_refused) if number not in refused]
    assert accepted == []
