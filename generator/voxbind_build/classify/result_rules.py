"""Decides the kind of a function's result: a table of rules, of which the first fit decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from voxbind_build.classify.result_facts import (
    Form,
    ResultFacts,
    members,
    result_facts,
    seen_results,
)
from voxbind_build.model import Contract, Description, Observation, ResultKind

__all__ = ["IMAGE_KINDS", "RULES", "Kind", "ResultFinding", "Rule", "result_kind", "stacks"]

Kind = ResultKind | tuple[ResultKind, ...]

IMAGE_KINDS = frozenset({"image", "resized", "mask", "labels"})


class ResultFinding(Struct, frozen=True):
    """A result's kind and its reason; for a tuple, the kinds and the reasons of its members."""

    kind: Kind
    reason: str | tuple[str, ...]


class Rule(NamedTuple):
    """One reason for a kind of result."""

    form: Form
    """The form that the result has."""
    fits: Callable[[ResultFacts], bool]
    kind: ResultKind | None
    """None: each member of the tuple is classified separately."""
    reason: str
    """In words; ``{array}`` stands for `ResultFacts.array`."""


def _always(facts: ResultFacts) -> bool:
    return True


def _follows_axes(facts: ResultFacts) -> bool:
    """Return whether the length is known to follow the image's number of axes, as of a point.

    If only images or only volumes were accepted, the length alone may be a coincidence.
    """
    return facts.shape.images_differ_in_rank or facts.documented.points


def _columns_follow_axes(facts: ResultFacts) -> bool:
    """Return whether the number of columns differs between images and volumes."""
    return facts.shape.images_differ_in_rank and facts.two_axes.columns_vary


def _has_one_column_per_point(facts: ResultFacts) -> bool:
    axes = facts.two_axes
    return axes.one_row_per_axis and facts.shape.images_differ_in_rank and not axes.are_equal


def _has_one_row_per_point(facts: ResultFacts) -> bool:
    axes = facts.two_axes
    return _columns_follow_axes(facts) and axes.columns_and_a_few_more and not axes.are_equal


def _could_be_points(facts: ResultFacts) -> bool:
    axes = facts.two_axes
    has_evidence = _columns_follow_axes(facts) or facts.documented.at_all
    return axes.one_column_per_axis and not axes.are_equal and not has_evidence


def _has_few_columns(facts: ResultFacts) -> bool:
    return facts.two_axes.few_columns and not _columns_follow_axes(facts)


