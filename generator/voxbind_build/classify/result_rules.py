"""What kind of thing a function gives: observed, with documented names as tie-breakers."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from voxbind_build.model import Call, Contract, Description, Observation, Result, ResultKind

Kind = ResultKind | tuple[ResultKind, ...]

IMAGE_KINDS = frozenset({"image", "resized", "mask", "labels"})


class Names(Struct, frozen=True, forbid_unknown_fields=True):
    """The tie-breakers of `names.toml`."""

    labels_returned: str
    labels_function: str
    histogram: str
    histogram_summary: str
    mask_summary: str
    binary_summary: str
    votes: str
    points: str
    places: str
    map_function: str


@cache
def names() -> Names:
    """Read `names.toml`."""
    table = files("voxbind_build.classify").joinpath("result_names.toml")
    return msgspec.toml.decode(table.read_bytes(), type=Names)


class Sight(Struct, frozen=True):
    """One result beside the image that it was made from."""

    spatial: tuple[int, ...]
    """Lengths of the image's spatial axes."""
    colours: int
    result: Result
    content: str


def result_kind(
    description: Description, observation: Observation, contract: Contract | None
) -> Kind:
    """Tell the kind of a function's result, or the kinds of a tuple's members."""
    sights = _sights(observation)
    if contract == "PURE_2D":
        # What comes of a misread volume says nothing.
        sights = [sight for sight in sights if len(sight.spatial) == 2] or sights
    if not sights:
        return "other"
    documented = description.returns.documented
    label = " ".join(f"{name or description.attribute} {text}" for name, text in documented[:1])
    return _kind(sights, label, documented, description, observation, top=True)


def _sights(observation: Observation) -> list[Sight]:
    found = []
    for call in observation.calls:
        if call.outcome == "returned" and call.result is not None:
            found.append(_sight(call, call.result))
    plain = [sight for sight in found if not sight.colours]
    return plain or found


def _sight(call: Call, result: Result) -> Sight:
    colours = call.shape[-1] if call.case.startswith("colour") else 0
    spatial = call.shape[:-1] if colours else call.shape
    return Sight(spatial, colours, result, call.case.rpartition(" of ")[2])


def _kind(
    sights: list[Sight],
    label: str,
    documented: tuple[tuple[str, str], ...],
    description: Description,
    observation: Observation,
    *,
    top: bool = False,
) -> Kind:
    types = {sight.result.type for sight in sights}
    if types <= {"scalar"}:
        return "scalar"
    if "tuple" in types and types <= {"tuple", "list", "iterator"}:
        return _tuple_kind(sights, label, documented, description, observation, top)
    if types <= {"list", "iterator"}:
        return _list_kind(sights, f"{label} {description.attribute}")
    if types == {"dict"}:
        return "table"
    if types <= {"array", "scalar"}:
        return _array_kind(sights, label, description, observation)
    if any("sparse" in kind for kind in types):
        return "table"
    return "other"


def _tuple_kind(
    sights: list[Sight],
    label: str,
    documented: tuple[tuple[str, str], ...],
    description: Description,
    observation: Observation,
    top: bool,
) -> Kind:
    if all(_is_place(sight) for sight in sights) and (
        # Tuples of two scalars keep their length in volumes, places don't.
        len({len(sight.spatial) for sight in sights}) > 1 or re.search(names().points, label)
    ):
        return "points"
    lengths = {len(sight.result.members) for sight in sights}
    if len(lengths) != 1 or not top:
        return "points" if re.search(names().points, label) else "other"
    count = lengths.pop()
    kinds: list[ResultKind] = []
    for index in range(count):
        members = [
            Sight(sight.spatial, sight.colours, sight.result.members[index], sight.content)
            for sight in sights
        ]
        name = " ".join(documented[index]) if len(documented) == count else label
        kind = _kind(members, name, (), description, observation)
        kinds.append(kind if isinstance(kind, str) else "other")
    return tuple(kinds) if kinds else "other"


def _is_place(sight: Sight) -> bool:
    """One number for each axis."""
    members = sight.result.members
    return len(members) == len(sight.spatial) and all(map(_is_number, members))


def _is_number(result: Result) -> bool:
    """One number, which a library on a device may leave there: an array without axes."""
    return result.type == "scalar" or (result.type == "array" and not result.shape)


def _list_kind(sights: list[Sight], label: str) -> ResultKind:
    members = [member for sight in sights for member in sight.result.members]
    if not members:
        return "points" if re.search(names().points, label) else "other"
    if all(member.type == "array" and member.shape for member in members):
        if all(len(member.shape) == 2 and member.shape[1] in (2, 3) for member in members):
            return "points"
        return "other"
    if all(map(_is_number, members)):
        # One list of numbers is a place where it is called so.
        return "points" if re.search(names().places, label) else "table"
    if all(member.type == "tuple" for member in members):
        inner = [part for member in members for part in member.members]
        places = all(part.type == "tuple" or _is_number(part) for part in inner)
        return "points" if places else "table"
    return "table"


