"""What a function's twin tells of it where no run of the function itself does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from msgspec.structs import replace

from voxbind_build.common.typeexpr import Name, TypeExpr, names, parse, substitute, union
from voxbind_build.model import Description, Form, Function, Twin, TypeFindings, Verdict

__all__ = ["has_numbers", "inferred", "is_plain", "twin_types"]

_NUMBERS = frozenset(("bool", "complex", "float", "int"))
_ON_DEVICE: dict[str, TypeExpr] = {
    number: union(Name(number), Name("Array")) for number in sorted(_NUMBERS)
}


def inferred(
    description: Description, twin: Function, pair: Twin, failure: str = "not run"
) -> Verdict | None:
    """Judge a function by its twin, where their signatures agree.

    They agree where each array and each argument that must be given of the one is the other's,
    by name or in the same place: what is optional changes no axes while it isn't given.

    Parameters
    ----------
    description
        Of the function that was run nowhere, or in vain.
    twin
        What is known of its twin, which was.
    pair
        How their signatures differ.
    failure
        Why there is no observation of the function itself.

    Returns
    -------
    Verdict or None
        None where the signatures don't agree, or the twin was not observed either. Nothing is
        said of dtypes, warnings and refusals: these are a library's own.
    """
    if twin.evidence == "unobserved":
        return None
    names = {parameter.name: parameter for parameter in description.parameters}
    required = {each.name for each in description.parameters if each.default is None}
    needed = {*twin.arrays, *(p.name for p in twin.parameters if p.default is None)}
    if needed & {*pair.missing} or required & {*pair.added}:
        return None

    def own(others: Iterable[str]) -> tuple[str, ...]:
        renamed = (pair.renamed.get(other, other) for other in others)
        return tuple(name for name in renamed if name in names)

    return Verdict(
        kind=twin.kind,
        contract=twin.contract,
        reason=f"{failure}; as its twin, {pair.name}: {twin.reason}",
        evidence="inferred",
        result=twin.result,
        result_reason=_as_twin(twin.result_reason, pair.name),
        arrays=own(twin.arrays),
        other_arrays=own(twin.other_arrays),
        outputs=own(twin.outputs),
        name_or_array=own(twin.name_or_array),
        stacks=twin.stacks,
        needs_channels=twin.needs_channels,
        channels_last=twin.channels_last,
        mutates=own(twin.mutates),
        random=twin.random,
        axis_keywords=twin.axis_keywords,
    )


def _as_twin(reason: str | tuple[str, ...], twin: str) -> str | tuple[str, ...]:
    if isinstance(reason, str):
        return f"as its twin, {twin}: {reason}"
    return tuple(f"as its twin, {twin}: {each}" for each in reason)


def twin_types(description: Description, twin: Function, pair: Twin) -> TypeFindings:
    """Return the types that a function's twin has, where its own are not known.

    Parameters
    ----------
    description
        The function that was not run.
    twin
        Its twin on the CPU.
    pair
        How their signatures differ.

    Returns
    -------
    TypeFindings
        The twin's types, save those that name a class of the twin's own library.
    """
    names = {parameter.name: parameter for parameter in description.parameters}
    returns, forms = twin.returns, [*_renamed(twin.returns.forms, pair, names)]
    is_known = all(map(is_plain, (returns.annotation, *(each.annotation for each in forms))))
    return TypeFindings(
        returns=_on_device(returns.annotation) if is_known else None,
        forms=tuple(
            replace(form, annotation=_on_device(form.annotation)) for form in forms if is_known
        ),
        parameters={
            mine: parameter.annotation
            for parameter in twin.parameters
            if (mine := pair.renamed.get(parameter.name, parameter.name)) in names
            and names[mine].annotation_source == "unknown"
            and is_plain(parameter.annotation)
        },
    )


def _renamed(forms: Iterable[Form], pair: Twin, names: Collection[str]) -> Iterator[Form]:
    """Give the forms of a twin's result whose options this function has."""
    for form in forms:
        options = {pair.renamed.get(name, name): value for name, value in form.options.items()}
        if options.keys() <= {*names}:
            yield Form(options=options, annotation=form.annotation)


def is_plain(annotation: str) -> bool:
    """Tell whether a type has no class of the twin's own library in it."""
    return not any("." in name for name in names(parse(annotation)))


def _on_device(annotation: str) -> str:
    """Let each number be an array without axes: on a device most are, and stay there."""
    return str(substitute(parse(annotation), _ON_DEVICE))


def has_numbers(annotation: str) -> bool:
    """Tell whether a number may come back, and not only in an array."""
    return not _NUMBERS.isdisjoint(names(parse(annotation)))
