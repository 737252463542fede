"""Facts for the choice of a result's kind: its form, shape, values and documented names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, structs

from voxbind_build.classify.result_names import Documented, documented_names
from voxbind_build.model import Call, Contract, Description, Observation, Result

__all__ = ["Form", "ResultFacts", "SeenResult", "members", "result_facts", "seen_results"]

Form = Literal[
    "nothing",
    "number",
    "tuple",
    "empty list",
    "list of arrays",
    "list of numbers",
    "list of tuples",
    "list",
    "dict",
    "image",
    "array",
    "object",
]
"""The form of a result. ``nothing``: no call returned; ``image``: an array of the image's shape;
``array``: an array of another shape."""

_MOST_COLUMNS = 6
"""A table has at most this many columns; an image has more."""
_MOST_MEASURES = 3
"""A row of coordinates has at most this many further columns: a radius, say."""


# --- results ----------------------------------------------------------------------------


class SeenResult(Struct, frozen=True):
    """One result, with the properties of the image that it was computed from."""

    spatial: tuple[int, ...]
    """Lengths of the image's spatial axes."""
    colours: int
    """Length of the image's axis of colours; 0 if it has none."""
    content: str
    """What the image shows: ``grey``, ``labels``, ..."""
    result: Result

    @property
    def shape(self) -> tuple[int, ...]:
        """The result's shape."""
        return self.result.shape

    @property
    def axes(self) -> int:
        """The number of the image's spatial axes."""
        return len(self.spatial)


def seen_results(observation: Observation, contract: Contract | None) -> list[SeenResult]:
    """Return the results from which the kind of result is derived.

    Results of images with colours are left out if there are others. So are a `PURE_2D` function's
    results of volumes, which it misreads.

    Parameters
    ----------
    observation
        The calls of the function.
    contract
        Its contract; None for a helper.
    """
    results = [
        _with_image(call, call.result)
        for call in observation.calls
        if call.outcome == "returned" and call.result is not None
    ]
    results = [item for item in results if not item.colours] or results
    if contract == "PURE_2D":
        results = [item for item in results if item.axes == 2] or results
    return results


def _with_image(call: Call, result: Result) -> SeenResult:
    colours = call.shape[-1] if call.case.startswith("colour") else 0
    spatial = call.shape[:-1] if colours else call.shape
    return SeenResult(spatial, colours, call.case.rpartition(" of ")[2], result)


def members(results: Sequence[SeenResult]) -> list[list[SeenResult]]:
    """Return the results of each member of a tuple; empty if the lengths of tuples differ."""
    if len({len(item.result.members) for item in results}) != 1:
        return []
    return [
        [structs.replace(item, result=item.result.members[index]) for item in results]
        for index in range(len(results[0].result.members))
    ]


# --- shapes and values ------------------------------------------------------------------


class Shape(Struct, frozen=True, kw_only=True):
    """How the shapes of arrays follow from the images' shapes."""

    rank: int | None
    """The number of axes, if all arrays have the same."""
    has_the_images_rank: bool
    has_the_images_rank_and_colours: bool
    is_constant: bool
    """Images of different sizes gave arrays of one shape."""
    images_differ_in_rank: bool
    """Both images and volumes were accepted."""
    one_number_per_axis: bool
    """One axis, whose length is the image's number of axes."""


def _shape(results: Sequence[SeenResult]) -> Shape:
    ranks = {len(item.shape) for item in results}
    rank = ranks.pop() if len(ranks) == 1 else None
    extra_axes = {len(item.shape) - item.axes for item in results}
    return Shape(
        rank=rank,
        # A result that has three axes even for an image is always a volume.
        has_the_images_rank=extra_axes == {0} or (extra_axes == {0, 1} and rank == 3),
        has_the_images_rank_and_colours=extra_axes == {1}
        and all(item.colours and item.shape[-1] == item.colours for item in results),
        is_constant=_is_constant(results),
        images_differ_in_rank=len({item.axes for item in results}) > 1,
        one_number_per_axis=all(item.shape == (item.axes,) for item in results),
    )


