"""The types of results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

from msgspec.structs import replace

from voxbind_build.common.docstrings import Entry
from voxbind_build.common.typeexpr import ANY, Generic, TypeExpr, head, members, union
from voxbind_build.describe.annotations import Classes, from_annotation
from voxbind_build.describe.docstrings import Documentation
from voxbind_build.describe.doctype_reader import facts_of, read_type
from voxbind_build.describe.known_types import as_result, is_known, untyped
from voxbind_build.model import Returns, TypeSource

__all__ = ["describe_returns", "entries"]

_SOMETIMES = re.compile(
    r"\boptional\b|\bonly (?:\w+ ){0,2}(?:if|when)\b|\breturned (?:if|when)\b", re.IGNORECASE
)
_REMARK = re.compile(r"^(?:\.\. \w+::|if\b|when\b)", re.IGNORECASE)
_IF = re.compile(r"\b(?:if|when) (?:the |parameter )*`*(\w+)", re.IGNORECASE)
# More than these conditions make a type that nobody reads.
_MOST_CONDITIONS = 3


def describe_returns(
    annotation: str | None, documentation: Documentation, classes: Classes
) -> Returns:
    """Find the type of a result: annotation, then docstring."""
    told = entries(documentation)
    documented = tuple((entry.name, entry.type) for entry in told)
    annotated = from_annotation(annotation, classes) if annotation is not None else None
    origin: TypeSource = "docstring" if annotated is None else "annotation"
    found = annotated or (_members(told, classes) if documentation.returns else None)
    type_ = as_result(found) if found else ANY
    if type_ == ANY or not is_known(type_, classes.values()):
        type_, origin = ANY, "unknown"
    return Returns(
        annotation=str(type_),
        annotation_source=origin,
        documented=documented,
        facts=_facts(told, classes),
        untyped=_reason(annotation, told) if untyped(type_) else "",
    )


def entries(documentation: Documentation) -> tuple[Entry, ...]:
    """Give the documented members of a result, without lines of prose between them."""
    return _without_remarks(documentation.returns) or documentation.yields


def _facts(members: tuple[Entry, ...], classes: Classes) -> dict[str, str]:
    """Give the facts of all members; of several, each under its own name."""
    facts: dict[str, str] = {}
    for place, entry in enumerate(members):
        prefix = f"{entry.name if entry.type and entry.name else place}."
        for name, text in facts_of(entry.type or entry.name, classes).items():
            facts[prefix + name if len(members) > 1 else name] = text
    return facts


def _reason(annotation: str | None, members: tuple[Entry, ...]) -> str:
    """Say why a type has an ``Any``."""
    if annotation is not None:
        return f"annotated as {annotation!r}, of which the vocabulary has no more"
    if not members:
        return "neither annotated nor documented"
    return f"documented as {', '.join(repr(entry.type or entry.name) for entry in members)}"


def _without_remarks(members: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Take out lines of prose; what follows one that sets a condition is optional."""
    kept: list[Entry] = []
    condition = ""
    for entry in members:
        line = entry.type or entry.name
        if _REMARK.match(line):
            condition = "" if line.startswith("..") else f" returned {line}"
        else:
            kept.append(replace(entry, text=entry.text + condition))
    return tuple(kept)


def _members(told: tuple[Entry, ...], classes: Classes) -> TypeExpr | None:
    """Read the section's entries: one is the result, several are a tuple's members."""
    if len(told) == 1:
        (entry,) = told
        found = read_type(entry.type or entry.name, classes)
        count = len(entry.names) or 1
        if found is None or count == 1 or head(members(found)[0]) == "tuple":
            return found
        return Generic("tuple", (found,) * count)
    typed = [
        (read_type(entry.type, classes) or ANY, _condition(entry))
        for entry in told
        for _ in entry.names or ("",)
    ]
    conditions = list(dict.fromkeys(condition for _, condition in typed if condition))
    if not typed or len(conditions) > _MOST_CONDITIONS:
        return None
    return union(*_forms(typed, conditions))


def _forms(typed: Sequence[tuple[TypeExpr, str]], conditions: Sequence[str]) -> list[TypeExpr]:
    """Return the results that come back if some conditions are met and the others aren't."""
    forms: list[TypeExpr] = []
    for count in range(len(conditions) + 1):
        for unmet in combinations(conditions, len(conditions) - count):
            present = tuple(type_ for type_, condition in typed if condition not in unmet)
            if present:
                forms.append(Generic("tuple", present) if len(present) > 1 else present[0])
    return forms


def _condition(entry: Entry) -> str:
    """Name what a member comes and goes with: a flag, which several may share; empty if none."""
    remarks = " ".join(f"{entry.type} {entry.text}".split())
    if not _SOMETIMES.search(remarks):
        return ""
    named = _IF.search(remarks)
    return named[1] if named else "optional"
