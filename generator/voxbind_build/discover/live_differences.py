"""Comparing a function's source with the live object."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from voxbind_build.discover.live_worker import LiveName
from voxbind_build.model import Definition, SourceParameter

__all__ = ["compare", "reconcile"]

_MARKS = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}


def compare(name: str, definition: Definition, live: LiveName) -> Iterator[str]:
    """Say in sentences where source and live object differ.

    Only literal defaults are compared: what else the source names is what the object is.
    """
    source_home = f"{definition.module}.{definition.qualname}"
    live_home = f"{live.home}.{live.qualname}"
    # A decorator may name its wrapper as it likes.
    if source_home not in (live_home, live.code):
        yield f"{name} is defined as {source_home} in the source and is {live_home} when imported"
    if live.parameters is None:
        yield f"{name} has a signature in the source and none when imported"
        return
    written, shown = _outline(definition.parameters), _outline(live.parameters)
    if written != shown:
        yield f"{name} takes ({written}) in the source and ({shown}) when imported"
        return
    for ours, theirs in zip(definition.parameters, live.parameters, strict=True):
        if _differs(ours, theirs):
            yield (
                f"{name}: {ours.name} is {ours.default} by default in the source "
                f"and {theirs.default} when imported"
            )


def reconcile(
    written: tuple[SourceParameter, ...], shown: tuple[SourceParameter, ...] | None
) -> tuple[SourceParameter, ...]:
    """Give the parameters that a caller meets: the live ones, where they say anything.

    A default keeps the source's text unless the two differ, and annotations are kept.
    """
    if not shown or all(parameter.kind in _MARKS for parameter in shown):
        return written
    known = {parameter.name: parameter for parameter in written}
    return tuple(_merge(known.get(parameter.name), parameter) for parameter in shown)


def _merge(ours: SourceParameter | None, theirs: SourceParameter) -> SourceParameter:
    if ours is None:
        return theirs
    if None in (ours.default, theirs.default) or _differs(ours, theirs):
        return msgspec.structs.replace(theirs, annotation=ours.annotation)
    return msgspec.structs.replace(ours, kind=theirs.kind)


def _differs(ours: SourceParameter, theirs: SourceParameter) -> bool:
    """Compare literal defaults: an object that the source names is what it is when imported."""
    return ours.default_is_literal and ours.default != theirs.default


def _outline(parameters: tuple[SourceParameter, ...]) -> str:
    """Write names, kinds and which arguments are required."""
    parts = []
    kind = ""
    for parameter in parameters:
        if kind == "POSITIONAL_ONLY" != parameter.kind:
            parts.append("/")
        if parameter.kind == "KEYWORD_ONLY" and kind not in ("KEYWORD_ONLY", "VAR_POSITIONAL"):
            parts.append("*")
        optional = "" if parameter.default is None else "=..."
        parts.append(f"{_MARKS.get(parameter.kind, '')}{parameter.name}{optional}")
        kind = parameter.kind
    if kind == "POSITIONAL_ONLY":
        parts.append("/")
    return ", ".join(parts)
