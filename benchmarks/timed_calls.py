"""The calls and images to time. This module is also imported in the peers' environments."""

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
    value: Function = getattr(import_module(module), function)
    return value


def image(shape: str) -> Array:
    """Return a random float32 image in [0, 1) of a shape such as ``16x16``."""
    lengths = tuple(map(int, shape.split("x")))
    return np.random.default_rng(0).random(lengths).astype(np.float32)


def given(function: Function, image: object, **options: object) -> Call:
    """Return a call of a function with an image and options."""
    if options:
        return lambda: function(image, **options)
    return lambda: function(image)


def loop(function: Function, volume: Array) -> Call:
    """Return a loop that runs a function on each slice and fills one preallocated array."""
    dtype = function(volume[0]).dtype

    def run() -> Array:
        result = np.empty(volume.shape, dtype)
        for z, plane in enumerate(volume):
            result[z] = function(plane)
        return result

    return run


def shared_by_hand(function: Function, array: Array) -> Call:
    """Return a call that shares the buffers of a tensor and of the result with NumPy."""
    import torch

    tensor = torch.from_numpy(array)
    return lambda: torch.from_numpy(function(tensor.numpy()))
