"""Every wrapper against the function it wraps, on everything that the probe calls it with.

The probe's own battery (sizes, dtypes, dimensions, colours, further arguments, calls that the
library refuses) is run over a twin, which makes each call three times: upstream, through the
wrapper, and through the wrapper with PyTorch tensors for arrays.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import sys
import types
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from voxbind import registry
from voxbind.registry import FunctionMetadata
from voxbind_build import libraries
from voxbind_build.describe import describe
from voxbind_build.discover import discover
from voxbind_build.model import Description, ProbeTask
from voxbind_build.probe.observe import observe

MODULES = [(spec.name, module) for spec in libraries.builtin() for module in spec.modules]
SHARED: dict[str, tuple[Description, ...]] = {}


def descriptions(library: str) -> tuple[Description, ...]:
    if library not in SHARED:
        SHARED[library] = describe(discover(libraries.load(library)))
    return SHARED[library]


class Outcome:
    """A call's result or exception, its warnings and what it did to its arguments."""

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        np.random.seed(0)
        torch.manual_seed(0)
        self.value: Any = None
        self.error: Exception | None = None
        self.given = copy.deepcopy((args, kwargs))
        self.args, self.kwargs = args, kwargs
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self.value = function(*args, **kwargs)
                if isinstance(self.value, types.GeneratorType):
                    self.value = [level for level, _ in zip(self.value, range(4), strict=False)]
            except Exception as error:
                self.error = error
        self.warnings = Counter((entry.category.__name__, str(entry.message)) for entry in caught)


def to_torch(value: Any) -> Any:
    """Make tensors of arrays, where PyTorch has the dtype and the wrapper takes an array."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc" and value.dtype.isnative:
        return torch.from_numpy(value.copy())
    return value


def to_numpy(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.numpy()
    if isinstance(value, dict):
        return {key: to_numpy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        members = [to_numpy(item) for item in value]
        return type(value)(*members) if hasattr(value, "_fields") else type(value)(members)
    return value


def difference(one: Any, other: Any, exact: bool) -> str:
    """Say how two values differ, or nothing."""
    if type(one) is not type(other):
        return f"{type(one)} against {type(other)}"
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return f"{one.dtype} {one.shape} against {other.dtype} {other.shape}"
        if (
            exact
            and one.dtype.kind != "O"
            and not np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
        ):
            return "other values"
        return ""
    if isinstance(one, dict):
        pairs = [(one[key], other.get(key)) for key in one]
        same = one.keys() == other.keys()
    elif isinstance(one, (list, tuple)):
        pairs, same = list(zip(one, other, strict=False)), len(one) == len(other)
    elif isinstance(one, (bool, int, float, complex, str, np.generic, type(None), slice)):
        nan = one != one and other != other
        return "" if not exact or nan or one == other else f"{one!r} against {other!r}"
    else:
        return ""  # an object of the library: its class was compared
    if not same:
        return "other members"
    return next((told for pair in pairs if (told := difference(*pair, exact))), "")


class Twin:
    """Calls upstream and the wrapper alike, and keeps where they differ."""

    def __init__(self, upstream: Callable[..., Any], facts: FunctionMetadata) -> None:
        self.upstream, self.wrapper, self.facts = upstream, facts.func, facts
        self.differences: list[str] = []
        self.compared = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        expected = Outcome(self.upstream, *copy.deepcopy((args, kwargs)))
        if not self.is_lifted(args, kwargs):
            self.compare("numpy", expected, Outcome(self.wrapper, *copy.deepcopy((args, kwargs))))
            arguments = copy.deepcopy((args, kwargs))
            given = (
                tuple(map(to_torch, arguments[0])),
                {name: to_torch(value) for name, value in arguments[1].items()},
            )
            self.compare("torch", expected, Outcome(self.wrapper, *given))
        if expected.error:
            raise expected.error
        return expected.value

    def is_lifted(self, args: Any, kwargs: Any) -> bool:
        """Whether the wrapper is meant to do otherwise than the library: its dimensions differ."""
        name = self.facts.arrays[0]
        positions = list(inspect.signature(self.wrapper).parameters)
        shape = np.shape(kwargs[name] if name in kwargs else args[positions.index(name)])
        axes = len(shape)
        coloured = kwargs.get("channel_axis") is not None or self.facts.needs_channels
        if self.facts.contract == "PURE_2D":
            coloured = coloured or shape[-1:] in ((3,), (4,))
            return axes > 2 and not (coloured and axes == 3)
        return self.facts.contract in ("PURE_3D", "VOLUMETRIC_TO_SLICE") and axes == 2

    def is_repeatable(self, expected: Outcome) -> bool:
        """Whether upstream agrees with itself: some results have parts that are never written."""
        again = [Outcome(self.upstream, *copy.deepcopy(expected.given)).value for _ in range(8)]
        return not any(difference(expected.value, value, exact=True) for value in again)

    def compare(self, memory: str, expected: Outcome, actual: Outcome) -> None:
        self.compared += 1
        if expected.error or actual.error:
            if type(expected.error) is not type(actual.error) or str(expected.error) != str(
                actual.error
            ):
                self.differences.append(f"{memory}: {expected.error!r} against {actual.error!r}")
            return
        exact = not self.facts.random
        told = difference(expected.value, to_numpy(actual.value), exact)
        if told and not self.is_repeatable(expected):
            return
        if told:
            self.differences.append(f"{memory}: {told}")
        if expected.warnings != actual.warnings:
            self.differences.append(f"{memory}: {expected.warnings} against {actual.warnings}")
        told = difference(
            (*expected.args, expected.kwargs),
            (*to_numpy(actual.args), to_numpy(actual.kwargs)),
            exact,
        )
        if told:
            self.differences.append(f"{memory}: the arguments afterwards: {told}")


@pytest.mark.parametrize(("library", "module"), MODULES, ids=lambda value: value)
def test_wrapper_does_what_the_function_does(library: str, module: str) -> None:
    wrong: dict[str, list[str]] = {}
    compared = 0
    for description in descriptions(library):
        facts = registry.functions().get(description.name)
        if description.module != module or facts is None:
            continue
        twin = Twin(getattr(importlib.import_module(module), description.attribute), facts)
        probe_instead(description, twin)
        compared += twin.compared
        if twin.differences:
            wrong[description.name] = sorted(set(twin.differences))[:4]
    assert not wrong, "\n".join(f"{name}: {told}" for name, told in wrong.items())
    assert compared > 20


def probe_instead(description: Description, twin: Twin) -> None:
    """Run the probe as on the function that is described, and give it the twin to call."""
    module = types.ModuleType("twin_of_a_function")
    module.twin = twin  # type: ignore[attr-defined]  # a module made for this call
    sys.modules[module.__name__] = module
    try:
        moved = msgspec.structs.replace(description, module=module.__name__, attribute="twin")
        observe(ProbeTask(description=moved, memory_type="numpy"))
    finally:
        del sys.modules[module.__name__]
