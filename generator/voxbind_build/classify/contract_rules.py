"""Which dimensions a function takes, and why we think so."""

from __future__ import annotations

from msgspec import Struct

from voxbind_build.classify.library_messages import telling, tried, undecided
from voxbind_build.model import Call, Contract, Evidence, Observation, Result


class Finding(Struct, frozen=True):
    """A contract with its reason."""

    contract: Contract | None
    """None if nothing decides it."""
    reason: str
    evidence: Evidence = "observed"
    needs_channels: bool = False


class Spaces(Struct, frozen=True):
    """The calls that returned, by what they were given."""

    image: tuple[Call, ...]
    volume: tuple[Call, ...]
    colour_image: tuple[Call, ...]
    colour_volume: tuple[Call, ...]


def _spaces(observation: Observation) -> Spaces:
    def returned(space: str) -> tuple[Call, ...]:
        return tuple(
            call
            for call in observation.calls
            if call.outcome == "returned" and call.case.partition(" of ")[0] == space
        )

    return Spaces(
        returned("image"),
        returned("volume"),
        returned("colour image"),
        returned("colour volume"),
    )


def _answer(observation: Observation, space: str) -> str:
    """Quote what the library said to a kind of image: what it said first."""
    for call in telling(observation):
        if call.outcome != "returned" and call.case.partition(" of ")[0] == space:
            return f": {call.error}"
    return ""


def contract(observation: Observation) -> Finding:
    """Judge an observation of a function that takes an image."""
    if undecided(observation):
        return _nothing(observation)
    spaces = _spaces(observation)
    if spaces.image and spaces.volume:
        return _both(observation, spaces)
    if spaces.image:
        return Finding(
            "PURE_2D",
            "an image is taken, a volume is refused in every size, dtype and arrangement of "
            f"arguments tried{_answer(observation, 'volume')}",
        )
    if spaces.volume:
        return _volume_only(observation, spaces)
    if spaces.colour_image:
        return _colours_only(observation, spaces)
    return _nothing(observation)


def _colours_only(observation: Observation, spaces: Spaces) -> Finding:
    answer = _answer(observation, "image")
    why = f"an image without is refused{answer}" if answer else "so it is documented"
    needed = f"an axis of colours is needed ({why})"
    if spaces.colour_volume:
        return Finding(
            "FLEXIBLE",
            f"{needed}; beside it an image and a volume are both taken",
            needs_channels=True,
        )
    return Finding(
        "PURE_2D",
        f"{needed}; beside it two axes of space are taken, and a volume of colours is "
        f"refused{_answer(observation, 'colour volume')}",
        needs_channels=True,
    )


def _nothing(observation: Observation) -> Finding:
    return Finding(None, f"not observed: {tried(observation)}", evidence="unobserved")


def _volume_only(observation: Observation, spaces: Spaces) -> Finding:
    refused = f"an image is refused{_answer(observation, 'image')}"
    if all(_lost_axis(call) or _flattened(call) for call in spaces.volume):
        return Finding(
            "VOLUMETRIC_TO_SLICE",
            f"a volume is taken and a two-dimensional image comes back; {refused}",
        )
    return Finding("PURE_3D", f"a volume is taken; {refused}")


def _flattened(call: Call) -> bool:
    """Tell whether a volume came back as an image of rows and columns."""
    result = _array(call.result)
    return (
        result is not None and len(result.shape) == 2 and min(result.shape) >= min(call.shape[1:])
    )


