"""The type of a function's result: the documented one, unless the observation contradicts it.

Documentation covers all options; the observation covers the defaults and the options that were
tried. So the documented type is used if it includes all observed results, and replaced if not.
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
_INDEX, _INDICES = "int", "Lists | Array"
"""Types of one label and of several."""
_MOST_FORMS = 4
"""Largest number of overloads for options; more of them would be unreadable."""


class Typed(Struct, frozen=True):
    """The type of a result."""

    annotation: str | None = None
    """None if the documented type is right."""
    forms: tuple[Form, ...] = ()
    """The types for certain options, the defaults first; empty if no option changes the type."""


def result_type(description: Description, observation: Observation) -> Typed:
    """Return the type of a function's result, if it differs from the documented one.

    Parameters
    ----------
    description : Description
        The documentation of the function.
    observation : Observation
        Its observation.
    """
    results = _results(observation)
    if not results:
        return Typed()
    documented = parse(description.returns.annotation)
    words = " ".join(text for entry in description.returns.documented for text in entry)
    option_results = [effect.result for effect in observation.option_effects]
    types = _documented_or_observed(documented, results, observation, words)
    types = _refined(types, [*results, *option_results], words)
    forms = _forms(description, types, results, observation, words)
    output_types = _types_with_output(types, observation, words)
    if not _index(description, observation):  # with an index, the forms narrow these types
        types = [*types, *(parse(form.annotation) for form in forms)]
    annotation = union(*types, *output_types)
    return Typed(None if annotation == union(documented) else str(annotation), forms)


def _results(observation: Observation) -> list[Result]:
    calls = (call.result for call in observation.calls if call.outcome == "returned")
    return [result for result in (*calls, *observation.dtypes.values()) if result is not None]


def _documented_or_observed(
    documented: TypeExpr, results: Sequence[Result], observation: Observation, words: str
) -> list[TypeExpr]:
    types = [*members(documented)]
    observed = write_type(results, words)
    if not all(has_room(documented, result) for result in results):
        types = _overruled(documented, results, words)
    elif documented == ANY:
        types = observed
    elif observed == [_ARRAY]:
        # In "array or None", None is for calls with an output array, unless it was observed.
        option_kinds = [effect.result.type for effect in observation.option_effects]
        types = [type_ for type_ in types if type_ != NONE or "none" in option_kinds]
    if "index" in observation.roles.values() and len(observed) == 1:
        return _with_each_index(observed[0]) or types
    if OUTPUT_ROLES & {*observation.roles.values()}:
        return _without_output(types, documented, observed)
    return types


def _overruled(documented: TypeExpr, results: Sequence[Result], words: str) -> list[TypeExpr]:
    """Return the observed types and, if they are a documented tuple's first member, that tuple.

    Options such as ``extended_output`` add members to a result, and documentation may only describe
    the full tuple.
    """
    observed = write_type(results, words)
    for member in members(documented):
        first = arguments(member)[:1] if head(member) == "tuple" else ()
        if first and all(has_room(first[0], result) for result in results):
            return [*observed, member] if not is_open(member) else observed
    return observed


def _refined(types: Iterable[TypeExpr], results: Sequence[Result], words: str) -> list[TypeExpr]:
    """Replace types that contain `Any` or `object` by the observed types."""
    refined: list[TypeExpr] = []
    for type_ in types:
        matching = [result for result in results if has_room(type_, result)]
        if not matching or not {"Any", "object"} & names(type_):
            refined.append(type_)
        else:
            refined += write_type(matching, words)
    return refined


def _with_each_index(observed: TypeExpr) -> list[TypeExpr]:
    """Return the type of a number or position if there is one for each of several indices."""
    if head(observed) in _NUMBERS:
        return [Name("float"), _ARRAY]
    if head(observed) != "tuple":
        return []
    if is_open(observed):
        return [observed, Generic("list", (observed,))]
    inner = (union(*(_with_each_index(item) or [item])) for item in arguments(observed))
    return [Generic("tuple", tuple(inner))]


def _for_index(observed: TypeExpr, alternative: int) -> TypeExpr:
    """Return the type for one index (alternative 0), or for several (alternative -1)."""
    if head(observed) == "tuple" and not is_open(observed):
        inner = (_for_index(item, alternative) for item in arguments(observed))
        return Generic("tuple", tuple(inner))
    return (_with_each_index(observed) or [observed])[alternative]


def _without_output(
    types: Sequence[TypeExpr], documented: TypeExpr, observed: Sequence[TypeExpr]
) -> list[TypeExpr]:
    """Return "a tuple or an int" for "a tuple of (array or int) and int".

    If an output array is passed, the function leaves it out of the result, so that only the other
    member of the tuple is returned. Documentation mentions this as the type of the first member.
    """
    if head(documented) != "tuple" or is_open(documented) or not arguments(documented):
        return [*types]
    first, *other_members = arguments(documented)
    if other_members and members(first)[0] == _ARRAY and [*members(first)[1:]] == other_members:
        return [*observed, *other_members]
    return [*types]


# --- options ----------------------------------------------------------------------------


def _forms(
    description: Description,
    types: Sequence[TypeExpr],
    results: Sequence[Result],
    observation: Observation,
    words: str,
) -> tuple[Form, ...]:
    """Return the alternatives of the result's type, each with the options that select it."""
    defaults = {parameter.name: parameter.default or "" for parameter in description.parameters}
    option_effects = [
        effect for effect in observation.option_effects if GIVEN not in effect.options.values()
    ]
    default_types = _matching_types(types, results, words)
    types_of_options = [_matching_types(types, [effect.result], words) for effect in option_effects]
    explained = {
        *default_types,
        *_types_with_output(types, observation, words),
        *(type_ for types_of_option in types_of_options for type_ in types_of_option),
    }
    # Alternatives that no option explains may be returned with any option.
    unexplained = [type_ for type_ in types if type_ not in explained]
    options = {
        name: defaults[name] for effect in observation.option_effects for name in effect.options
    }
    observed = union(*write_type(results, words))
    if (index := _index(description, observation)) and observed != union(*types):
        # Without an index, the result is one number for the entire image.
        options[index], default_types, unexplained = "None", [observed], []
    elif single := _without_channels(observation):
        options["channel_axis"], unexplained = "None", []
        default_types = _matching_types(types, single, words)
    forms = [Form(options=options, annotation=str(union(*default_types, *unexplained)))]
    for effect, types_of_option in zip(option_effects, types_of_options, strict=True):
        annotation = str(union(*types_of_option, *unexplained))
        forms.append(Form(options=options | effect.options, annotation=annotation))
    forms = _merged(forms)[:_MOST_FORMS]
    if options.get(index) == "None":
        forms += [
            Form(options={}, types={index: type_}, annotation=str(_for_index(observed, number)))
            for number, type_ in ((0, _INDEX), (-1, _INDICES))
        ]
    usual = str(union(*types, *_types_with_output(types, observation, words)))
    is_decided = any(form.annotation != usual for form in forms)
    return tuple(forms) if options and is_decided else ()


