"""Makes a library's entry in the manifest of what the earlier stages found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

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
    TypeSource,
    Verdict,
)


def freeze(
    inventory: Inventory,
    descriptions: Sequence[Description],
    verdicts: Mapping[str, Verdict],
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
                described[public.name], verdicts[public.name], (twins or {}).get(public.name)
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


def _function(description: Description, verdict: Verdict, twin: Twin | None) -> Function:
    # Of what was run, a type that was found later was seen.
    seen: TypeSource = "twin" if twin and verdict.evidence == "inferred" else "observed"
    return Function(
        wrapper=f"voxbind.{description.name}",
        kind=verdict.kind,
        contract=verdict.contract,
        reason=verdict.reason,
        evidence=verdict.evidence,
        result=verdict.result,
        arrays=verdict.arrays,
        whole=verdict.whole,
        outputs=verdict.outputs,
        host=verdict.host,
        array_like=verdict.array_like,
        named=verdict.named,
        masked=verdict.masked,
        stacks=verdict.stacks,
        needs_channels=verdict.needs_channels,
        channels_last=verdict.channels_last,
        dtypes=verdict.dtypes,
        mutates=verdict.mutates,
        random=verdict.random,
        axis_keywords=verdict.axis_keywords,
        keeps=verdict.keeps,
        warnings=verdict.warnings,
        refuses=verdict.refuses,
        only=verdict.only,
        needs_output=verdict.needs_output,
        sources=verdict.sources,
        overruled=verdict.overruled,
        deprecated=description.deprecated,
        twin=twin,
        parameters=tuple(_parameter(entry, verdict, seen) for entry in description.parameters),
        returns=_returns(description.returns, verdict, seen),
        module=description.module,
        original_name=description.attribute,
        definition=description.definition,
        fingerprint=description.fingerprint,
        doc=description.doc,
        tags=description.tags,
    )


def _parameter(parameter: Parameter, verdict: Verdict, seen: TypeSource) -> Parameter:
    """Return a parameter with the type that it was seen to have, or that its twin's has."""
    found = verdict.types.get(parameter.name)
    if found is None:
        return parameter
    source = parameter.annotation_source
    return replace(
        parameter,
        annotation=found,
        annotation_source=seen if (seen, source) == ("twin", "unknown") else source,
        untyped=parameter.untyped if "Any" in names(parse(found)) else "",
    )


def _returns(returns: Returns, verdict: Verdict, seen: TypeSource) -> Returns:
    """Return the documented type of the result, or the observed one where that contradicts it."""
    returns = replace(returns, forms=verdict.forms)
    if verdict.returns is None:
        return returns
    reason = returns.untyped or "what comes back has no common type"
    return replace(
        returns,
        annotation=verdict.returns,
        annotation_source=seen,
        untyped=reason if "Any" in names(parse(verdict.returns)) else "",
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
        result="other",
        arrays=(),
        whole=(),
        outputs=(),
        array_like=(),
        named=(),
        masked=(),
        stacks=False,
        needs_channels=False,
        channels_last=False,
        dtypes={},
        mutates=(),
        random=False,
        warnings={},
        refuses={},
        only=(),
        needs_output=(),
        sources=(),
        overruled=None,
        deprecated=None,
        parameters=(),
        returns=Returns(annotation="Any", annotation_source="unknown"),
        module=public.module,
        original_name=public.attribute,
        definition="",
        fingerprint="",
        doc="",
        tags=(),
        form="class" if public.kind == "class" else "constant",
    )
