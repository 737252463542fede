"""The types of results."""

from __future__ import annotations

import re
from itertools import combinations

from voxbind_build.describe.annotations import Classes, from_annotation
from voxbind_build.describe.docstrings import Documentation, Entry
from voxbind_build.describe.reader import read_type
from voxbind_build.describe.vocabulary import Alternatives, is_annotation, text_of, unite
from voxbind_build.model import Returns

__all__ = ["describe_returns"]

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
    entries = _without_remarks(documentation.returns)
    documented = tuple((entry.name, entry.type) for entry in entries or documentation.yields)
    found = from_annotation(annotation, classes) if annotation is not None else None
    if found is not None:
        return Returns(
            annotation=text_of(found), annotation_source="annotation", documented=documented
        )
    found = _members(entries)
    text = text_of(_as_result(found)) if found else "Any"
    if not found or not is_annotation(text):
        return Returns(annotation="Any", annotation_source="unknown", documented=documented)
    return Returns(annotation=text, annotation_source="docstring", documented=documented)


def _without_remarks(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Take out lines of prose; what follows one that sets a condition is optional."""
    kept: list[Entry] = []
    condition = ""
    for entry in entries:
        line = entry.type or entry.name
        if _REMARK.match(line):
            condition = "" if line.startswith("..") else f" returned {line}"
        else:
            kept.append(entry._replace(text=entry.text + condition))
    return tuple(kept)


def _names(entry: Entry) -> list[str]:
    """Split "real, imag", but not "(real, imag)", which is one tuple."""
    return [entry.name] if entry.name.startswith("(") else entry.name.split(",")


def _members(entries: tuple[Entry, ...]) -> Alternatives | None:
    """Read the section's entries: one is the result, several are a tuple's members."""
    if len(entries) == 1:
        (entry,) = entries
        found = read_type(entry.type or entry.name)
        count = len(_names(entry))
        if found is None or count == 1 or text_of(found).startswith("tuple["):
            return found
        return (f"tuple[{', '.join([text_of(found)] * count)}]",)
    members = [
        (text_of(read_type(entry.type) or ("Any",)), _condition(entry))
        for entry in entries
        for _ in _names(entry)
    ]
    conditions = list(dict.fromkeys(condition for _, condition in members if condition))
    if not members or len(conditions) > _MOST_CONDITIONS:
        return None
    forms = []
    for count in range(len(conditions) + 1):
        for unmet in combinations(conditions, len(conditions) - count):
            present = [text for text, condition in members if condition not in unmet]
            if present:
                forms.append(f"tuple[{', '.join(present)}]" if len(present) > 1 else present[0])
    return unite(forms)


def _condition(entry: Entry) -> str:
    """Name what a member comes and goes with: a flag, which several may share; empty if none."""
    remarks = " ".join(f"{entry.type} {entry.text}".split())
    if not _SOMETIMES.search(remarks):
        return ""
    named = _IF.search(remarks)
    return named[1] if named else "optional"


def _as_result(found: Alternatives) -> Alternatives:
    """What comes back is an array, never a list that stands for one."""
    return unite(member.replace("ArrayLike", "Array") for member in found)
