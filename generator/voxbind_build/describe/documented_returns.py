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
# With more conditions than these, the type would be unreadable.
_MOST_CONDITIONS = 3


def describe_returns(
    annotation: str | None, documentation: Documentation, classes: Classes
) -> Returns:
    """Describe a result; its type comes from the annotation or else from the docstring.

    Parameters
    ----------
    annotation
        The annotation in the function's source; None if there is none.
    documentation
        The function's docstring, parsed.
    classes
        The library's public classes.
    """
    documented_members = entries(documentation)
    documented = tuple((entry.name, entry.type) for entry in documented_members)
    annotated = from_annotation(annotation, classes) if annotation is not None else None
    origin: TypeSource = "docstring" if annotated is None else "annotation"
    documented_type = annotated or (
        _members(documented_members, classes) if documentation.returns else None
    )
    type_ = as_result(documented_type) if documented_type else ANY
    if type_ == ANY or not is_known(type_, classes.values()):
        type_, origin = ANY, "unknown"
    return Returns(
        annotation=str(type_),
        annotation_source=origin,
        documented=documented,
        facts=_facts(documented_members, classes),
        untyped=_reason(annotation, documented_members) if untyped(type_) else "",
    )


def entries(documentation: Documentation) -> tuple[Entry, ...]:
    """Return the documented members of a result, without lines of prose between them."""
    return _without_remarks(documentation.returns) or documentation.yields


def _facts(members: tuple[Entry, ...], classes: Classes) -> dict[str, str]:
    """Return the facts of all members; if there are several, prefixed by the member's name."""
    facts: dict[str, str] = {}
    for position, entry in enumerate(members):
        prefix = f"{entry.name if entry.type and entry.name else position}."
        for name, text in facts_of(entry.type or entry.name, classes).items():
            facts[prefix + name if len(members) > 1 else name] = text
    return facts


def _reason(annotation: str | None, members: tuple[Entry, ...]) -> str:
    """Say why a type contains ``Any``."""
    if annotation is not None:
        return f"annotated as {annotation!r}, which the vocabulary can't fully express"
    if not members:
        return "neither annotated nor documented"
    return f"documented as {', '.join(repr(entry.type or entry.name) for entry in members)}"


def _without_remarks(members: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Remove lines of prose; members after a line with a condition are optional."""
    without_remarks: list[Entry] = []
    condition = ""
    for entry in members:
        line = entry.type or entry.name
        if _REMARK.match(line):
            condition = "" if line.startswith("..") else f" returned {line}"
        else:
            without_remarks.append(replace(entry, text=entry.text + condition))
    return tuple(without_remarks)


def _members(listed_entries: tuple[Entry, ...], classes: Classes) -> TypeExpr | None:
    """Return the type of a section's entries: one is the result, several are a tuple's members."""
    if len(listed_entries) == 1:
        (entry,) = listed_entries
        type_ = read_type(entry.type or entry.name, classes)
        count = len(entry.names) or 1
        if type_ is None or count == 1 or head(members(type_)[0]) == "tuple":
            return type_
        return Generic("tuple", (type_,) * count)
    typed = [
        (read_type(entry.type, classes) or ANY, _condition(entry))
        for entry in listed_entries
        for _ in entry.names or ("",)
    ]
    conditions = list(dict.fromkeys(condition for _, condition in typed if condition))
    if not typed or len(conditions) > _MOST_CONDITIONS:
        return None
    return union(*_forms(typed, conditions))


def _forms(typed: Sequence[tuple[TypeExpr, str]], conditions: Sequence[str]) -> list[TypeExpr]:
    """Return the result's type for each combination of conditions that are met."""
    forms: list[TypeExpr] = []
    for count in range(len(conditions) + 1):
        for unmet in combinations(conditions, len(conditions) - count):
            present = tuple(type_ for type_, condition in typed if condition not in unmet)
            if present:
                forms.append(Generic("tuple", present) if len(present) > 1 else present[0])
    return forms


def _condition(entry: Entry) -> str:
    """Return the condition of an optional member, usually a parameter's name; empty if none."""
    remarks = " ".join(f"{entry.type} {entry.text}".split())
    if not _SOMETIMES.search(remarks):
        return ""
    parameter = _IF.search(remarks)
    return parameter[1] if parameter else "optional"
