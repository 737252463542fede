"""Chunks of dask arrays on an OpenCL device give what the array in memory gives, or an error.

`VOXBIND_COMPARISONS` sets the number of calls that are compared. Each new kernel is compiled, which
takes longer than the call.
"""

from __future__ import annotations

import os
import time
import warnings
from inspect import Parameter, signature
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import voxbind
from helpers.drawn_calls import chunks_of, content, members
from voxbind import registry

da = pytest.importorskip("dask.array")
dask: Any = pytest.importorskip("dask")
pytest.importorskip("pyclesperanto")

COMPARISONS = int(os.environ.get("VOXBIND_COMPARISONS", "60"))
SECONDS = max(30.0, COMPARISONS / 2)
"""The test compares no more calls after that time."""
TOLERANCE = 5e-6
"""Rounding of float32, relative to the range of the result."""
DTYPES = ("float32", "float32", "uint8", "uint16", "int32", "bool")
FUNCTIONS = [entry for entry in registry.find(library="pyclesperanto") if not entry.random]
_started: list[float] = []


def drawn(random: Random, entry: Any) -> tuple[dict[str, Any], list[str]] | None:
    """Return arguments and those that are images; None if one is needed that isn't known here."""
    volume = (random.choice([3, 6]), random.choice([11, 14]), random.choice([10, 13]))
    shape = random.choice([(random.choice([14, 17]), random.choice([13, 19])), volume])
    dtype = random.choice(DTYPES)
    arguments: dict[str, Any] = {}
    for name, parameter in signature(entry.func).parameters.items():
        is_number = type(parameter.default) in (int, float)
        if name in entry.arrays and parameter.default is Parameter.empty:
            is_labels = "label" in name
            image = content(random, shape, "uint32" if is_labels else dtype)
            arguments[name] = image % 5 if is_labels else image
        elif parameter.default is Parameter.empty:
            if name in entry.outputs or any(word in name for word in ("image", "map", "matrix")):
                return None
            arguments[name] = random.choice([1, 2, 0.5])
        elif is_number and random.random() < 0.3:
            arguments[name] = type(parameter.default)(random.choice([1, 2, 3]))
    images = [name for name in entry.arrays if name in arguments]
    return (arguments, images) if images else None


def result(entry: Any, arguments: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
    """Return the arrays that a call in memory gives, which leaves the images as they are."""
    copies = {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }
    return [np.asarray(member) for member in members(entry.func(**copies))]


def agree(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    if (one.shape, one.dtype) != (other.shape, other.dtype):
        return False
    is_float = other.dtype.kind == "f"
    scale = float(np.abs(other[np.isfinite(other)]).max(initial=0)) if is_float else 0
    return np.allclose(one, other, rtol=0, atol=TOLERANCE * scale, equal_nan=is_float)


@pytest.mark.timeout(SECONDS + 120)
@settings(
    max_examples=COMPARISONS,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(seed=st.integers(0, 2**32))
def test_chunks_on_a_device_give_what_the_array_in_memory_gives_or_an_error(seed: int) -> None:
    _started.append(time.monotonic())
    if time.monotonic() - _started[0] > SECONDS:
        return
    random = Random(seed)
    entry = random.choice(FUNCTIONS)
    call = drawn(random, entry)
    if call is None:
        return
    arguments, images = call
    chunks = tuple(chunks_of(random, length) for length in arguments[images[0]].shape)
    lazy_arguments = arguments | {
        name: da.from_array(arguments[name], chunks=chunks) for name in images
    }
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            lazy = entry.func(**lazy_arguments)
        except (voxbind.VoxbindError, RuntimeError, ValueError):
            return  # refused before any kernel is compiled
        if not any(isinstance(member, da.Array) for member in members(lazy)):
            return
        try:
            expected = result(entry, arguments)
        except Exception:
            return  # the function doesn't take these arguments
        try:
            (computed,) = dask.compute(lazy, scheduler="synchronous")
        except voxbind.MemoryTypeError as error:
            # The dtypes of both images decide, and one of them isn't that of the measurement.
            assert "for a block, and the dtype" in str(error) and len(images) > 1
            return
        for announced, one, other in zip(members(lazy), members(computed), expected, strict=True):
            assert (announced.shape, announced.dtype) == (other.shape, other.dtype)
            if not agree(np.asarray(one), other):
                # Some functions leave elements unwritten: two calls in memory differ as well.
                assert not all(
                    agree(again, other) for _ in range(4) for again in result(entry, arguments)[:1]
                )


@pytest.mark.parametrize("name", ["add_images", "mask", "greater"])
def test_one_slice_is_used_for_each_slice_of_a_volume(name: str) -> None:
    entry = registry.functions()[f"pyclesperanto.{name}"]
    assert entry.slices_with_one
    volume = content(Random(0), (4, 10, 12), "float32")
    plane = content(Random(1), (10, 12), "float32")
    lazy = entry.func(da.from_array(volume, chunks=(2, 5, 6)), plane)
    np.testing.assert_array_equal(lazy.compute(), np.asarray(entry.func(volume, plane)))
