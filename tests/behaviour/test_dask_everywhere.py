"""Any function, arguments and chunks: dask arrays give what arrays in memory give, or an error.

`VOXBIND_COMPARISONS` sets the number of calls that are compared.
"""

from __future__ import annotations

import os
import time
import warnings
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import voxbind
from helpers.drawn_calls import SLOW, Drawn, chunks_of, drawn_call, members
from voxbind import registry

da = pytest.importorskip("dask.array")
dask: Any = pytest.importorskip("dask")
xarray: Any = pytest.importorskip("xarray")

COMPARISONS = int(os.environ.get("VOXBIND_COMPARISONS", "200"))
SECONDS = max(40.0, COMPARISONS / 5)
"""The test compares no more calls after that time."""
RELATIVE = {
    "complex64": 2e-6,
    "complex128": 1e-9,
    "float16": 1e-2,
    "float32": 2e-6,
    "float64": 1e-9,
}
"""Rounding that depends on how an array is cut, relative to the range of the result."""
ROUNDED = (
    *("threshold_mean", "variance", "standard_deviation", "mean", "sum", "sum_labels"),
    "center_of_mass",
)
"""Reductions, of which the sums of float32 are added in another order."""
EQUAL_ELEMENTS = ("extrema", "maximum_position", "minimum_position")
"""Of several equal elements, SciPy returns the position of any: see `test_dask_measurements.py`."""
FUNCTIONS = [
    entry
    for entry in registry.functions().values()
    if entry.memory_type in ("numpy", "array_api")
    and entry.contract is not None
    and not entry.random
    and entry.original_name not in EQUAL_ELEMENTS
    and not any(word in entry.name for word in SLOW)
]
_started: list[float] = []


def compare(lazy: Any, result: Any, expected: Any, name: str) -> None:
    if isinstance(lazy, da.Array) and isinstance(expected, (tuple, list)):
        expected = np.asarray(expected)  # coordinates: numbers, or a row for each index
    for announced, one, other in zip(*map(members, (lazy, result, expected)), strict=True):
        computed, wanted = np.asarray(one), np.asarray(other)
        assert (computed.shape, computed.dtype) == (wanted.shape, wanted.dtype)
        if isinstance(announced, da.Array):
            lengths = zip(announced.shape, computed.shape, strict=True)
            assert all(size == length or size != size for size, length in lengths)  # NaN: unknown
            assert announced.dtype == computed.dtype
        if wanted.dtype == object:
            assert [*map(repr, computed)] == [*map(repr, wanted)]
            continue
        if wanted.dtype.kind not in "fc":
            np.testing.assert_array_equal(computed, wanted)
            continue
        scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0)
        tolerance = 1e-5 if name in ROUNDED else RELATIVE[str(wanted.dtype)]
        np.testing.assert_allclose(computed, wanted, rtol=0, atol=tolerance * scale)


def in_chunks(random: Random, call: Drawn, function: Any) -> Any:
    """Call a function with dask arrays; further images may stay in memory or have other chunks."""
    shape = call.arguments[call.images[0]].shape
    chunks = tuple(chunks_of(random, length) for length in shape)
    lazy = dict(call.arguments)
    for name in call.images:
        if name == call.images[0] or random.random() < 0.6:
            own = chunks if random.random() < 0.5 else tuple(map(random_chunks(random), shape))
            lazy[name] = da.from_array(lazy[name], chunks=chunks if name == call.images[0] else own)
    return function(**lazy)


def random_chunks(random: Random) -> Any:
    return lambda length: chunks_of(random, length)


def as_called(random: Random, entry: Any, call: Drawn) -> tuple[Any, Drawn]:
    """Return the function as it is, or one that loops over T or C, and arguments with that axis."""
    image = call.arguments[call.images[0]]
    way = random.choice(["as it is", "as it is", "over", "DataArray"])
    axes = "ZYX"[-image.ndim :]
    if way == "as it is" or entry.needs_channels or "axis" in call.arguments:
        return entry.func, call
    letter = random.choice("TC")
    arguments = {
        name: np.stack([value, value[::-1]]) if name in call.images else value
        for name, value in call.arguments.items()
    }
    looped = voxbind.over(entry.func, letter + axes)
    if way == "over":
        return looped, Drawn(arguments, call.images)

    def by_name(**given: Any) -> Any:
        first = call.images[0]
        named = xarray.DataArray(given.pop(first), dims=[*(letter + axes).lower()])
        result = entry.func(**{first: named}, **given)
        return getattr(result, "data", result)

    return by_name, Drawn(arguments, call.images)


@settings(
    max_examples=COMPARISONS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(seed=st.integers(0, 2**32))
def test_chunks_give_what_the_array_in_memory_gives_or_an_error(seed: int) -> None:
    _started.append(time.monotonic())
    if time.monotonic() - _started[0] > SECONDS:
        return
    random = Random(seed)
    entry = random.choice(FUNCTIONS)
    drawn = drawn_call(random, entry)
    if drawn is None:
        return
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            function, call = as_called(random, entry, drawn)
            expected = function(
                **{
                    name: value.copy() if isinstance(value, np.ndarray) else value
                    for name, value in call.arguments.items()
                }
            )
        except Exception:
            return  # the function doesn't take these arguments
        try:
            lazy = in_chunks(random, call, function)
            if not any(isinstance(member, da.Array) for member in members(lazy)):
                return
            (computed,) = dask.compute(lazy, scheduler="synchronous")
        except (voxbind.VoxbindError, ValueError):
            return  # refused, before the call or in a block
        compare(lazy, computed, expected, entry.name.rpartition(".")[2])
