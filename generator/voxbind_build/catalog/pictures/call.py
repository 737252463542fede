"""One call of a wrapper with a real image, in the present process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any

import numpy as np
from msgspec import Struct

from voxbind_build.catalog.pictures.panels import Panel, panel, result_panels
from voxbind_build.catalog.pictures.scenes import PLANE, SPACE, scene
from voxbind_build.libraries import import_dotted
from voxbind_build.memories.lookup import memory
from voxbind_build.model import IMAGE_ROLES, Function, Observation, ProbeTask
from voxbind_build.probe.inputs.images import Array
from voxbind_build.probe.inputs.roles import table
from voxbind_build.probe.protocol import arrangements as searching
from voxbind_build.probe.protocol.arrangement import Arrangement
from voxbind_build.probe.protocol.bench import Bench, in_words

__all__ = ["Picture", "PictureTask", "picture"]

_ATTEMPTS = 24
"""Largest number of calls until one returns."""
_CONTENTS = {
    "byte mask": "mask",
    "level set": "mask",
    "map": "grey",
    "ceiling": "grey",
    "image": "grey",
    "colour image": "grey",
    "low or map": "grey",
    "high or map": "grey",
}
"""Contents of images beside the main one, by role; any other content is called like its role."""
_PARTS = {"square": (127, 127), "oblong": (128, 127)}
"""Shapes of the upper left part of an image, for functions that need a prime number of columns."""
_IN_VOLUMES = frozenset(("PURE_3D", "VOLUMETRIC_TO_SLICE"))


class PictureTask(Struct, frozen=True, kw_only=True):
    """All that a process needs to make the picture of one function."""

    probe: ProbeTask
    """The function, and the entries for its parameters in the library's TOML file."""
    function: Function
    observation: Observation


class Picture(Struct, frozen=True, kw_only=True):
    """A call and its result, as the catalogue shows them."""

    call: str = ""
    """The call as Python; empty if there was none."""
    images: tuple[Panel, ...] = ()
    """The images that were passed."""
    results: tuple[Panel, ...] = ()
    failure: str = ""
    """Why there is no result, as a sentence."""


@dataclass(frozen=True)
class _Real(Arrangement):
    """An arrangement with a real image."""

    @property
    def shape(self) -> tuple[int, ...]:
        return _PARTS.get(self.size, PLANE) if self.ndim == 2 else SPACE

    def main(self) -> Array:
        shape = PLANE if self.ndim == 2 else SPACE
        shape = (*shape, self.channels) if self.channels else shape
        part = tuple(slice(length) for length in self.shape)
        return scene(shape, self.content, self.dtype)[part]


def picture(task: PictureTask) -> Picture:
    """Call a function's wrapper with the image alone, or with all arguments that it requires.

    Parameters
    ----------
    task
        The function. It must take an image.
    """
    module, _, name = task.function.wrapper.rpartition(".")
    seen = task.observation
    bench = Bench(
        getattr(import_dotted(module), name),
        task.probe.description,
        seen.roles,
        seen.image,
        float("inf"),
        memory("numpy"),
        asked=task.probe.asked,
        trial_values=task.probe.values,
        only=task.function.allowed_dtypes,
    )
    error = ""
    for arrangement in islice(_arrangements(bench, task), _ATTEMPTS):
        main = arrangement.main()
        arguments = _arguments(bench, arrangement, main)
        answer = bench.run(arguments)
        if answer.returned:
            return Picture(
                call=_as_python(task.function, arguments, main),
                images=tuple(_images(bench, arguments)),
                results=tuple(_results(task.function, answer.value, main)),
            )
        error = error or answer.error
    return Picture(failure=f"No call with a picture returned a result. The first error: {error}")


