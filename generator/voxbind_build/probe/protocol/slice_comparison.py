"""Tests how the result of a volume relates to the results of its parts, in one arrangement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from voxbind_build.model import IMAGE_ROLES
from voxbind_build.probe.inputs.images import Array
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.relations import close, main_array, same_objects, stacked


def relate(bench: Bench, volume: Arrangement, image: Arrangement | None) -> dict[str, bool]:
    """Test every relation that can be tested at one size.

    Parameters
    ----------
    bench : Bench
        The function.
    volume : Arrangement
        An arrangement with a volume that the function accepts.
    image : Arrangement or None
        An arrangement with an image that the function accepts; None if there is none.

    Returns
    -------
    dict
        For each relation that was tested, whether it holds.
    """
    main = volume.main()
    arguments = bench.compose(volume, main)
    answer = bench.run(arguments)
    if not answer.returned:
        return {}
    found: dict[str, bool | None] = {"flat_arguments": bool(volume.flat)}
    result = main_array(answer.value)
    if image is None or result is None:
        return _tested(found)
    found["per_slice"] = sliced(bench, volume, arguments, result, axis=0)
    if bench.memory.colours:
        found["last_axis"] = sliced(bench, volume, arguments, result, axis=2)
        found["last_axis_gone"] = _gone(bench, volume, main, result)
    if not bench.memory.colours or not (found["per_slice"] or found["last_axis"]):
        found |= _shuffles(bench, volume, arguments, result)
        if found["shuffle_last"] and found["shuffle_rows"] is False and result.ndim < 2:
            found["mean_of_planes"] = _is_mean_of_planes(bench, volume, arguments, result)
    if found.get("last_axis") and not found["per_slice"]:
        found["caller_chooses_axes"] = _other_axes(bench, volume, arguments)
        if found["caller_chooses_axes"] is None:
            found["columns_alone"] = _columns_alone(bench, image)
    found["default_reads_channels"] = _by_default(bench, volume, main)
    return _tested(found)


def slices_with_one(bench: Bench, volume: Arrangement) -> bool:
    """Test whether f(volume, slice)[z] == f(volume[z], slice) for further images.

    Parameters
    ----------
    bench
        The function.
    volume
        An arrangement with a volume that the function accepts.
    """
    main, name = volume.main(), bench.main or ""
    arguments = bench.compose(
        replace(volume, ndim=2, flat=""), main[0], spatial=volume.shape[1:], cut={name: main}
    )
    images = [key for key in arguments if bench.roles.get(key) in IMAGE_ROLES and key != name]
    if not any(isinstance(arguments[key], np.ndarray) for key in images):
        return False
    answer = bench.run(arguments, watched=False)
    result = main_array(answer.value) if answer.returned else None
    if result is None or result.shape[:1] != main.shape[:1]:
        return False
    answers = (
        (z, bench.run({**arguments, name: main[z]}, watched=False))
        for z in _places(len(main), bench.sparing)
    )
    slices = ((z, main_array(each.value) if each.returned else None) for z, each in answers)
    return stacked(result, slices, 0) is True


def _tested(found: dict[str, bool | None]) -> dict[str, bool]:
    return {name: held for name, held in found.items() if held is not None}


def _take(
    bench: Bench, arguments: dict[str, Any], places: int | Array, axis: int
) -> dict[str, Any]:
    """Return the same plane, or planes, of every image among the arguments."""
    ndim = arguments[bench.main or ""].ndim
    return {
        name: np.take(value, places, axis=axis)
        for name, value in arguments.items()
        if isinstance(value, np.ndarray)
        and bench.roles.get(name) in IMAGE_ROLES
        and value.ndim == ndim
    }


def _places(length: int, sparing: bool) -> tuple[int, ...]:
    if sparing:
        return (length // 2,)
    return tuple(sorted({1, length // 3, length // 2, 2 * length // 3, length - 2}))


def _slice_answers(
    bench: Bench,
    volume: Arrangement,
    arguments: dict[str, Any],
    axis: int,
    of_slice: Mapping[str, Any],
    places: Iterable[int] = (),
) -> Iterator[tuple[int, Array | None]]:
    main = arguments[bench.main or ""]
    for index in places or _places(main.shape[axis], bench.sparing):
        cut = _take(bench, arguments, index, axis)
        piece = cut[bench.main or ""]
        if volume.flat:
            # The other arguments were made for an image already.
            given = {**arguments, **cut}
        else:
            given = bench.compose(replace(volume, ndim=2), piece, spatial=piece.shape, cut=cut)
        answer = bench.run({**given, **of_slice})
        yield index, main_array(answer.value) if answer.returned else None


def sliced(
    bench: Bench,
    volume: Arrangement,
    arguments: dict[str, Any],
    result: Array,
    axis: int,
    of_slice: Mapping[str, Any] = MappingProxyType({}),
) -> bool | None:
    """Test whether f(volume)[z] == f(volume[z]), or the same along the last axis.

    Parameters
    ----------
    bench, volume
        The function, and the arrangement of the call with a volume.
    arguments, result
        The arguments of that call, and its result.
    axis
        The axis along which the volume is cut.
    of_slice
        Arguments of the calls with a slice that aren't made from `arguments`.
    """
    length = arguments[bench.main or ""].shape[axis]
    where = 0 if axis == 0 else result.ndim - 1
    if result.ndim < 1 or result.shape[where] != length:
        return None
    return stacked(result, _slice_answers(bench, volume, arguments, axis, of_slice), where)


def _gone(bench: Bench, volume: Arrangement, main: Array, result: Array) -> bool | None:
    """Test whether the result lacks the last axis, although the result of an image has it."""
    flat = replace(volume, ndim=2, flat="")
    answer = bench.attempt(flat, record=False)
    kept = main_array(answer.value) if answer.returned else None
    if kept is None or kept.shape != flat.shape:
        return None
    return result.shape == main.shape[:-1]


def _shuffles(
    bench: Bench, volume: Arrangement, arguments: dict[str, Any], result: Array
) -> dict[str, bool | None]:
    """Test whether the order of planes along an axis matters.

    If shuffling changes nothing, or shuffles the result in the same way, the function ignores which
    planes are neighbours, so the axis isn't spatial for it. This also holds for functions of single
    pixels or of the histogram, along any axis; therefore rows are shuffled too.
    """
    rows = _shuffled(bench, volume, arguments, result, axis=1)
    last = _shuffled(bench, volume, arguments, result, axis=2)
    if last and rows is False:
        # Few objects may keep their size or place by accident, so noise must show the same.
        last = _shuffled_noise(bench, volume, arguments, axis=2)
    return {"shuffle_rows": rows, "shuffle_last": last}


def _shuffled_noise(
    bench: Bench, volume: Arrangement, arguments: dict[str, Any], axis: int
) -> bool | None:
    """Do the same as `_shuffled` with the voxels of the volume in random places."""
    name = bench.main or ""
    main = arguments[name]
    noise = np.random.default_rng(1).permutation(main.ravel()).reshape(main.shape)
    answer = bench.run({**arguments, name: noise})
    result = main_array(answer.value) if answer.returned else None
    if result is None:
        return None
    return _shuffled(bench, volume, {**arguments, name: noise}, result, axis)


def _shuffled(
    bench: Bench, volume: Arrangement, arguments: dict[str, Any], result: Array, axis: int
) -> bool | None:
    length = arguments[bench.main or ""].shape[axis]
    # In reverse order too, since one order may leave the result as it is by accident.
    for order in (np.random.default_rng(0).permutation(length), np.arange(length)[::-1]):
        answer = bench.run({**arguments, **_take(bench, arguments, order, axis)})
        found = main_array(answer.value) if answer.returned else None
        if found is None:
            return None
        if close(found, result):
            continue
        if result.ndim <= axis or result.shape[axis] != length:
            return False
        expected = np.take(result, order, axis=axis)
        if not close(found, expected) and not same_objects(found, expected):
            return False
    return True


def _is_mean_of_planes(
    bench: Bench, volume: Arrangement, arguments: dict[str, Any], result: Array
) -> bool | None:
    """Test whether numbers are the means of those for the planes along the last axis.

    Then this axis is read as channels, unless the same is true for slices: all places count alike.
    """
    means: dict[int, Array] = {}
    for axis in (2, 0):
        places = range(arguments[bench.main or ""].shape[axis])
        answers = _slice_answers(bench, volume, arguments, axis, {}, places)
        numbers = [number for _, number in answers if number is not None]
        if len(numbers) < len(places) or any(each.shape != result.shape for each in numbers):
            return None
        means[axis] = np.mean(numbers, axis=0)
    return close(means[2], result) and not close(means[0], result)


def _columns_alone(bench: Bench, image: Arrangement) -> bool | None:
    """Test whether each column of an image gives the same result as the column alone.

    Such a function works along one axis, and any other axis only repeats it: a filter bank, say.
    """
    arguments = bench.compose(image, image.main())
    answer = bench.run(arguments)
    result = main_array(answer.value) if answer.returned else None
    if result is None or result.ndim != 2 or result.shape[1] != image.shape[1]:
        return None
    columns = []
    for index in _places(image.shape[1], bench.sparing):
        answer = bench.run({**arguments, **_take(bench, arguments, index, axis=1)})
        columns.append((index, main_array(answer.value) if answer.returned else None))
    return stacked(result, columns, 1)


def _other_axes(bench: Bench, volume: Arrangement, arguments: dict[str, Any]) -> bool | None:
    """Compare slices of a function with an axes argument, passing the axes within a slice."""
    for parameter in bench.parameters:
        if bench.roles.get(parameter.name) != "axes":
            continue
        if parameter.default is None:  # a required argument, which is a number of an axis
            chosen: Any = arguments.get(parameter.name)
            chosen = chosen + 1 if type(chosen) is int else None
        else:
            chosen = _next_axes(parameter.default)
        if chosen is None:
            continue
        given = {**arguments, parameter.name: chosen}
        answer = bench.run(given)
        result = main_array(answer.value) if answer.returned else None
        return None if result is None else sliced(bench, volume, given, result, axis=0)
    return None


def _next_axes(default: str) -> int | tuple[int, ...] | None:
    numbers = [int(part) for part in default.strip("()").split(",") if part.strip().isdigit()]
    if not numbers:
        return None
    return tuple(number + 1 for number in numbers) if "(" in default else numbers[0] + 1


def _by_default(bench: Bench, volume: Arrangement, main: Array) -> bool | None:
    """Test whether a volume's last axis is read as channels if ``channel_axis`` isn't passed."""
    for parameter in bench.parameters:
        if bench.roles.get(parameter.name) == "channels" and parameter.default not in (
            None,
            "None",
        ):
            answer = bench.attempt(replace(volume, named_channels=False), record=False)
            result = main_array(answer.value) if answer.returned else None
            return result is not None and result.shape == main.shape[:-1]
    return None
