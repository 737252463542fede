"""What is known of the calls before a contract is judged: what was taken, and what held."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from voxbind_build.classify.library_messages import telling
from voxbind_build.model import Call, Observation, Result

__all__ = ["ContractFacts", "Takes", "contract_facts"]

Takes = Literal["nothing", "image", "volume", "image and volume", "colours"]
"""``colours``: only images with an axis of colours."""


class ContractFacts(Struct, frozen=True, kw_only=True):
    """Everything that the rules ask of a function's calls.

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
    flat_arguments: bool | None

    image_loses_an_axis: bool | None
    """None if some results have lost one, and others have not."""
    volume_loses_an_axis: bool
    volume_keeps_its_shape: bool
    volume_comes_back_flat: bool
    """A volume gives an image of rows and columns, or one of its own planes."""
    volume_gives_an_image: bool
    """The result has as many axes as the volume, or more, and follows the volume's size."""
    points_have_two_coordinates: bool
    """Both an image and a volume give rows of two coordinates."""

    image_error: str
    """The library's first error for an image, after a colon; empty if it gave none."""
    volume_error: str
    colour_volume_error: str
    with_volume_arguments: str
    """In brackets, the error for a volume with arguments that are made for one."""
    needs_colours: str
    """Why an axis of colours is needed."""
    default: str
    """What `channel_axis` does if it is left alone, if that misreads a volume."""


_DEFAULT = ", where channel_axis=None is given (left alone, it takes the last axis for channels)"


def contract_facts(observation: Observation) -> ContractFacts:
    """Collect what the rules ask of a function's calls."""
    images, volumes = _returned(observation, "image"), _returned(observation, "volume")
    held = observation.relations
    image_error, volume_error = _error(observation, "image"), _error(observation, "volume")
    lost = {_loses_an_axis(call) for call in images}
    return ContractFacts(
        takes=_takes(observation),
        takes_colour_volume=bool(_returned(observation, "colour volume")),
        per_slice=held.get("per_slice"),
        last_axis=held.get("last_axis"),
        last_axis_gone=held.get("last_axis_gone"),
        caller_chooses_axes=held.get("caller_chooses_axes"),
        shuffle_last=held.get("shuffle_last"),
        shuffle_rows=held.get("shuffle_rows"),
        flat_arguments=held.get("flat_arguments"),
        image_loses_an_axis=lost.pop() if len(lost) == 1 else None,
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
            f"an image without is refused{image_error}" if image_error else "so it is documented"
        ),
        default=_DEFAULT if held.get("default_reads_channels") else "",
    )


def _returned(observation: Observation, space: str) -> tuple[Call, ...]:
    """Return the calls that gave a result of a kind of image."""
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
    """Quote what the library said to a kind of image: what it said first."""
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
    """Tell whether the result has the image's shape but for one axis."""
    shape = _shape(call)
    return shape is not None and any(
        shape == call.shape[:axis] + call.shape[axis + 1 :] for axis in range(len(call.shape))
    )


def _keeps_its_shape(call: Call) -> bool:
    return _shape(call) == call.shape


def _is_flat(call: Call) -> bool:
    """Tell whether a volume came back as an image of rows and columns."""
    shape = _shape(call)
    return shape is not None and len(shape) == 2 and min(shape) >= min(call.shape[1:])


def _two_coordinates(calls: tuple[Call, ...]) -> bool:
    """Tell whether the results are rows of two coordinates."""
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
