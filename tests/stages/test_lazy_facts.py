"""What a dask array will hold follows from measured results and documented numbers of colours."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from helpers.handmade_manifest import function
from voxbind_build.model import Form, Returns
from voxbind_build.render.code.lazy_facts import lazy_facts

GREY = {"image": "218ceb 17x22:0.1 0.2 0 1 0.1", "volume": "3266a2 9x17x22:0.1 0.2 0 1 0.1"}
COLOURS = GREY | {"colour image": "41 17x22x3:0.1 0.2 0 1 0.1"}
NO_COLOURS = GREY | {"colour image": "41 17x22i:3 4 0 15 2.8"}


def with_shape(image: str, result: str, **facts: Any) -> Any:
    """Return a function of colours whose image and result have documented shapes."""
    entry = function("skimage.color.rgb2hsv", needs_channels=True, **facts)
    first, *others = entry.parameters
    return replace(
        entry,
        parameters=(replace(first, facts={"shape": image}), *others),
        returns=replace(entry.returns, facts={"shape": result}),
    )


CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "nothing is known": (function("skimage.filters.sobel"), {}),
    "options that resize": (
        function(
            "skimage.transform.rotate",
            values=GREY
            | {
                "resize=True": "dd8c86 24x27:0.1 0.2 0 1 0.1",
                "mode='edge'": "f5e803 17x22:0.3 0.2 0 1 0.4",
                "clip=False": "6cab7e =image",
                "preserve_range=True": "6cab7e 9x17x22:0.1 0.2 0 1 0.1",  # of a volume
                "order=2": "47108b 20x22:0.3 0.2 0 1 0.3",  # a number, which isn't an option
                "resize=True, order=2": "47108b 24x27:0.3 0.2 0 1 0.3",
            },
        ),
        {"resizing_options": {"resize": [True]}},
    ),
    "another kind of result": (
        function("skimage.transform.rotate", result="resized", values={"resize=True": "d 24x27:1"}),
        {},
    ),
    "labels of colours": (
        function("skimage.segmentation.slic", result="labels", result_colours="removed"),
        {"result_colours": "removed"},
    ),
    "colours that are added": (
        function("skimage.color.gray2rgb", result_colours="added"),
        {"result_colours": "added"},
    ),
    "colours that stay": (
        with_shape("(..., C=3, ...)", "(..., C=3, ...)", values=COLOURS),
        {"colours": [3, 3]},
    ),
    "fewer colours": (
        with_shape("(..., C=4, ...)", "(..., C=3, ...)", values=COLOURS),
        {"colours": [4, 3]},
    ),
    "no colours": (
        with_shape("(..., C=3, ...)", "(...)", values=NO_COLOURS, result_colours="removed"),
        {"colours": [3], "result_colours": "removed"},
    ),
    "documented colours that were measured otherwise": (
        with_shape("(..., C=4, ...)", "(..., C=4, ...)", values=COLOURS),
        {},
    ),
    "refusals": (
        function(
            "skimage.measure.label",
            refuses={"float64": "TypeError: no", "(Y, X, 3)": "ValueError: no"},
        ),
        {"refuses": ["(Y, X, 3)", "float64"]},
    ),
    "what was observed": (
        function(
            "skimage.segmentation.watershed",
            keeps_state=True,
            slices_with_one=True,
            ignored_outputs=("output",),
            dtype_follows="markers",
        ),
        {
            "dtype_follows": "markers",
            "ignored_outputs": ("output",),
            "keeps_state": True,
            "slices_with_one": True,
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_index_has_the_facts_that_are_known_and_no_others(case: str) -> None:
    entry, facts = CASES[case]
    assert lazy_facts(entry) == facts


def test_options_of_a_form_change_the_kind_of_the_result() -> None:
    entry = function("skimage.measure.label")
    forms = (
        Form(options={"return_num": "False"}, annotation="Array"),
        Form(options={"return_num": "True"}, annotation="tuple[Array, int]"),
    )
    returns: Returns = replace(entry.returns, forms=forms)
    assert lazy_facts(replace(entry, returns=returns)) == {"result_options": ["return_num"]}