def _is_constant(results: Sequence[SeenResult]) -> bool:
    """Return whether images of one rank but different sizes give arrays of one shape."""
    shapes: dict[int, set[tuple[int, ...]]] = {}
    sizes: dict[int, set[tuple[int, ...]]] = {}
    for item in results:
        shapes.setdefault(item.axes, set()).add(item.shape)
        sizes.setdefault(item.axes, set()).add(item.spatial)
    return all(len(values) == 1 for values in shapes.values()) and any(
        len(values) > 1 for values in sizes.values()
    )


class TwoAxes(Struct, frozen=True, kw_only=True):
    """How the numbers of rows and columns of a 2-D array relate to the image's number of axes."""

    are_equal: bool = False
    """As many rows as columns."""
    one_row_per_axis: bool = False
    one_column_per_axis: bool = False
    columns_and_a_few_more: bool = False
    """One column for each axis of the image, and a few more."""
    columns_vary: bool = False
    """The number of columns differs between volumes and images, or between calls."""
    few_columns: bool = False


def _two_axes(results: Sequence[SeenResult]) -> TwoAxes:
    if not all(len(item.shape) == 2 for item in results):
        return TwoAxes()
    tables = [(*item.shape, item.axes) for item in results]
    return TwoAxes(
        are_equal=all(rows == columns for rows, columns, _ in tables),
        one_row_per_axis=all(rows == axes for rows, _, axes in tables),
        one_column_per_axis=all(columns == axes for _, columns, axes in tables),
        columns_and_a_few_more=all(
            0 <= columns - axes <= _MOST_MEASURES for _, columns, axes in tables
        ),
        columns_vary=len({columns for _, columns, _ in tables}) > 1,
        few_columns=all(columns <= _MOST_COLUMNS for _, columns, _ in tables),
    )


class Values(Struct, frozen=True, kw_only=True):
    """The values of arrays of the image's shape."""

    are_bool: bool
    are_whole: bool
    """The values are integers, of an integer dtype."""
    are_zero_or_one: bool
    are_binary_in_each_dtype: bool
    """All values are 0 or 1, even for images over the full range of each dtype."""
    are_of_labels: bool
    """The function accepted label images only."""
    have_the_images_axes: bool
    """No axis was added or removed."""


def _values(observed: Sequence[SeenResult], observation: Observation) -> Values:
    results = [item.result for item in observed]
    ranges = {
        result.range if result.integral else None
        for dtype, result in observation.dtypes.items()
        if dtype != "bool"
    }
    return Values(
        are_bool=all(result.dtype == "bool" for result in results),
        are_whole=all(result.integral and result.dtype[:1] in "iu" for result in results),
        are_zero_or_one=all(result.range in ((0, 1), (0, 0)) for result in results),
        are_binary_in_each_dtype=ranges <= {(0, 0), (0, 1), (1, 1)} and bool(ranges - {(0, 0)}),
        are_of_labels=all(item.content == "labels" for item in observed),
        have_the_images_axes=all(item.shape == item.spatial for item in observed),
    )


# --- all of it --------------------------------------------------------------------------


class ResultFacts(Struct, frozen=True, kw_only=True):
    """All facts about a result that the rules use."""

    form: Form
    documented: Documented
    shape: Shape
    two_axes: TwoAxes
    values: Values
    array: str = ""
    """The shape of an ``image`` in words."""
    is_place: bool = False
    """A tuple of one number for each axis of the image."""
    has_members: bool = False
    """A tuple whose members can be classified separately."""
    holds_points: bool = False
    """A list of coordinates: of arrays with two or three columns, or of tuples of numbers."""
    types: frozenset[str] = frozenset()
    """The types of the results."""
    made_of_labels: bool = False
    """The function has a required parameter for labels or markers."""


