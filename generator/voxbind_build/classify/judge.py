"""Combines contract, kind of result and array parameters into one verdict."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import structs

from voxbind_build.classify.axis_keywords import axis_keywords
from voxbind_build.classify.contract_facts import takes_images
from voxbind_build.classify.contract_rules import Finding, contract
from voxbind_build.classify.library_messages import refusals, safe_dtypes, tried, warnings
from voxbind_build.classify.preserved import OF_NUMPY, arrays, preserved, result_colours
from voxbind_build.classify.reach import reach
from voxbind_build.classify.result_rules import result_kind, stacks
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

_NO_IMAGE = "no parameter takes an image"
_LISTS = re.compile(r"(?i)array[_-]like|sequence of|list of|\blist\b")


def classify(
    description: Description,
    observation: Observation | None,
    declaration: Declaration | None,
) -> Verdict:
    """Derive the verdict on one callable.

    Parameters
    ----------
    description : Description
        Its parameters and their documentation.
    observation : Observation or None
        Its observation; None if it was not run.
    declaration : Declaration or None
        The contract in the library's TOML file, if any. It overrules the observation and the
        contract that the function's author declares, and the verdict says so.

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
    agreement = "observed as well" if verdict.evidence in SEEN else "not observed"
    promise = Declaration(
        contract=description.declared,
        reason=f"declared by its author; {agreement}: {verdict.reason}",
    )
    return _overrule(description, verdict, promise, by="author")


def _observed(description: Description, observation: Observation | None) -> Verdict:
    if observation is None:
        return _not_run(description)
    if not takes_images(observation):
        return _helper(description, observation)
    finding = contract(observation)
    if finding.contract is None:
        return _undecided(description, observation, finding)
    result = result_kind(description, observation, finding.contract)
    dtypes = _dtypes(observation)
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
        masked_dtypes=_masked_dtypes(observation),
        result_colours=result_colours(observation, result.kind, finding.needs_channels),
        stacks=stacks(result.kind),
        needs_channels=finding.needs_channels,
        channels_last=_channels_last(finding, observation),
        dtypes=dtypes,
        dtype_follows=observation.dtype_follows,
        values=observation.values,
        mutates=_mutates(observation),
        random=observation.random,
        keeps_state=observation.keeps_state,
        ignored_outputs=observation.ignored_outputs,
        slices_with_one=observation.slices_with_one,
        warnings=warnings(observation),
        refuses=refusals(observation),
        allowed_dtypes=safe_dtypes(observation),
        preserves=preserved(observation),
        axis_arguments=dict(sorted((observation.axis_arguments or {}).items())),
        seeds=observation.seeds,
        reach=reach(description, observation, finding.contract, result.kind),
    )


def _not_run(description: Description) -> Verdict:
    return Verdict(
        kind="image",
        contract=None,
        reason="not observed: it was not run",
        evidence="unobserved",
        result_reason="not observed",
        arrays=tuple(parameter.name for parameter in description.parameters[:1]),
    )


def _undecided(description: Description, observation: Observation, finding: Finding) -> Verdict:
    """Return a verdict with the documented array parameters alone, without observed facts."""
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
            "makes an array, or moves it between memories: passed through unchanged"
            if {"source", "model"} & {*observation.roles.values()}
            else _NO_IMAGE
            if not observation.image
            else "works on rows of numbers, along one axis"
        )
        + ("" if ran else f"; it could not be run: {tried(observation)}"),
        evidence="observed" if ran else "unobserved",
        result="scalar" if is_number else "other",
        result_reason=(
            result.reason if is_number or not ran else "the result of a helper, and not a number"
        ),
        other_arrays=_other_arrays_of_helper(description, observation),
        outputs=_of_roles(description, observation, OUTPUT_ROLES),
        host_arrays=_host_arrays(description, observation),
        sources=_of_roles(description, observation, frozenset({"source"})),
        result_dtype=_result_dtype(description, observation),
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
    """Replace the observed facts by the declared ones, and keep the former in `overruled`."""
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
        # If a declaration of an image function states no contract, it may stay unknown.
        evidence="unobserved" if is_image and contract is None else "declared",
        result=kind,
        result_reason=declaration.reason if declaration.result else verdict.result_reason,
        stacks=contract is not None and stacks(kind),
        needs_channels=contract is not None and needs_channels,
    )
    declared = structs.replace(declared, overruled=_overruled(verdict, declared, by))
    if not is_image and verdict.arrays:
        # These arrays are still converted, but no longer cut into slices.
        return structs.replace(
            declared, arrays=(), other_arrays=verdict.arrays + verdict.other_arrays
        )
    if contract is not None and not verdict.arrays:
        return _with_an_image(description, declared)
    return declared