def _both(observation: Observation, spaces: Spaces) -> Finding:
    held = observation.relations
    default = ""
    if held.get("default_reads_channels"):
        default = (
            ", where channel_axis=None is given (left alone, it takes the last axis for channels)"
        )
    if held.get("last_axis_gone"):
        return Finding(
            "PURE_2D",
            "a volume comes back without its last axis while an image keeps both of its own: "
            "the last axis is taken for channels",
        )
    if all(_lost_axis(call) for call in spaces.volume):
        of_image = {_lost_axis(call) for call in spaces.image}
        if of_image in ({False}, {True}):
            return Finding(
                "VOLUMETRIC_TO_SLICE",
                "a volume comes back as an image with one axis of space reduced, "
                + (
                    "as an image comes back as a line"
                    if of_image == {True}
                    else "and an image, which has no such axis, as an image"
                ),
            )
    per_slice, last_axis = held.get("per_slice"), held.get("last_axis")
    if per_slice and last_axis:
        return Finding(
            "FLEXIBLE",
            "image and volume are both taken and every pixel is treated by itself: any way of "
            f"cutting the volume gives the same values{default}",
        )
    if last_axis and held.get("caller_chooses_axes"):
        return Finding(
            "FLEXIBLE",
            "image and volume are both taken; the caller chooses the axes to work along, and "
            "with the axes of a slice a volume's slices come out as if each had been given alone",
        )
    if last_axis:
        return Finding(
            "PURE_2D",
            "a volume's planes come out as if each had been given alone along the last axis: "
            "the last axis is taken for channels",
        )
    if per_slice:
        alone = "image and volume are both taken; a volume's slices come out as if each had been "
        shuffled = held.get("shuffle_last") and held.get("shuffle_rows")
        pixels = ", and which pixels are neighbours makes no difference" if shuffled else ""
        return Finding("FLEXIBLE", f"{alone}given alone{pixels}{default}")
    if (
        held.get("shuffle_last")
        and held.get("shuffle_rows") is False
        and all(_keeps_shape(call) for call in spaces.volume)
    ):
        return Finding(
            "PURE_2D",
            "the order of a volume's planes along the last axis makes no difference, while that "
            "of its rows does: the last axis is taken for channels",
        )
    if _two_coordinates(spaces.image) and _two_coordinates(spaces.volume):
        return Finding(
            "PURE_2D",
            "a volume's points come back with two coordinates: its last axis is not taken for "
            "one of space",
        )
    if held.get("flat_arguments"):
        return Finding(
            "PURE_2D",
            "a volume is taken only where every other argument is made for an image of its "
            "first two axes: the last axis is not one of space"
            + _answer(observation, "volume").replace(": ", " (with arguments for a volume: ", 1)
            + (")" if _answer(observation, "volume") else ""),
        )
    if held.get("shuffle_last") and held.get("shuffle_rows"):
        reason = (
            "image and volume are both taken, and which pixels are neighbours makes no difference"
        )
    elif _is_image_like(spaces.volume):
        other = "neither that of its slices nor that of its planes along the last axis"
        if last_axis is None:
            other = "not that of its slices"
        reason = (
            f"image and volume are both taken, and the volume's result is {other}: all axes are "
            "spatial"
        )
    else:
        reason = (
            "image and volume are both taken, and the result is no image in which an axis "
            "could be misread"
        )
    return Finding("FLEXIBLE", reason + default)


def _array(result: Result | None) -> Result | None:
    if result is None or result.type == "array":
        return result
    for member in result.members:
        if found := _array(member):
            return found
    return None


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


def _lost_axis(call: Call) -> bool:
    """Tell whether the result has the image's shape but for one axis."""
    result = _array(call.result)
    if result is None:
        return False
    return any(
        result.shape == call.shape[:axis] + call.shape[axis + 1 :]
        for axis in range(len(call.shape))
    )


def _keeps_shape(call: Call) -> bool:
    result = _array(call.result)
    return result is not None and result.shape == call.shape


def _is_image_like(calls: tuple[Call, ...]) -> bool:
    found = [_array(call.result) for call in calls]
    shapes = {result.shape if result else () for result in found}
    constant = len(shapes) == 1 and len({call.shape for call in calls}) > 1
    return not constant and all(
        result is not None and len(result.shape) >= len(call.shape)
        for result, call in zip(found, calls, strict=True)
    )
