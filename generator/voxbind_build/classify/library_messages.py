"""The warnings and errors of a library, by the inputs that caused them."""

from __future__ import annotations

from collections.abc import Iterator

from voxbind_build.model import DECISIVE, Call, Observation

_NO_IMAGE = "no image"


def warnings(observation: Observation) -> dict[str, tuple[str, ...]]:
    """Return each observed warning, with the inputs that caused it.

    Warnings in calls that raised an error are left out.
    """
    inputs_of: dict[str, list[str]] = {}
    for call in observation.calls:
        if call.outcome == "returned":
            for warning in call.warnings:
                inputs_of.setdefault(warning, []).append(_input(call))
    for dtype, messages in sorted(observation.warned.items()):
        if dtype in observation.dtypes:
            for warning in messages:
                inputs_of.setdefault(warning, []).append(dtype)
    return {warning: tuple(dict.fromkeys(inputs)) for warning, inputs in sorted(inputs_of.items())}


def refusals(observation: Observation) -> dict[str, str]:
    """Return the library's first error for each kind of input that it always refused."""
    by_axes: dict[str, list[Call]] = {}
    for call in telling(observation):
        by_axes.setdefault(axes(call), []).append(call)
    errors = {
        kind: calls[0].error
        for kind, calls in by_axes.items()
        if kind and all(call.outcome != "returned" for call in calls)
    }
    # Dtypes were tried on images that the function accepts; if it accepts none, none was tried.
    return dict(sorted((errors | observation.refused).items()))


def telling(observation: Observation) -> list[Call]:
    """Return the calls that returned or raised an error, which show what the library accepts.

    Calls with `channel_axis=None` come last, since their errors may be about that argument.
    """
    channels = {name for name, role in observation.roles.items() if role == "channels"}
    return sorted(
        (call for call in observation.calls if call.outcome != "inconclusive"),
        key=lambda call: any(call.arguments.get(name) == "None" for name in channels),
    )


def tried(observation: Observation) -> str:
    """Describe the calls of a function that could not be observed, and the library's errors."""
    calls = [call for call in observation.calls if call.outcome != "returned"]
    if not calls:
        return undecided(observation) or observation.failure or "nothing was tried"
    cases = list(dict.fromkeys(map(_input, calls)))
    answers = list(dict.fromkeys(call.error for call in calls if call.outcome != "inconclusive"))
    sentences = [f"tried {', '.join(_first_few(cases))}"]
    if answers:
        sentences.append(f"the library raised {'; '.join(_first_few(answers))}")
    return "; ".join([*sentences, *filter(None, [undecided(observation)])])


def undecided(observation: Observation) -> str:
    """Say how the calls ended that leave the verdict open; empty if it is decided."""
    parts = {*DECISIVE} | ({"dtypes"} if observation.crashes else set())
    ends = (words for part, words in observation.inconclusive.items() if part in parts)
    return "; ".join(f"the measurement was inconclusive: {words}" for words in dict.fromkeys(ends))


def axes(call: Call) -> str:
    """Return the axes of a call's image, ``(Z, Y, X)``; empty if it had no image."""
    if call.case == _NO_IMAGE:
        return ""
    colours = call.case.startswith("colour")
    spatial = len(call.shape) - colours
    names = ["T", "Z", "Y", "X"][-spatial:] if spatial else []
    return f"({', '.join([*names, *([str(call.shape[-1])] if colours else [])])})"


def _input(call: Call) -> str:
    """Return the input of a call in words: ``(Y, X) grey float64``."""
    if call.case == _NO_IMAGE:
        arguments = ", ".join(f"{name}={value}" for name, value in call.arguments.items())
        return f"a call with {arguments}" if arguments else "a call without arguments"
    return f"{axes(call)} {call.case.rpartition(' of ')[2]} {call.dtype}"


def _first_few(texts: list[str], limit: int = 4) -> Iterator[str]:
    yield from texts[:limit]
    if len(texts) > limit:
        yield f"and {len(texts) - limit} more"


_HELD_AS = {"bool": ("bool", "uint8"), "float64": ("float64", "float32")}
"""The dtypes that a memory may use in place of one that it lacks."""


def safe_dtypes(observation: Observation) -> tuple[str, ...]:
    """Return the safe dtypes, if another is known to crash the process or to be misread."""
    if observation.allowed_dtypes:
        return observation.allowed_dtypes
    if not observation.crashes:
        return ()
    alternatives = (_HELD_AS.get(dtype, (dtype,)) for dtype in observation.dtypes)
    return tuple(sorted({name for names in alternatives for name in names}))
