"""Observations that an earlier voxbind wrote, brought to the fields and words of today.

An observation can outlive the voxbind that made it: one of a GPU is kept until a GPU is at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voxbind_build.manifest.renamed_fields import OBSERVATION, renamed, with_deviations

__all__ = ["with_fields_of_today"]

_OUTCOMES = {"timeout": "inconclusive", "memory": "inconclusive", "exited": "raised"}
"""Outcomes of calls that have another name now."""
_CRASH, _TIMEOUT, _MEMORY = "ended its process", "took longer than", "MemoryError"
"""How errors began that had no outcome beside them."""


def with_fields_of_today(observation: Mapping[str, Any]) -> dict[str, Any]:
    """Return an observation, as it was decoded from JSON, with the fields of today.

    An observation that has them already comes back unchanged.

    Parameters
    ----------
    observation : Mapping
        By field, as `voxbind_build.model.Observation` has them, or had them.
    """
    observation = renamed(observation, OBSERVATION)
    if observation.get("agreement"):
        observation["agreement"] = with_deviations(observation["agreement"])
    if "inconclusive" in observation:
        return observation
    refused: dict[str, str] = observation.get("refused", {})
    taken = {d: error for d, error in refused.items() if not error.startswith((_TIMEOUT, _MEMORY))}
    calls = [_call(call) for call in observation.get("calls", ())]
    failure: str = observation.get("failure", "")
    inconclusive: dict[str, str] = {}
    for call in calls:
        if call["outcome"] == "inconclusive":
            part = "volume" if "volume of" in call["case"] else "image"
            if not any(_settles(other, part) for other in calls):
                inconclusive.setdefault(part, call.get("error", ""))
    for dtype in sorted(refused.keys() - taken.keys()):
        inconclusive.setdefault("dtypes", refused[dtype])
    if failure.startswith(_TIMEOUT):
        inconclusive["process"] = failure
    return {
        **observation,
        "calls": calls,
        "refused": taken,
        "crashes": sorted(d for d, error in taken.items() if error.startswith(_CRASH)),
        "inconclusive": inconclusive,
    }


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    return {**call, "outcome": _OUTCOMES.get(call["outcome"], call["outcome"])}


def _settles(call: Mapping[str, Any], part: str) -> bool:
    return call["outcome"] == "returned" and f"{part} of" in call["case"]
