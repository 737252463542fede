"""The types of numbers beside an image, if the function ran on the slices of a volume.

`scipy.ndimage.label` returns labels and their number. On slices, the labels are stacked, and there
is one number for each slice: an array.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from voxbind_build.classify.return_types import Typed
from voxbind_build.common.typeexpr import (
    Generic,
    Name,
    TypeExpr,
    arguments,
    head,
    is_open,
    members,
    parse,
    union,
)
from voxbind_build.model import SLICE_BY_SLICE, Description, Form

__all__ = ["with_slices"]

_NUMBERS = frozenset(("bool", "complex", "float", "int"))


def with_slices(typed: Typed, description: Description) -> Typed:
    """Add the types of results of slices to those of images and volumes, if the two differ.

    Parameters
    ----------
    typed
        The type of the result for images and volumes.
    description
        The documentation of the function, whose wrapper has an option to run it on slices.
    """
    annotation = parse(typed.annotation or description.returns.annotation)
    of_slices = _of_slices(annotation)
    if of_slices == annotation:
        return typed
    decided = [by_option for form in typed.forms for by_option in _by_option(form)]
    # If a checker doesn't know the value of another option, it still knows that of this one.
    undecided = Form(options={}, annotation=str(annotation))
    either = union(*members(annotation), *members(of_slices))
    return Typed(str(either), (*decided, *_by_option(undecided)))


def _by_option(form: Form) -> Iterator[Form]:
    """Yield a form for images and one for slices, if their types differ."""
    annotation = parse(form.annotation)
    of_slices = _of_slices(annotation)
    if of_slices == annotation:
        yield form
        return
    yield replace(form, options={**form.options, SLICE_BY_SLICE: "False"})
    options = {**form.options, SLICE_BY_SLICE: "True"}
    yield Form(options=options, annotation=str(of_slices))


def _of_slices(type_: TypeExpr) -> TypeExpr:
    """Return the type of a stacked result, in which each number is an array of numbers."""
    return union(*map(_stacked, members(type_)))


def _stacked(member: TypeExpr) -> TypeExpr:
    if head(member) in _NUMBERS:
        return Name("Array")
    if head(member) == "tuple" and not is_open(member):
        return Generic("tuple", tuple(map(_of_slices, arguments(member))))
    return member
