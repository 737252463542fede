"""What a parameter takes beside what is documented is seen, and its type has room for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from helpers.live_descriptions import describe_function, watch
from voxbind_build.classify.parameter_types import accepted
from voxbind_build.describe import words_elsewhere
from voxbind_build.describe.neighbours import like_neighbours
from voxbind_build.model import Observation, ProbeTask
from voxbind_build.probe.protocol.function_run import observe

# --- functions that take more than they say, and some that don't ------------------------


def blur(image, sigma):
    image = np.asarray(image, float)
    for axis, width in enumerate(np.broadcast_to(sigma, image.ndim)):
        image = image + width * np.roll(image, 1, axis)
    return image


def scaled(image, spacing=(1.0, 2.0)):
    """Scale an image by one number, or one for each axis.

    Parameters
    ----------
    image : ndarray
    spacing : tuple of float, optional
    """
    return blur(image, np.resize(spacing, np.ndim(image)))


def scaled_by_tuples(image, spacing=(1.0, 2.0)):
    """Scale an image.

    Parameters
    ----------
    image : ndarray
    spacing : tuple of float, optional
    """
    if not isinstance(spacing, tuple):
        raise TypeError("a tuple, please")
    return scaled(image, spacing)


def unwritten(shape):
    """Make an array.

    Parameters
    ----------
    shape : tuple of int
    """
    if not isinstance(shape, (tuple, list)):
        raise TypeError("a tuple or a list, please")
    return np.random.default_rng().random(shape)


def unscaled(image, spacing=(1.0, 2.0)):
    """Look at the image alone.

    Parameters
    ----------
    image : ndarray
    spacing : tuple of float, optional
    """
    return np.asarray(image, float) * 2


def moved(image, axes=None):
    """Look from another side.

    Parameters
    ----------
    image : ndarray
    axes : tuple of int, optional
    """
    return blur(np.transpose(image, axes), 1)


def widened(image, width=2):
    """Blur an image.

    Parameters
    ----------
    image : ndarray
    width : int, optional
    """
    return blur(image, np.asarray(width, float))


def widened_by_steps(image, width=2):
    """Blur an image by a whole number, whatever is given.

    Parameters
    ----------
    image : ndarray
    width : int, optional
    """
    return blur(image, int(width))


def left_alone(image, width=2):
    """Look at the image alone.

    Parameters
    ----------
    image : ndarray
    width : int, optional
    """
    return np.asarray(image, float) * 2


def added(image, offset=1.0):
    """Add a number.

    Parameters
    ----------
    image : ndarray
    offset : float, optional
    """
    return np.asarray(image) + offset


def chosen(image, order="C"):
    """Choose a way.

    Parameters
    ----------
    image : ndarray
    order : {'C', 'F'}, optional
    """
    ways = {"C": 1.0, "F": 2.0, "c": 1.0, "f": 2.0, "half": 0.5}
    return np.asarray(image) * ways[order]


def chosen_by_halves(image, order="C"):
    """Choose a way, one of which has a short name.

    Parameters
    ----------
    image : ndarray
    order : {'C', 'F'}, optional
    """
    return np.asarray(image) * {"C": 1.0, "F": 2.0, "c": 1.0}[order]


def chosen_by_nobody(image, order="C"):
    """Look at the image alone.

    Parameters
    ----------
    image : ndarray
    order : {'C', 'F'}, optional
    """
    return np.asarray(image, float) * 2


def chosen_strictly(image, order="C"):
    """Choose a way.

    Parameters
    ----------
    image : ndarray
    order : {'C', 'F'}, optional
    """
    return np.asarray(image) * {"C": 1.0, "F": 2.0}[order]


def summed_over_scales(image, sigmas=range(1, 10, 2)):
    """Sum an image over scales.

    Parameters
    ----------
    image : ndarray
    sigmas : iterable of floats, optional
    """
    return np.sum([blur(image, sigma) for sigma in sigmas], axis=0)


def summed_over_listed_scales(image, sigmas=range(1, 10, 2)):
    """Sum an image over scales, unless they are in an array.

    Parameters
    ----------
    image : ndarray
    sigmas : iterable of floats, optional
    """
    if isinstance(sigmas, np.ndarray):
        raise TypeError("no array, please")
    return summed_over_scales(image, sigmas)


def windowed(image, size=3):
    """Blur an image with a window of odd lengths.

    Parameters
    ----------
    image : ndarray
    size : int or sequence of int, optional
    """
    if np.any(np.asarray(size) % 2 == 0):
        raise ValueError("odd lengths, please")
    return blur(image, size)


def without_labels(image, ignored=()):
    """Set labels to 0.

    Parameters
    ----------
    image : ndarray of int
    ignored : sequence of int, optional
    """
    return np.where(np.isin(image, ignored), 0, image)


class Opaque:
    """An object whose numbers can be read."""

    def __init__(self, numbers):
        self.numbers = numbers


def in_an_object(image, ignored=()):
    """Set labels to 0, and return an object.

    Parameters
    ----------
    image : ndarray of int
    ignored : sequence of int, optional
    """
    return Opaque(without_labels(image, ignored))


def boxed(image, start):
    """Add the place of a corner.

    Parameters
    ----------
    image : ndarray
    start : list of tuple of int
    """
    return np.asarray(image, float) + np.sum(np.asarray(start), axis=0)[0]


WORDS: tuple[str, ...] = ("half", "third")
ALSO: list[tuple[Callable[..., Any], str, set[str], str | None]] = [
    (
        scaled,
        "spacing",
        {"list", "array", "number"},
        "float | tuple[float, ...] | list[float] | Array",
    ),
    (scaled_by_tuples, "spacing", set(), None),
    (unscaled, "spacing", set(), None),
    (unwritten, "shape", {"list"}, "tuple[int, ...] | list[int]"),
    (moved, "axes", {"list", "array"}, "tuple[int, ...] | list[int] | Array | None"),
    (widened, "width", {"sequence", "array", "float"}, "float | Sequence[float] | Array"),
    (widened_by_steps, "width", set(), None),
    (left_alone, "width", set(), None),
    (summed_over_scales, "sigmas", {"list", "array"}, "Sequence[float] | Array"),
    (summed_over_listed_scales, "sigmas", {"list"}, None),
    (windowed, "size", {"sequence", "array"}, "int | Sequence[int] | Array"),
    (without_labels, "ignored", {"list", "array", "number"}, "int | Sequence[int] | Array"),
    (in_an_object, "ignored", {"list", "array", "number"}, "int | Sequence[int] | Array"),
    (boxed, "start", {"array"}, "Sequence[tuple[int, ...]] | Array"),
    (added, "offset", {"complex"}, "complex"),
    (chosen, "order", {"'c'", "'f'", "'half'"}, 'Literal["C", "F", "c", "f", "half"]'),
    (chosen_by_halves, "order", {"'c'"}, 'Literal["C", "F", "c"]'),
    (chosen_strictly, "order", set(), None),
    (chosen_by_nobody, "order", set(), None),
]


def seen(function: Callable[..., Any]) -> Observation:
    description = describe_function(function)
    words = {parameter.name: WORDS for parameter in description.parameters}
    task = ProbeTask(description=description, memory_type="numpy", words=words)
    return observe(task)


@pytest.mark.parametrize(("function", "name", "also", "annotation"), ALSO)
def test_what_a_parameter_also_takes_is_what_changes_the_result(
    function: Callable[..., Any], name: str, also: set[str], annotation: str | None
) -> None:
    observation = seen(function)
    assert set(observation.also_accepts.get(name, ())) == also
    assert accepted(describe_function(function), observation).get(name) == annotation


# --- arrays as lists --------------------------------------------------------------------


def strict(image):
    return image.max(axis=0)


def lenient(image):
    return np.max(image, axis=0)


def weighted(image, weights):
    """Weigh an image.

    Parameters
    ----------
    image : ndarray
    weights : ndarray
    """
    return image * np.sum(weights)


@pytest.mark.parametrize(
    ("function", "lists"),
    [
        (strict, {"image": False}),
        (lenient, {"image": True}),
        (weighted, {"image": False, "weights": True}),
    ],
)
def test_arrays_may_be_lists_where_that_gives_the_same(
    function: Callable[..., Any], lists: dict[str, bool]
) -> None:
    assert watch(function, weights="weights")[0].lists == lists


# --- types with room for it -------------------------------------------------------------

WIDENED: list[tuple[str, Sequence[str], str | None]] = [
    ("tuple[int, ...]", ["list"], "tuple[int, ...] | list[int]"),
    ("tuple[float, float]", ["list"], "tuple[float, float] | list[float]"),
    ("tuple[int, str]", ["list"], None),  # a list of what?
    ("Sequence[int]", ["list"], None),
    ("list[int]", ["list"], None),
    ("tuple[int, ...]", ["array"], "tuple[int, ...] | Array"),
    ("ArrayLike", ["array"], None),
    ("tuple[int, ...] | Any", ["array"], None),
    ("tuple[int, ...]", ["number"], "int | tuple[int, ...]"),
    ("Sequence[float]", ["number"], "float | Sequence[float]"),
    ("float | Sequence[float]", ["number"], None),
    ("Sequence[object]", ["number"], None),  # a number of what?
    ("int", ["sequence"], "int | Sequence[int]"),
    ("int | Sequence[int]", ["sequence"], None),
    ("float | ArrayLike", ["sequence"], None),
    ("int", ["float"], "float"),
    ("int | None", ["float"], "float | None"),
    ("int | float", ["float"], "float"),
    ("complex", ["float"], None),
    ("float", ["complex"], "complex"),
    ("int", ["sequence", "float"], "float | Sequence[float]"),
    ("Literal['a']", ["'b'"], 'Literal["a", "b"]'),
    ("Literal['a'] | None", ["'b'", "'c'"], 'Literal["a", "b", "c"] | None'),
    (
        "Literal['a'] | Callable[..., Any]",
        ["'it\\'s'"],
        'Literal["a", "it\'s"] | Callable[..., Any]',
    ),
    ("str", ["'b'"], None),
    ("int", [], None),
    ("None | int", ["float"], "float | None"),
]


@pytest.mark.parametrize(("annotation", "also", "expected"), WIDENED)
def test_types_have_room_for_what_was_taken(
    annotation: str, also: Sequence[str], expected: str | None
) -> None:
    assert _widen(annotation, also_accepts={"option": tuple(also)}) == expected


@pytest.mark.parametrize(
    ("annotation", "role", "lists", "expected"),
    [
        ("int | Sequence[int]", "labels", False, "Array | int | Sequence[int]"),
        ("Array | None", "labels", False, None),
        ("float", "image", False, "Array | float"),
        ("Array | None", "weights", True, "ArrayLike | None"),
        ("Array | None", "weights", False, None),
        ("ArrayLike", "weights", True, None),
        ("Any", "weights", True, None),
        ("int", "threshold", True, None),
    ],
)
def test_what_is_an_array_by_its_role_takes_one(
    annotation: str, role: str, lists: bool, expected: str | None
) -> None:
    facts = {"roles": {"option": role}, "lists": {"option": lists}}
    assert _widen(annotation, **facts) == expected


def _widen(annotation: str, **facts: Any) -> str | None:
    described = describe_function(widened)
    image, option = described.parameters
    option = replace(option, name="option", annotation=annotation)
    observation = Observation(definition="m:f", fingerprint="", **facts)
    return accepted(replace(described, parameters=(image, option)), observation).get("option")


# --- words of other functions -----------------------------------------------------------


def first(image, mode="near", other="x"):
    """Describe `mode`.

    Parameters
    ----------
    image : ndarray
    mode : {'near', 'far'}
    other : {'x', 'y'}
    """


def second(image, mode="wrap"):
    """Describe `mode` otherwise.

    Parameters
    ----------
    image : ndarray
    mode : {'wrap', 'far'} or None
    """


def third(image, mode="anything"):
    """Describe nothing.

    Parameters
    ----------
    image : ndarray
    mode : str
    """


def test_words_are_those_of_parameters_of_the_same_name_in_the_same_module() -> None:
    described = [describe_function(each) for each in (first, second, third)]
    elsewhere = replace(described[1], name="other.second", module="other")
    found = words_elsewhere([*described, elsewhere])
    assert {name.rpartition(".")[2]: words for name, words in found.items() if words} == {
        "first": {"mode": ("wrap",)},
        "second": {"mode": ("near",)},
    }
    assert found["other.second"] == {}


def silent(image, mode="wrap", radius=2, far=None):
    """Describe nothing."""


def telling(image, mode="wrap", radius=3, far=None):
    """Describe all.

    Parameters
    ----------
    image : ndarray
    mode : {'wrap', 'near'}
    radius : int
    far : float, optional
    """


def differing(image, far=None):
    """Describe `far` otherwise.

    Parameters
    ----------
    image : ndarray
    far : int
    """


@pytest.mark.parametrize(
    ("parameter", "neighbours", "annotation"),
    [
        ("image", (telling,), "Array"),
        ("mode", (telling,), 'Literal["wrap", "near"]'),
        ("far", (telling,), "float | None"),
        ("far", (telling, differing), "Any"),  # they don't agree
        ("radius", (telling,), "int"),  # from its own default, which is another
        ("far", (), "Any"),
    ],
)
def test_what_is_not_documented_is_typed_as_by_its_neighbours(
    parameter: str, neighbours: tuple[Callable[..., Any], ...], annotation: str
) -> None:
    described = [describe_function(each) for each in (silent, *neighbours)]
    untyped = replace(
        described[0],
        parameters=tuple(
            replace(each, annotation="Any", annotation_source="unknown", untyped="unknown")
            if each.name != "radius"
            else each
            for each in described[0].parameters
        ),
    )
    typed = like_neighbours([untyped, *described[1:]])[0]
    (found,) = (each for each in typed.parameters if each.name == parameter)
    assert found.annotation == annotation
    assert bool(found.untyped) == (annotation == "Any")
