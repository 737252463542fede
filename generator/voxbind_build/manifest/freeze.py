"""Makes a library's entry in the manifest of what the earlier stages found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import asdict, replace

from voxbind_build.common.typeexpr import names, parse
from voxbind_build.model import (
    Description,
    Evidence,
    Exclusion,
    Function,
    Inventory,
    Library,
    Parameter,
    PublicName,
    Returns,
    Twin,
    TypeFindings,
    TypeSource,
    Verdict,
)


def freeze(
    inventory: Inventory,
    descriptions: Sequence[Description],
    verdicts: Mapping[str, Verdict],
    types: Mapping[str, TypeFindings] | None = None,
    twins: Mapping[str, Twin] | None = None,
    machine: str = "",
) -> Library:
    """Put a library's public names, descriptions and verdicts into one record.

    Parameters
    ----------
    inventory
        Every public name of the library.
    descriptions
        One for each public function that has no exclusion.
    verdicts
        By dotted public name, one for each description.
    types
        By dotted public name, what calls showed of the types.
    twins
        By dotted public name, how functions differ from their twins.
    machine
        Where they were observed, if that was elsewhere.

    Raises
    ------
    ValueError
        If a public name would end neither wrapped nor excluded.
    """
    described = {description.name: description for description in descriptions}
    functions: dict[str, Function] = {}
    excluded: dict[str, Exclusion] = {}
    for public in sorted(inventory.names, key=lambda public: public.name):
        if public.exclusion is not None:
            excluded[public.name] = public.exclusion
        elif public.name in described:
            functions[public.name] = _function(
                described[public.name],
                verdicts[public.name],
                (types or {}).get(public.name, TypeFindings()),
                (twins or {}).get(public.name),
            )
        elif public.kind in ("class", "constant"):
            functions[public.name] = _re_export(public, inventory, machine)
        else:
            raise ValueError(
                f"{public.name}, a {public.kind}, has neither a description nor an exclusion"
            )
    spec = inventory.spec
    return Library(
        distribution=spec.distribution,
        extra=spec.extra,
        version=inventory.version,
        memory_type=spec.memory_type,
        twin=spec.twin,
        modules=spec.modules,
        functions=functions,
        excluded=excluded,
        differences=inventory.differences,
        environment=spec.environment,
        home=spec.home,
        device=spec.device,
        machine=machine,
    )


def _function(
    description: Description, verdict: Verdict, types: TypeFindings, twin: Twin | None
) -> Function:
    # Of what was run, a type that was found later was seen.
    seen: TypeSource = "twin" if twin and verdict.evidence == "inferred" else "observed"
    return Function(
        **asdict(verdict),
        wrapper=f"voxbind.{description.name}",
        parameters=tuple(_parameter(entry, types, seen) for entry in description.parameters),
        returns=_returns(description.returns, types, seen),
        module=description.module,
        original_name=description.attribute,
        definition=description.definition,
        fingerprint=description.fingerprint,
        doc=description.doc,
        deprecated=description.deprecated,
        tags=description.tags,
        twin=twin,
    )


def _parameter(parameter: Parameter, types: TypeFindings, seen: TypeSource) -> Parameter:
    """Return a parameter with the type that it was seen to have, or that its twin's has."""
    found = types.parameters.get(parameter.name)
    if found is None:
        return parameter
    source = parameter.annotation_source
    return replace(
        parameter,
        annotation=found,
        annotation_source=seen if (seen, source) == ("twin", "unknown") else source,
        untyped=parameter.untyped if "Any" in names(parse(found)) else "",
    )


def _returns(returns: Returns, types: TypeFindings, seen: TypeSource) -> Returns:
    """Return the documented type of the result, or the observed one where that contradicts it."""
    returns = replace(returns, forms=types.forms)
    if types.returns is None:
        return returns
    reason = returns.untyped or "what comes back has no common type"
    return replace(
        returns,
        annotation=types.returns,
        annotation_source=seen,
        untyped=reason if "Any" in names(parse(types.returns)) else "",
    )


def _re_export(public: PublicName, inventory: Inventory, machine: str) -> Function:
    """Return the entry of a class or constant, which is handed on as it is."""
    evidence: Evidence = "observed"
    if not inventory.live:  # what the source says
        evidence = "recorded" if machine else "inferred"
    return Function(
        wrapper=f"voxbind.{public.name}",
        kind="helper",
        contract=None,
        reason=f"a {public.kind}: handed on as it is",
        evidence=evidence,
        parameters=(),
        returns=Returns(annotation="Any", annotation_source="unknown"),
        module=public.module,
        original_name=public.attribute,
        definition="",
        fingerprint="",
        doc="",
        deprecated=None,
        tags=(),
        form="class" if public.kind == "class" else "constant",
        members=public.members,
    )
