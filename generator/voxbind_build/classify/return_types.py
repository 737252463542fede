"""The type of what comes back: documented, unless what was seen says otherwise.

Documentation knows what options change, observation what the function does when they are
left alone, and what each option was seen to do. So a documented type stays where it has room
for all that was seen; where it has none, it gives way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from voxbind_build.classify.observed_types import has_room, write_type
from voxbind_build.common.typeexpr import (
    ANY,
    NONE,
    Generic,
    Name,
    TypeExpr,
    arguments,
    head,
    is_open,
    members,
    names,
    parse,
    union,
)
from voxbind_build.model import GIVEN, OUTPUT_ROLES, Description, Form, Observation, Result

__all__ = ["Typed", "result_type"]

_ARRAY = Name("Array")
_NUMBERS = ("bool", "int", "float", "complex")
_MOST_FORMS = 4
"""More forms than these make signatures that nobody reads."""


class Typed(Struct, frozen=True):
    """The type of a result."""

    annotation: str | None = None
    """None where the documented type holds."""
    forms: tuple[Form, ...] = ()
    """The types for certain options, the defaults first; empty where no option decides."""


def result_type(description: Description, observation: Observation) -> Typed:
    """Return the type of a function's result, as far as its documentation doesn't tell it.

    Parameters
    ----------
    description : Description
        What is documented of the function.
    observation : Observation
        What was seen of it.
    """
    results = _results(observation)
    if not results:
        return Typed()
    documented = parse(description.returns.annotation)
    words = " ".join(text for entry in description.returns.documented for text in entry)
    turned = [each.result for each in observation.option_effects]
    types = _settled(documented, results, observation, words)
    types = _refined(types, [*results, *turned], words)
    forms = _forms(description, types, results, observation, words)
    given = _given(types, observation, words)
    if not _index(description, observation):  # which narrows what is there
        types = [*types, *(parse(form.annotation) for form in forms)]
    united = union(*types, *given)
    return Typed(None if united == union(documented) else str(united), forms)


def _results(observation: Observation) -> list[Result]:
    calls = (call.result for call in observation.calls if call.outcome == "returned")
    return [result for result in (*calls, *observation.dtypes.values()) if result is not None]


def _settled(
    documented: TypeExpr, results: Sequence[Result], observation: Observation, words: str
) -> list[TypeExpr]:
    types = [*members(documented)]
    seen = write_type(results, words)
    if not all(has_room(documented, result) for result in results):
        types = _overruled(documented, results, words)
    elif documented == ANY:
        types = seen
    elif seen == [_ARRAY]:
        # "array or None": of an array to write into, unless that was seen.
        given = [each.result.type for each in observation.option_effects]
        types = [type_ for type_ in types if type_ != NONE or "none" in given]
    if "index" in observation.roles.values() and len(seen) == 1:
        return _with_each_index(seen[0]) or types
    if OUTPUT_ROLES & {*observation.roles.values()}:
        return _without_output(types, documented, seen)
    return types


def _overruled(documented: TypeExpr, results: Sequence[Result], words: str) -> list[TypeExpr]:
    """Write what was seen, beside a tuple of which it is the first member.

    Flags such as ``extended_output`` add to a result, and all of it is documented as one.
    """
    seen = write_type(results, words)
    for member in members(documented):
        first = arguments(member)[:1] if head(member) == "tuple" else ()
        if first and all(has_room(first[0], result) for result in results):
            return [*seen, member] if not is_open(member) else seen
    return seen


def _refined(types: Iterable[TypeExpr], results: Sequence[Result], words: str) -> list[TypeExpr]:
    """Write what was seen in the place of a type that leaves something open."""
    refined: list[TypeExpr] = []
    for type_ in types:
        same = [result for result in results if has_room(type_, result)]
        if not same or not {"Any", "object"} & names(type_):
            refined.append(type_)
        else:
            refined += write_type(same, words)
    return refined


def _with_each_index(seen: TypeExpr) -> list[TypeExpr]:
    """Write the type of a number or place that comes back for each of several indices."""
    if head(seen) in _NUMBERS:
        return [Name("float"), _ARRAY]
    if head(seen) != "tuple":
        return []
    if is_open(seen):
        return [seen, Generic("list", (seen,))]
    inner = (union(*(_with_each_index(item) or [item])) for item in arguments(seen))
    return [Generic("tuple", tuple(inner))]


def _without_output(
    types: Sequence[TypeExpr], documented: TypeExpr, seen: Sequence[TypeExpr]
) -> list[TypeExpr]:
    """Tell "a tuple of (array or int) and int" for what it is: a tuple, or an int.

    An array that was given to write into is left out of the result, and no tuple is left;
    documentation has no place for this but at the tuple's first member.
    """
    if head(documented) != "tuple" or is_open(documented) or not arguments(documented):
        return [*types]
    first, *rest = arguments(documented)
    if rest and members(first)[0] == _ARRAY and [*members(first)[1:]] == rest:
        return [*seen, *rest]
    return [*types]


# --- options ----------------------------------------------------------------------------


def _forms(
    description: Description,
    types: Sequence[TypeExpr],
    results: Sequence[Result],
    observation: Observation,
    words: str,
) -> tuple[Form, ...]:
    """Tell which of the alternatives comes with which options."""
    defaults = {each.name: each.default or "" for each in description.parameters}
    turned = [each for each in observation.option_effects if GIVEN not in each.options.values()]
    plain = _chosen(types, results, words)
    chosen = [_chosen(types, [each.result], words) for each in turned]
    told = {
        *plain,
        *_given(types, observation, words),
        *(type_ for each in chosen for type_ in each),
    }
    # What no option explains may come with each of them.
    rest = [type_ for type_ in types if type_ not in told]
    options = {name: defaults[name] for each in observation.option_effects for name in each.options}
    seen = union(*write_type(results, words))
    if (index := _index(description, observation)) and seen != union(*types):
        # One number for the whole image.
        options[index], plain, rest = "None", [seen], []
    forms = [Form(options=options, annotation=str(union(*plain, *rest)))]
    for each, found in zip(turned, chosen, strict=True):
        annotation = str(union(*found, *rest))
        forms.append(Form(options=options | each.options, annotation=annotation))
    forms = _merged(forms)[:_MOST_FORMS]
    usual = str(union(*types, *_given(types, observation, words)))
    is_decided = any(form.annotation != usual for form in forms)
    return tuple(forms) if options and is_decided else ()


def _given(types: Sequence[TypeExpr], observation: Observation, words: str) -> list[TypeExpr]:
    """Return the types of what comes back where an array was given to write into."""
    given = [each.result for each in observation.option_effects if GIVEN in each.options.values()]
    return [type_ for result in given for type_ in _chosen(types, [result], words)]


def _chosen(types: Sequence[TypeExpr], results: Sequence[Result], words: str) -> list[TypeExpr]:
    """Pick the alternatives that have room for what was seen; what was seen, if there is none."""
    if not all(any(has_room(type_, result) for type_ in types) for result in results):
        return write_type(results, words)
    return [type_ for type_ in types if any(has_room(type_, result) for result in results)]


def _index(description: Description, observation: Observation) -> str:
    """Name the parameter that asks for a number for each of several labels."""
    return next(
        (
            each.name
            for each in description.parameters
            if observation.roles.get(each.name) == "index" and each.default == "None"
        ),
        "",
    )


def _merged(forms: Sequence[Form]) -> list[Form]:
    """Put the values of one option together that give the same type."""
    merged: list[Form] = []
    for form in forms:
        for place, known in enumerate(merged):
            differing = [name for name in form.options if form.options[name] != known.options[name]]
            if place and known.annotation == form.annotation and len(differing) == 1:
                (name,) = differing
                values = f"{known.options[name]}, {form.options[name]}"
                merged[place] = Form(
                    options=known.options | {name: values}, annotation=form.annotation
                )
                break
        else:
            merged.append(form)
    return merged
