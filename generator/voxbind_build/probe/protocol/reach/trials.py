"""Measures how far a function looks, and on which arguments that depends."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from voxbind_build.model import ReachTrial, ReachTrials
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.reach.cropping import (
    MISSING,
    OF_SCENE,
    Cropping,
    Elements,
    Measured,
    OtherShapeError,
)
from voxbind_build.probe.protocol.reach.scenes import SHAPES, Scene, blocks, large_scenes, scenes
from voxbind_build.probe.protocol.reach.variations import Change, Variations

_ALWAYS = ("noise", "at the cut", "all but at the cut")
"""Further images for all trials."""
_OF_OBJECTS = {"extremes", "one object", "serpent", "upright serpent", "frame"}
"""Further images for the trials with masks."""
_OF_VOLUMES = {*_ALWAYS, "extremes", "one object", "spikes"}
_MOST_TRIALS = 52
"""Largest number of trials of one function."""
_SUSPICIOUS = 6
"""A larger reach may be the size of an object: it is measured once more with larger objects."""
_TELLING = 1
"""Number of images for the trials with other arguments: those with which most was seen."""
_DTYPES = ("bool", "uint8", "float32", "uint16", "float64", "int32")
_SCREENED = 2
"""Number of values after which a number without an effect is tried with the extreme ones alone."""
_EXTREMES = 2
_ACCEPTED_SPARINGLY = 4
"""Number of values of a number if calls are slow."""
_LONGEST = 30
"""Objects are shorter than this."""
_CONSTANT = "all elements of its results were equal, which says nothing about a reach"
_OTHER_SHAPE = "its result doesn't have the axes of the image"


def measure_reach(
    bench: Bench,
    image: Arrangement,
    volume: Arrangement | None,
    dtypes: Sequence[str],
    words: Mapping[str, tuple[str, ...]],
) -> ReachTrials:
    """Measure how far elements of the result look.

    Parameters
    ----------
    bench : Bench
        The function.
    image : Arrangement
        An arrangement with an image that the function accepts.
    volume : Arrangement or None
        An arrangement with a volume that the function accepts; None if there is none.
    dtypes : sequence of str
        The dtypes that the function accepts.
    words : dict
        By parameter, words that parameters of its name accept elsewhere.
    """
    try:
        return _Trials(bench, image, words).measure(volume, dtypes)
    except OtherShapeError:
        return ReachTrials(failure=_OTHER_SHAPE)


class _Trials:
    """The trials of one function."""

    def __init__(
        self, bench: Bench, arrangement: Arrangement, words: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._bench, self._arrangement = bench, arrangement
        self._cropping = Cropping(bench, arrangement)
        self._usual = {
            name: value
            for name, value in self._cropping.arguments.items()
            if name not in self._cropping.images
        }
        self._variations = Variations(bench, arrangement, self._cropping.arguments, words)
        self._scenes: list[Scene] = []
        self._trials: list[ReachTrial] = []

    def measure(self, volume: Arrangement | None, dtypes: Sequence[str]) -> ReachTrials:
        """Return all trials."""
        if callables := [name for name, value in self._usual.items() if callable(value)]:
            return ReachTrials(failure=f"it depends on what is passed for {', '.join(callables)}")
        usual = self._cropping.elements({}, scenes(2))
        if not usual.by_scene:
            return ReachTrials(failure="no image was accepted whose parts were accepted too")
        self._trials.append(ReachTrial(elements=usual.elements))
        if usual.elements is None:
            return self._result(None)
        if usual.is_constant:
            return ReachTrials(failure=_CONSTANT)
        if not self._cropping.is_reproducible(scenes(2)[0]):
            return ReachTrials(failure="results of equal calls differ")
        if max(usual.elements) > _SUSPICIOUS and self._grows(usual.elements):
            self._trials[0] = ReachTrial(elements=None)
            return self._result(None)
        self._scenes = _telling(usual, is_sparing=self._is_sparing)
        if not self._cropping.agrees(usual.elements, self._scenes[-2:]):
            return ReachTrials(failure="parts of the image that are cropped on all sides differ")
        for dtype in _DTYPES[: 2 if self._is_sparing else None]:
            if dtype in dtypes and dtype != self._arrangement.dtype:
                self._add_dtype(dtype)
        effective = list(self._numbers(usual.elements))
        self._together(effective)
        for option, value in self._variations.options():
            self._try({option: value}, option)
            if effective:
                self._try({**_last(effective), option: value}, option)
        return self._result(self._of_volume(volume))

    @property
    def _is_sparing(self) -> bool:
        """Whether each call starts kernels on a device, so that fewer are made."""
        return not isinstance(self._bench.memory.give(np.zeros((2, 2), np.float32)), np.ndarray)

    def _grows(self, elements: Elements) -> bool:
        large = self._cropping.elements({}, large_scenes()).elements
        return large is None or any(map(operator.gt, large, elements))

    def _result(self, volume: ReachTrial | None) -> ReachTrials:
        return ReachTrials(
            images=self._cropping.images,
            usual={name: in_text(value) for name, value in sorted(self._usual.items())},
            trials=tuple(self._trials),
            volume=volume,
        )

    def _add_dtype(self, dtype: str) -> None:
        chosen = {scene.name for scene in self._scenes} | (
            _OF_OBJECTS if dtype == "bool" else set()
        )
        images = [s for s in scenes(2) if s.name in chosen or s.has_negatives]
        measured = self._measured(self._cropping.with_dtype(dtype), {}, images)
        if measured is None or measured.by_scene:
            elements = None if measured is None else measured.elements
            self._trials.append(ReachTrial(dtype=dtype, elements=elements))

    def _measured(
        self, cropping: Cropping, change: Change, images: Sequence[Scene]
    ) -> Measured | None:
        """Measure with other arguments; None if the result doesn't have the image's axes."""
        try:
            return cropping.elements(change, images)
        except OtherShapeError:
            return None

    def _numbers(self, usual: Elements) -> Iterator[list[Change]]:
        """Change each number alone, and yield the changes of those that make the reach larger."""
        for _, changes in self._variations.numbers():
            tried: list[Change] = []
            accepted = 0
            has_effect = grows = False
            for place, change in enumerate(changes):
                if self._is_sparing and accepted >= _ACCEPTED_SPARINGLY:
                    break
                if accepted >= _SCREENED and not has_effect and place < len(changes) - _EXTREMES:
                    continue
                measured = self._try(change)
                if measured is None:
                    continue
                accepted += 1
                elements = measured.elements
                has_effect = has_effect or elements != usual
                if elements is not None and any(elements):
                    tried.append(change)
                    grows = grows or any(map(operator.gt, elements, usual))
            if grows:
                yield tried
                different = self._variations.different_entries(tried[:2][-1])
                if different is not None:
                    self._try(different)

    def _together(self, effective: Sequence[Sequence[Change]]) -> None:
        """Change several numbers that have an effect at once."""
        for place, first in enumerate(effective):
            for second in effective[place + 1 :]:
                for one, other in ((0, 0), (0, 1), (1, 0)):
                    if one < len(first) and other < len(second):
                        self._try({**first[one], **second[other]})
        if len(effective) > 2:
            self._try({name: value for some in effective for name, value in some[0].items()})

    def _try(self, change: Change, option: str = "") -> Measured | None:
        """Measure with other arguments, and keep the outcome; None if they aren't accepted."""
        if len(self._trials) >= _MOST_TRIALS or self._bench.is_late():
            return None
        measured = self._measured(self._cropping, change, [*self._scenes, *_fitting(change)])
        if measured is not None and not measured.by_scene:
            return None
        usual = self._trials[0].elements
        if measured is not None and measured.elements not in (None, usual):
            self._look_at_objects(measured, change)
        changed = {name: in_text(value) for name, value in sorted(change.items())}
        elements = None if measured is None else measured.elements
        trial = ReachTrial(changed=changed, option=option, elements=elements)
        if trial not in self._trials:
            self._trials.append(trial)
        return measured

    def _look_at_objects(self, measured: Measured, change: Change) -> None:
        """Continue with objects of the size of the reach.

        An opening removes an object that a footprint doesn't fit into, and so looks twice as far as
        the erosion that is its first half.
        """
        lengths = [2 * elements + 1 for elements in measured.elements or ()]
        if max(lengths, default=_LONGEST) < _LONGEST:
            self._cropping.measure(measured, change, blocks((lengths[0], lengths[1])))

    def _of_volume(self, volume: Arrangement | None) -> ReachTrial | None:
        if volume is None or volume.flat:
            return None
        try:
            cropping = Cropping(self._bench, volume)
            measured = cropping.elements({}, [s for s in scenes(3) if s.name in _OF_VOLUMES])
        except OtherShapeError:
            return ReachTrial(elements=None)
        changed = {
            name: in_text(value)
            for name, value in sorted(cropping.arguments.items())
            if name not in cropping.images and in_text(value) != in_text(self._usual.get(name))
        }
        return ReachTrial(changed=changed, elements=measured.elements)