RULES: tuple[Rule, ...] = (
    Rule("nothing", _always, "other", "no call returned a result"),
    Rule("number", _always, "scalar", "a number in every call"),
    Rule(
        "tuple",
        lambda facts: facts.is_place and _follows_axes(facts),
        "points",
        "a tuple of one number for each axis of the image",
    ),
    Rule("tuple", lambda facts: facts.has_members, None, "each member is classified separately"),
    Rule(
        "tuple",
        lambda facts: facts.documented.points,
        "points",
        "a tuple whose members are not classified separately, documented as points",
    ),
    Rule("tuple", _always, "other", "a tuple whose members are not classified separately"),
    Rule(
        "empty list",
        lambda facts: facts.documented.points,
        "points",
        "an empty list in every call, documented as points",
    ),
    Rule("empty list", _always, "other", "an empty list in every call"),
    Rule(
        "list of arrays",
        lambda facts: facts.holds_points,
        "points",
        "a list of arrays with two or three columns: one row for each point",
    ),
    Rule("list of arrays", _always, "other", "a list of arrays"),
    Rule(
        "list of numbers",
        lambda facts: facts.documented.places,
        "points",
        "a list of numbers, documented as a position",
    ),
    Rule("list of numbers", _always, "table", "a list of numbers"),
    Rule(
        "list of tuples",
        lambda facts: facts.holds_points,
        "points",
        "a list of tuples of numbers: one for each point",
    ),
    Rule("list of tuples", _always, "table", "a list of tuples that hold more than numbers"),
    Rule("list", _always, "table", "a list of objects"),
    Rule("dict", _always, "table", "a dictionary in every call"),
    # --- arrays of the image's shape ---
    Rule("image", lambda facts: facts.values.are_bool, "mask", "{array}, bool in every call"),
    Rule(
        "image",
        lambda facts: facts.documented.map,
        "image",
        "{array}, from a function whose name ends in _map: measurements, not labels",
    ),
    Rule(
        "image",
        lambda facts: facts.documented.binary and facts.values.are_binary_in_each_dtype,
        "mask",
        "{array}, documented as binary, and 0 or 1 for images over the full range of each dtype",
    ),
    Rule(
        "image",
        lambda facts: not facts.values.are_whole,
        "image",
        "{array}, not of an integer dtype in every call",
    ),
    Rule(
        "image",
        lambda facts: not facts.values.have_the_images_axes,
        "image",
        "{array}, integers; masks and labels would have exactly the image's axes",
    ),
    Rule(
        "image",
        lambda facts: facts.documented.labels,
        "labels",
        "{array}, integers, documented as labels",
    ),
    Rule(
        "image",
        lambda facts: facts.documented.labels_by_name,
        "labels",
        "{array}, integers, from a function that is named after labels or segmentation",
    ),
    Rule(
        "image",
        lambda facts: facts.made_of_labels,
        "labels",
        "{array}, integers, from a function that requires labels or markers",
    ),
    Rule(
        "image",
        lambda facts: facts.documented.mask,
        "mask",
        "{array}, integers, documented as a mask",
    ),
    Rule(
        "image",
        lambda facts: facts.values.are_zero_or_one,
        "mask",
        "{array}, 0 or 1 in every call, of an integer dtype",
    ),
    Rule(
        "image",
        lambda facts: facts.values.are_of_labels,
        "labels",
        "{array}, integers, and only label images were accepted",
    ),
    Rule(
        "image",
        _always,
        "image",
        "{array}, integers, without evidence that they are labels or a mask",
    ),
    # --- arrays of another shape ---
    Rule("array", lambda facts: facts.shape.rank == 0, "scalar", "an array without axes"),
    Rule(
        "array",
        lambda facts: facts.shape.one_number_per_axis and _follows_axes(facts),
        "points",
        "an array with one number for each axis of the image",
    ),
    Rule(
        "array",
        _has_one_column_per_point,
        "points",
        "an array with one row for each axis of the image: one column for each point",
    ),
    Rule(
        "array",
        _has_one_row_per_point,
        "points",
        "an array with one column for each axis of the image and at most three more: one row for "
        "each point",
    ),
    Rule(
        "array",
        _could_be_points,
        "points",
        "an undocumented array with one column for each axis of the image",
    ),
    Rule(
        "array",
        lambda facts: _has_few_columns(facts) and facts.documented.points,
        "points",
        "an array with at most six columns, documented as points",
    ),
    Rule(
        "array",
        lambda facts: facts.documented.histogram,
        "histogram",
        "an array of another shape than the image's, documented as a histogram",
    ),
    Rule(
        "array",
        lambda facts: facts.shape.is_constant,
        "table",
        "an array of one shape for images of different sizes",
    ),
    Rule(
        "array",
        lambda facts: facts.documented.votes,
        "other",
        "an array documented as votes: its axes are those of a parameter space",
    ),
    Rule(
        "array",
        lambda facts: facts.shape.has_the_images_rank,
        "resized",
        "an array with as many axes as the image, or always three, of other lengths",
    ),
    Rule(
        "array",
        lambda facts: facts.shape.has_the_images_rank_and_colours,
        "resized",
        "an array with as many axes as the image, of other lengths, and its channel axis",
    ),
    Rule("array", lambda facts: facts.shape.rank == 1, "table", "an array with one axis"),
    Rule(
        "array",
        lambda facts: facts.two_axes.few_columns,
        "table",
        "an array with two axes and at most six columns",
    ),
    Rule(
        "array",
        lambda facts: facts.shape.rank == 2,
        "image",
        "an array with two axes, even if the image has three: a slice",
    ),
    Rule("array", _always, "other", "an array whose shape doesn't follow the image's"),
    # --- objects ---
    Rule(
        "object",
        lambda facts: any("sparse" in type_ for type_ in facts.types),
        "table",
        "a sparse matrix",
    ),
    Rule("object", lambda facts: facts.types == {"none"}, "other", "None in every call"),
    Rule("object", lambda facts: len(facts.types) > 1, "other", "results of different types"),
    Rule("object", _always, "other", "an object that voxbind doesn't inspect"),
)
"""Rules in the order in which they are tried. The last rule of each form always fits."""


def result_kind(
    description: Description, observation: Observation, contract: Contract | None
) -> ResultFinding:
    """Return the kind of a function's result, or the kinds of a tuple's members.

    Parameters
    ----------
    description
        The documented names and types, which decide between kinds of result that look alike.
    observation
        The calls of the function.
    contract
        The function's contract; None for a helper.
    """
    results = seen_results(observation, contract)
    documented = description.returns.documented
    words = " ".join(f"{name or description.attribute} {text}" for name, text in documented[:1])
    facts = result_facts(results, words, description, observation)
    kind, reason = _decide(facts)
    if kind is not None:
        return ResultFinding(kind, reason)
    columns = members(results)
    kinds, reasons = [], []
    for index, column in enumerate(columns):
        name = " ".join(documented[index]) if len(documented) == len(columns) else words
        facts = result_facts(column, name, description, observation, is_member=True)
        kind, reason = _decide(facts)
        kinds.append(kind or "other")
        reasons.append(reason)
    return ResultFinding(tuple(kinds), tuple(reasons))


def _decide(facts: ResultFacts) -> tuple[ResultKind | None, str]:
    """Return the kind and the reason of the first rule that fits."""
    rule = next(rule for rule in RULES if rule.form == facts.form and rule.fits(facts))
    return rule.kind, rule.reason.format(array=facts.array)


def stacks(kind: Kind) -> bool:
    """Return whether the results of slices can be stacked: images, or an image and numbers."""
    first, *others = (kind,) if isinstance(kind, str) else kind or ("other",)
    return first in IMAGE_KINDS and all(
        member in IMAGE_KINDS or member == "scalar" for member in others
    )
