"""Parameters of one name in one module: what one function doesn't tell, others do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from voxbind_build.common.typeexpr import literal_values, parse
from voxbind_build.model import Description, Parameter

__all__ = ["like_neighbours", "words_elsewhere"]


def like_neighbours(descriptions: Sequence[Description]) -> tuple[Description, ...]:
    """Type parameters of which nothing is known as those of their name in the same module.

    Only where all of these that are documented agree, and where the default is no other.
    """
    known: defaultdict[tuple[str, str, str | None], dict[str, tuple[str, Parameter]]]
    known = defaultdict(dict)
    for description in descriptions:
        for each in description.parameters:
            if each.annotation_source != "unknown" and not each.untyped:
                place = (description.module, each.name, each.default)
                known[place].setdefault(each.annotation, (description.name, each))

    def typed(module: str, parameter: Parameter) -> Parameter:
        found = known[module, parameter.name, parameter.default]
        if parameter.annotation != "Any" or parameter.documented or len(found) != 1:
            return parameter
        ((name, like),) = found.values()
        return replace(
            parameter,
            annotation=like.annotation,
            annotation_source=like.annotation_source,
            facts={"neighbour": name},
            untyped="",
        )

    return tuple(
        replace(each, parameters=tuple(typed(each.module, entry) for entry in each.parameters))
        for each in descriptions
    )


def words_elsewhere(
    descriptions: Sequence[Description],
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the words of each function's parameters that others of their names take.

    Parameters
    ----------
    descriptions
        All functions of a library.

    Returns
    -------
    dict
        By function and parameter, words that aren't documented of it.
    """
    known: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for description in descriptions:
        for parameter in description.parameters:
            known[description.module, parameter.name] |= set(_words(parameter.annotation))
    return {
        description.name: {
            parameter.name: tuple(sorted(others))
            for parameter in description.parameters
            if (own := set(_words(parameter.annotation)))
            and (others := known[description.module, parameter.name] - own)
        }
        for description in descriptions
    }


def _words(annotation: str) -> Iterator[str]:
    yield from (value for value in literal_values(parse(annotation)) if isinstance(value, str))
