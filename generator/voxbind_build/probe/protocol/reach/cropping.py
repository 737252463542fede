"""Measures how far elements of a result look, by cropping the image.

If an image is cropped, elements near the cut change. The farthest of them from the cut tells how
far the function looks: in one call, at all places and with all that is beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from voxbind_build.model import IMAGE_ROLES, LARGEST_REACH
from voxbind_build.probe.inputs.images import Array
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.reach.scenes import SHAPES, Scene, cuts
from voxbind_build.probe.protocol.relations import leaves, same
from voxbind_build.probe.protocol.unwritten_memory import filled_memory

MISSING = object()
"""Stands for an argument that isn't passed."""
OF_SCENE = object()
"""Stands for an array that shows the same scene as the image, differently."""
Elements = tuple[int, ...]
_LABELS = frozenset(("labels", "cells", "markers"))
"""What images of labels show."""
_SIGNED = frozenset(("grey", "two phases"))
"""What images show whose numbers may be negative."""
_BESIDE = {
    "mask": "mask",
    "byte mask": "mask",
    "labels": "labels",
    "map": "grey",
    "image": "grey",
}
"""What other images show, by their role, if it isn't that of the main image."""
_BYTES = (0x5A, 0xA7)
_LEVELS = 5
"""Number of labels in an image of labels."""
_TOLERANCE = {8: 1e-12, 4: 2e-6, 2: 2e-3}
"""By bytes of a float: differences that rounding makes, as a part of the largest magnitude."""


class OtherShapeError(Exception):
    """A result that isn't made of arrays with the axes of the image."""


