"""The type of what comes back: documented, unless what was seen says otherwise.

Documentation knows what options change, observation what the function does when they are
left alone, and what each option was seen to do. So a documented type stays where it has room
for all that was seen; where it has none, it gives way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from msgspec import Struct

from voxbind_build.classify.observed_types import (
    alternatives,
    has_room,
    head,
    is_open,
    items,
    parts,
    unite,
    write_type,
)
from voxbind_build.model import GIVEN, OUTPUT_ROLES, Description, Form, Observation, Result

__all__ = ["Typed", "result_type"]

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
    documented = parts(description.returns.annotation)
    words = " ".join(text for entry in description.returns.documented for text in entry)
    turned = [each.result for each in observation.turned]
    texts = _settled(documented, results, observation, words)
    texts = _refined(texts, [*results, *turned], words)
    forms = _forms(description, texts, results, observation, words)
    given = _given(texts, observation, words)
    if not _index(description, observation):  # which narrows what is there
        texts = [*texts, *(form.annotation for form in forms)]
    # A form may be a union itself.
    united = unite([*texts, *given])
    united = unite(map(ast.unparse, parts(united)))
    held = united == unite(map(ast.unparse, documented))
    return Typed(None if held else united, forms)


def _results(observation: Observation) -> list[Result]:
    calls = (call.result for call in observation.calls if call.outcome == "returned")
    return [result for result in (*calls, *observation.dtypes.values()) if result is not None]


def _settled(
    documented: Sequence[ast.expr],
    results: Sequence[Result],
    observation: Observation,
    words: str,
) -> list[str]:
    texts = [ast.unparse(member) for member in documented]
    seen = write_type(results, words)
    if not all(has_room(documented, result) for result in results):
        texts = _overruled(documented, results, words)
    elif texts == ["Any"]:
        texts = seen
    elif seen == ["Array"]:
        # "array or None": of an array to write into, unless that was seen.
        given = [each.result.type for each in observation.turned]
        texts = [text for text in texts if text != "None" or "none" in given]
    if "index" in observation.roles.values() and len(seen) == 1:
        return _with_each_index(seen[0]) or texts
    if OUTPUT_ROLES & {*observation.roles.values()}:
        return _without_output(texts, documented, seen)
    return texts


def _overruled(documented: Sequence[ast.expr], results: Sequence[Result], words: str) -> list[str]:
    """Write what was seen, beside a tuple of which it is the first member.

    Flags such as ``extended_output`` add to a result, and all of it is documented as one.
    """
    seen = write_type(results, words)
    for member in documented:
        first = items(member)[:1] if head(member) == "tuple" else []
        if first and all(has_room(alternatives(first[0]), result) for result in results):
            return [*seen, ast.unparse(member)] if not is_open(member) else seen
    return seen


def _refined(texts: Iterable[str], results: Sequence[Result], words: str) -> list[str]:
    """Write what was seen in the place of a type that leaves something open."""
    refined: list[str] = []
    for text in texts:
        member = ast.parse(text, mode="eval").body
        same = [result for result in results if has_room([member], result)]
        if not same or not {"Any", "object"} & _names(member):
            refined.append(text)
        else:
            refined += write_type(same, words)
    return refined


def _names(member: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(member) if isinstance(node, ast.Name)}


def _with_each_index(seen: str) -> list[str]:
    """Write the type of a number or place that comes back for each of several indices."""
    if seen in _NUMBERS:
        return ["float", "Array"]
    member = ast.parse(seen, mode="eval").body
    if head(member) != "tuple":
        return []
    if is_open(member):
        return [seen, f"list[{seen}]"]
    inner = [ast.unparse(item) for item in items(member)]
    return [f"tuple[{', '.join(unite(_with_each_index(item) or [item]) for item in inner)}]"]


def _without_output(
    texts: Sequence[str], documented: Sequence[ast.expr], seen: Sequence[str]
) -> list[str]:
    """Tell "a tuple of (array or int) and int" for what it is: a tuple, or an int.

    An array that was given to write into is left out of the result, and no tuple is left;
    documentation has no place for this but at the tuple's first member.
    """
    if len(documented) != 1 or head(documented[0]) != "tuple" or is_open(documented[0]):
        return [*texts]
    first, *others = ([ast.unparse(x) for x in alternatives(i)] for i in items(documented[0]))
    rest = [" | ".join(other) for other in others]
    if len(first) > 1 and first[0] == "Array" and first[1:] == rest:
        return [*seen, *rest]
    return [*texts]


# --- options ----------------------------------------------------------------------------


def _forms(
    description: Description,
    texts: Sequence[str],
    results: Sequence[Result],
    observation: Observation,
    words: str,
) -> tuple[Form, ...]:
    """Tell which of the alternatives comes with which options."""
    defaults = {each.name: each.default or "" for each in description.parameters}
    turned = [each for each in observation.turned if GIVEN not in each.options.values()]
    plain = _chosen(texts, results, words)
    chosen = [_chosen(texts, [each.result], words) for each in turned]
    told = {*plain, *_given(texts, observation, words), *(text for each in chosen for text in each)}
    # What no option explains may come with each of them.
    rest = [text for text in texts if text not in told]
    options = {name: defaults[name] for each in observation.turned for name in each.options}
    seen = unite(write_type(results, words))
    if (index := _index(description, observation)) and seen != unite(texts):
        # One number for the whole image.
        options[index], plain, rest = "None", [seen], []
    forms = [Form(options=options, annotation=unite([*plain, *rest]))]
    for each, types in zip(turned, chosen, strict=True):
        forms.append(Form(options=options | each.options, annotation=unite([*types, *rest])))
    forms = _merged(forms)[:_MOST_FORMS]
    usual = unite([*texts, *_given(texts, observation, words)])
    is_decided = any(form.annotation != usual for form in forms)
    return tuple(forms) if options and is_decided else ()


def _given(texts: Sequence[str], observation: Observation, words: str) -> list[str]:
    """Return the types of what comes back where an array was given to write into."""
    given = [each.result for each in observation.turned if GIVEN in each.options.values()]
    return [text for result in given for text in _chosen(texts, [result], words)]


def _chosen(texts: Sequence[str], results: Sequence[Result], words: str) -> list[str]:
    """Pick the alternatives that have room for what was seen; what was seen, if there is none."""
    members = [ast.parse(text, mode="eval").body for text in texts]
    if not all(has_room(members, result) for result in results):
        return write_type(results, words)
    return [
        ast.unparse(member)
        for member in members
        if any(has_room([member], result) for result in results)
    ]


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
