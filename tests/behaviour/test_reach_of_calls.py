"""The reach of a call follows from a formula and the call's arguments, or is unknown."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxbind._reach.calls import CallReach, reach_of_call
from voxbind._reach.formula import Axis, FormulaError, evaluate, parameters_of

GAUSSIAN: dict[str, Any] = {
    "kind": "local",
    "formula": "int(truncate * sigma + 0.5)",
    "parameters": {"mode": ["reflect", "nearest"], "preserve_range": [False, True]},
    "free": ["cval"],
    "per_axis": ["sigma"],
    "images": ["image", "mask"],
    "evidence": "observed",
}
DEFAULTS: dict[str, Any] = {
    **{"sigma": 1, "mode": "nearest", "cval": 0, "preserve_range": False, "truncate": 4.0},
    **{"mask": None, "out": None},
}


def gaussian(**arguments: Any) -> CallReach:
    return reach_of_call(GAUSSIAN, {"image": object(), **arguments}, 2, "image", DEFAULTS)


@pytest.mark.parametrize(
    ("arguments", "elements"),
    [
        ({}, (4, 4)),
        ({"sigma": 2}, (8, 8)),
        ({"sigma": np.float32(2)}, (8, 8)),
        ({"sigma": np.array(2)}, (8, 8)),
        ({"sigma": (1, 2.5)}, (4, 10)),
        ({"sigma": np.array([1, 2.5])}, (4, 10)),
        ({"sigma": [0, 0]}, (0, 0)),
        ({"sigma": 2, "truncate": 3}, (6, 6)),
        ({"mode": "reflect", "cval": 7, "preserve_range": True}, (4, 4)),
        ({"mask": np.ones((3, 3))}, (4, 4)),
        ({"out": None}, (4, 4)),
    ],
)
def test_a_reach_is_a_number_of_elements_for_each_axis(
    arguments: dict[str, Any], elements: tuple[int, ...]
) -> None:
    result = gaussian(**arguments)
    assert (result.kind, result.elements) == ("local", elements)
    assert all(type(number) is int for number in elements)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"mode": "wrap"}, "mode"),
        ({"mode": None}, "mode"),
        ({"preserve_range": 1}, "preserve_range"),  # 1 isn't True: it wasn't tried
        ({"out": np.zeros((3, 3))}, "out"),
        ({"cval": np.zeros(3)}, "cval"),
        ({"cval": "1"}, "cval"),
        ({"newer": 1}, "newer"),
        ({"truncate": (4.0, 4.0)}, "truncate"),  # no number for each axis was tried
        ({"sigma": (1, 2, 3)}, "sigma"),
        ({"sigma": ()}, "sigma"),
        ({"sigma": None}, "sigma"),
        ({"sigma": True}, "sigma"),
        ({"sigma": "2"}, "sigma"),
        ({"sigma": math.nan}, "sigma"),
        ({"sigma": math.inf}, "sigma"),
        ({"sigma": 10**400}, "sigma"),
        ({"sigma": 1j}, "sigma"),
        ({"sigma": (1, (2, 3))}, "sigma"),
        ({"sigma": -5}, "-19"),
    ],
)
def test_an_argument_that_was_not_measured_makes_the_reach_unknown(
    arguments: dict[str, Any], why: str
) -> None:
    result = gaussian(**arguments)
    assert (result.kind, result.elements) == ("unknown", None)
    assert why in result.why


@pytest.mark.parametrize(
    ("reach", "kind", "elements"),
    [
        (None, "unknown", None),
        ({}, "unknown", None),
        ({"kind": "unknown", "reason": "one image fails"}, "unknown", None),
        ({"kind": "newer than this"}, "unknown", None),
        ({"kind": "everything"}, "everything", None),
        ({"kind": "pointwise"}, "pointwise", (0, 0)),
        ({"kind": "local", "formula": "1"}, "local", (1, 1)),
        ({"kind": "local", "formula": "1 / 2"}, "unknown", None),
        ({"kind": "local"}, "unknown", None),
    ],
)
def test_what_the_manifest_says_decides(
    reach: dict[str, Any] | None, kind: str, elements: tuple[int, ...] | None
) -> None:
    result = reach_of_call(reach, {"image": None}, 2, "image")
    assert (result.kind, result.elements) == (kind, elements)
    assert result.why


@pytest.mark.parametrize(
    ("iterations", "kind"),
    [
        *((1, "local"), (9, "local"), ((1, 9), "local")),
        *((0, "unknown"), (-1, "unknown"), (10, "unknown"), ((2, 0), "unknown"), ("2", "unknown")),
    ],
)
def test_a_number_beyond_those_measured_makes_the_reach_unknown(iterations: Any, kind: str) -> None:
    limits = {"least": {"iterations": 1}, "most": {"iterations": 9}}
    reach = {"kind": "local", "formula": "2 * iterations", "per_axis": ["iterations"], **limits}
    assert reach_of_call(reach, {"iterations": iterations}, 2, "image").kind == kind


@pytest.mark.parametrize(
    ("origin", "kind"), [(None, "local"), (1, "local"), (0, "unknown"), (2, "unknown")]
)
def test_a_default_is_valid_though_no_number_that_was_measured(origin: Any, kind: str) -> None:
    limits = {"least": {"origin": 1}, "most": {"origin": 1}}
    reach = {"kind": "local", "formula": "2 * size", "free": ["origin"], **limits}
    arguments = {"size": 3, "origin": origin}
    assert reach_of_call(reach, arguments, 2, "image", {"origin": None}).kind == kind


def test_without_defaults_each_argument_was_passed() -> None:
    arguments = {"image": None, "sigma": 1, "truncate": 4.0, "out": None}
    assert reach_of_call(GAUSSIAN, arguments, 2, "image").kind == "unknown"
    del arguments["out"]
    assert reach_of_call(GAUSSIAN, arguments, 2, "image").elements == (4, 4)


# --- formulas ---------------------------------------------------------------------------

FOOTPRINT = np.ones((5, 8))


@pytest.mark.parametrize(
    ("formula", "values"),
    [
        ("1", (1, 1)),
        ("half(footprint)", (2, 4)),
        ("2 * half(footprint, 1)", (4, 8)),
        ("half(nested)", (1, 0)),
        ("half(missing, size // 2)", (3, 3)),
        ("half(missing, half(footprint))", (2, 4)),
        ("half(footprint, size // 0)", (2, 4)),  # the second argument isn't needed
        ("max(size, n) + abs(0 - n)", (11, 11)),
        ("along(z, y, x)", (20, 30)),
        ("int(along(z, y, x) / 7)", (2, 4)),
        ("ceil(size / 2) - 1", (3, 3)),
        ("-(-size)", (7, 7)),
    ],
)
def test_the_value_of_a_formula(formula: str, values: tuple[float, float]) -> None:
    arguments = {
        **{"footprint": FOOTPRINT, "missing": None, "size": 7, "n": -4, "nested": [[1], [2], [3]]},
        **{"z": 10, "y": 20, "x": 30},
    }
    assert tuple(evaluate(formula, arguments, Axis(axis, 2)) for axis in range(2)) == values


@pytest.mark.parametrize(
    "formula",
    [
        *("", "1 +", "size.real", "size[0]", "__import__('os')", "size ** 2", "size % 2", "'a'"),
        *("lambda: 1", "size if size else 1", "[1]", "size == 1", "(size := 1)", "True", "None"),
        *(
            "int(size, 2)",
            "int(x=1)",
            "max(size)",
            "half(3)",
            "half(size)",
            "half(footprint, 1, 2)",
        ),
        *("along(size)", "half(volume)", "unknown", "1 / 0", "size // 0", "1e400", "1e308 * 10"),
        *("min(1, 2)", "max(*size)", "f(1)(2)", "-" * 150 + "1" + "+1" * 60, "\0", "1\n2"),
    ],
)
def test_anything_else_is_no_formula(formula: str) -> None:
    arguments = {"size": 3, "footprint": FOOTPRINT, "volume": np.ones((3, 3, 3))}
    with pytest.raises(FormulaError):
        evaluate(formula, arguments, Axis(0, 2))
    reach = {"kind": "local", "formula": formula}
    assert reach_of_call(reach, arguments, 2, "image").kind == "unknown"


def test_parameters_of_a_formula() -> None:
    formula = "max(half(footprint, int(size / 2)), along(z, y, x))"
    assert parameters_of(formula) == ("footprint", "size", "x", "y", "z")


numbers = st.one_of(st.integers(-99, 99), st.floats(-9, 9, allow_subnormal=False))
trees = st.recursive(
    st.one_of(numbers.map(lambda number: f"({number!r})"), st.sampled_from(["a", "b"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        st.tuples(st.sampled_from(["int", "ceil", "abs"]), inner).map(
            lambda parts: f"{parts[0]}({parts[1]})"
        ),
        st.tuples(inner, inner).map(lambda parts: f"max({parts[0]}, {parts[1]})"),
    ),
    max_leaves=6,
)


@given(trees, numbers, numbers)
def test_a_formula_means_what_it_means_in_python(formula: str, a: float, b: float) -> None:
    names = {"a": a, "b": b, "int": int, "ceil": math.ceil, "abs": abs, "max": max}
    try:
        expected = eval(formula, {"__builtins__": {}}, names)
        fits = math.isfinite(expected) and len(formula) <= 200
    except (ArithmeticError, ValueError):
        fits = False
    if fits:
        try:
            assert evaluate(formula, {"a": a, "b": b}, Axis(0, 2)) == expected
            return
        except FormulaError:
            fits = False  # a part of it isn't finite
    result = reach_of_call(
        {"kind": "local", "formula": formula}, {"a": a, "b": b, "image": 0}, 2, "image"
    )
    assert result.kind == "unknown"


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=3),
    st.builds(object),
    st.just(OrderedDict()),
    st.just(np.ones((2, 3))),
    st.just(np.array([None, 1])),
    st.just(np.array([1.0, np.nan])),
)


@given(
    st.one_of(st.text(max_size=30), trees, st.just("half(a, b) + along(a, b)")),
    st.dictionaries(st.sampled_from(["a", "b", "mode", "cval"]), anything),
    st.integers(1, 4),
)
def test_no_argument_and_no_formula_raises(
    formula: str, arguments: dict[str, Any], ndim: int
) -> None:
    result = reach_of_call({**GAUSSIAN, "formula": formula}, arguments, ndim, "image")
    assert result.kind in ("local", "unknown")
    if result.elements is not None:
        assert len(result.elements) == ndim and min(result.elements) >= 0
