"""Parameters that name an axis: found by what they are, and told in the documentation."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.synthetic_library import function, parameter
from voxbind_build.classify.axis_keywords import axis_keywords
from voxbind_build.model import Description, Manifest, Parameter, Returns
from voxbind_build.render.docs.documentation import document
from voxbind_build.render.docs.examples import Examples


def found(*parameters: Parameter, doc: str = "") -> dict[str, str]:
    description = Description(
        name="made.f",
        module="made",
        attribute="f",
        definition="made:f",
        fingerprint="",
        parameters=parameters,
        returns=Returns(annotation="Any", annotation_source="unknown"),
        doc=doc,
    )
    return dict(axis_keywords(description))


def numbers(*names: str, annotation: str = "float") -> list[Parameter]:
    return [parameter(name, annotation=annotation) for name in names]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (numbers("sigma_x", "sigma_y", "sigma_z"), "x y z"),
        (numbers("sigma1_x", "start_z", annotation="int | None"), "x z"),
        (numbers("flip_x", annotation="bool"), "x"),
        (numbers("x", "y", "z"), "x y z"),
        (numbers("width", "height", "depth", annotation="int"), "x y z"),
        (numbers("x", "radius"), ""),
        (numbers("width", "depth"), ""),
        (numbers("max", "index", "xyz", "_x"), ""),
        (numbers("map_x", "map_y", annotation="Array"), ""),
        (numbers("label_x", annotation="str"), ""),
        (numbers("x", "y", annotation="ArrayLike"), ""),
        (numbers("order_z", annotation="Sequence[int]"), ""),
    ],
)
def test_numbers_that_name_an_axis(parameters: list[Parameter], expected: str) -> None:
    assert " ".join(found(*parameters).values()) == expected


@pytest.mark.parametrize(
    ("description", "doc", "counts"),
    [
        ("Axis along which to sum (0=X, 1=Y, 2=Z).", "", True),
        ("Axis along which to concatenate (0:x, 1:y, 2:z).", "", True),
        ("Dimension (0,1,2) to use.", "Multiplies by the x, y or z coordinate.", True),
        ("Dimension (0,1,2) to use.", "Multiplies by something.", False),
        ("Axis along which to sum.", "Uses the x, y or z coordinate.", False),
        ("Axis along which to sum, 0 is rows.", "", False),
    ],
)
def test_numbers_that_count_axes_from_x(description: str, doc: str, counts: bool) -> None:
    axis = parameter("axis", annotation="int", description=description)
    assert found(axis, doc=doc) == ({"axis": "number"} if counts else {})


def told(axis_keywords: dict[str, str] | None = None, **facts: Any) -> str:
    """Return the documentation of a function with these parameters, on one line."""
    keywords = axis_keywords or {}
    parameters = [parameter("image"), *map(parameter, keywords)]
    # A record that was read back is sorted by name: the signature's order is what is told.
    read_back = dict(sorted(keywords.items()))
    described = function(*parameters, axis_keywords=read_back, **facts)
    return " ".join(document(described, False, Examples(Manifest(libraries={}))).split())


def test_the_documentation_says_which_axis_each_is() -> None:
    keywords = {"sigma_x": "x", "sigma_y": "y", "order_x": "x", "sigma_z": "z"}
    text = told(axis_keywords=keywords)
    assert (
        "Axes are (Z, Y, X): sigma_x and order_x along X (the last axis); sigma_y along Y (the "
        "second to last); sigma_z along Z (the first of three)."
    ) in text
    helper = told(axis_keywords={"depth": "z"}, contract=None, kind="helper", arrays=())
    assert "unchanged. Axes are (Z, Y, X): depth along Z (the first of three)." in helper
    counted = told(axis_keywords={"axis": "number"})
    assert "axis counts the axes from the last one: 0 is X, 1 is Y, 2 is Z." in counted
    assert "Axes are" not in counted
    assert "(Z, Y, X):" not in told()
