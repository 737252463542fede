"""Steps that convert a manifest from one schema version to the next.

A new field that has a default needs no step, because an older manifest can be read as it is. An
incompatible change (a field with a different name or meaning) raises `SCHEMA_VERSION` by one and
adds a step here. A step takes and returns the manifest as decoded from JSON, before it is checked
against the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voxbind_build.manifest.renamed_fields import FUNCTION, renamed, with_deviations

Step = Callable[[dict[str, Any]], dict[str, Any]]


def _rename_fields(document: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of functions the names that the wrappers use: version 1 to 2."""
    libraries = {
        name: {
            **library,
            "functions": {
                public: _with_renamed_fields(function)
                for public, function in library["functions"].items()
            },
        }
        for name, library in document["libraries"].items()
    }
    return {**document, "libraries": libraries}


STEPS: Mapping[int, Step] = {1: _rename_fields}
"""The steps, by the schema version that each starts from."""


def migrated(document: dict[str, Any], version: int, wanted: int) -> dict[str, Any]:
    """Return a manifest converted to the schema version `wanted`.

    Parameters
    ----------
    document
        The decoded manifest.
    version
        Its schema version.
    wanted
        The schema version to convert it to.

    Raises
    ------
    KeyError
        If there is no step for one of the versions in between.
    """
    for start_version in range(version, wanted):
        document = STEPS[start_version](document)
    return {**document, "schema_version": wanted}


def _with_renamed_fields(function: Mapping[str, Any]) -> dict[str, Any]:
    migrated_function = renamed(function, FUNCTION)
    if twin := function.get("twin"):
        migrated_function["twin"] = {
            **with_deviations(twin),
            "agreement": twin.get("agreement") and with_deviations(twin["agreement"]),
        }
    return migrated_function
