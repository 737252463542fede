"""Brings contract, result kind and array parameters together into one verdict."""

from __future__ import annotations

import re

from msgspec import structs

from voxbind_build.classify.contracts import Finding, contract
from voxbind_build.classify.results import IMAGE_KINDS, Kind, result_kind
from voxbind_build.classify.returns import result_type
from voxbind_build.model import (
    IMAGE_ROLES,
    WHOLE_ROLES,
    Declaration,
    Description,
    DtypeFact,
    Observation,
    Result,
    Verdict,
)

_NAMES = re.compile(r"""\bstr\b|Literal\[["']""")
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
        A contract that a person states; it overrules the observation and is marked so.

    Returns
    -------
    Verdict
        Every derived fact, with its reason in words.
    """
    verdict = _observed(description, observation)
    if declaration is None:
        return verdict
    return _overrule(verdict, declaration, observation)


def _observed(description: Description, observation: Observation | None) -> Verdict:
    if observation is None:
        return _unseen(description)
    if not observation.image:
        return _helper(description, observation)
    finding = contract(observation)
    kind = result_kind(description, observation, finding.contract)
    return Verdict(
        kind="image",
        contract=finding.contract,
        reason=finding.reason,
        evidence=finding.evidence,
        result=kind,
        arrays=_arrays(description, observation),
        whole=_of_roles(description, observation, WHOLE_ROLES),
        outputs=_of_roles(description, observation, frozenset({"output"})),
        array_like=_array_like(description, observation),
        named=_named(description, observation),
        stacks=_stacks(kind),
        needs_channels=finding.needs_channels,
        channels_last=_channels_last(finding, observation),
        dtypes=_dtypes(observation),
        mutates=observation.mutates,
        random=observation.random,
        returns=result_type(description, observation),
    )


def _unseen(description: Description) -> Verdict:
    return Verdict(
        kind="image",
        contract="PURE_2D",
        reason="not observed, so nothing beyond an image is promised: it was not run",
        evidence="inferred",
        arrays=tuple(parameter.name for parameter in description.parameters[:1]),
    )


def _helper(description: Description, observation: Observation) -> Verdict:
    ran = any(call.outcome == "returned" for call in observation.calls)
    return Verdict(
        kind="helper",
        contract=None,
        reason="no parameter takes an image",
        evidence="observed" if ran else "inferred",
        result="scalar" if result_kind(description, observation, None) == "scalar" else "other",
        whole=_of_roles(description, observation, WHOLE_ROLES),
        outputs=_of_roles(description, observation, frozenset({"output"})),
        array_like=_array_like(description, observation),
        mutates=observation.mutates,
        random=observation.random,
        returns=result_type(description, observation),
    )


def _overrule(
    verdict: Verdict, declaration: Declaration, observation: Observation | None
) -> Verdict:
    kind = declaration.result or verdict.result
    seen = observation is not None and verdict.evidence == "observed"
    overruled = f" (observed: {verdict.contract or 'helper'}, {verdict.reason})" if seen else ""
    return structs.replace(
        verdict,
        kind="image",
        contract=declaration.contract,
        reason=declaration.reason + overruled,
        evidence="declared",
        result=kind,
        stacks=_stacks(kind),
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


def _named(description: Description, observation: Observation) -> tuple[str, ...]:
    return tuple(
        parameter.name
        for parameter in description.parameters
        if observation.roles.get(parameter.name) in IMAGE_ROLES
        and _NAMES.search(parameter.annotation)
    )


def _array_like(description: Description, observation: Observation) -> tuple[str, ...]:
    return tuple(
        parameter.name
        for parameter in description.parameters
        if observation.roles.get(parameter.name) in IMAGE_ROLES | WHOLE_ROLES
        and _LISTS.search(parameter.documented)
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
