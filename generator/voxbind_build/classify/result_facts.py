"""What is known of a result before it is judged: its form, shape, values and documented names."""

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
"""``nothing``: no call returned; ``image``: an array of the image's shape; ``array``: of another
shape."""

_MOST_COLUMNS = 6
"""A table has at most this many columns; an image has more."""
_MOST_MEASURES = 3
"""A row of coordinates has at most this many further columns: a radius, say."""


# --- results ----------------------------------------------------------------------------


class SeenResult(Struct, frozen=True):
    """One result beside the image that it was made from."""

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
    """Return the results that show a result's kind: of images without colours, if there are any.

    The result of a `PURE_2D` function for a volume, which is misread, shows nothing.
    """
    seen = [
        _seen(call, call.result)
        for call in observation.calls
        if call.outcome == "returned" and call.result is not None
    ]
    seen = [each for each in seen if not each.colours] or seen
    if contract == "PURE_2D":
        seen = [each for each in seen if each.axes == 2] or seen
    return seen


def _seen(call: Call, result: Result) -> SeenResult:
    colours = call.shape[-1] if call.case.startswith("colour") else 0
    spatial = call.shape[:-1] if colours else call.shape
    return SeenResult(spatial, colours, call.case.rpartition(" of ")[2], result)


def members(seen: Sequence[SeenResult]) -> list[list[SeenResult]]:
    """Return the results of each member, for tuples that all have the same number of members."""
    if len({len(each.result.members) for each in seen}) != 1:
        return []
    return [
        [structs.replace(each, result=each.result.members[index]) for each in seen]
        for index in range(len(seen[0].result.members))
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
    """Both images and volumes were taken."""
    one_number_per_axis: bool
    """One axis, as long as the image has axes."""


def _shape(seen: Sequence[SeenResult]) -> Shape:
    ranks = {len(each.shape) for each in seen}
    rank = ranks.pop() if len(ranks) == 1 else None
    more = {len(each.shape) - each.axes for each in seen}
    return Shape(
        rank=rank,
        # Three axes, also for an image: always a volume.
        has_the_images_rank=more == {0} or (more == {0, 1} and rank == 3),
        has_the_images_rank_and_colours=more == {1}
        and all(each.colours and each.shape[-1] == each.colours for each in seen),
        is_constant=_is_constant(seen),
        images_differ_in_rank=len({each.axes for each in seen}) > 1,
        one_number_per_axis=all(each.shape == (each.axes,) for each in seen),
    )


def _is_constant(seen: Sequence[SeenResult]) -> bool:
    """Tell whether arrays have one shape for each rank of images, of which sizes differ."""
    shapes: dict[int, set[tuple[int, ...]]] = {}
    sizes: dict[int, set[tuple[int, ...]]] = {}
    for each in seen:
        shapes.setdefault(each.axes, set()).add(each.shape)
        sizes.setdefault(each.axes, set()).add(each.spatial)
    return all(len(found) == 1 for found in shapes.values()) and any(
        len(found) > 1 for found in sizes.values()
    )


class TwoAxes(Struct, frozen=True, kw_only=True):
    """How the rows and columns of arrays with two axes follow from the number of the image's."""

    are_equal: bool = False
    """As many rows as columns."""
    one_row_per_axis: bool = False
    one_column_per_axis: bool = False
    columns_and_a_few_more: bool = False
    """One column for each axis of the image, and a few more."""
    columns_vary: bool = False
    """The number of columns is another for volumes than for images, or from call to call."""
    few_columns: bool = False


def _two_axes(seen: Sequence[SeenResult]) -> TwoAxes:
    if not all(len(each.shape) == 2 for each in seen):
        return TwoAxes()
    tables = [(*each.shape, each.axes) for each in seen]
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
    """What is in arrays of the image's shape."""

    are_bool: bool
    are_whole: bool
    """Whole numbers, of an integer dtype."""
    are_zero_or_one: bool
    are_binary_in_each_dtype: bool
    """Images over each dtype's whole range give nothing but 0 and 1."""
    are_of_labels: bool
    """Only images of labels were taken."""
    have_the_images_axes: bool
    """No axis was added or left out."""


def _values(seen: Sequence[SeenResult], observation: Observation) -> Values:
    results = [each.result for each in seen]
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
        are_of_labels=all(each.content == "labels" for each in seen),
        have_the_images_axes=all(each.shape == each.spatial for each in seen),
    )


