"""The types of parameters, widened by what they were seen to take."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from voxbind_build.classify.observed_types import head, items, parts, unite
from voxbind_build.model import IMAGE_ROLES, OUTPUT_ROLES, WHOLE_ROLES, Description, Observation

__all__ = ["accepted"]

_TAKES_ARRAYS = frozenset({"Any", "Array", "ArrayLike", "object"})
_NUMBERS = ("int", "float", "complex")


def accepted(description: Description, observation: Observation) -> dict[str, str]:
    """Return the types of the parameters that take more than is documented.

    Parameters
    ----------
    description
        What is documented of the function.
    observation
        What was seen of it.
    """
    found = {}
    for parameter in description.parameters:
        name, role = parameter.name, observation.roles.get(parameter.name)
        texts = _parts(parameter.annotation)
        if role in IMAGE_ROLES | WHOLE_ROLES | OUTPUT_ROLES and not _TAKES_ARRAYS & {*texts}:
            # scipy.ndimage, for one, documents labels to look at as "int or sequence of ints".
            texts = ["Array", *texts]
        if role in WHOLE_ROLES and observation.lists.get(name) and "ArrayLike" not in texts:
            texts = ["ArrayLike" if text == "Array" else text for text in texts]
        for kind in observation.also.get(name, ()):
            texts = _widened(texts, kind)
        if unite(texts) != unite(_parts(parameter.annotation)):
            found[name] = unite(texts)
    return found


def _parts(annotation: str) -> list[str]:
    return [ast.unparse(member) for member in parts(annotation)]


def _widened(texts: list[str], kind: str) -> list[str]:
    """Add one thing that was taken to a type's alternatives."""
    if kind == "array":
        return texts if _TAKES_ARRAYS & {*texts} else [*texts, "Array"]
    if kind == "list":
        known = {head(_node(text)) for text in texts}
        more = [f"list[{item}]" for item in _items(texts, "tuple")]
        return texts if known & {"list", "Sequence"} else [*texts, *more]
    if kind == "number":
        return [*_items(texts, "tuple", "Sequence", "list"), *texts]
    if kind == "sequence":
        known = {head(_node(text)) for text in texts}
        more = [f"Sequence[{text}]" for text in texts if text in _NUMBERS][-1:]
        return texts if known & {"Sequence", "ArrayLike", "Array"} else [*texts, *more]
    if kind in _NUMBERS:
        narrower = _NUMBERS[: _NUMBERS.index(kind)]
        wider = {f"Sequence[{each}]": f"Sequence[{kind}]" for each in narrower}
        return [kind if text in narrower else wider.get(text, text) for text in texts]
    # A word.
    return [
        f"{text[:-1]}, {ast.unparse(_node(kind))}]" if text.startswith("Literal[") else text
        for text in texts
    ]


def _items(texts: Iterable[str], *heads: str) -> list[str]:
    """Return what the sequences among alternatives are of, those of one type."""
    found: list[str] = []
    for text in texts:
        member = _node(text)
        if head(member) in heads:
            inner = {ast.unparse(item) for item in items(member)} - {"..."}
            found += inner if len(inner) == 1 else ()
    return list(dict.fromkeys(found))


def _node(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
