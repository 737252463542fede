"""Times calls in a peer's environment; reads one request of `peers` per line.

A request is ``number kind function shape``. The answer is the total time of the calls in seconds,
or ``error:`` and the reason. The first line of the output has the versions.
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
    """Return OpenHCS's functions of scikit-image, from its cache if there is one."""
    from openhcs.processing.backends.lib_registry import scikit_image_registry

    return dict(scikit_image_registry.SkimageRegistry().load_or_discover_functions())


def openhcs(function: str, shape: str) -> Call:
    """Return the call of a function in OpenHCS's registry; a volume is marked as slices."""
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
    """Return a call that converts a tensor and the result with arraybridge."""
    import arraybridge
    import torch

    convert, host = arraybridge.convert_memory, getattr(arraybridge, "HOST", 0)
    tensor = torch.from_numpy(image(shape))

    def run() -> object:
        array = convert(tensor, "torch", "numpy", host)
        return convert(function(array), "numpy", "torch", host)

    return run


def declared(function: Function, shape: str) -> Call:
    """Return a call of a function with arraybridge's decorator for NumPy."""
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
    """Return the timer of a call that has been run once."""
    call = KINDS[kind](function, shape)
    call()
    return timeit.Timer(call)


def versions() -> dict[str, str]:
    """Return the versions of the distributions that are installed here."""
    installed = {}
    for name in VERSIONS:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed


def main() -> None:
    """Answer requests until standard input ends."""
    # Text that the libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    print(json.dumps(versions()), file=answers)
    for line in sys.stdin:
        number, kind, function, shape = line.split()
        try:
            print(prepared(kind, function, shape).timeit(int(number)), file=answers)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".replace("\n", " ")
            print(f"error: {reason}", file=answers)


if __name__ == "__main__":
    main()
