"""Makes a library's entry in the manifest from the results of the earlier stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import asdict, replace

from voxbind_build.common.typeexpr import names, parse
from voxbind_build.model import (
    PACKAGE,
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
    measured_with: Mapping[str, str] | None = None,
    package: str = PACKAGE,
) -> Library:
    """Combine a library's public names, descriptions and verdicts into one record.

    Parameters
    ----------
    inventory
        Every public name of the library.
    descriptions
        One description for each public function that isn't excluded.
    verdicts
        The verdict on each described function, by dotted public name.
    types
        Types that were observed in calls, by dotted public name.
    twins
        Comparisons of functions with their twins, by dotted public name.
    machine
        Description of the machine on which they were observed, if it wasn't this one.
    measured_with
        Versions of other libraries that the observations depend on, by distribution.
    package
        Dotted name of the package that holds the wrappers.

    Raises
    ------
    ValueError
        If a public name is neither described nor excluded.
    """
    described = {description.name: description for description in descriptions}
    functions: dict[str, Function] = {}
    excluded: dict[str, Exclusion] = {}
    for public in sorted(inventory.names, key=lambda public: public.name):
        if public.exclusion is not None:
            excluded[public.name] = public.exclusion
        elif public.name in described:
            functions[public.name] = _function(
                f"{package}.{public.name}",
                described[public.name],
                verdicts[public.name],
                (types or {}).get(public.name, TypeFindings()),
                (twins or {}).get(public.name),
                public.members,
            )
        elif public.kind in ("class", "constant"):
            functions[public.name] = _re_export(
                f"{package}.{public.name}", public, inventory, machine
            )
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
        modules=tuple(module for module in spec.modules if module not in inventory.absent),
        functions=functions,
        excluded=excluded,
        handed_on=inventory.handed_on,
        classes=inventory.classes,
        deprecations=inventory.deprecations,
        differences=inventory.differences,
        environment=spec.environment,
        home=spec.home,
        axes=spec.axes,
        image_class=spec.image_class,
        device=spec.device,
        machine=machine,
        measured_with=dict(measured_with or {}),
    )


def _function(
    wrapper: str,
    description: Description,
    verdict: Verdict,
    types: TypeFindings,
    twin: Twin | None,
    members: dict[str, str],
) -> Function:
    # Types that weren't in the source or documentation come from the twin or from the calls.
    source: TypeSource = "twin" if twin and verdict.evidence == "inferred" else "observed"
    return Function(
        **asdict(verdict),
        wrapper=wrapper,
        parameters=tuple(
            _parameter(parameter, types, source) for parameter in description.parameters
        ),
        returns=_returns(description.returns, types, source),
        module=description.module,
        original_name=description.attribute,
        definition=description.definition,
        fingerprint=description.fingerprint,
        code=description.code,
        shared_code=description.shared_code,
        doc=description.doc,
        deprecated=description.deprecated,
        tags=description.tags,
        twin=twin,
        members=members,
    )


def _parameter(parameter: Parameter, types: TypeFindings, source: TypeSource) -> Parameter:
    """Return a parameter with its observed type, or with the type of its twin's parameter.

    Its description is left out, because `Function.doc` contains it.
    """
    parameter = replace(parameter, description="")
    annotation = types.parameters.get(parameter.name)
    if annotation is None:
        return parameter
    own_source = parameter.annotation_source
    return replace(
        parameter,
        annotation=annotation,
        annotation_source=source if (source, own_source) == ("twin", "unknown") else own_source,
        untyped=parameter.untyped if "Any" in names(parse(annotation)) else "",
    )


def _returns(returns: Returns, types: TypeFindings, source: TypeSource) -> Returns:
    """Return the result with its documented type, or with the observed one if they differ."""
    returns = replace(returns, forms=types.forms)
    if types.returns is None:
        return returns
    reason = returns.untyped or "the results have no common type"
    return replace(
        returns,
        annotation=types.returns,
        annotation_source=source,
        untyped=reason if "Any" in names(parse(types.returns)) else "",
    )


def _re_export(wrapper: str, public: PublicName, inventory: Inventory, machine: str) -> Function:
    """Return the entry of a class or constant, which is re-exported unchanged."""
    evidence: Evidence = "observed"
    if not inventory.live:  # it was only read from the source
        evidence = "recorded" if machine else "inferred"
    return Function(
        wrapper=wrapper,
        kind="helper",
        contract=None,
        reason=f"a {public.kind}: re-exported unchanged",
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
