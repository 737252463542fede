"""Infers facts about a function that was not observed from its twin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from voxbind_build.common.typeexpr import Name, TypeExpr, names, parse, substitute, union
from voxbind_build.model import (
    SLICE_BY_SLICE,
    Description,
    Form,
    Function,
    Twin,
    TypeFindings,
    Verdict,
)

__all__ = ["has_numbers", "inferred", "is_plain", "twin_types", "with_reach", "with_slice_facts"]

_NUMBERS = frozenset(("bool", "complex", "float", "int"))
_ON_DEVICE: dict[str, TypeExpr] = {
    number: union(Name(number), Name("Array")) for number in sorted(_NUMBERS)
}


def inferred(
    description: Description, twin: Function, pair: Twin, failure: str = "not run"
) -> Verdict | None:
    """Infer the verdict on a function from its twin, if their signatures agree.

    They agree if both have the same arrays and required arguments, by name or by position. Optional
    parameters may differ: by default they don't change any axes.

    Parameters
    ----------
    description
        The function, which was never run successfully.
    twin
        Its twin, which was observed.
    pair
        The differences between the two signatures.
    failure
        Why there is no observation of the function itself.

    Returns
    -------
    Verdict or None
        None if the signatures don't agree, or if the twin was not observed either. Dtypes, warnings
        and refusals stay empty, since they may differ between the libraries.
    """
    if twin.evidence == "unobserved":
        return None
    names = {parameter.name: parameter for parameter in description.parameters}
    required = {parameter.name for parameter in description.parameters if parameter.default is None}
    needed = {
        *twin.arrays,
        *(parameter.name for parameter in twin.parameters if parameter.default is None),
    }
    if needed & {*pair.missing} or required & {*pair.added}:
        return None

    def renamed(twin_names: Iterable[str]) -> tuple[str, ...]:
        return tuple(_own_names(twin_names, pair, names).values())

    return Verdict(
        kind=twin.kind,
        contract=twin.contract,
        reason=f"{failure}; taken from its twin {pair.name}: {twin.reason}",
        evidence="inferred",
        result=twin.result,
        result_reason=_as_twin(twin.result_reason, pair.name),
        arrays=renamed(twin.arrays),
        other_arrays=renamed(twin.other_arrays),
        outputs=renamed(twin.outputs),
        name_or_array=renamed(twin.name_or_array),
        result_colours=twin.result_colours,
        stacks=twin.stacks,
        needs_channels=twin.needs_channels,
        channels_last=twin.channels_last,
        mutates=renamed(twin.mutates),
        random=twin.random,
        keeps_state=twin.keeps_state,
        axis_keywords=twin.axis_keywords,
        **_slice_facts(twin, pair, names),
    )


def with_slice_facts(
    verdict: Verdict, description: Description, twin: Function, pair: Twin
) -> Verdict:
    """Return a verdict with the twin's facts on the arguments of slices.

    Recordings of earlier versions don't hold these facts.

    Parameters
    ----------
    verdict, description
        The verdict on a function, and its parameters.
    twin
        Its twin on the CPU.
    pair
        The differences between the two signatures.
    """
    names = {parameter.name for parameter in description.parameters}
    return replace(
        verdict,
        keeps_state=verdict.keeps_state or twin.keeps_state,
        **_slice_facts(twin, pair, names),
    )


def with_reach(verdict: Verdict, twin: Function, pair: Twin) -> Verdict:
    """Return a verdict with the twin's reach, if both functions were measured to give the same.

    Parameters
    ----------
    verdict
        The verdict on a function of which the reach wasn't measured.
    twin
        Its twin on the CPU.
    pair
        The differences between the two signatures, and between the results.
    """
    reach = twin.reach
    if reach is None or reach.kind == "unknown" or pair.agreement is None or pair.differs:
        return verdict
    used = {*reach.names, *reach.parameters, *reach.free, *reach.images}
    has_same_names = used.isdisjoint((*pair.missing, *pair.renamed, *pair.renamed.values()))
    if not has_same_names or not pair.defaults.keys() <= used or verdict.contract != twin.contract:
        return verdict
    return replace(verdict, reach=replace(reach, evidence="twin"))


def _slice_facts(twin: Function, pair: Twin, names: Collection[str]) -> dict[str, Any]:
    of_axes = _own_names(twin.axis_arguments, pair, names)
    return {
        "axis_arguments": {own: twin.axis_arguments[name] for name, own in of_axes.items()},
        "seeds": tuple(_own_names(twin.seeds, pair, names).values()),
        "dtype_follows": "".join(_own_names([twin.dtype_follows], pair, names).values()),
        "ignored_outputs": tuple(_own_names(twin.ignored_outputs, pair, names).values()),
        "slices_with_one": twin.slices_with_one,
    }


def _own_names(twin_names: Iterable[str], pair: Twin, names: Collection[str]) -> dict[str, str]:
    """Return a function's own names of its twin's parameters, by the twin's names."""
    own_names = {name: pair.renamed.get(name, name) for name in twin_names}
    return {name: own for name, own in own_names.items() if own in names}


def _as_twin(reason: str | tuple[str, ...], twin: str) -> str | tuple[str, ...]:
    if isinstance(reason, str):
        return f"taken from its twin {twin}: {reason}"
    return tuple(f"taken from its twin {twin}: {member_reason}" for member_reason in reason)


def twin_types(description: Description, twin: Function, pair: Twin) -> TypeFindings:
    """Return the types of a function's twin, for parameters and results of unknown type.

    Parameters
    ----------
    description
        The function that was not run.
    twin
        Its twin on the CPU.
    pair
        The differences between the two signatures.

    Returns
    -------
    TypeFindings
        The twin's types, except those that name a class of the twin's library.
    """
    names = {parameter.name: parameter for parameter in description.parameters}
    returns, forms = twin.returns, [*_renamed(twin.returns.forms, pair, names)]
    is_known = all(map(is_plain, (returns.annotation, *(form.annotation for form in forms))))
    return TypeFindings(
        returns=_on_device(returns.annotation) if is_known else None,
        forms=tuple(
            replace(form, annotation=_on_device(form.annotation)) for form in forms if is_known
        ),
        parameters={
            own_name: parameter.annotation
            for parameter in twin.parameters
            if (own_name := pair.renamed.get(parameter.name, parameter.name)) in names
            and names[own_name].annotation_source == "unknown"
            and is_plain(parameter.annotation)
        },
    )


def _renamed(forms: Iterable[Form], pair: Twin, names: Collection[str]) -> Iterator[Form]:
    """Yield the forms of a twin's result whose options this function has too."""
    for form in forms:
        options = {pair.renamed.get(name, name): value for name, value in form.options.items()}
        if options.keys() <= {*names, SLICE_BY_SLICE}:
            yield Form(options=options, annotation=form.annotation)


def is_plain(annotation: str) -> bool:
    """Return whether a type contains no class of a library."""
    return not any("." in name for name in names(parse(annotation)))


def _on_device(annotation: str) -> str:
    """Return a type in which each number may also be an array without axes, as on most devices."""
    return str(substitute(parse(annotation), _ON_DEVICE))


def has_numbers(annotation: str) -> bool:
    """Return whether a result type contains a number outside of arrays."""
    return not _NUMBERS.isdisjoint(names(parse(annotation)))
