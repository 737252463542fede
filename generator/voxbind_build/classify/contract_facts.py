"""Facts for the choice of a contract: the images a function accepts, and the relations tested."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from voxbind_build.classify.library_messages import telling
from voxbind_build.model import Call, Observation, ReachTrials, Result

__all__ = ["ContractFacts", "Takes", "contract_facts", "takes_images"]

Takes = Literal["nothing", "image", "volume", "image and volume", "colours"]
"""The images that a function accepts. ``colours``: only images with a channel axis."""


class ContractFacts(Struct, frozen=True, kw_only=True):
    """All facts about a function's calls that the rules use.

    A relation is None if it was not tested.
    """

    takes: Takes
    takes_colour_volume: bool

    per_slice: bool | None
    last_axis: bool | None
    last_axis_gone: bool | None
    caller_chooses_axes: bool | None
    shuffle_last: bool | None
    shuffle_rows: bool | None
    mean_of_planes: bool | None
    flat_arguments: bool | None

    image_loses_an_axis: bool | None
    """None if some results lack one axis of the image and others don't."""
    volume_loses_an_axis: bool
    volume_keeps_its_shape: bool
    volume_comes_back_flat: bool
    """The result for a volume is a two-dimensional image, or lacks one axis of the volume."""
    volume_gives_an_image: bool
    """The result has at least as many axes as the volume, and its size follows the volume's."""
    points_have_two_coordinates: bool
    """Both an image and a volume give rows of two coordinates."""

    image_error: str
    """The library's first error for an image, after a colon; empty if it raised none."""
    volume_error: str
    colour_volume_error: str
    with_volume_arguments: str
    """The error for a volume if all other arguments are made for it, in parentheses."""
    needs_colours: str
    """The evidence that a channel axis is needed."""
    shows_nothing: str
    """An argument with which elements of the result look far, although they look at one element
    alone in the calls that were compared: a rotation by 0 does so. Empty if there is none."""
    default: str
    """A clause on the default of `channel_axis`, if it misreads volumes; empty if not."""


def takes_images(observation: Observation) -> bool:
    """Return whether a function takes an image, and not only rows of numbers.

    A function of rows refuses images, or works along their first axis alone.
    """
    relations = observation.relations
    of_rows = relations.get("rows_alone") or relations.get("columns_alone")
    return bool(observation.image) and not of_rows


_DEFAULT = ", if channel_axis=None is passed (by default, the last axis is read as channels)"


def contract_facts(observation: Observation) -> ContractFacts:
    """Collect the facts about a function's calls that the rules use."""
    images, volumes = _returned(observation, "image"), _returned(observation, "volume")
    relations = observation.relations
    image_error, volume_error = _error(observation, "image"), _error(observation, "volume")
    axis_losses = {_loses_an_axis(call) for call in images}
    return ContractFacts(
        takes=_takes(observation),
        takes_colour_volume=bool(_returned(observation, "colour volume")),
        per_slice=relations.get("per_slice"),
        last_axis=relations.get("last_axis"),
        last_axis_gone=relations.get("last_axis_gone"),
        caller_chooses_axes=relations.get("caller_chooses_axes"),
        shuffle_last=relations.get("shuffle_last"),
        shuffle_rows=relations.get("shuffle_rows"),
        mean_of_planes=relations.get("mean_of_planes"),
        flat_arguments=relations.get("flat_arguments"),
        image_loses_an_axis=axis_losses.pop() if len(axis_losses) == 1 else None,
        volume_loses_an_axis=all(map(_loses_an_axis, volumes)),
        volume_keeps_its_shape=all(map(_keeps_its_shape, volumes)),
        volume_comes_back_flat=all(_loses_an_axis(call) or _is_flat(call) for call in volumes),
        volume_gives_an_image=_give_images(volumes),
        points_have_two_coordinates=_two_coordinates(images) and _two_coordinates(volumes),
        image_error=image_error,
        volume_error=volume_error,
        colour_volume_error=_error(observation, "colour volume"),
        with_volume_arguments=volume_error and f" (with arguments for a volume{volume_error})",
        needs_colours=(
            f"an image without it is refused{image_error}" if image_error else "as documented"
        ),
        shows_nothing=_beyond_one_element(observation.reach),
        default=_DEFAULT if relations.get("default_reads_channels") else "",
    )


def _beyond_one_element(reach: ReachTrials | None) -> str:
    """Return a changed number with which elements look far, if by default they look at one."""
    if reach is None or not reach.trials or reach.trials[0].elements is None:
        return ""
    usual, *others = reach.trials
    if any(usual.elements or ()):
        return ""
    for trial in others:
        if trial.elements is None and trial.changed and not trial.option:
            return ", ".join(f"{name}={value}" for name, value in trial.changed.items())
    return ""


def _returned(observation: Observation, space: str) -> tuple[Call, ...]:
    """Return the calls with a certain kind of image that returned a result."""
    return tuple(
        call
        for call in observation.calls
        if call.outcome == "returned" and call.case.partition(" of ")[0] == space
    )


def _takes(observation: Observation) -> Takes:
    image, volume = _returned(observation, "image"), _returned(observation, "volume")
    if image or volume:
        return "image and volume" if image and volume else "image" if image else "volume"
    return "colours" if _returned(observation, "colour image") else "nothing"


def _error(observation: Observation, space: str) -> str:
    """Return the library's first error for a kind of image, after a colon; empty if none."""
    for call in telling(observation):
        if call.outcome != "returned" and call.case.partition(" of ")[0] == space:
            return f": {call.error}"
    return ""


def _array(result: Result | None) -> Result | None:
    """Return the first array in a result."""
    if result is None or result.type == "array":
        return result
    return next(filter(None, map(_array, result.members)), None)


def _shape(call: Call) -> tuple[int, ...] | None:
    result = _array(call.result)
    return None if result is None else result.shape


def _loses_an_axis(call: Call) -> bool:
    """Return whether the result has the image's shape without one of its axes."""
    shape = _shape(call)
    return shape is not None and any(
        shape == call.shape[:axis] + call.shape[axis + 1 :] for axis in range(len(call.shape))
    )


def _keeps_its_shape(call: Call) -> bool:
    return _shape(call) == call.shape


def _is_flat(call: Call) -> bool:
    """Return whether the result for a volume is a two-dimensional image."""
    shape = _shape(call)
    return shape is not None and len(shape) == 2 and min(shape) >= min(call.shape[1:])


def _two_coordinates(calls: tuple[Call, ...]) -> bool:
    """Return whether the results are rows of two coordinates."""
    results = [call.result for call in calls if call.result is not None]
    return bool(results) and all(
        result.type == "array"
        and len(result.shape) == 2
        and result.shape[1] == 2
        and result.shape[0] > 2
        for result in results
    )


def _give_images(calls: tuple[Call, ...]) -> bool:
    shapes = {_shape(call) or () for call in calls}
    constant = len(shapes) == 1 and len({call.shape for call in calls}) > 1
    return not constant and all(
        (shape := _shape(call)) is not None and len(shape) >= len(call.shape) for call in calls
    )
