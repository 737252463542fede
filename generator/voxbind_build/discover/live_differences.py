"""Compares a function's source with the imported object."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from voxbind_build.discover.live_worker import LiveName
from voxbind_build.model import Definition, SourceParameter

__all__ = ["compare", "reconcile"]

_MARKS = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}


def compare(name: str, definition: Definition, live: LiveName) -> Iterator[str]:
    """Yield a sentence for each difference between the source and the imported object.

    Only literal defaults are compared.

    Parameters
    ----------
    name
        The function's dotted public name.
    definition
        The function in the source.
    live
        The imported object.
    """
    source_home = f"{definition.module}.{definition.qualname}"
    live_home = f"{live.home}.{live.qualname}"
    # A decorator can give the object any name, so the name of its innermost code is compared too.
    if source_home not in (live_home, live.code):
        yield f"{name} is defined as {source_home} in the source, but is {live_home} when imported"
    if live.parameters is None:
        yield f"{name} has a signature in the source, but none when imported"
        return
    in_source, in_object = _outline(definition.parameters), _outline(live.parameters)
    if in_source != in_object:
        yield f"{name} takes ({in_source}) in the source, but ({in_object}) when imported"
        return
    for source, imported in zip(definition.parameters, live.parameters, strict=True):
        if _differs(source, imported):
            yield (
                f"{name}: {source.name} is {source.default} by default in the source, "
                f"but {imported.default} when imported"
            )


def reconcile(
    source: tuple[SourceParameter, ...], imported: tuple[SourceParameter, ...] | None
) -> tuple[SourceParameter, ...]:
    """Return the parameters that a caller must use.

    These are the imported function's, with the annotations of the source. A default keeps the
    source's text unless the two differ.

    Parameters
    ----------
    source
        The parameters in the source.
    imported
        The parameters of the imported function; None if it has no signature. If it only has
        ``*args`` and ``**kwargs``, the source's parameters are returned.
    """
    if not imported or all(parameter.kind in _MARKS for parameter in imported):
        return source
    source_by_name = {parameter.name: parameter for parameter in source}
    return tuple(_merge(source_by_name.get(parameter.name), parameter) for parameter in imported)


def _merge(source: SourceParameter | None, imported: SourceParameter) -> SourceParameter:
    if source is None:
        return imported
    if None in (source.default, imported.default) or _differs(source, imported):
        return msgspec.structs.replace(imported, annotation=source.annotation)
    return msgspec.structs.replace(source, kind=imported.kind)


def _differs(source: SourceParameter, imported: SourceParameter) -> bool:
    """Return whether literal defaults differ; other defaults are taken to be equal."""
    return source.default_is_literal and source.default != imported.default


def _outline(parameters: tuple[SourceParameter, ...]) -> str:
    """Return a signature in which ``=...`` stands for every default."""
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
