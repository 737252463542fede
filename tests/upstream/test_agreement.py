"""What the recorder of calls takes for agreement with an annotation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, overload

import numpy as np
import pytest
from accepted import Accepted, problems, stale
from numpy.typing import NDArray
from shims import recording
from tally import Tally

from helpers.annotation_agreement import Annotations, Verdict, type_of
from voxbind.arrays import Array, ArrayLike, ArrayT, DTypeLike

T_co = TypeVar("T_co", bound=Array, covariant=True)
IMAGE = np.zeros((3, 4))
AGREES, SCALAR, DIFFERS = Verdict


class Point(NamedTuple):
    y: int
    x: int


class Copies(Protocol[T_co]):
    def copy(self) -> T_co: ...


class Tensor:
    """An array of another memory."""

    ndim, shape, dtype = 1, (1,), "float32"

    @property
    def T(self) -> Tensor:
        return self

    def copy(self) -> Tensor:
        return self

    def clip(self, min: int, max: int, /) -> Tensor:
        return self


class Memmap(np.ndarray):
    """A subclass, which isn't what a function of arrays gives back."""


@pytest.mark.parametrize(
    ("annotation", "value", "verdict"),
    [
        # Numbers: Python's tower, and NumPy's scalars by their kind.
        (int, 1, AGREES),
        (int, True, AGREES),
        (int, 1.0, DIFFERS),
        (int, np.int64(1), SCALAR),
        (int, np.float64(1), DIFFERS),
        (float, 1, AGREES),
        (float, np.float64(1), AGREES),  # a subclass
        (float, np.float32(1), SCALAR),
        (float, np.uint8(1), SCALAR),
        (float, np.True_, SCALAR),  # as Python's bool is an int
        (float, 1j, DIFFERS),
        (float, "1", DIFFERS),
        (complex, 1.5, AGREES),
        (complex, np.complex64(1), SCALAR),
        (bool, True, AGREES),
        (bool, np.True_, SCALAR),
        (bool, 1, DIFFERS),
        (float, np.array(1.0), DIFFERS),
        # Arrays.
        (Array, IMAGE, AGREES),
        (Array, Tensor(), AGREES),
        (Array, [[1.0]], DIFFERS),
        (Array, "image", DIFFERS),
        (ArrayT, np.float32(1), AGREES),
        (ArrayLike, [[1.0], [2.0]], AGREES),
        (ArrayLike, "image", DIFFERS),
        (NDArray[np.uint8], np.zeros(2, "u1"), AGREES),
        (NDArray[np.uint8], IMAGE, DIFFERS),
        (NDArray[np.floating[Any]], IMAGE, AGREES),
        (NDArray[Any], IMAGE, AGREES),
        (NDArray[Any], Tensor(), DIFFERS),
        (DTypeLike, np.dtype("u1"), AGREES),
        (DTypeLike, np.uint8, AGREES),
        (DTypeLike, 8, DIFFERS),
        # Every item of a collection.
        (Sequence[int], [1, 2, 3], AGREES),
        (Sequence[int], [1] * 99 + ["1"], DIFFERS),
        (Sequence[float], (1, np.float32(2)), SCALAR),
        (Sequence[float], IMAGE, DIFFERS),
        (list[Array], [IMAGE, None], DIFFERS),
        (tuple[int, ...], (1, 2), AGREES),
        (tuple[int, ...], [1, 2], DIFFERS),
        (tuple[int, int], (1, 2, 3), DIFFERS),
        (dict[str, Array], {"a": IMAGE}, AGREES),
        (dict[str, Array], {"a": 1}, DIFFERS),
        (Point, Point(1, 2), AGREES),
        (Point, (1, 2), DIFFERS),
        # Choices.
        (Literal["a", "b"], "b", AGREES),
        (Literal["a", "b"], "c", DIFFERS),
        (Literal["a"] | int, np.int64(1), SCALAR),
        (float | Array | None, None, AGREES),
        (Callable[[Any], Any], len, AGREES),
        (Callable[[Any, Any], Any], len, DIFFERS),
        (Any, object(), AGREES),
    ],
)
def test_a_value_is_held_against_an_annotation(
    annotation: Any, value: Any, verdict: Verdict
) -> None:
    def function(given: Any) -> Any:
        return given

    function.__annotations__ = {"given": annotation, "return": "Any"}
    call = Annotations(function).judge((value,), {}, None)
    assert call.arguments is verdict
    assert [each.where for each in call.differences] == ["given"] * (verdict is DIFFERS)
    function.__annotations__ = {"given": "Any", "return": annotation}
    call = Annotations(function).judge((None,), {}, value)
    assert call.result is verdict
    assert [each.where for each in call.differences] == ["return"] * (verdict is DIFFERS)


def same(image: ArrayT, mask: Array | None = None) -> ArrayT | tuple[ArrayT, float]: ...
def either(first: ArrayT, second: ArrayT) -> ArrayT: ...
def copied(image: Copies[T_co]) -> T_co: ...


