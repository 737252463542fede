"""Brings contract, result kind and array parameters together into one verdict."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import structs

from voxbind_build.classify.axis_keywords import axis_keywords
from voxbind_build.classify.contract_rules import Finding, contract
from voxbind_build.classify.library_messages import refusals, safe_dtypes, tried, warnings
from voxbind_build.classify.preserved import preserved
from voxbind_build.classify.result_rules import IMAGE_KINDS, Kind, result_kind
from voxbind_build.common.typeexpr import (
    Name,
    arguments,
    head,
    literal_values,
    members,
    names,
    parse,
)
from voxbind_build.model import (
    IMAGE_ROLES,
    OUTPUT_ROLES,
    SEEN,
    WHOLE_ROLES,
    Declaration,
    Description,
    DtypeFact,
    Observation,
    Overruled,
    Result,
    Verdict,
)

_MASKED = re.compile(r"(?i)masked[ _]?array")
_LISTS = re.compile(r"(?i)array[_-]like|sequence of|list of|\blist\b")


def classify(
    description: Description,
    observation: Observation | None,
    declaration: Declaration | None,
) -> Verdict:
    """Judge one callable.

    Parameters
    ----------
    description : Description
        Its parameters and what is documented of them.
    observation : Observation or None
        What was seen of it; None where it was not run.
    declaration : Declaration or None
        A contract that a person states; it overrules the observation, and what the function's
        author declares, and is marked so.

    Returns
    -------
    Verdict
        Every derived fact, with its reason in words.
    """
    verdict = structs.replace(
        _observed(description, observation), axis_keywords=axis_keywords(description)
    )
    if observation is not None and observation.machine and verdict.evidence == "observed":
        verdict = structs.replace(verdict, evidence="recorded")
    if declaration is not None:
        return _overrule(description, verdict, declaration)
    if description.declared is None:
        return verdict
    seen = "observed as well" if verdict.evidence in SEEN else "not observed"
    promise = Declaration(
        contract=description.declared, reason=f"declared by its author; {seen}: {verdict.reason}"
    )
    return _overrule(description, verdict, promise, by="author")


def _observed(description: Description, observation: Observation | None) -> Verdict:
    if observation is None:
        return _unseen(description)
    if not observation.image:
        return _helper(description, observation)
    finding = contract(observation)
    if finding.contract is None:
        return _undecided(description, observation, finding)
    result = result_kind(description, observation, finding.contract)
    return Verdict(
        kind="image",
        contract=finding.contract,
        reason=finding.reason,
        evidence=finding.evidence,
        result=result.kind,
        result_reason=result.reason,
        arrays=_arrays(description, observation),
        other_arrays=_of_roles(description, observation, WHOLE_ROLES),
        outputs=_of_roles(description, observation, OUTPUT_ROLES),
        host_arrays=_host_arrays(description, observation),
        array_like=_array_like(description, observation),
        name_or_array=_name_or_array(description, observation),
        masked=_masked(description, observation),
        stacks=_stacks(result.kind),
        needs_channels=finding.needs_channels,
        channels_last=_channels_last(finding, observation),
        dtypes=_dtypes(observation),
        values=observation.values,
        mutates=_mutates(observation),
        random=observation.random,
        warnings=warnings(observation),
        refuses=refusals(observation),
        allowed_dtypes=safe_dtypes(observation),
        preserves=preserved(observation),
    )


def _unseen(description: Description) -> Verdict:
    return Verdict(
        kind="image",
        contract=None,
        reason="not observed: it was not run",
        evidence="unobserved",
        result_reason="not observed",
        arrays=tuple(parameter.name for parameter in description.parameters[:1]),
    )


def _undecided(description: Description, observation: Observation, finding: Finding) -> Verdict:
    """Say which parameters take arrays, by their documentation, and nothing of what was seen."""
    return Verdict(
        kind="image",
        contract=None,
        reason=finding.reason,
        evidence=finding.evidence,
        result_reason="not observed",
        arrays=_arrays(description, observation),
        other_arrays=_of_roles(description, observation, WHOLE_ROLES),
        outputs=_of_roles(description, observation, OUTPUT_ROLES),
        host_arrays=_host_arrays(description, observation),
        array_like=_array_like(description, observation),
        name_or_array=_name_or_array(description, observation),
        masked=_masked(description, observation),
        allowed_dtypes=observation.allowed_dtypes,
    )


def _helper(description: Description, observation: Observation) -> Verdict:
    ran = any(call.outcome == "returned" for call in observation.calls)
    result = result_kind(description, observation, None)
    is_number = result.kind == "scalar"
    return Verdict(
        kind="helper",
        contract=None,
        reason=(
            "an array is made, or moved between memories: handed on as it is"
            if {"source", "model"} & {*observation.roles.values()}
            else "no parameter takes an image"
        )
        + ("" if ran else f"; it could not be run: {tried(observation)}"),
        evidence="observed" if ran else "unobserved",
        result="scalar" if is_number else "other",
        result_reason=(
            result.reason if is_number or not ran else "a helper's result that is not a number"
        ),
        other_arrays=_other_arrays_of_helper(description, observation),
        outputs=_of_roles(description, observation, OUTPUT_ROLES),
        host_arrays=_host_arrays(description, observation),
        sources=_of_roles(description, observation, frozenset({"source"})),
        values=observation.values,
        array_like=_array_like(description, observation),
        mutates=_mutates(observation),
        random=observation.random,
        warnings=warnings(observation),
    )


def _overrule(
    description: Description,
    verdict: Verdict,
    declaration: Declaration,
    by: Literal["specification", "author"] = "specification",
) -> Verdict:
    """Put what is declared in the place of what was observed, and keep that beside it."""
    helper = declaration.contract == "helper"
    contract = None if helper else declaration.contract or verdict.contract
    is_image = contract is not None or (verdict.kind == "image" and not helper)
    kind = declaration.result or verdict.result
    needs_channels = declaration.needs_channels
    if needs_channels is None:
        needs_channels = verdict.needs_channels
    declared = structs.replace(
        verdict,
        kind="image" if is_image else "helper",
        contract=contract,
        reason=declaration.reason,
        # Of an image function whose contract nobody states, the contract stays unknown.
        evidence="unobserved" if is_image and contract is None else "declared",
        result=kind,
        result_reason=declaration.reason if declaration.result else verdict.result_reason,
        stacks=contract is not None and _stacks(kind),
        needs_channels=contract is not None and needs_channels,
    )
    declared = structs.replace(declared, overruled=_overruled(verdict, declared, by))
    if not is_image and verdict.arrays:
        # Converted as before, and no longer cut.
        return structs.replace(
            declared, arrays=(), other_arrays=verdict.arrays + verdict.other_arrays
        )
    if contract is not None and not verdict.arrays:
        return _with_an_image(description, declared)
    return declared


def _with_an_image(description: Description, verdict: Verdict) -> Verdict:
    """Take the first parameter for the image; the roles of the library's TOML say it better."""
    first = tuple(parameter.name for parameter in description.parameters[:1])
    others = tuple(name for name in verdict.other_arrays if name not in first)
    return structs.replace(verdict, arrays=first, other_arrays=others)


