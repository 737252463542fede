"""Properties of labelled regions, measured region by region.

1. The labels of each chunk are listed, which tells in how many chunks each region is.
2. Each chunk is cut into the parts of its regions. Parts of chunks are brought together, a few
   chunks at a time. As soon as all parts of a region are there, the library's function measures it,
   in an image of the region alone.
3. What depends on the region's position in the image is corrected, and the rows are sorted.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

from ..._axes.layout import Image
from ..._axes.measured import Measured
from ..._memory.lookup import to_host
from ..._support.untyped import np
from ...errors import MemoryTypeError
from ..inputs import in_same_chunks
from .tree import caller_of, combined, delayed, lazy_number, of_chunks, starts_of_chunks, untraced

__all__ = ["REGION_TABLES", "region_table"]

REGION_TABLES = ("skimage.measure.regionprops_table",)
"""The library's functions, by name."""

_INTENSITY, _PROPERTIES, _EXTRA = "intensity_image", "properties", "extra_properties"
_WEIGHTED = (
    "centroid_weighted",
    "centroid_weighted_local",
    "image_intensity",
    "moments_weighted",
    "moments_weighted_central",
    "moments_weighted_hu",
    "moments_weighted_normalized",
)
"""Properties that multiply the intensities outside of the region by 0, which NaN doesn't become."""
_OF_REGION = (
    "area",
    "area_bbox",
    "area_convex",
    "area_filled",
    "axis_major_length",
    "axis_minor_length",
    "centroid_local",
    "eccentricity",
    "equivalent_diameter_area",
    "euler_number",
    "extent",
    "feret_diameter_max",
    "image",
    "image_convex",
    "image_filled",
    "inertia_tensor",
    "inertia_tensor_eigvals",
    "intensity_max",
    "intensity_mean",
    "intensity_median",
    "intensity_min",
    "intensity_std",
    "moments",
    "moments_central",
    "moments_hu",
    "moments_normalized",
    "num_pixels",
    "orientation",
    "perimeter",
    "perimeter_crofton",
    "solidity",
    *_WEIGHTED,
)
"""Properties that are the same wherever the region is, except for `centroid_weighted`."""
_OF_POSITION = ("bbox", "centroid", "coords", "coords_scaled", "label")
_FROM_COORDINATES = ("centroid", "coords_scaled")


class Fragment(NamedTuple):
    """The part of a region that is in one chunk."""

    start: Any
    """Index of its first element in the image, along each axis."""
    mask: Any
    intensity: Any
    """None if there is no intensity image."""


class Region(NamedTuple):
    """A region of which some parts are there."""

    parts: int
    """Number of chunks that it is in."""
    fragments: list[Fragment]


class Part(NamedTuple):
    """What was measured in some chunks."""

    rows: dict[int, list[Any]]
    """By label, an array with one element for each column."""
    regions: dict[int, Region]
    """By label, the regions that are in further chunks."""


class Task(NamedTuple):
    """How regions are measured."""

    function: Any
    arguments: Mapping[str, Any]
    image: str
    """The parameter that takes the labels."""
    properties: Sequence[str]
    columns: tuple[str, ...]

    def row(self, label: int, fragments: Sequence[Fragment]) -> list[Any]:
        """Measure a region of which all parts are given."""
        start, mask, intensity = _pasted(fragments)
        asked = ["coords" if name in _FROM_COORDINATES else name for name in self.properties]
        extra = {} if intensity is None else {_INTENSITY: intensity}
        given = {**self.arguments, **extra, _PROPERTIES: tuple(dict.fromkeys(asked))}
        row = dict(self.function(**{self.image: mask.astype(np.uint8)}, **given))
        self._correct(row, label, start)
        return [row[name] for name in self.columns]

    def _correct(self, row: dict[str, Any], label: int, start: Any) -> None:
        """Replace what depends on the label and on the position in the image."""
        spacing = self.arguments.get("spacing")
        spacing = np.ones(len(start)) if spacing is None else np.broadcast_to(spacing, len(start))
        separator = self.arguments.get("separator", "-")

        def shift(name: str, offsets: Any) -> None:
            for axis, offset in enumerate(offsets):
                row[f"{name}{separator}{axis}"] = row[f"{name}{separator}{axis}"] + offset

        if "label" in row:
            row["label"] = row["label"] - 1 + label
        if "bbox" in self.properties:
            shift("bbox", [*start, *start])
        if "centroid_weighted" in self.properties:
            shift("centroid_weighted", start * spacing)
        if "coords" not in row:
            return
        coordinates = row["coords"][0] + start
        row["coords"] = _object(coordinates)
        row["coords_scaled"] = _object(coordinates * spacing)
        for axis, mean in enumerate((coordinates * spacing).mean(axis=0)):
            row[f"centroid{separator}{axis}"] = np.array([mean])