def _arrangements(bench: Bench, task: PictureTask) -> Iterator[_Real]:
    """Yield arrangements to try; first come those with which a recorded call returned."""
    of_volumes = task.function.contract in _IN_VOLUMES
    space = "volume" if of_volumes else "image"
    channels = _channels(task.observation) if task.function.needs_channels else 0
    wanted = f"{'colour ' if channels else ''}{space} of "
    recorded = [
        (call.case.removeprefix(wanted), call.dtype)
        for call in task.observation.calls
        if call.outcome == "returned" and call.case.startswith(wanted)
    ]
    role = bench.roles[str(bench.main)]
    usual = searching.contents(bench.description, str(bench.main), role)
    order = tuple(dict.fromkeys([*recorded, *usual]))
    tried: set[_Real] = set()
    for plain in searching.image_attempts(bench, order, 3 if of_volumes else 2, channels):
        values = {entry.name: getattr(plain, entry.name) for entry in fields(plain)}
        size = plain.size if plain.size in _PARTS else "small"
        # Options without an effect keep their defaults at first: the call shown is a usual one.
        has_idle = bench.given(fills=plain.fills, idle=True) != bench.given(fills=plain.fills)
        for idle in (True, False) if has_idle else (True,):
            real = replace(_Real(**values), size=size, idle=idle)
            if real not in tried:
                tried.add(real)
                yield real


def _channels(observation: Observation) -> int:
    """Return 4 if the function was only seen to accept colours with an opacity, and else 3."""
    accepted = {
        call.shape[-1]
        for call in observation.calls
        if call.outcome == "returned" and call.case.startswith("colour")
    }
    return 4 if accepted == {4} else 3


def _arguments(bench: Bench, arrangement: _Real, main: Array) -> dict[str, Any]:
    """Return the arguments of a call: real images, and options only if they are needed."""
    arguments = bench.compose(arrangement, main)
    if bench.only == ("float32",):  # the wrapper refuses what the device would convert
        arguments = {
            name: np.float32(value)
            if isinstance(value, np.ndarray) and value.dtype == float
            else value
            for name, value in arguments.items()
        }
    for entry in bench.parameters:
        role = bench.roles.get(entry.name, "")
        value = arguments.get(entry.name)
        if entry.default is not None and (
            # A measurement saves time with other values; a picture shows the default.
            entry.name in _economies(bench) or repr(value) == entry.default
        ):
            arguments.pop(entry.name, None)
        if entry.name == bench.main or role not in IMAGE_ROLES or entry.name in bench.trial_values:
            continue
        if isinstance(value, np.ndarray) and value.shape[: arrangement.ndim] == arrangement.shape:
            content = _CONTENTS.get(role, role)
            # A ceiling is the scene itself, so that nothing of the main image is above it.
            is_other = content == "grey" and role != "ceiling"
            second = scene(value.shape, content, str(value.dtype), second=is_other)
            arguments[entry.name] = second * np.uint8(255) if role == "byte mask" else second
    return arguments


def _economies(bench: Bench) -> set[str]:
    """Return the names of parameters to which the probe passes smaller values than the default."""
    prefix = f"{bench.description.attribute}."
    return {name.removeprefix(prefix) for name in table().economies}


def _images(bench: Bench, arguments: dict[str, Any]) -> Iterator[Panel]:
    names = [str(bench.main), *(name for name in arguments if name != bench.main)]
    for name in names:
        role = bench.roles.get(name, "")
        if role in IMAGE_ROLES and isinstance(arguments[name], np.ndarray):
            is_labels = role in ("labels", "markers") or arguments[name].dtype == np.int32
            yield panel(name, arguments[name], "labels" if is_labels else "image")


def _results(function: Function, value: Any, main: Array) -> list[Panel]:
    if isinstance(value, np.generic):
        value = value.item()
    names = [name for name, _ in function.returns.documented]
    return result_panels(value, function.kinds, names, main)


def _as_python(function: Function, arguments: dict[str, Any], main: Array) -> str:
    """Return the call as Python, with names for arrays: ``gaussian(image)``."""
    parts: list[str] = []
    for parameter in function.parameters:
        if parameter.name not in arguments:
            continue
        value = arguments[parameter.name]
        if isinstance(value, np.ndarray):
            is_image = value.shape[:2] == main.shape[:2]
            word = parameter.name if is_image or value.size > 9 else repr(value.tolist())
        elif callable(value):
            word = getattr(value, "__name__", "function")
        else:
            word = in_words(value)
        is_positional = parameter.default is None and not any("=" in part for part in parts)
        is_positional &= parameter.kind != "KEYWORD_ONLY"
        parts.append(word if is_positional else f"{parameter.name}={word}")
    return f"{function.original_name}({', '.join(parts)})"
