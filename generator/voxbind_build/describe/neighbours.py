"""Completes parameters from other parameters of the same name in the same module."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from voxbind_build.common.typeexpr import literal_values, parse
from voxbind_build.model import Description, Parameter

__all__ = ["like_neighbours", "words_elsewhere"]


def like_neighbours(descriptions: Sequence[Description]) -> tuple[Description, ...]:
    """Give undocumented parameters the type of parameters of the same name in the same module.

    This requires that all documented ones have the same type, and the same default as the
    undocumented one.
    """
    neighbours_of: defaultdict[tuple[str, str, str | None], dict[str, tuple[str, Parameter]]]
    neighbours_of = defaultdict(dict)
    for description in descriptions:
        for parameter in description.parameters:
            if parameter.annotation_source != "unknown" and not parameter.untyped:
                key = (description.module, parameter.name, parameter.default)
                neighbours_of[key].setdefault(parameter.annotation, (description.name, parameter))

    def typed(module: str, parameter: Parameter) -> Parameter:
        neighbours = neighbours_of[module, parameter.name, parameter.default]
        if parameter.annotation != "Any" or parameter.documented or len(neighbours) != 1:
            return parameter
        ((name, neighbour),) = neighbours.values()
        return replace(
            parameter,
            annotation=neighbour.annotation,
            annotation_source=neighbour.annotation_source,
            facts={"neighbour": name},
            untyped="",
        )

    return tuple(
        replace(
            description,
            parameters=tuple(
                typed(description.module, parameter) for parameter in description.parameters
            ),
        )
        for description in descriptions
    )


def words_elsewhere(
    descriptions: Sequence[Description],
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return words that are documented for parameters of the same name in the same module.

    Parameters
    ----------
    descriptions
        All functions of a library.

    Returns
    -------
    dict
        Words that aren't documented for a parameter itself, by function and parameter.
    """
    words_of: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for description in descriptions:
        for parameter in description.parameters:
            words_of[description.module, parameter.name] |= set(_words(parameter.annotation))
    return {
        description.name: {
            parameter.name: tuple(sorted(other_words))
            for parameter in description.parameters
            if (own_words := set(_words(parameter.annotation)))
            and (other_words := words_of[description.module, parameter.name] - own_words)
        }
        for description in descriptions
    }


def _words(annotation: str) -> Iterator[str]:
    yield from (value for value in literal_values(parse(annotation)) if isinstance(value, str))
