"""Runs calls in a peer's environment, as `peers` asks for them line by line.

A request is ``number kind function shape``; the answer is the seconds that the calls took
together, or ``error:`` and why there are none. The first line tells the versions.
"""

from __future__ import annotations

import json
import os
import sys
import timeit
from collections.abc import Callable
from functools import cache
from importlib import metadata
from typing import Any

from timed_calls import Call, Function, given, image, loop, named, shared_by_hand

VERSIONS = ("openhcs", "arraybridge", "scikit-image", "numpy", "torch")


@cache
def registry() -> dict[str, Any]:
    """Return OpenHCS's functions of scikit-image, from its cache once there is one."""
    from openhcs.processing.backends.lib_registry import scikit_image_registry

    return dict(scikit_image_registry.SkimageRegistry().load_or_discover_functions())


def openhcs(function: str, shape: str) -> Call:
    """Call what OpenHCS's registry has; with a volume, it is asked to run on slices."""
    metadata_of = registry()[function.removeprefix("skimage.")]
    wrapped, array = metadata_of.func, image(shape)
    if array.ndim == 2:
        return given(wrapped, array)
    from openhcs.core.runtime_image_values import ImagePayloadMetadata
    from openhcs.core.runtime_plane_projection import RuntimePlaneAxis

    volume = ImagePayloadMetadata(plane_axis=RuntimePlaneAxis.RUNTIME_SLICE).attach_to(array)
    if metadata_of.contract.name == "FLEXIBLE":
        return given(wrapped, volume, slice_by_slice=True)
    return given(wrapped, volume)


def converted(function: Function, shape: str) -> Call:
    """Convert a tensor with arraybridge, call, convert the result back."""
    import arraybridge
    import torch

    convert, host = arraybridge.convert_memory, getattr(arraybridge, "HOST", 0)
    tensor = torch.from_numpy(image(shape))

    def run() -> object:
        array = convert(tensor, "torch", "numpy", host)
        return convert(function(array), "numpy", "torch", host)

    return run


def declared(function: Function, shape: str) -> Call:
    """Call a function that arraybridge's decorator says to work in NumPy's memory."""
    from arraybridge import numpy

    return given(numpy(function), image(shape))


KINDS: dict[str, Callable[[str, str], Call]] = {
    "direct": lambda function, shape: given(named(function), image(shape)),
    "loop": lambda function, shape: loop(named(function), image(shape)),
    "by-hand": lambda function, shape: shared_by_hand(named(function), image(shape)),
    "openhcs": openhcs,
    "arraybridge": lambda function, shape: converted(named(function), shape),
    "arraybridge-decorator": lambda function, shape: declared(named(function), shape),
}


@cache
def prepared(kind: str, function: str, shape: str) -> timeit.Timer:
    """Return the timer of a call, which was made once."""
    call = KINDS[kind](function, shape)
    call()
    return timeit.Timer(call)


def versions() -> dict[str, str]:
    """Return the versions of what is installed here."""
    found = {}
    for name in VERSIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def main() -> None:
    """Answer until nobody asks any more."""
    # What the libraries print is no answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    print(json.dumps(versions()), file=answers)
    for line in sys.stdin:
        number, kind, function, shape = line.split()
        try:
            print(prepared(kind, function, shape).timeit(int(number)), file=answers)
        except Exception as error:
            message = f"{type(error).__name__}: {error}".replace("\n", " ")
            print(f"error: {message}", file=answers)


if __name__ == "__main__":
    main()
