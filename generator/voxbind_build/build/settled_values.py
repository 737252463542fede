"""Decides which figures of results are written if a function is measured again."""

from __future__ import annotations

from voxbind_build.common.figures import largest_change, settled
from voxbind_build.model import Observation

_OF_MACHINE = 1e-3
"""Largest change of a figure that the machine may cause, as a part of the largest magnitude: a
threshold that rounding decides changes single pixels of a volume."""


def settled_values(
    recorded: Observation | None, measured: Observation, fingerprint: str
) -> dict[str, str]:
    """Return the figures to write for a new measurement.

    Recorded figures stay if the new ones differ from them by rounding alone, so that the machine
    doesn't decide what is written.

    Parameters
    ----------
    recorded
        The observation of an earlier build, if there is one.
    measured
        The new observation.
    fingerprint
        What the new observation rests on. If the recorded one rests on the same, the functions are
        the same: then the larger changes that a machine may cause are no changes either.
    """
    if recorded is None:
        return measured.values
    old, new = recorded.values, measured.values
    is_same = recorded.fingerprint == fingerprint and not (
        recorded.inconclusive or measured.inconclusive
    )
    if is_same and bool(old) == bool(new):
        change = largest_change(old, new)
        if change is None or change.size < _OF_MACHINE:
            return old
    return settled(old, new)