class Cropping:
    """Calls of one function with images and with parts of them.

    Parameters
    ----------
    bench : Bench
        The function.
    arrangement : Arrangement
        How it is called, apart from the shape and the content of the image.
    """

    def __init__(self, bench: Bench, arrangement: Arrangement) -> None:
        self._bench, self._arrangement = bench, arrangement
        self.shape = SHAPES[arrangement.ndim]
        self.arguments = bench.compose(arrangement, arrangement.main(), spatial=self.shape)
        self.images = tuple(
            name
            for name, value in self.arguments.items()
            if bench.roles.get(name) in IMAGE_ROLES and isinstance(value, np.ndarray)
        )

    def with_dtype(self, dtype: str) -> Cropping:
        """Return the same calls with images of another dtype."""
        return Cropping(self._bench, replace(self._arrangement, dtype=dtype))

    def elements(self, changed: Mapping[str, Any], scenes: Iterable[Scene]) -> Measured:
        """Measure how far elements look.

        Parameters
        ----------
        changed
            The arguments that differ from the usual ones.
        scenes
            The images.

        Raises
        ------
        OtherShapeError
            If a result can't be compared element by element.
        """
        measured = Measured(len(self.shape))
        self.measure(measured, changed, scenes)
        return measured

    def measure(
        self, measured: Measured, changed: Mapping[str, Any], scenes: Iterable[Scene]
    ) -> None:
        """Add what further images show: see `elements`."""
        for scene in scenes:
            if not measured.goes_on or self._bench.is_late():
                break
            if scene.has_negatives and not self._takes_negatives:
                continue
            self._measure(measured, self._passed(changed, scene), scene)

    def is_reproducible(self, scene: Scene) -> bool:
        """Return whether a result is the same if other bytes are in memory that is allocated."""
        results = []
        for byte in _BYTES:
            with filled_memory(byte):
                results.append(self._result(self._passed({}, scene)))
        first, second = results
        if first is None or second is None:
            return first is second
        return len(first) == len(second) and all(map(same, first, second))

    def agrees(self, elements: Elements, scenes: Iterable[Scene]) -> bool:
        """Return whether parts of a result equal the results of parts, cropped on all sides."""
        for scene in scenes:
            arguments = self._passed({}, scene)
            whole = self._result(arguments)
            parts = [
                _parts(length, reach) for length, reach in zip(self.shape, elements, strict=True)
            ]
            for place in product(*parts):
                crop = tuple(part.crop for part in place)
                inner = tuple(part.inner for part in place)
                window = tuple(part.window for part in place)
                of_part = self._result(self._cropped(arguments, crop))
                if whole is None or of_part is None:
                    return False
                differing = _differing(
                    [leaf[inner] for leaf in whole],
                    [leaf[window] for leaf in of_part],
                    len(self.shape),
                    whole,
                )
                if differing is None or differing.any():
                    return False
        return True

    def _measure(self, measured: Measured, arguments: dict[str, Any], scene: Scene) -> None:
        whole = self._result(arguments)
        if whole is None:
            return
        shape = scene.image.shape
        ndim = len(shape)
        if not whole or any(leaf.shape[:ndim] != shape for leaf in whole):
            raise OtherShapeError
        measured.begin(scene, is_constant=not any(map(varies, whole)))
        for axis in scene.axes:
            length = shape[axis]
            end, start = cuts(length)
            for part in (slice(0, end), slice(start, length)):
                if not measured.goes_on:
                    return
                window = tuple(part if other == axis else slice(None) for other in range(ndim))
                of_part = self._result(self._cropped(arguments, window))
                differing = (
                    None
                    if of_part is None
                    else _differing([leaf[window] for leaf in whole], of_part, ndim, whole)
                )
                if differing is None:
                    measured.add(scene, axis, length)
                    continue
                others = tuple(other for other in range(ndim) if other != axis)
                places = np.flatnonzero(differing.any(axis=others))
                if places.size:
                    far = end - places[0] if part.stop == end else places[-1] + 1
                    measured.add(scene, axis, int(far))

    def _result(self, arguments: dict[str, Any]) -> list[Array] | None:
        """Return the arrays of a result; None if the call fails."""
        answer = self._bench.run(arguments, watched=False)
        if not answer.returned:
            return None
        result = leaves(answer.value)
        if isinstance(answer.value, tuple | list | dict) and len(result) < len(answer.value):
            raise OtherShapeError
        return result

    def _passed(self, changed: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
        usual = self.arguments
        if scene.image.shape != self.shape:
            bench, arrangement = self._bench, self._arrangement
            usual = bench.compose(arrangement, arrangement.main(), spatial=scene.image.shape)
        main = self._main(scene.image, scene.labels)
        arguments = {
            name: value for name, value in {**usual, **changed}.items() if value is not MISSING
        }
        others = [name for name in self.images if name not in changed and self._varies(name)]
        others += [name for name, value in changed.items() if value is OF_SCENE]
        for place, name in enumerate(others):
            arguments[name] = self._other(name, usual.get(name), scene.image, place)
        return {**arguments, str(self._bench.main): main}

    @property
    def _takes_negatives(self) -> bool:
        kind = np.dtype(self._arrangement.dtype).kind
        return self._arrangement.content in _SIGNED and kind in "if"

    def _varies(self, name: str) -> bool:
        """Return whether another image shows what the scene shows."""
        role, of_main = (self._bench.roles.get(key) for key in (name, str(self._bench.main)))
        return role in _BESIDE or (role == "colour image" and role == of_main)

    def _other(self, name: str, usual: Any, pattern: Array, place: int) -> Array:
        """Return another image than the main one, and than those at other places."""
        turned = np.roll(np.flip(pattern) if place % 2 == 0 else pattern, 5 + place, axis=0)
        darker = turned * 0.6**place
        role = self._bench.roles.get(name, "")
        if role not in _BESIDE or role == self._bench.roles.get(str(self._bench.main)):
            return self._main(darker)
        dtype = str(usual.dtype) if isinstance(usual, np.ndarray) else "bool"
        return _as_content(turned if dtype == "bool" else darker, _BESIDE[role], dtype)

    def _cropped(self, arguments: dict[str, Any], window: tuple[slice, ...]) -> dict[str, Any]:
        return {
            name: value[window]
            if isinstance(value, np.ndarray) and self._bench.roles.get(name) in IMAGE_ROLES
            else value
            for name, value in arguments.items()
        }

    def _main(self, pattern: Array, labels: Array | None = None) -> Array:
        if labels is not None and self._arrangement.content in _LABELS:
            return labels.astype(self._arrangement.dtype)
        if not self._arrangement.channels:
            return _as_content(pattern, self._arrangement.content, self._arrangement.dtype)
        planes = [
            _as_content(
                np.roll(pattern, channel, axis=0),
                self._arrangement.content,
                self._arrangement.dtype,
            )
            for channel in range(self._arrangement.channels)
        ]
        return np.stack(planes, axis=-1)


class _Part(NamedTuple):
    """A part of an axis."""

    crop: slice
    """The part that is passed."""
    inner: slice
    """Its elements that must not depend on what was cropped off."""

    @property
    def window(self) -> slice:
        """The place of these elements in the result of the part."""
        return slice(self.inner.start - self.crop.start, self.inner.stop - self.crop.start)


def _parts(length: int, reach: int) -> list[_Part]:
    """Return the first, the middle and the last part of an axis, all of them equally long.

    Their length is that of other crops if the reach allows it, so that kernels need not be compiled
    for another shape.
    """
    size = max(cuts(length)[0], 2 * reach + length // 8)
    parts = []
    for start in (0, (length - size) // 2, length - size):
        stop = start + size
        inner = slice(start + reach * (start > 0), stop - reach * (stop < length))
        parts.append(_Part(slice(start, stop), inner))
    return parts


class Measured:
    """How far elements were seen to look, along each axis."""

    def __init__(self, ndim: int) -> None:
        self._limit = LARGEST_REACH[ndim]
        self._most = [0] * ndim
        self.by_scene: dict[str, int] = {}
        """By image, the sum over all axes; images for which each call failed are left out."""
        self.is_constant = True
        """Whether all elements of each result are equal."""
        self.goes_on = True
        """Whether no element looks farther than a third of the image."""

    @property
    def elements(self) -> Elements | None:
        """Number of elements along each axis; None if that is more than a third of the image."""
        return tuple(self._most) if self.goes_on and self.by_scene else None

    def begin(self, scene: Scene, *, is_constant: bool) -> None:
        """Count an image that was accepted, and note whether its result is constant."""
        self.by_scene.setdefault(scene.name, 0)
        self.is_constant = self.is_constant and is_constant

    def add(self, scene: Scene, axis: int, elements: int) -> None:
        """Add the outcome of one crop."""
        self.by_scene[scene.name] += elements
        self._most[axis] = max(self._most[axis], elements)
        self.goes_on = self.goes_on and elements <= self._limit


def varies(result: Array) -> bool:
    """Return whether an array has two different elements; NaN is equal to NaN."""
    if not result.size:
        return False
    first = result.flat[0]
    both_nan = (result != result) & (first != first)
    return bool(np.any((result != first) & ~both_nan))


def _as_content(pattern: Array, content: str, dtype: str) -> Array:
    """Return an image that shows a pattern as what a function expects: a mask, labels, greys."""
    kind = np.dtype(dtype)
    if kind.kind in "ub" or content not in _SIGNED:
        pattern = np.abs(pattern)
    if content in ("mask", "edges") or kind.kind == "b":
        return np.asarray(pattern > 0.25).astype(kind)
    if content in _LABELS:
        return np.asarray(np.floor(pattern * _LEVELS)).astype(kind)
    if content == "phase":
        return ((2 * pattern - 1) * np.pi + np.pi * (kind.kind == "u")).astype(kind)
    if content == "seed":
        pattern = 0.6 * pattern
    if kind.kind in "ui":
        return np.round(pattern * (np.iinfo(kind).max if kind.kind == "u" else 255)).astype(kind)
    return pattern.astype(kind)


def _differing(one: list[Array], other: list[Array], ndim: int, whole: list[Array]) -> Array | None:
    """Return which elements differ in any array; None if the arrays can't be compared."""
    if len(one) != len(other):
        return None
    differing: Array = np.zeros(one[0].shape[:ndim], np.bool_)
    for first, second, all_of_it in zip(one, other, whole, strict=True):
        if first.shape != second.shape or first.dtype != second.dtype:
            return None
        differs = _differ(first, second, all_of_it)
        differing |= differs.any(axis=tuple(range(ndim, differs.ndim)))
    return differing


def _differ(first: Array, second: Array, whole: Array) -> Array:
    if first.dtype.kind not in "fc":
        return np.asarray(first != second)
    finite = np.abs(whole[np.isfinite(whole)])
    part = _TOLERANCE.get(first.dtype.itemsize // (2 if first.dtype.kind == "c" else 1), 1e-12)
    scale = float(finite.max()) if finite.size else 0.0
    with np.errstate(invalid="ignore"):
        near = np.abs(first - second) <= part * scale
    return np.asarray(~(near | (first == second) | (np.isnan(first) & np.isnan(second))))
