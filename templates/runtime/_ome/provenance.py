"""The record of how an image was made, from a trace: the same text on each machine."""

from __future__ import annotations

import json
import sys
from inspect import signature
from typing import Any

from .. import registry
from .._settings.called import CalledFunction, called_function
from .._settings.trace_log import TraceLog
from .._support.package import PACKAGE, packages
from .._upstream.versions import installed_version
from .._upstream.wrapped_module import library_of

__all__ = ["record_of"]


def record_of(trace: TraceLog | None) -> dict[str, Any]:
    """Return the record of a trace, as JSON has it.

    Calls of the same function with the same arguments are one entry with their number.
    """
    calls: list[dict[str, Any]] = []
    entries: dict[str, dict[str, Any]] = {}
    for call in trace.functions if trace is not None else ():
        key = json.dumps([call.function, call.arguments], sort_keys=True)
        if key in entries:
            entries[key]["calls"] += 1
            continue
        entries[key] = {**_described(call), "calls": 1}
        calls.append(entries[key])
    return {"version": vars(sys.modules[PACKAGE])["__version__"], "calls": calls}


def _described(call: CalledFunction) -> dict[str, Any]:
    entry = _entry(call.function)
    if entry is None:
        return {"function": call.function, "arguments": dict(call.arguments)}
    arguments = _without_defaults(entry, call)  # imports the wrapper, which names its library
    distribution = _distribution(entry)
    return {
        "function": f"{entry.module}.{entry.original_name}",
        "library": distribution,
        "version": installed_version(distribution, entry.module.partition(".")[0]),
        "contract": str(entry.contract) if entry.contract is not None else None,
        "evidence": entry.evidence,
        "arguments": arguments,
    }


def _entry(function: str) -> registry.FunctionMetadata | None:
    for package in packages:
        entry = registry.functions(helpers=True, package=package).get(function)
        if entry is not None:
            return entry
    return None


def _distribution(entry: registry.FunctionMetadata) -> str:
    """Return the distribution of the function's library; voxbind for its own functions."""
    library = library_of(entry.module, entry.package)
    return PACKAGE if library is None else library.distribution


def _without_defaults(entry: registry.FunctionMetadata, call: CalledFunction) -> dict[str, Any]:
    defaults = {
        name: parameter.default
        for name, parameter in signature(entry.func).parameters.items()
        if parameter.default is not parameter.empty
    }
    described = called_function("", defaults).arguments
    return {
        name: value
        for name, value in call.arguments.items()
        if name not in described or described[name] != value
    }
