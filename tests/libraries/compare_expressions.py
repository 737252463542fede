"""Makes the calls in calls.toml of a library and of its wrappers; prints the differences as JSON.

``python -P compare_expressions.py NAME``, with the package that was built for the library first on
PYTHONPATH.
"""

from __future__ import annotations

import importlib
import json
import sys
import tomllib
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voxbind_build.libraries import load

FOLDER = Path(__file__).parent
SPECIFICATIONS = FOLDER.parents[1] / "examples" / "libraries"
BY_NUMBERS = {"kornia": 1e-5, "simpleitk": 1e-6}
"""Largest difference, as a part of the largest number, since threads add in any order."""


def arrays() -> dict[str, np.ndarray[Any, Any]]:
    """Return the images by their names in calls.toml, always with the same numbers."""
    random = np.random.default_rng(0)
    grey = random.random((17, 22))
    volume = random.random((7, 9, 11))
    mask = random.random((17, 22)) > 0.6
    mask3d = volume > 0.7
    blocks = np.kron(np.arange(1, 7).reshape(2, 3), np.ones((6, 6), int))
    labels = np.zeros((17, 22), np.int32)
    labels[2:14, 2:20] = blocks * (random.random((12, 18)) > 0.1)
    batch = random.random((2, 1, 17, 22)).astype(np.float32)
    rows, cols = np.mgrid[:17, :22].astype(np.float32)
    return {
        "image": (grey * 255).astype(np.uint8),
        "part": (grey * 255).astype(np.uint8)[4:9, 3:9].copy(),
        "grey": grey,
        "single": grey.astype(np.float32) + 1,
        "small": random.random((5, 7)),
        "even": random.random((16, 24)),
        "row": random.random(32),
        "rgb": (random.random((17, 22, 3)) * 255).astype(np.uint8),
        "volume": volume,
        "mask": mask,
        "mask3d": mask3d,
        "bytes_mask": mask.view(np.uint8) * np.uint8(255),
        "labels": labels,
        "labels3d": (mask3d * (1 + (np.arange(11) > 5))).astype(np.uint16),
        "costs": random.random((9, 11, 3)),
        "grid_labels": random.integers(0, 3, (9, 11)),
        "weights": 1 - np.eye(3),
        "rows": rows + 0.25,
        "cols": cols + 0.25,
        "batch": batch,
        "colours": random.random((2, 3, 17, 22)).astype(np.float32),
        "volumes": random.random((1, 2, 7, 9, 11)).astype(np.float32),
        "kernel": random.random((1, 3, 3)).astype(np.float32),
    }


def own(name: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return the functions from NumPy to a library's own images, and back."""
    if name == "kornia":
        return (lambda array: torch.from_numpy(array.copy())), lambda value: value
    if name == "simpleitk":
        import SimpleITK

        def to_image(array: Any) -> Any:
            if array.ndim not in (2, 3) or array.shape[-1] == 3:
                return array
            return SimpleITK.GetImageFromArray(array.view("u1") if array.dtype == bool else array)

        def from_image(value: Any) -> Any:
            return SimpleITK.GetArrayFromImage(value) if type(value) is SimpleITK.Image else value

        return to_image, from_image
    if name == "dask_image":
        import dask.array

        blocks: Any = dask.array  # `Any`, because most of its functions have no types

        def computed(value: Any) -> Any:
            return value.compute() if isinstance(value, blocks.Array) else value

        return (lambda array: blocks.from_array(array, chunks=-1)), computed
    return (lambda array: array.copy()), lambda value: value


def flat(value: Any, back: Callable[[Any], Any]) -> list[Any]:
    """Return the members of a nested result, arrays as NumPy's."""
    value = back(value)
    if isinstance(value, torch.Tensor):
        value = value.numpy(force=True)
    if isinstance(value, types.GeneratorType):
        value = list(value)
    if isinstance(value, dict):
        return [member for item in value.items() for member in flat(list(item), back)]
    if isinstance(value, (list, tuple)):
        return [len(value), *(member for item in value for member in flat(item, back))]
    return [value]


def difference(result: Any, expected: Any, tolerance: float) -> str:
    """Say how two members differ; nothing if they are equal."""
    if isinstance(expected, np.ndarray):
        if not isinstance(result, np.ndarray):
            return f"{type(result).__name__} instead of an array"
        if (result.dtype, result.shape) != (expected.dtype, expected.shape):
            return f"{result.dtype}{result.shape} instead of {expected.dtype}{expected.shape}"
        limit = tolerance * float(np.abs(expected).max(initial=0)) if tolerance else 0
        same = np.array_equal(result, expected, equal_nan=expected.dtype.kind in "fc")
        return "" if same or (limit and np.allclose(result, expected, 0, limit)) else "other values"
    if isinstance(expected, (int, float, str, bytes, np.generic, type(None), bool)):
        is_equal = result == expected or (result != result and expected != expected)
        close = isinstance(expected, float) and abs(result - expected) <= tolerance * abs(expected)
        return "" if is_equal or close else f"{result!r} instead of {expected!r}"[:200]
    return "" if type(result) is type(expected) else f"{type(result)} instead of {type(expected)}"


def imported(modules: tuple[str, ...], prefix: str = "") -> dict[str, Any]:
    """Import modules; return the package at the top by its name, and what expressions use."""
    for module in modules:
        importlib.import_module(prefix + module)
    top = modules[0].partition(".")[0]
    return {top: importlib.import_module(prefix + top), "np": np, "torch": torch}


def compare(name: str) -> dict[str, dict[str, str]]:
    """Return, by call and by kind of array, how wrappers differ from the library's functions."""
    modules = load(SPECIFICATIONS / f"{name}.toml").modules
    upstream, wrappers = imported(modules), imported(modules, "voxbind.")
    calls = tomllib.loads((FOLDER / "calls.toml").read_text(encoding="utf-8"))[name]
    to_own, back = own(name)
    differences: dict[str, dict[str, str]] = {}
    for call in calls:
        theirs = {key: to_own(array) for key, array in arrays().items()}
        expected = flat(eval(call, upstream | theirs), back)
        conversions: dict[str, Any] = {"numpy": np.copy, "torch": _to_torch}
        for kind, convert in conversions.items():
            ours = {key: convert(array) for key, array in arrays().items()}
            try:
                result = flat(eval(call, wrappers | ours), lambda value: value)
                found = [
                    difference(one, other, BY_NUMBERS.get(name, 0.0))
                    for one, other in zip(result, expected, strict=True)
                ]
                told = "; ".join(filter(None, found))
            except Exception as error:
                told = f"{type(error).__name__}: {error}"[:300]
            differences.setdefault(call, {})[kind] = told
    return differences


def _to_torch(array: Any) -> Any:
    return torch.from_numpy(np.array(array))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    json.dump(compare(sys.argv[1]), sys.stdout)
