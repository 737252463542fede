"""Arrays with more axes than a volume and no names, given to every function of images.

What the library computes comes back. All else is a `DimensionError` with the call of
`voxbind.over` that loops over the leading axes.
"""

from __future__ import annotations

import copy
import importlib
import warnings
from collections import Counter
from collections.abc import Callable
from inspect import Parameter, signature
from random import Random
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.drawn_calls import VALUES
from voxbind import native, registry
from voxbind.registry import FunctionMetadata
from voxbind.scipy import ndimage
from voxbind.skimage import restoration

SHAPES = {4: (2, 3, 11, 12), 5: (2, 2, 3, 11, 12)}
AXES = {4: "TZYX", 5: "TCZYX"}
REFUSED_BY_CONTRACT = ("PURE_2D", "PURE_3D", "VOLUMETRIC_TO_SLICE")
SMALL = ("size", "radius", "patch_size", "patch_distance")
"""Parameters whose defaults are too large for so many axes, or missing."""


def image_functions(library: str) -> dict[str, FunctionMetadata]:
    functions = registry.find(library=library)
    return {entry.name: entry for entry in functions if entry.arrays and entry.contract}


def arguments_for(entry: FunctionMetadata, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return arguments for all parameters without a default."""
    rng, random = np.random.default_rng(0), Random(0)
    shape += (3,) if has_colours(entry) else ()
    arguments: dict[str, Any] = {}
    for name, parameter in signature(entry.func).parameters.items():
        if name in entry.arrays and (name == entry.arrays[0] or is_required(parameter)):
            if "label" in name or name in ("seed", "int_image"):
                arguments[name] = rng.integers(0, 3, shape)
            elif "mask" in name:
                arguments[name] = rng.random(shape) > 0.5
            else:
                arguments[name] = rng.random(shape)
                if ".rank." in entry.name:
                    arguments[name] = (arguments[name] * 200).astype(np.uint8)
        elif is_required(parameter):
            arguments[name] = VALUES[name](random, 3) if name in VALUES else 1
        elif name in SMALL:
            arguments[name] = 3
    return arguments


def has_colours(entry: FunctionMetadata) -> bool:
    """Whether a function takes the last axis for colours by default."""
    channel_axis = signature(entry.func).parameters.get("channel_axis")
    return entry.needs_channels or (channel_axis is not None and channel_axis.default == -1)


def is_required(parameter: Parameter) -> bool:
    kinds = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return parameter.default is Parameter.empty and parameter.kind not in kinds


def outcome(function: Callable[..., Any], arguments: dict[str, Any]) -> tuple[Any, Any]:
    """Return the result and the error of a call."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(**copy.deepcopy(arguments)), None
        except Exception as error:
            return None, error


def differs(result: Any, expected: Any) -> bool:
    if isinstance(expected, (tuple, list)):
        pairs = zip(result, expected, strict=True)
        return type(result) is not type(expected) or any(differs(*pair) for pair in pairs)
    if isinstance(expected, dict):
        return [*result] != [*expected]
    if isinstance(expected, np.ndarray) and expected.dtype.kind in "biufc":
        equal_nan = expected.dtype.kind in "fc"
        return result.dtype != expected.dtype or not np.array_equal(
            result, expected, equal_nan=equal_nan
        )
    return type(result) is not type(expected)


@pytest.mark.parametrize("ndim", [4, 5])
@pytest.mark.parametrize("library", ["skimage", "scipy"])
def test_the_result_is_the_librarys_or_the_error_shows_the_call_of_over(
    library: str, ndim: int
) -> None:
    wrong: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for name, entry in image_functions(library).items():
        if entry.random:
            continue
        module, _, attribute = name.rpartition(".")
        arguments = arguments_for(entry, SHAPES[ndim])
        result, error = outcome(entry.func, arguments)
        axes = AXES[ndim] + "S" * has_colours(entry)
        call = f'voxbind.over({attribute}, "{axes}")({entry.arrays[0]})'
        if entry.contract in REFUSED_BY_CONTRACT:
            if not isinstance(error, voxbind.DimensionError):
                wrong[name] = f"not refused: {error!r}"
            elif error.__cause__ is not None or call not in str(error):
                wrong[name] = str(error)
            seen["by contract"] += 1
            continue
        expected, refusal = outcome(getattr(importlib.import_module(module), attribute), arguments)
        seen["refused" if refusal else "computed"] += 1
        if refusal is None and (error is not None or differs(result, expected)):
            wrong[name] = f"another result, or {error!r}"
        elif refusal is not None and not (
            isinstance(error, voxbind.DimensionError)
            and call in str(error)
            and str(refusal).rstrip(".") in str(error)
        ):
            wrong[name] = f"{refusal!r} became {error!r}"
    assert wrong == {}
    assert seen["computed"] > 40 and seen["refused"] > 20, seen


def test_an_error_that_any_array_raises_stays_the_librarys() -> None:
    """Images and volumes have no axes to loop over, and a lack of memory has another cause."""
    with pytest.raises(RuntimeError, match="order") as raised:
        ndimage.spline_filter(np.zeros((3, 4, 5)), order=9)  # type: ignore[call-overload]
    assert not isinstance(raised.value, voxbind.VoxbindError)
    with pytest.raises(MemoryError):
        restoration.rolling_ball(np.zeros((2, 2, 2, 4, 4)), radius=100)


def test_a_projection_gets_volumes_alone() -> None:
    with pytest.raises(voxbind.DimensionError, match=r'over\(max_projection, "TZYX"\)'):
        native.max_projection(np.zeros((2, 3, 4, 5)))


def test_weights_for_another_number_of_axes_are_named() -> None:
    movie = np.random.default_rng(0).random((2, 3, 8, 9))
    weights = np.ones((3, 3, 3))
    with pytest.raises(voxbind.DimensionError, match=r"weights\.ndim.*over\(convolve") as raised:
        ndimage.convolve(movie, weights)
    assert isinstance(raised.value.__cause__, RuntimeError)
    looped = voxbind.over(ndimage.convolve, "TZYX")(movie, weights)
    np.testing.assert_array_equal(looped, [ndimage.convolve(volume, weights) for volume in movie])