def region_table(facts: Measured, arguments: Mapping[str, Any], image: Image) -> Any:
    """Return the columns of the table, each a dask array of unknown length.

    Raises
    ------
    MemoryTypeError
        If a property can't be measured from the region alone, or the labels aren't integers.
    """
    labels, properties = image.array, tuple(arguments[_PROPERTIES])
    _refuse(facts, image, properties)
    arrays = [labels]
    if arguments[_INTENSITY] is not None:
        arrays.append(
            in_same_chunks(facts.name, _INTENSITY, arguments[_INTENSITY], image.parameter, labels)
        )
    rest = {
        name: value
        for name, value in arguments.items()
        if name not in (image.parameter, _INTENSITY, _PROPERTIES)
    }
    example = _example(facts, image.parameter, {**rest, _PROPERTIES: properties}, arrays)
    task = Task(
        partial(untraced, facts.function), rest, image.parameter, properties, tuple(example)
    )
    caller = caller_of(facts, arguments, image.parameter)
    numbers = delayed(_shared)(combined(_counted, of_chunks(caller, _present, labels)))
    starts = starts_of_chunks(labels)
    is_weighted = any(name in _WEIGHTED for name in properties) or bool(arguments[_EXTRA])
    cut = partial(_cut, task, starts, is_weighted)
    parts = of_chunks(caller, cut, *arrays, shared=numbers, with_place=True)
    rows = combined(partial(_merged, task), parts)
    table = delayed(partial(_table, example))(rows)
    return {
        name: lazy_number(delayed(_column)(table, name), str(column.dtype), (float("nan"),))
        for name, column in example.items()
    }


def _refuse(facts: Measured, image: Image, properties: Sequence[str]) -> None:
    known = (*_OF_REGION, *_OF_POSITION)
    unknown = [name for name in properties if name not in known]
    if unknown:
        raise MemoryTypeError(
            f"{facts.name} was given {image.parameter!r}, a dask array, and the property "
            f"{unknown[0]!r}, which can't be measured region by region. Accepted are "
            f"{', '.join(sorted(known))}. For others, compute the array first: "
            f"{image.parameter}.compute()."
        )
    if image.array.dtype.kind not in "iu":
        raise MemoryTypeError(
            f"{facts.name} was given {image.parameter!r}, a dask array of dtype "
            f"{image.array.dtype}. Labels are integers: give measure.label({image.parameter}) or "
            f"{image.parameter}.astype(numpy.uint8)."
        )


def _example(facts: Measured, image: str, given: Any, arrays: Sequence[Any]) -> dict[str, Any]:
    """Return the columns, all empty: their names and dtypes are those of a small region."""
    labels = np.pad(np.ones((4,) * arrays[0].ndim, np.uint8), 1)
    extra = {_INTENSITY: labels.astype(arrays[1].dtype)} if len(arrays) > 1 else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of regions that are too small for a convex hull
        table = untraced(facts.function, **{image: labels}, **extra, **given)
    return {name: column[:0] for name, column in table.items()}