def _overruled(
    verdict: Verdict, declared: Verdict, by: Literal["specification", "author"]
) -> Overruled:
    """Keep what was observed, and whether the declaration says the same."""
    return Overruled(
        kind=verdict.kind,
        contract=verdict.contract,
        result=verdict.result,
        result_reason=verdict.result_reason,
        needs_channels=verdict.needs_channels,
        reason=verdict.reason,
        evidence=verdict.evidence,
        by=by,
        agrees=verdict.evidence in SEEN
        and (verdict.contract, verdict.result, verdict.needs_channels)
        == (declared.contract, declared.result, declared.needs_channels),
    )


def _stacks(kind: Kind) -> bool:
    """Tell whether slices' results stack: images, and numbers beside a first image."""
    first, *others = (kind,) if isinstance(kind, str) else kind or ("other",)
    return first in IMAGE_KINDS and all(
        member in IMAGE_KINDS or member == "scalar" for member in others
    )


def _arrays(description: Description, observation: Observation) -> tuple[str, ...]:
    """Name the parameters that take images, the image itself first."""
    names = _of_roles(description, observation, IMAGE_ROLES)
    main = observation.image
    return (main, *(name for name in names if name != main))


def _of_roles(
    description: Description, observation: Observation, roles: frozenset[str]
) -> tuple[str, ...]:
    return tuple(
        parameter.name
        for parameter in description.parameters
        if observation.roles.get(parameter.name) in roles
    )


