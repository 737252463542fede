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
from voxbind_build.model import SLICE_BY_SLICE, Contract, Description, Form

__all__ = ["with_slices"]

_NUMBERS = frozenset(("bool", "complex", "float", "int"))


def with_slices(typed: Typed, description: Description, contract: Contract) -> Typed:
    """Add the types of results of slices to those of images, if the two differ.

    Parameters
    ----------
    typed
        The type of the result for images.
    description
        The documentation of the function, whose results of slices can be stacked.
    contract
        ``FLEXIBLE`` if an option of the wrapper decides whether the function runs on slices,
        ``PURE_2D`` if the array's axes do, which no type shows.
    """
    annotation = parse(typed.annotation or description.returns.annotation)
    is_option = contract == "FLEXIBLE" and all(
        parameter.name != SLICE_BY_SLICE for parameter in description.parameters
    )
    if contract not in ("FLEXIBLE", "PURE_2D") or _of_slices(annotation) == annotation:
        return typed
    returns = str(_either(annotation))
    if not is_option:
        forms = (
            replace(form, annotation=str(_either(parse(form.annotation)))) for form in typed.forms
        )
        return Typed(returns, tuple(forms))
    forms_of_images = typed.forms or (Form(options={}, annotation=str(annotation)),)
    return Typed(returns, tuple(option for form in forms_of_images for option in _by_option(form)))


def _either(type_: TypeExpr) -> TypeExpr:
    return union(*members(type_), *members(_of_slices(type_)))


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