def _without_channels(observation: Observation) -> list[Result]:
    """Return the results of calls without an axis of channels, if those with one are lists."""
    results: dict[bool, list[Result]] = {False: [], True: []}
    for call in observation.calls:
        if call.result is not None:
            results["channel_axis" in call.arguments].append(call.result)
    kinds, kinds_with_channels = ({r.type for r in results[given]} for given in (False, True))
    return results[False] if kinds == {"scalar"} and kinds_with_channels == {"list"} else []


def _types_with_output(
    types: Sequence[TypeExpr], observation: Observation, words: str
) -> list[TypeExpr]:
    """Return the types of results of calls with an output array."""
    output_results = [
        effect.result for effect in observation.option_effects if GIVEN in effect.options.values()
    ]
    return [type_ for result in output_results for type_ in _matching_types(types, [result], words)]


def _matching_types(
    types: Sequence[TypeExpr], results: Sequence[Result], words: str
) -> list[TypeExpr]:
    """Return the alternatives that include the results, or the results' types if some fit none."""
    if not all(any(has_room(type_, result) for type_ in types) for result in results):
        return write_type(results, words)
    return [type_ for type_ in types if any(has_room(type_, result) for result in results)]


def _index(description: Description, observation: Observation) -> str:
    """Return the parameter for the labels of which each gets a number; empty if there is none."""
    return next(
        (
            parameter.name
            for parameter in description.parameters
            if observation.roles.get(parameter.name) == "index" and parameter.default == "None"
        ),
        "",
    )


def _merged(forms: Sequence[Form]) -> list[Form]:
    """Merge forms of the same type that differ in the value of one option only."""
    merged: list[Form] = []
    for form in forms:
        for position, earlier in enumerate(merged):
            differing = [
                name for name in form.options if form.options[name] != earlier.options[name]
            ]
            if position and earlier.annotation == form.annotation and len(differing) == 1:
                (name,) = differing
                values = f"{earlier.options[name]}, {form.options[name]}"
                merged[position] = Form(
                    options=earlier.options | {name: values}, annotation=form.annotation
                )
                break
        else:
            merged.append(form)
    return merged