def _present(labels: Any) -> tuple[Any, Any]:
    present = np.unique(to_host(labels, "labels"))
    present = present[present > 0]
    return present, np.ones(len(present), np.int64)


def _counted(parts: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    labels, places = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    counts = np.zeros(len(labels), np.int64)
    np.add.at(counts, places.ravel(), np.concatenate([part[1] for part in parts]))
    return labels, counts


def _shared(counted: tuple[Any, Any]) -> dict[int, int]:
    """Return the regions that are in several chunks: their number of chunks, by label."""
    labels, counts = counted
    several = counts > 1
    return dict(zip(labels[several].tolist(), counts[several].tolist(), strict=True))


def _cut(
    task: Task,
    starts: Sequence[Sequence[int]],
    is_weighted: bool,
    place: tuple[int, ...],
    numbers: Mapping[int, int],
    labels: Any,
    intensity: Any = None,
) -> Part:
    """Cut a chunk into the parts of its regions, and measure those that have no other part."""
    host = to_host(labels, "labels")
    values = None if intensity is None else to_host(intensity, _INTENSITY)
    if is_weighted and values is not None and not np.isfinite(values).all():
        raise ValueError(
            f"{_INTENSITY!r} has elements that aren't finite. Regions in chunks aren't weighted "
            "with them: replace them first, with numpy.nan_to_num."
        )
    present, places = np.unique(host, return_inverse=True)
    places = places.reshape(host.shape)
    offset = np.array([axis[index] for axis, index in zip(starts, place, strict=True)])
    regions = {}
    objects = import_module("scipy.ndimage").find_objects(places + 1)
    for number, (label, box) in enumerate(zip(present.tolist(), objects, strict=True)):
        if label <= 0:
            continue
        fragment = Fragment(
            offset + [side.start for side in box],
            places[box] == number,
            None if values is None else values[box].copy(),
        )
        regions[label] = Region(numbers.get(label, 1), [fragment])
    return _merged(task, [Part({}, regions)])


def _merged(task: Task, parts: list[Part]) -> Part:
    """Bring the parts of regions together, and measure the regions that are complete."""
    merged = Part({}, {})
    for part in parts:
        merged.rows.update(part.rows)
        for label, region in part.regions.items():
            known = merged.regions.get(label)
            fragments = [*known.fragments, *region.fragments] if known else region.fragments
            merged.regions[label] = Region(region.parts, fragments)
    for label, region in [*merged.regions.items()]:
        if len(region.fragments) == region.parts:
            merged.rows[label] = task.row(label, region.fragments)
            del merged.regions[label]
    return merged


def _pasted(fragments: Sequence[Fragment]) -> tuple[Any, Any, Any]:
    """Return the start of a region, its mask and its intensities, 0 outside of all fragments."""
    if len(fragments) == 1:
        return fragments[0]
    start = np.min([part.start for part in fragments], axis=0)
    stop = np.max([part.start + part.mask.shape for part in fragments], axis=0)
    shape, first = tuple(stop - start), fragments[0]
    mask = np.zeros(shape, bool)
    intensity = None if first.intensity is None else np.zeros(shape, first.intensity.dtype)
    for part in fragments:
        low = part.start - start
        box = tuple(slice(a, a + n) for a, n in zip(low, part.mask.shape, strict=True))
        mask[box] = part.mask
        if intensity is not None:
            intensity[box] = part.intensity
    return start, mask, intensity


def _table(example: Mapping[str, Any], whole: Part) -> dict[str, Any]:
    """Return the columns, with a row for each label in ascending order."""
    rows = [whole.rows[label] for label in sorted(whole.rows)]
    if not rows:
        return dict(example)
    columns = zip(*rows, strict=True)
    return {name: np.concatenate(column) for name, column in zip(example, columns, strict=True)}


def _column(table: Mapping[str, Any], name: str) -> Any:
    return table[name]


def _object(array: Any) -> Any:
    column = np.empty(1, object)
    column[0] = array
    return column
