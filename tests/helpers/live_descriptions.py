"""Descriptions of live functions, made without reading any library's source."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import Any, cast

from voxbind_build.classify import classify, find_types
from voxbind_build.describe import describe
from voxbind_build.manifest import freeze
from voxbind_build.model import (
    Definition,
    Description,
    Inventory,
    Library,
    LibrarySpec,
    Observation,
    ParameterKind,
    ProbeTask,
    PublicName,
    SourceParameter,
    Verdict,
)
from voxbind_build.probe.protocol.function_run import observe


def describe_function(function: Callable[..., Any], name: str = "") -> Description:
    """Describe a function by its signature and docstring."""
    name = name or f"{function.__module__}.{function.__name__}"
    definition = Definition(
        module=function.__module__,
        qualname=function.__qualname__,
        parameters=tuple(
            SourceParameter(
                name=each.name,
                kind=cast(ParameterKind, each.kind.name),
                default=None if each.default is each.empty else repr(each.default),
                default_is_literal=_is_literal(each.default),
            )
            for each in inspect.signature(function).parameters.values()
        ),
        docstring=inspect.getdoc(function) or "",
        fingerprint="sha256:0",
        origin="live",
    )
    spec = LibrarySpec(name="live", distribution="live", extra="live", modules=("live",))
    public = PublicName(name=name, kind="function", definition=definition)
    return describe(Inventory(spec=spec, version="0", names=(public,)))[0]


def _is_literal(default: Any) -> bool:
    try:
        ast.literal_eval(repr(default))
    except (SyntaxError, ValueError):
        return False
    return True


def describe_name(name: str) -> Description:
    """Describe a public function of an installed library."""
    module, _, attribute = name.rpartition(".")
    return describe_function(getattr(importlib.import_module(module), attribute), name)


def watch(function: Callable[..., Any], **roles: str) -> tuple[Observation, Verdict]:
    """Observe and judge a function of one's own."""
    description = describe_function(function)
    task = ProbeTask(description=description, memory_type="numpy", roles=roles, asked=tuple(roles))
    seen = observe(task)
    return seen, classify(description, seen, None)


@cache
def watch_name(name: str) -> tuple[Observation, Verdict]:
    """Observe and judge a public function of an installed library, once."""
    description = describe_name(name)
    seen = observe(ProbeTask(description=description, memory_type="numpy"))
    return seen, classify(description, seen, None)


def measure_library(key: str, distribution: str, *names: str) -> Library:
    """Measure public functions of an installed library, and return its entry in the manifest."""
    descriptions = [describe_name(name) for name in names]
    seen = {name: watch_name(name) for name in names}
    spec = LibrarySpec(
        name=key,
        distribution=distribution,
        extra=key,
        modules=tuple(sorted({description.module for description in descriptions})),
    )
    public = tuple(PublicName(name=name, kind="function") for name in names)
    return freeze(
        Inventory(spec=spec, version=version(distribution), names=public),
        descriptions,
        {name: verdict for name, (_, verdict) in seen.items()},
        {entry.name: find_types(entry, seen[entry.name][0]) for entry in descriptions},
    )
