"""Converts observations that an earlier version of voxbind wrote to the present fields and words.

Observations made on a GPU, for example, are kept until the next recording on a GPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voxbind_build.manifest.renamed_fields import OBSERVATION, renamed, with_deviations

__all__ = ["with_fields_of_today"]

_OUTCOMES = {"timeout": "inconclusive", "memory": "inconclusive", "exited": "raised"}
"""Earlier names of outcomes, and the present ones."""
_CRASH, _TIMEOUT, _MEMORY = "ended its process", "took longer than", "MemoryError"
"""Beginnings of the errors that had no outcome of their own."""


def with_fields_of_today(observation: Mapping[str, Any]) -> dict[str, Any]:
    """Return an observation with the present fields; if it has them already, return a copy.

    Parameters
    ----------
    observation : Mapping
        An observation as it was decoded from JSON: values by the present or earlier fields of
        `voxbind_build.model.Observation`.
    """
    observation = renamed(observation, OBSERVATION)
    if observation.get("agreement"):
        observation["agreement"] = with_deviations(observation["agreement"])
    if "inconclusive" in observation:
        return observation
    refused: dict[str, str] = observation.get("refused", {})
    errors = {
        dtype: error
        for dtype, error in refused.items()
        if not error.startswith((_TIMEOUT, _MEMORY))
    }
    calls = [_call(call) for call in observation.get("calls", ())]
    failure: str = observation.get("failure", "")
    inconclusive: dict[str, str] = {}
    for call in calls:
        if call["outcome"] == "inconclusive":
            part = "volume" if "volume of" in call["case"] else "image"
            if not any(_settles(other, part) for other in calls):
                inconclusive.setdefault(part, call.get("error", ""))
    for dtype in sorted(refused.keys() - errors.keys()):
        inconclusive.setdefault("dtypes", refused[dtype])
    if failure.startswith(_TIMEOUT):
        inconclusive["process"] = failure
    return {
        **observation,
        "calls": calls,
        "refused": errors,
        "crashes": sorted(dtype for dtype, error in errors.items() if error.startswith(_CRASH)),
        "inconclusive": inconclusive,
    }


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    return {**call, "outcome": _OUTCOMES.get(call["outcome"], call["outcome"])}


def _settles(call: Mapping[str, Any], part: str) -> bool:
    return call["outcome"] == "returned" and f"{part} of" in call["case"]