def _fitting(change: Change) -> list[Scene]:
    """Return images of objects of a footprint's size."""
    sizes = []
    numbers = [n for n in change.values() if isinstance(n, int) and 1 < n < _LONGEST]
    for value in change.values():
        if isinstance(value, np.ndarray) and value.ndim == 2:
            height, width = value.shape
            # If it is applied several times, that is as if a larger one were applied once.
            sizes += [((height - 1) * n + 1, (width - 1) * n + 1) for n in (1, *numbers)]
    sizes += [(number, number) for number in numbers]
    fitting = [size for size in dict.fromkeys(sizes) if max(size) < _LONGEST]
    return [scene for size in fitting for scene in blocks(size)]


def _telling(usual: Measured, *, is_sparing: bool) -> list[Scene]:
    """Return the images for further trials."""
    by_scene = usual.by_scene
    ranked = sorted(by_scene, key=lambda name: -by_scene[name])
    chosen = {*_ALWAYS}
    for axis in range(2):
        cut = [name for name in ranked if name.endswith(f"cut along {axis}")]
        # Of openings with a disc, objects of another form show less.
        chosen |= {*cut[:1], *[name for name in cut if "discs" in name][:1]}
    if not is_sparing:
        chosen |= {*ranked[:_TELLING]}
    return [scene for scene in scenes(2) if scene.name in chosen]


def _last(effective: Sequence[Sequence[Change]]) -> dict[str, Any]:
    """Return changes of all numbers that have an effect."""
    return {name: value for some in effective for name, value in some[:2][-1].items()}


def in_text(value: Any) -> str:
    """Return an argument as the text in a trial: a literal, or an array by its shape."""
    if value is MISSING:
        return "-"
    if value is OF_SCENE:
        return f"array {SHAPES[2]}"
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    if isinstance(value, bool | int | float | str | tuple | list | None):
        return repr(value)
    return f"a {type(value).__name__}"
