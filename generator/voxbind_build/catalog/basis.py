"""Summarizes the recorded calls that a function's verdict is based on."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from voxbind_build.model import Call, Function, Observation

Observations = Mapping[str, Mapping[str, Observation]]
"""Observations by library, then by definition."""


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """A summary of the calls that a verdict is based on."""

    relations: dict[str, bool] = {}
    """Whether each tested relation holds, by name."""
    taken: int = 0
    """Number of calls that returned a result."""
    refused: int = 0
    """Number of calls that raised an error, counting each error once per kind of image."""
    inconclusive: int = 0
    """Number of calls that a limit, or the machine, ended."""
    dtypes: int = 0
    """Number of calls with the same image in different dtypes."""
    images: dict[str, tuple[tuple[int, ...], ...]] = {}
    """Shapes of the images in calls that returned, by content and dtype: ``grey float64``."""
    arguments: dict[str, tuple[str, ...]] = {}
    """Values of the other arguments in calls that returned, by parameter."""
    answers: tuple[str, ...] = ()
    """The library's errors, if no call returned a result."""
    failure: str = ""
    """Why the function couldn't be measured at all; empty if it was."""


def basis_of(library: str, function: Function, observations: Observations) -> Basis:
    """Summarize the calls that one function's verdict is based on.

    Parameters
    ----------
    library
        The name of the function's library.
    function
        The function's entry in the manifest.
    observations
        Observations by library and definition.

    Returns
    -------
    Basis
        Empty if there is no observation of the function.
    """
    observation = observations.get(library, {}).get(function.definition)
    if observation is None:
        return Basis()
    returned = [call for call in observation.calls if call.outcome == "returned"]
    ended = [call for call in observation.calls if call.outcome == "inconclusive"]
    raised = [call for call in observation.calls if call.outcome in ("raised", "crashed")]
    arguments: dict[str, dict[str, None]] = {}
    images: dict[str, dict[tuple[int, ...], None]] = {}
    for call in returned:
        if call.shape:
            images.setdefault(_content(call), {})[call.shape] = None
        for name, value in call.arguments.items():
            arguments.setdefault(name, {})[value] = None
    return Basis(
        relations=observation.relations,
        taken=len(returned),
        refused=len(raised),
        inconclusive=len(ended),
        dtypes=len(observation.dtypes) + len(observation.refused),
        images={content: tuple(shapes) for content, shapes in images.items()},
        arguments={name: tuple(values) for name, values in sorted(arguments.items())},
        answers=() if returned else tuple(dict.fromkeys(call.error for call in [*raised, *ended])),
        failure=observation.failure,
    )


def _content(call: Call) -> str:
    return f"{call.case.rpartition(' of ')[2]} {call.dtype}"