def _mutates(observation: Observation) -> tuple[str, ...]:
    """Name the inputs that are changed: what is there to be written into isn't told."""
    return tuple(
        name for name in observation.mutates if observation.roles.get(name) not in OUTPUT_ROLES
    )


def _host_arrays(description: Description, observation: Observation) -> tuple[str, ...]:
    """Name the arrays that the source annotates as lists: no image, wherever images are."""
    return tuple(
        parameter.name
        for parameter in description.parameters
        if observation.roles.get(parameter.name) in WHOLE_ROLES
        and parameter.annotation_source == "annotation"
        and {"list", "Sequence"} & names(parse(parameter.annotation))
    )


def _other_arrays_of_helper(description: Description, observation: Observation) -> tuple[str, ...]:
    """Name the parameters that take arrays, those that no role tells by their types."""
    roles = observation.roles
    return tuple(
        parameter.name
        for parameter in description.parameters
        if roles.get(parameter.name) in WHOLE_ROLES
        or (roles.get(parameter.name) != "output" and _is_list_of_arrays(parameter.annotation))
    )


def _is_list_of_arrays(annotation: str) -> bool:
    first = members(parse(annotation))[0]
    items = [member for item in arguments(first)[:1] for member in members(item)]
    return head(first) in ("list", "Sequence", "tuple") and items[:1] == [Name("Array")]


def _name_or_array(description: Description, observation: Observation) -> tuple[str, ...]:
    return tuple(
        parameter.name
        for parameter in description.parameters
        if observation.roles.get(parameter.name) in IMAGE_ROLES
        and _takes_words(parameter.annotation)
    )


def _takes_words(annotation: str) -> bool:
    type_ = parse(annotation)
    return "str" in names(type_) or any(isinstance(word, str) for word in literal_values(type_))


def _masked(description: Description, observation: Observation) -> tuple[str, ...]:
    return tuple(
        parameter.name
        for parameter in description.parameters
        if observation.roles.get(parameter.name) in IMAGE_ROLES
        and _MASKED.search(parameter.documented)
    )


def _array_like(description: Description, observation: Observation) -> tuple[str, ...]:
    return tuple(
        parameter.name
        for parameter in description.parameters
        if observation.roles.get(parameter.name) in IMAGE_ROLES | WHOLE_ROLES
        and _LISTS.search(parameter.documented)
        and observation.lists.get(parameter.name, True)
    )


def _channels_last(finding: Finding, observation: Observation) -> bool:
    held = observation.relations
    if finding.needs_channels:
        return True
    if finding.contract == "PURE_2D":
        return bool(held.get("takes_trailing_colours") or held.get("default_reads_channels"))
    return bool(held.get("default_reads_channels"))


def _dtypes(observation: Observation) -> dict[str, DtypeFact]:
    facts = {}
    for dtype, result in observation.dtypes.items():
        found = _typed(result)
        if found is not None:
            facts[dtype] = DtypeFact(dtype=found.dtype, range=found.range)
    return facts


def _typed(result: Result) -> Result | None:
    """Give the part of a result that has a dtype: the first with rows and columns, or the first."""
    if result.dtype:
        return result
    found = [part for part in map(_typed, result.members) if part is not None]
    return next((part for part in found if len(part.shape) >= 2), found[0] if found else None)