@pytest.mark.parametrize(
    ("function", "args", "result", "agrees"),
    [
        (same, (IMAGE,), IMAGE, True),
        (same, (IMAGE, Tensor()), (IMAGE, 1.0), True),
        (same, (Tensor(), IMAGE), Tensor(), True),
        (same, (Tensor(), IMAGE), IMAGE, False),
        (same, (IMAGE,), (Tensor(), 1.0), False),
        (same, (IMAGE,), np.float64(1), False),
        (same, (IMAGE.view(Memmap),), IMAGE, False),
        (either, (IMAGE, Tensor()), IMAGE, True),
        (either, (IMAGE, IMAGE), Tensor(), False),
        (copied, (IMAGE,), IMAGE, True),
        (copied, (Tensor(),), IMAGE, False),
        (copied, ([1],), [1], False),  # has a `copy`, and is no array
    ],
)
def test_what_comes_out_as_a_variable_is_of_the_type_that_went_in(
    function: Callable[..., Any], args: tuple[Any, ...], result: Any, agrees: bool
) -> None:
    assert bool(Annotations(function).judge(args, {}, result).differences) is not agrees


@overload
def label(image: ArrayT, *, count: Literal[False] = ...) -> ArrayT: ...
@overload
def label(image: ArrayT, *, count: Literal[True]) -> tuple[ArrayT, int]: ...
def label(image: Any, *, count: bool = False) -> Any: ...


@pytest.mark.parametrize(
    ("image", "count", "result", "differs"),
    [
        (IMAGE, {}, IMAGE, []),
        (IMAGE, {"count": False}, IMAGE, []),
        (IMAGE, {"count": True}, (IMAGE, 2), []),
        (IMAGE, {"count": True}, IMAGE, ["return"]),
        (IMAGE, {}, (IMAGE, 2), ["return"]),
        (IMAGE, {"count": 1}, (IMAGE, 2), ["count"]),
        ([1], {"count": 1}, "?", ["image", "count", "return"]),
    ],
)
def test_a_call_is_held_against_the_first_overload_that_takes_it(
    image: Any, count: dict[str, Any], result: Any, differs: list[str]
) -> None:
    call = Annotations(label).judge((image,), count, result)
    assert [each.where for each in call.differences] == differs


@overload
def drawn(first: int, second: str) -> int: ...
@overload
def drawn(first: str, second: int) -> str: ...
def drawn(first: Any, second: Any) -> Any: ...


def test_arguments_that_fit_no_overload_together_differ() -> None:
    (difference,) = Annotations(drawn).judge((1, 1), {}, 1).differences
    assert difference.where == "together"


def spread(first: int, *more: int, **named: str) -> None: ...


def test_each_of_the_further_arguments_is_held_against_their_annotation() -> None:
    assert not Annotations(spread).judge((1, 2), {"a": "b"}, None).differences
    differences = Annotations(spread).judge((1, 2, "3"), {"a": "b", "c": 4}, None).differences
    assert [each.where for each in differences] == ["more", "named"]


def test_names_that_are_imported_for_checkers_alone_are_known(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "made_for_checkers.py"
    file.write_text(
        "from __future__ import annotations\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n"
        "    from no_such_library import Class\n"
        "    from fractions import Fraction\n"
        "def half(value: Fraction) -> Fraction: ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module: ModuleType = __import__(file.stem)
    monkeypatch.delitem(sys.modules, file.stem)
    sys.modules[file.stem] = module
    call = Annotations(module.half).judge((0.5,), {}, None)
    assert [each.where for each in call.differences] == ["value", "return"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "int"),
        (np.int64(1), "numpy.int64"),
        ("wrap", "'wrap'"),
        (IMAGE, "numpy.ndarray, 2-D float64"),
        (np.zeros(1, [("y", "f4")]), "numpy.ndarray, 1-D void32"),
        (Tensor(), "test_agreement.Tensor, 1-D float32"),
        ([1, 2.0, 3], "list[float | int]"),
        ((1, (2, None)), "tuple[int, tuple[int, NoneType]]"),
        ({"a": 1}, "dict['a', int]"),
    ],
)
def test_a_type_is_told_with_its_members(value: Any, text: str) -> None:
    assert type_of(value) == text


def halved(value: int) -> float:
    if value % 2:
        raise ValueError("odd")
    return value / 2


def tally_of(*values: Any) -> Tally:
    tally = Tally()
    recorder = recording(halved, tally)
    for value in values:
        if value % 2:
            with pytest.raises(ValueError, match="odd"):
                recorder(value)
        else:
            recorder(value)
    return tally


def test_calls_that_are_refused_are_not_counted() -> None:
    tally = tally_of(2, np.int64(4), 3, 6.0, 8.0)
    assert tally.figures["calls"] == 4
    assert (tally.share, tally.figures["NumPy scalars in"]) == (0.5, 1)
    merged = tally_of(2)
    merged.merge(tally.told())
    assert merged.figures["calls"] == 5
    ((group, count),) = merged.groups.items()
    assert (group[1:], count) == (("value", "int", "float"), 2)


ENTRY = Accepted("*halved", "value", "float", "It is halved anyway.")


@pytest.mark.parametrize(
    ("values", "entries", "wrong"),
    [
        ([2] * 400, [], []),
        ([2] * 400 + [4.0], [ENTRY], []),
        ([2] * 400 + [4.0], [], ["doesn't take"]),
        ([2] * 10 + [4.0], [ENTRY], ["only 90.91% of the calls agree"]),
        ([2] * 400, [ENTRY], ["listed, but agrees"]),
    ],
)
def test_differences_are_rare_and_listed(
    values: list[Any], entries: list[Accepted], wrong: list[str]
) -> None:
    tally = tally_of(*values)
    found = [*problems(tally, entries), *stale(tally, entries)]
    assert len(found) == len(wrong)
    assert all(text in line for text, line in zip(wrong, found, strict=True))