def result_facts(
    results: Sequence[SeenResult],
    words: str,
    description: Description,
    observation: Observation,
    *,
    is_member: bool = False,
) -> ResultFacts:
    """Collect the facts about a result that the rules use.

    Parameters
    ----------
    seen
        The results of calls with different images.
    words
        The documented name and type of the result.
    description, observation
        The function that returned it.
    is_member
        Whether it is a member of a tuple. The members of tuples in tuples are not classified
        separately.
    """
    types = frozenset(item.result.type for item in results)
    form, array = _form(results, types), ""
    if form == "array":
        results = [item for item in results if item.result.type == "array"]
        if of_image := _of_images_shape(results):
            form = "image"
            array, results = of_image
    if form in _LISTS:
        words = f"{words} {description.attribute}"
    parts = [part for item in results for part in item.result.members]
    required = {parameter.name for parameter in description.parameters if parameter.default is None}
    return ResultFacts(
        form=form,
        documented=documented_names(words, description),
        shape=_shape(results),
        two_axes=_two_axes(results),
        values=_values(results, observation),
        array=array,
        is_place=form == "tuple" and all(map(_is_place, results)),
        has_members=form == "tuple" and not is_member and bool(members(results)),
        holds_points=form in _LISTS and all(map(_is_point_or_points, parts)),
        types=types,
        made_of_labels=bool({observation.roles.get(name) for name in required} & _LABELS),
    )


_LISTS = ("empty list", "list of arrays", "list of numbers", "list of tuples", "list")
_LABELS = {"labels", "markers"}


def _form(results: Sequence[SeenResult], types: frozenset[str]) -> Form:
    if not results:
        return "nothing"
    if types == {"scalar"}:
        return "number"
    if "tuple" in types and types <= {"tuple", "list", "iterator"}:
        return "tuple"
    if types <= {"list", "iterator"}:
        return _form_of_list([part for item in results for part in item.result.members])
    if types == {"dict"}:
        return "dict"
    return "array" if types <= {"array", "scalar"} else "object"


def _form_of_list(parts: Sequence[Result]) -> Form:
    if not parts:
        return "empty list"
    if all(part.type == "array" and part.shape for part in parts):
        return "list of arrays"
    if all(map(_is_number, parts)):
        return "list of numbers"
    return "list of tuples" if all(part.type == "tuple" for part in parts) else "list"


def _is_number(result: Result) -> bool:
    """Return whether a result is one number; on a device, it may be an array without axes."""
    return result.type == "scalar" or (result.type == "array" and not result.shape)


def _is_place(item: SeenResult) -> bool:
    parts = item.result.members
    return len(parts) == item.axes and all(map(_is_number, parts))


def _is_point_or_points(part: Result) -> bool:
    if part.type == "array":
        return len(part.shape) == 2 and part.shape[1] in (2, 3)
    return part.type == "tuple" and all(
        inner.type == "tuple" or _is_number(inner) for inner in part.members
    )


def _of_images_shape(results: Sequence[SeenResult]) -> tuple[str, list[SeenResult]] | None:
    """Return the arrays that have the image's shape, after that shape in words; None if none has.

    The results of a projection count too: those for volumes lack one axis of the volume.
    """
    if not any(item.shape for item in results):
        return None
    if all(map(_has_the_images_shape, results)):
        return "an array of the image's shape", [*results]
    volumes = [item for item in results if item.axes > 2]
    if volumes and all(map(_lost_an_axis, volumes)):
        return "an array of a volume's shape without one of its axes", volumes
    return None


def _has_the_images_shape(item: SeenResult) -> bool:
    """Return whether an array has the image's shape, or this shape and a channel axis."""
    return item.shape == item.spatial or (
        item.shape[:-1] == item.spatial and item.shape[-1] in (3, 4)
    )


def _lost_an_axis(item: SeenResult) -> bool:
    return any(
        item.shape == item.spatial[:axis] + item.spatial[axis + 1 :] for axis in range(item.axes)
    )