# --- all of it --------------------------------------------------------------------------


class ResultFacts(Struct, frozen=True, kw_only=True):
    """Everything that the rules ask of a result."""

    form: Form
    documented: Documented
    shape: Shape
    two_axes: TwoAxes
    values: Values
    array: str = ""
    """Of an ``image``, the shape in words."""
    is_place: bool = False
    """A tuple of one number for each axis of the image."""
    has_members: bool = False
    """A tuple whose members can be judged one by one."""
    holds_points: bool = False
    """A list of coordinates: of arrays with two or three columns, or of tuples of numbers."""
    types: frozenset[str] = frozenset()
    """The types that came back."""
    made_of_labels: bool = False
    """The function must be given labels or markers."""


def result_facts(
    seen: Sequence[SeenResult],
    words: str,
    description: Description,
    observation: Observation,
    *,
    is_member: bool = False,
) -> ResultFacts:
    """Collect what the rules ask of a result.

    Parameters
    ----------
    seen
        The results, of calls with different images.
    words
        The name and the type that are documented of the result.
    description, observation
        The function that gave it.
    is_member
        Whether it is a member of a tuple: tuples in tuples are not judged member by member.
    """
    types = frozenset(each.result.type for each in seen)
    form, array = _form(seen, types), ""
    if form == "array":
        seen = [each for each in seen if each.result.type == "array"]
        if of_image := _of_images_shape(seen):
            form = "image"
            array, seen = of_image
    if form in _LISTS:
        words = f"{words} {description.attribute}"
    parts = [part for each in seen for part in each.result.members]
    required = {entry.name for entry in description.parameters if entry.default is None}
    return ResultFacts(
        form=form,
        documented=documented_names(words, description),
        shape=_shape(seen),
        two_axes=_two_axes(seen),
        values=_values(seen, observation),
        array=array,
        is_place=form == "tuple" and all(map(_is_place, seen)),
        has_members=form == "tuple" and not is_member and bool(members(seen)),
        holds_points=form in _LISTS and all(map(_is_point_or_points, parts)),
        types=types,
        made_of_labels=bool({observation.roles.get(name) for name in required} & _LABELS),
    )


_LISTS = ("empty list", "list of arrays", "list of numbers", "list of tuples", "list")
_LABELS = {"labels", "markers"}


def _form(seen: Sequence[SeenResult], types: frozenset[str]) -> Form:
    if not seen:
        return "nothing"
    if types == {"scalar"}:
        return "number"
    if "tuple" in types and types <= {"tuple", "list", "iterator"}:
        return "tuple"
    if types <= {"list", "iterator"}:
        return _form_of_list([part for each in seen for part in each.result.members])
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
    """Tell one number, which a library on a device may leave there: an array without axes."""
    return result.type == "scalar" or (result.type == "array" and not result.shape)


def _is_place(seen: SeenResult) -> bool:
    parts = seen.result.members
    return len(parts) == seen.axes and all(map(_is_number, parts))


def _is_point_or_points(part: Result) -> bool:
    if part.type == "array":
        return len(part.shape) == 2 and part.shape[1] in (2, 3)
    return part.type == "tuple" and all(
        inner.type == "tuple" or _is_number(inner) for inner in part.members
    )


def _of_images_shape(seen: Sequence[SeenResult]) -> tuple[str, list[SeenResult]] | None:
    """Return the shape in words and the arrays of it, if arrays have the shape of the image.

    A projection has it for images, or for neither images nor volumes: volumes decide.
    """
    if not any(each.shape for each in seen):
        return None
    if all(map(_has_the_images_shape, seen)):
        return "an array of the image's shape", [*seen]
    volumes = [each for each in seen if each.axes > 2]
    if volumes and all(map(_lost_an_axis, volumes)):
        return "an array of a volume's shape without one of its axes", volumes
    return None


def _has_the_images_shape(seen: SeenResult) -> bool:
    """Tell whether an array has the image's shape, or that and an axis of colours."""
    return seen.shape == seen.spatial or (
        seen.shape[:-1] == seen.spatial and seen.shape[-1] in (3, 4)
    )


def _lost_an_axis(seen: SeenResult) -> bool:
    return any(
        seen.shape == seen.spatial[:axis] + seen.spatial[axis + 1 :] for axis in range(seen.axes)
    )
