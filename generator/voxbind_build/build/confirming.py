"""Decides which functions are measured a second time, and what is written then.

A result may depend on chance although equal calls of one process agree. pyclesperanto 0.25.1, for
example, computes constants of a Fourier transform when it compiles it. For lengths with a prime
factor of 17 or more they were wrong in 5 of 174 compilations. The compiled transform is kept, so
that its results stay wrong. An observation that differs from the recorded one therefore counts
only if a second measurement, with an empty cache of compiled kernels, agrees with it.
"""

from __future__ import annotations

from msgspec.structs import replace

from voxbind_build.build.settled_values import settled_values
from voxbind_build.common.figures import UNSTABLE, Values, largest_change, settled
from voxbind_build.manifest import as_recorded
from voxbind_build.model import Observation

__all__ = ["as_written", "confirmed_observation", "is_doubtful", "once_more"]


def once_more(count: int) -> str:
    """Return a sentence on the functions that are measured a second time."""
    if count == 1:
        return "1 function gave other results than recorded, and is measured once more"
    return f"{count} functions gave other results than recorded, and are measured once more"


def as_written(
    recorded: Observation | None, measured: Observation, fingerprint: str
) -> Observation:
    """Return a new observation as it is written, and as a later build reads it.

    Parameters
    ----------
    recorded
        The observation of an earlier build, if there is one. Its figures stay if the new ones
        differ from them by rounding alone.
    measured
        The new observation.
    fingerprint
        What the new observation rests on.
    """
    values = settled_values(recorded, measured, fingerprint)
    return as_recorded(replace(measured, fingerprint=fingerprint, values=values))


def is_doubtful(recorded: Observation | None, written: Observation) -> bool:
    """Return whether an observation must be confirmed by a second measurement.

    Parameters
    ----------
    recorded
        The observation of an earlier build, if there is one.
    written
        The new observation as it would be written.
    """
    if recorded is None or recorded.inconclusive or written.inconclusive:
        return False
    if recorded.fingerprint == written.fingerprint:
        return recorded != written  # nothing that decides has changed
    return largest_change(recorded.values, written.values) is not None


def confirmed_observation(
    recorded: Observation, first: Observation, second: Observation
) -> Observation:
    """Return what to write after a second measurement.

    Parameters
    ----------
    recorded
        The observation of an earlier build.
    first, second
        The two new observations, as they would be written.
    """
    if recorded.fingerprint == first.fingerprint and recorded in (first, second):
        return recorded
    values = _confirmed_values(recorded.values, first.values, second.values)
    return replace(_without_chance(recorded, first, second), values=values)


def _without_chance(recorded: Observation, first: Observation, second: Observation) -> Observation:
    """Return the observation whose fields, apart from the figures, are no matter of chance."""
    if recorded.fingerprint == first.fingerprint:
        for measured in (first, second):
            if replace(measured, values=recorded.values) == recorded:
                return recorded
    return second


def _confirmed_values(old: Values, first: Values, second: Values) -> dict[str, str]:
    """Return the results of the calls of which two measurements agree.

    If they don't, the old text stays if one of them agrees with it: that one has the old text then,
    since it is as it would be written. Otherwise the result is marked as unstable.
    """
    again = settled(first, second)
    texts = {}
    for call, text in first.items():
        other = again.get(call)
        if other == text:
            texts[call] = text
        elif call in old and old[call] in (text, second.get(call)):
            texts[call] = old[call]
        else:
            texts[call] = f"{text.partition(' ')[0]} {UNSTABLE}"
    return texts
