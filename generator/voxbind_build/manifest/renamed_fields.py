"""Fields of records that had other names in schema version 1.

Manifests and observations share them: `migrations` renames those of a manifest,
`earlier_observations` those of an observation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["FUNCTION", "OBSERVATION", "renamed", "with_deviations"]

FUNCTION = {
    "whole": "other_arrays",
    "host": "host_arrays",
    "named": "name_or_array",
    "only": "allowed_dtypes",
    "keeps": "preserves",
}
"""New names of the fields of `voxbind_build.model.Function`, by their old names."""
OBSERVATION = {"only": "allowed_dtypes", "turned": "option_effects", "also": "also_accepts"}
"""New names of the fields of `voxbind_build.model.Observation`, by their old names."""
_DEVIATION = {"given": "parameters", "relative": "max_relative"}


def renamed(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a record, as JSON gives it, with new names for its fields.

    Parameters
    ----------
    record
        Values by field.
    names
        New names by old names. All other fields stay as they are.
    """
    return {names.get(field, field): value for field, value in record.items()}


def with_deviations(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a twin or an agreement with its ``apart`` as ``deviations``."""
    migrated = renamed(record, {"apart": "deviations"})
    if "apart" in record:
        migrated["deviations"] = [renamed(kind, _DEVIATION) for kind in record["apart"]]
    return migrated
