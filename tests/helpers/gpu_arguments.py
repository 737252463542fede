"""Arguments for the functions on a GPU: those with which the probe called their twins on the CPU.

A function on a GPU isn't measured where there is none, but its twin is, on images that fit, with
masks, labels, footprints and whatever else it asks for. What the twin took is translated by the
names that the manifest pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from helpers.wrapper_comparison import copied, descriptions, everywhere, frozen, probe_instead
from voxbind_build.model import Description, Function, ProbeTask

ENOUGH = 8
"""How many calls of a function are kept."""


class Given(NamedTuple):
    """The arguments of a call, by the names that they have on the GPU."""

    arguments: dict[str, Any]
    image: str
    """The parameter that takes the image."""

    @property
    def ndim(self) -> int:
        return int(np.ndim(self.arguments[self.image]))

    def there(self, change: Any) -> dict[str, Any]:
        """Give the arguments with their arrays changed."""
        return {name: everywhere(change, value) for name, value in self.arguments.items()}


def functions(library: str, module: str) -> dict[str, Function]:
    """Give the image functions of a module on a GPU that have a twin, by public name."""
    return {
        name: function
        for name, function in frozen().libraries[library].functions.items()
        if function.module == module and function.kind == "image" and function.twin is not None
    }


@cache
def calls(library: str, name: str) -> tuple[Given, ...]:
    """Give the calls that the twin of a function took, one of each kind of image and options."""
    function = frozen().libraries[library].functions[name]
    assert function.twin is not None
    described = _described(str(frozen().libraries[library].twin))[function.twin.name]
    kept = _taken(described)
    names = {each.name for each in function.parameters}
    found = []
    for arguments in kept:
        own = {function.twin.renamed.get(each, each): value for each, value in arguments.items()}
        image = next((each for each in function.arrays if hasattr(own.get(each), "dtype")), "")
        if image and own.keys() <= names:
            found.append(Given(own, image))
    # The probe tries rows of numbers as well, after a function has refused images.
    images = tuple(given for given in found if np.ndim(given.arguments[given.image]) > 1)
    return images or tuple(found)


@cache
def _described(library: str) -> dict[str, Description]:
    return {each.name: each for each in descriptions(library)}


def _taken(description: Description) -> Iterator[dict[str, Any]]:
    """Probe a function on the CPU, and give what it was called with and took."""
    upstream = getattr(import_module(description.module), description.attribute)
    parameters = [each.name for each in description.parameters]
    kept: dict[Any, dict[str, Any]] = {}

    def kind(arguments: dict[str, Any]) -> tuple[Any, ...]:
        arrays = (value for value in arguments.values() if hasattr(value, "dtype"))
        first: Any = next(arrays, None)
        return np.ndim(first), str(getattr(first, "dtype", "")), frozenset(arguments)

    def call(*args: Any, **kwargs: Any) -> Any:
        if len(kept) >= ENOUGH:
            raise ValueError("enough was seen")
        given = copied((args, kwargs))
        result = upstream(*args, **kwargs)
        arguments = {**dict(zip(parameters, given[0], strict=False)), **given[1]}
        kept.setdefault(kind(arguments), arguments)
        return result

    probe_instead(ProbeTask(description=description, memory_type="numpy"), call)
    return iter(kept.values())
