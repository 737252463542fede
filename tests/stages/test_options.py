"""What options change is seen, and what comes back is typed by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from helpers.live_descriptions import describe_function, watch
from voxbind_build.classify import find_types
from voxbind_build.classify.observed_types import write_type
from voxbind_build.classify.preserved import preserved
from voxbind_build.classify.return_types import result_type
from voxbind_build.model import GIVEN, Call, Form, Observation, OptionEffect, Result

# --- functions whose options matter, and some whose options don't -----------------------


def counted(image, return_num=False):
    """Number what is bright.

    Parameters
    ----------
    image : ndarray
    return_num : bool, optional

    Returns
    -------
    labels : ndarray of int
    num : int, optional
    """
    labels = np.cumsum(image > np.mean(image)).reshape(np.shape(image))
    return (labels, int(labels.max())) if return_num else labels


def scored(image, full=False, rows=False):
    """Score an image; in full with a map, and with the rows' scores beside.

    Parameters
    ----------
    image : ndarray
    full, rows : bool, optional
    """
    image = np.asarray(image, float)
    more = ((image**2,) if full else ()) + ((image.sum(axis=0),) if rows else ())
    return (float(image.mean()), *more) if more else float(image.mean())


def measured(image, distances=True, indices=False):
    """Give distances, places, or both.

    Parameters
    ----------
    image : ndarray
    distances, indices : bool, optional
    """
    image = np.asarray(image, float)
    if not (distances or indices):
        raise ValueError("nothing is asked for")
    places = np.array(np.nonzero(image > np.mean(image)))
    return ((image / 2, places) if indices else image / 2) if distances else [places]


def decomposed(image, way=None):
    """Give an image, or parts of it.

    Parameters
    ----------
    image : ndarray
    way : {'halves', 'thirds'}, optional
    """
    parts = {None: 1, "halves": 2, "thirds": 3}[way]
    return np.asarray(image, float) * 2 if way is None else tuple(np.array_split(image, parts))


def written(image, output=None):
    """Double an image, into another where one is given.

    Parameters
    ----------
    image : ndarray
    output : ndarray, optional
        Array to write into.

    Returns
    -------
    ndarray or None
    """
    if output is None:
        return np.asarray(image) * 2.0
    output[...] = np.asarray(image) * 2.0
    return None


def inverted(image, signed=False, mode="fast"):
    """Invert an image.

    Parameters
    ----------
    image : ndarray
    signed : bool, optional
    mode : {'fast', 'exact'}, optional
    """
    return -np.asarray(image, float) if signed else 1 - np.asarray(image, float)


def ring(radius=3, both=False):
    """Give a ring; with its inside too, where that is asked for.

    Parameters
    ----------
    radius : int, optional
    both : bool, optional
    """
    ring = np.ones((radius, radius))
    return (ring, ring[1:, 1:]) if both else ring


FORMS: list[tuple[Callable[..., Any], str | None, dict[str, str]]] = [
    (
        counted,
        "Array | tuple[Array, int] | tuple[Array, Array]",
        {
            "return_num=False": "Array",
            "return_num=True slice_by_slice=False": "tuple[Array, int]",
            "return_num=True slice_by_slice=True": "tuple[Array, Array]",
            "slice_by_slice=False": "Array | tuple[Array, int]",
            "slice_by_slice=True": "Array | tuple[Array, Array]",
        },
    ),
    (
        scored,
        "float | tuple[float, Array] | tuple[float, Array, Array]",
        {
            "full=False rows=False": "float",
            "full=True rows=False": "tuple[float, Array]",
            "full=False rows=True": "tuple[float, Array]",
            "full=True rows=True": "tuple[float, Array, Array]",
        },
    ),
    (
        measured,
        "Array | tuple[Array, Array] | list[Array]",
        {
            "indices=False distances=True": "Array",
            "indices=True distances=True": "tuple[Array, Array]",
            "indices=True distances=False": "list[Array]",
        },
    ),
    (
        decomposed,
        "Array | tuple[Array, Array] | tuple[Array, Array, Array]",
        {
            "way=None": "Array",
            "way='halves'": "tuple[Array, Array]",
            "way='thirds'": "tuple[Array, Array, Array]",
        },
    ),
    (written, None, {"output=None": "Array"}),
    (inverted, "Array", {}),
    (
        ring,
        "Array | tuple[Array, Array]",
        {"both=False": "Array", "both=True": "tuple[Array, Array]"},
    ),
]


def in_words(form: Form) -> str:
    return " ".join(f"{name}={value}" for name, value in form.options.items())


@pytest.mark.parametrize(("function", "returns", "forms"), FORMS)
def test_what_comes_back_is_told_by_the_options_that_decide(
    function: Callable[..., Any], returns: str | None, forms: dict[str, str]
) -> None:
    types = find_types(describe_function(function), watch(function)[0])
    assert types.returns == returns
    assert {in_words(form): form.annotation for form in types.forms} == forms


@pytest.mark.parametrize(("function", "forms"), [(case[0], case[2]) for case in FORMS])
def test_calls_with_these_options_give_these_kinds(
    function: Callable[..., Any], forms: dict[str, str]
) -> None:
    """The forms hold for an image that no probe has seen."""
    kinds: dict[str, Any] = {"Array": np.ndarray, "float": float, "tuple": tuple, "list": list}
    images = () if function is ring else (np.arange(24.0).reshape(4, 6) % 5,)
    for options, annotation in forms.items():
        options = options.removesuffix(" slice_by_slice=False")
        if "slice_by_slice" in options:
            continue  # an option of the wrapper: the function has none of this name
        given = dict(pair.split("=") for pair in options.split())
        result: Any = function(*images, **{name: eval(value) for name, value in given.items()})
        head, _, inside = annotation.partition("[")
        assert isinstance(result, kinds[head])
        if head == "tuple":
            assert len(result) == inside.count(",") + 1


def test_arrays_that_were_written_into_are_told_apart_from_options() -> None:
    (turned,) = watch(written)[0].option_effects
    assert turned.options == {"output": GIVEN}
    assert turned.result.type == "none"


# --- forms from what was seen -----------------------------------------------------------

ARRAY = Result(type="array", shape=(8, 9), dtype="float64")
NUMBER = Result(type="scalar", dtype="float64")
PAIR = Result(type="tuple", shape=(2,), members=(ARRAY, NUMBER))


def test_values_that_give_the_same_are_one_form() -> None:
    seen = watch(decomposed)[0]
    turned = (
        OptionEffect(options={"way": "'halves'"}, dtype="float64", result=PAIR),
        OptionEffect(options={"way": "'thirds'"}, dtype="float64", result=PAIR),
    )
    forms = result_type(describe_function(decomposed), replace(seen, option_effects=turned)).forms
    assert {in_words(form): form.annotation for form in forms} == {
        "way=None": "Array",
        "way='halves', 'thirds'": "tuple[Array, float]",
    }


def test_there_are_no_more_forms_than_anybody_reads() -> None:
    results = [Result(type="tuple", shape=(size,), members=(ARRAY,) * size) for size in range(1, 8)]
    turned = tuple(
        OptionEffect(options={"way": repr(str(place))}, dtype="float64", result=result)
        for place, result in enumerate(results)
    )
    typed = result_type(
        describe_function(decomposed), replace(watch(decomposed)[0], option_effects=turned)
    )
    assert 2 <= len(typed.forms) <= 4
    # What is left out of the forms is still in the type of any call.
    for form in typed.forms:
        assert set(form.annotation.split(" | ")) <= set(str(typed.annotation).split(" | "))


# --- what an array keeps of the image ---------------------------------------------------


def doubled(image):
    return image + image


def projected(image):
    return image.max(axis=0)


def halved(image):
    return image / 2


def masked(image):
    return image > image.mean()


def centre(image):
    return float(image.mean())


def kept_with_a_flag(image, full=False):
    return (image, image > 0) if full else image + image


KEPT = [
    (doubled, "all"),
    (projected, "dtype"),
    (halved, "memory"),
    (masked, "memory"),
    (centre, "memory"),
    (kept_with_a_flag, "memory"),
]


@pytest.mark.parametrize(("function", "keeps"), KEPT)
def test_what_arrays_keep_of_the_image_is_seen(function: Callable[..., Any], keeps: str) -> None:
    assert watch(function)[1].preserves == keeps


def _seen(dtypes: dict[str, Result], *results: Result | None, **facts: Any) -> Observation:
    calls = tuple(
        Call(case="", shape=(8, 9), dtype="float64", outcome="returned", result=result)
        for result in results
    )
    return Observation(definition="m:f", fingerprint="", dtypes=dtypes, calls=calls, **facts)


def _array(dtype: str, ndim: int = 2) -> Result:
    return Result(type="array", shape=(8,) * ndim, dtype=dtype)


SAME = {"uint8": _array("uint8"), "float64": _array("float64")}
OPTION = OptionEffect(options={"full": "True"}, dtype="float64", result=_array("float32"))


@pytest.mark.parametrize(
    ("observation", "keeps"),
    [
        (_seen(SAME, _array("float64")), "all"),
        (_seen(SAME, _array("float64"), None), "all"),
        (_seen(SAME, _array("float64"), _array("float64", 1)), "dtype"),
        (_seen({**SAME, "bool": _array("float64")}, _array("float64")), "memory"),
        (_seen({"float64": PAIR, "float32": PAIR}, PAIR), "memory"),
        (_seen({"float64": PAIR}, PAIR), "all"),
        (_seen({"float64": NUMBER}, NUMBER), "memory"),
        (_seen(SAME, _array("float64"), option_effects=(OPTION,)), "memory"),
        (_seen(SAME, _array("float64"), option_effects=(replace(OPTION, dtype="float32"),)), "all"),
        # Without an image an option has nothing to keep.
        (_seen(SAME, _array("float64"), option_effects=(replace(OPTION, dtype=""),)), "all"),
        (_seen({}), "memory"),
    ],
)
def test_all_that_was_seen_has_to_keep_it(observation: Observation, keeps: str) -> None:
    assert preserved(observation) == keeps


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("lib.Region", "lib.Region"),
        ("lib.Other", "Any"),  # the documentation doesn't name it
        ("lib.make.<locals>.Region", "Any"),  # no module shows it
        ("builtins.slice", "slice"),
        ("builtins.function", "Callable[..., Any]"),
    ],
)
def test_a_class_is_written_if_it_is_documented_and_can_be_imported(kind: str, type_: str) -> None:
    assert [*map(str, write_type([Result(type=kind)], "a Region"))] == [type_]
