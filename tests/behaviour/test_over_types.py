"""What type checkers make of `voxbind.over`, and of arrays of xarray."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.type_checkers import CHECKERS, in_short, interpreter

HEAD = """
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

import voxbind
from voxbind import native
from voxbind.auto import ndimage as either
from voxbind.scipy import ndimage
from voxbind.skimage import feature, filters, measure, metrics, morphology


class Bar:
    def update(self, n: int, /) -> bool:
        return True


def track(calls: range) -> range:
    return calls


def program(
    movie: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int32],
    tensor: torch.Tensor,
    named: xr.DataArray,
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
    # A number becomes an array, and a list a list for each call.
    ('voxbind.over(filters.threshold_otsu, "TCYX")(movie)', "NDArray[Any]"),
    ('voxbind.over(filters.threshold_otsu, "TCYX")(tensor, nbins=64)', "NDArray[Any]"),
    ('voxbind.over(metrics.mean_squared_error, "TYX")(movie, movie)', "NDArray[Any]"),
    ('voxbind.over(ndimage.label, "TYX")(movie)', "tuple[NDArray[Any], NDArray[Any]]"),
    ('voxbind.over(measure.find_contours, "TYX")(movie, 0.5)', "list[list[NDArray[Any]]]"),
    # Bars.
    ('voxbind.over(feature.canny, "TYX", progress=True)(movie)', "NDArray[bool]"),
    ('voxbind.over(feature.canny, "TYX", progress=track)(movie)', "NDArray[bool]"),
    ('voxbind.over(feature.canny, "TYX", progress=Bar())(movie)', "NDArray[bool]"),
    # Arrays of xarray stay what they are.
    ("ndimage.gaussian_filter(named, 1)", "DataArray"),
    ("feature.canny(named)", "DataArray"),
    ('voxbind.over(feature.canny, "TYX")(named)', "DataArray"),
]
# One overload of these functions gives Any, for an image of unknown dtype. To mypy, such a function
# fits several overloads of `voxbind.over`, and it takes none.
UNKNOWN_TO_MYPY = (
    'voxbind.over(ndimage.gaussian_filter, "TYX")(movie, 1)',
    'voxbind.over(either.gaussian_filter, "TYX")(movie, 1)',
    'voxbind.over(native.max_projection, "TZYX")(movie)',
    'voxbind.over(ndimage.label, "TYX")(movie)',
    'voxbind.over(measure.find_contours, "TYX")(movie, 0.5)',
)
ACCEPTED_BY_MYPY = ['voxbind.over(ndimage.gaussian_filter, "TYX")(movie)']
"""A call of such a function, which mypy accepts with any arguments."""
REFUSED = [
    'voxbind.over(feature.canny, "TYX")(movie, sgima=1)',
    'voxbind.over(feature.canny, "TYX")("movie.tif")',
    'voxbind.over(ndimage.gaussian_filter, "TYX")(movie)',
    'voxbind.over(filters.threshold_otsu, "TYX")(movie, bins=3)',
    'voxbind.over(filters.threshold_otsu, "TYX")(movie).sort_values()',
    'voxbind.over(feature.canny, ["T", "Y", "X"])',
    "voxbind.over(feature.canny)",
    'voxbind.over("canny", "TYX")',
    'voxbind.over(feature.canny, "TYX", progress="bar")',
]


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_checker_knows_what_over_gives_and_refuses_misuse(checker: str, tmp_path: Path) -> None:
    pytest.importorskip("xarray")
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
    assert accepted == (ACCEPTED_BY_MYPY if checker == "mypy" else [])