def _array_kind(
    sights: list[Sight], label: str, description: Description, observation: Observation
) -> ResultKind:
    sights = [sight for sight in sights if sight.result.type == "array"] or sights
    if all(not sight.result.shape for sight in sights):
        return "scalar"
    if all(_same_shape(sight) for sight in sights):
        return _image_kind(sights, label, description, observation)
    if all(_reduced(sight) for sight in sights if len(sight.spatial) > 2):
        volumes = [sight for sight in sights if len(sight.spatial) > 2]
        if volumes:
            return _image_kind(volumes, label, description, observation)
    if _is_points(sights, label):
        return "points"
    summary = description.doc.strip().partition("\n")[0]
    if re.search(names().histogram, f"{label} {description.attribute}") or re.search(
        names().histogram_summary, summary
    ):
        return "histogram"
    if _is_constant(sights):
        return "table"
    if re.search(names().votes, label):
        return "other"
    ranks = {len(sight.result.shape) - len(sight.spatial) for sight in sights}
    if ranks == {0} or (ranks == {0, 1} and _is_always_a_volume(sights)):
        return "resized"
    if ranks == {1} and all(
        sight.colours and sight.result.shape[-1] == sight.colours for sight in sights
    ):
        return "resized"
    if all(len(sight.result.shape) == 1 for sight in sights):
        return "table"
    if all(len(sight.result.shape) == 2 for sight in sights):
        rows = all(sight.result.shape[1] <= 6 for sight in sights)
        return "table" if rows else "image"  # a slice of a volume
    return "other"


def _same_shape(sight: Sight) -> bool:
    shape = sight.result.shape
    if shape == sight.spatial:
        return True
    return shape[:-1] == sight.spatial and shape[-1] in (3, 4)


def _reduced(sight: Sight) -> bool:
    """The image's shape but for one axis."""
    spatial = sight.spatial
    return any(
        sight.result.shape == spatial[:axis] + spatial[axis + 1 :] for axis in range(len(spatial))
    )


def _is_always_a_volume(sights: list[Sight]) -> bool:
    """Three axes, also where an image was given."""
    return all(len(sight.result.shape) == 3 for sight in sights)


def _is_points(sights: list[Sight], label: str) -> bool:
    """Rows of coordinates, or one place."""
    flat = [sight for sight in sights if len(sight.result.shape) == 1]
    if flat == sights:
        return all(sight.result.shape[0] == len(sight.spatial) for sight in sights) and (
            len({len(sight.spatial) for sight in sights}) > 1
            or bool(re.search(names().points, label))
        )
    if not all(len(sight.result.shape) == 2 for sight in sights):
        return False
    square = all(sight.result.shape[0] == sight.result.shape[1] for sight in sights)
    heights = {len(sight.spatial): sight.result.shape[0] for sight in sights}
    if len(heights) > 1 and not square and all(high == ndim for ndim, high in heights.items()):
        return True  # a column for each point
    widths = {len(sight.spatial): sight.result.shape[1] for sight in sights}
    if len(widths) > 1 and len(set(widths.values())) > 1:
        return not square and all(0 <= width - ndim <= 3 for ndim, width in widths.items())
    if not square and not label and all(width == ndim for ndim, width in widths.items()):
        return True
    return all(width <= 6 for width in widths.values()) and bool(re.search(names().points, label))


def _is_constant(sights: list[Sight]) -> bool:
    """The same shape from images of different sizes."""
    by_ndim: dict[int, set[tuple[int, ...]]] = {}
    sizes: dict[int, set[tuple[int, ...]]] = {}
    for sight in sights:
        by_ndim.setdefault(len(sight.spatial), set()).add(sight.result.shape)
        sizes.setdefault(len(sight.spatial), set()).add(sight.spatial)
    return all(len(shapes) == 1 for shapes in by_ndim.values()) and any(
        len(found) > 1 for found in sizes.values()
    )


def _is_binary(observation: Observation) -> bool:
    """Nothing but 0 and 1 comes of images over the whole of each dtype's range."""
    ranges = {
        result.range if result.integral else None
        for dtype, result in observation.dtypes.items()
        if dtype != "bool"
    }
    return ranges <= {(0, 0), (0, 1), (1, 1)} and bool(ranges - {(0, 0)})


def _image_kind(
    sights: list[Sight], label: str, description: Description, observation: Observation
) -> ResultKind:
    results = [sight.result for sight in sights]
    if all(result.dtype == "bool" for result in results):
        return "mask"
    if re.search(names().map_function, description.attribute):
        return "image"
    words = description.doc.partition("Parameters\n")[0]
    if re.search(names().binary_summary, words) and _is_binary(observation):
        return "mask"
    integral = all(result.integral and result.dtype[:1] in "iu" for result in results)
    if not integral or any(sight.result.shape != sight.spatial for sight in sights):
        return "image"
    required = {entry.name for entry in description.parameters if entry.default is None}
    roles = {observation.roles.get(name) for name in required}
    if (
        re.search(names().labels_returned, label)
        or re.search(names().labels_function, description.attribute)
        or roles & {"labels", "markers"}
    ):
        return "labels"
    if re.search(names().mask_summary, words) or all(
        result.range in ((0, 1), (0, 0)) for result in results
    ):
        return "mask"
    if all(sight.content == "labels" for sight in sights):
        return "labels"
    return "image"
