"""What a library said to what it was given: warnings, and errors for what it doesn't take."""

from __future__ import annotations

from collections.abc import Iterator

from voxbind_build.model import DECISIVE, Call, Observation

_NO_IMAGE = "no image"


def warnings(observation: Observation) -> dict[str, tuple[str, ...]]:
    """Give each warning that was seen, with the inputs that it was seen with.

    Warnings of calls that were refused say nothing of the function's use.
    """
    found: dict[str, list[str]] = {}
    for call in observation.calls:
        if call.outcome == "returned":
            for warning in call.warnings:
                found.setdefault(warning, []).append(_input(call))
    for dtype, warned in sorted(observation.warned.items()):
        if dtype in observation.dtypes:
            for warning in warned:
                found.setdefault(warning, []).append(dtype)
    return {warning: tuple(dict.fromkeys(inputs)) for warning, inputs in sorted(found.items())}


def refusals(observation: Observation) -> dict[str, str]:
    """Give the library's first error for each kind of input that it never took."""
    by_axes: dict[str, list[Call]] = {}
    for call in telling(observation):
        by_axes.setdefault(axes(call), []).append(call)
    found = {
        kind: calls[0].error
        for kind, calls in by_axes.items()
        if kind and all(call.outcome != "returned" for call in calls)
    }
    # A dtype is tried on what is known to be taken: where nothing is, none was.
    return dict(sorted((found | observation.refused).items()))


def telling(observation: Observation) -> list[Call]:
    """Give the calls that came to an end of their own.

    Those come first whose errors are of the image and not of `channel_axis=None`.
    """
    channels = {name for name, role in observation.roles.items() if role == "channels"}
    return sorted(
        (call for call in observation.calls if call.outcome != "inconclusive"),
        key=lambda call: any(call.arguments.get(name) == "None" for name in channels),
    )


def tried(observation: Observation) -> str:
    """Say what was tried on a function that could not be observed, and what it answered."""
    calls = [call for call in observation.calls if call.outcome != "returned"]
    if not calls:
        return undecided(observation) or observation.failure or "nothing was tried"
    cases = list(dict.fromkeys(map(_input, calls)))
    answers = list(dict.fromkeys(call.error for call in calls if call.outcome != "inconclusive"))
    told = [f"tried {', '.join(_few(cases))}"]
    if answers:
        told.append(f"the library answered {'; '.join(_few(answers))}")
    return "; ".join([*told, *filter(None, [undecided(observation)])])


def undecided(observation: Observation) -> str:
    """Say how the calls ended that would have decided on a verdict; empty if it is decided."""
    parts = {*DECISIVE} | ({"dtypes"} if observation.crashes else set())
    ends = (words for part, words in observation.inconclusive.items() if part in parts)
    return "; ".join(f"the measurement was inconclusive: {words}" for words in dict.fromkeys(ends))


def axes(call: Call) -> str:
    """Name the axes of a call's image: ``(Z, Y, X)``; empty where there was none."""
    if call.case == _NO_IMAGE:
        return ""
    colours = call.case.startswith("colour")
    spatial = len(call.shape) - colours
    names = ["T", "Z", "Y", "X"][-spatial:] if spatial else []
    return f"({', '.join([*names, *([str(call.shape[-1])] if colours else [])])})"


def _input(call: Call) -> str:
    """Say what a call was given: ``(Y, X) grey float64``."""
    if call.case == _NO_IMAGE:
        given = ", ".join(f"{name}={value}" for name, value in call.arguments.items())
        return f"a call with {given}" if given else "a call without arguments"
    return f"{axes(call)} {call.case.rpartition(' of ')[2]} {call.dtype}"


def _few(texts: list[str], limit: int = 4) -> Iterator[str]:
    yield from texts[:limit]
    if len(texts) > limit:
        yield f"and {len(texts) - limit} more"


_HELD_AS = {"bool": ("bool", "uint8"), "float64": ("float64", "float32")}
"""What a memory may hold a dtype as that it doesn't have."""


def safe_dtypes(observation: Observation) -> tuple[str, ...]:
    """Name the dtypes that are safe, where one is known to end the process or to be misread."""
    if observation.allowed_dtypes:
        return observation.allowed_dtypes
    if not observation.crashes:
        return ()
    held = (_HELD_AS.get(dtype, (dtype,)) for dtype in observation.dtypes)
    return tuple(sorted({name for names in held for name in names}))
