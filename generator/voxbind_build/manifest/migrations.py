"""Steps from the manifest of an older schema version to that of the next.

A new field that has a default needs no step: an older manifest is read as it is. A change that
isn't compatible (a field with another name or meaning) raises `SCHEMA_VERSION` by one, and its
step stands here. A step takes and returns the manifest as JSON gives it, before it is checked
against the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Mapping[int, Step] = {}
"""By the schema version that a step starts from."""


def migrated(document: dict[str, Any], version: int, wanted: int) -> dict[str, Any]:
    """Return a manifest as the schema version `wanted` has it.

    Parameters
    ----------
    document
        The decoded manifest.
    version
        Its schema version.
    wanted
        The schema version to bring it to.

    Raises
    ------
    KeyError
        If no step starts from one of the versions between the two.
    """
    for each in range(version, wanted):
        document = STEPS[each](document)
    return {**document, "schema_version": wanted}