def _with_an_image(description: Description, verdict: Verdict) -> Verdict:
    """Make the first parameter the image; the library's TOML file can name another by roles."""
    first = tuple(parameter.name for parameter in description.parameters[:1])
    others = tuple(name for name in verdict.other_arrays if name not in first)
    return structs.replace(verdict, arrays=first, other_arrays=others)


def _overruled(
    verdict: Verdict, declared: Verdict, by: Literal["specification", "author"]
) -> Overruled:
    """Return the observed facts, and whether the declaration agrees with them."""
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


def _arrays(description: Description, observation: Observation) -> tuple[str, ...]:
    """Return the parameters that take images; the main image comes first."""
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
    """Return the inputs that the function modifies, except arrays that are meant as outputs."""
    return tuple(
        name for name in observation.mutates if observation.roles.get(name) not in OUTPUT_ROLES
    )


def _host_arrays(description: Description, observation: Observation) -> tuple[str, ...]:
    """Return the arrays that the source annotates as lists; they stay on the host."""
    return tuple(
        parameter.name
        for parameter in description.parameters
        if observation.roles.get(parameter.name) in WHOLE_ROLES
        and parameter.annotation_source == "annotation"
        and {"list", "Sequence"} & names(parse(parameter.annotation))
    )


def _other_arrays_of_helper(description: Description, observation: Observation) -> tuple[str, ...]:
    """Return the parameters that take arrays, by their role, or by their type if it has none."""
    roles = observation.roles
    # The image's parameter of a function that turned out to take rows of numbers.
    converted = WHOLE_ROLES | (IMAGE_ROLES if observation.image else frozenset())
    return tuple(
        parameter.name
        for parameter in description.parameters
        if roles.get(parameter.name) in converted
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
        if observation.masks.get(parameter.name)
    )


def _masked_dtypes(observation: Observation) -> dict[str, tuple[str, ...]]:
    """Return the dtypes of masked arrays for the parameters that look at the mask of some only."""
    return {
        name: dtypes
        for name, dtypes in sorted(observation.masks.items())
        if dtypes and not {*observation.dtypes} <= {*dtypes}
    }


def _array_like(description: Description, observation: Observation) -> tuple[str, ...]:
    return tuple(
        parameter.name
        for parameter in description.parameters
        if observation.roles.get(parameter.name) in IMAGE_ROLES | WHOLE_ROLES
        and _LISTS.search(parameter.documented)
        and observation.lists.get(parameter.name, True)
    )


def _channels_last(finding: Finding, observation: Observation) -> bool:
    relations = observation.relations
    if finding.needs_channels:
        return True
    if finding.contract == "PURE_2D":
        return bool(
            relations.get("takes_trailing_colours") or relations.get("default_reads_channels")
        )
    return bool(relations.get("default_reads_channels"))


def _dtypes(observation: Observation) -> dict[str, DtypeFact]:
    facts = {}
    for dtype, result in observation.dtypes.items():
        typed_part = _part_with_dtype(result)
        if typed_part is not None:
            facts[dtype] = DtypeFact(dtype=typed_part.dtype, range=typed_part.range)
    return facts


def _result_dtype(description: Description, observation: Observation) -> str:
    """Return the dtype that all arrays have in the results of a function without arrays."""
    takes_arrays = any(
        {"Array", "ArrayLike"} & names(parse(parameter.annotation))
        and parameter.name in observation.roles
        for parameter in description.parameters
    )
    results = [call.result for call in observation.calls if call.result is not None]
    results += [effect.result for effect in observation.option_effects]
    dtypes = {array.dtype for result in results for array in arrays(result)}
    return "" if takes_arrays or len(dtypes) != 1 or dtypes & {*OF_NUMPY} else dtypes.pop()


def _part_with_dtype(result: Result) -> Result | None:
    """Return a part of a result that has a dtype, preferably one with two axes or more."""
    if result.dtype:
        return result
    typed_parts = [part for part in map(_part_with_dtype, result.members) if part is not None]
    return next(
        (part for part in typed_parts if len(part.shape) >= 2),
        typed_parts[0] if typed_parts else None,
    )
