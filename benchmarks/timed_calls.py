"""The calls and images of both sides; what stands here runs in the peers' environments too."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Function = Callable[..., Any]
Call = Callable[[], object]


def named(name: str) -> Function:
    """Return a function by its dotted name."""
    module, _, function = name.rpartition(".")
    found: Function = getattr(import_module(module), function)
    return found


def image(shape: str) -> Array:
    """Return the image of a shape, ``16x16`` say, of float32 from 0 to 1."""
    lengths = tuple(map(int, shape.split("x")))
    return np.random.default_rng(0).random(lengths).astype(np.float32)


def given(function: Function, image: object, **options: object) -> Call:
    """Return the call of a function with an image."""
    if options:
        return lambda: function(image, **options)
    return lambda: function(image)


def loop(function: Function, volume: Array) -> Call:
    """Run a function on each slice and write into one preallocated array, by hand."""
    dtype = function(volume[0]).dtype

    def run() -> Array:
        result = np.empty(volume.shape, dtype)
        for z, plane in enumerate(volume):
            result[z] = function(plane)
        return result

    return run


def shared_by_hand(function: Function, array: Array) -> Call:
    """Share a tensor's buffer with NumPy, call, share the result's."""
    import torch

    tensor = torch.from_numpy(array)
    return lambda: torch.from_numpy(function(tensor.numpy()))
