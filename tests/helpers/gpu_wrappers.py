"""The wrappers of a library on a GPU against the functions that they wrap, module by module."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers import gpu_arguments
from helpers.wrapper_comparison import (
    Outcome,
    Twin,
    copied,
    difference,
    everywhere,
    frozen,
    is_of,
    leaves,
    to_cuda,
    to_numpy,
)
from voxbind import StaleWrapperWarning, TransferForbiddenError, registry
from voxbind.registry import FunctionMetadata

_HELD = "biufc"


def modules(library: str) -> tuple[str, ...]:
    return frozen().libraries[library].modules


def to_cupy(value: Any) -> Any:
    """Send NumPy's arrays to the current GPU, where CuPy has the dtype."""
    if type(value).__module__ == "numpy" and hasattr(value, "dtype") and value.dtype.kind in _HELD:
        return import_module("cupy").asarray(value) if getattr(value, "ndim", 0) else value
    return value


class Subject:
    """A function on a GPU, its wrapper, and calls that it takes."""

    def __init__(self, library: str, name: str) -> None:
        module, _, attribute = name.rpartition(".")
        self.name = name
        self.upstream: Any = getattr(import_module(module), attribute)
        self.facts: FunctionMetadata = registry.functions()[name]
        self.wrapper: Any = self.facts.func
        self.function = frozen().libraries[library].functions[name]
        self._given = gpu_arguments.calls(library, name)

    def taken(self) -> Iterator[tuple[gpu_arguments.Given, dict[str, Any]]]:
        """Give calls with CuPy's arrays that the library takes."""
        for given in self._given:
            arguments = given.there(to_cupy)
            if Outcome(self.upstream, (), copied(arguments)).error is None:
                yield given, arguments

    def compared(self) -> tuple[int, list[str]]:
        """Call upstream and the wrapper with each memory; count the calls, and say what differs."""
        twin = Twin(self.upstream, self.facts)
        for _, arguments in self.taken():
            twin(**arguments)
        return twin.compared, twin.differences

    def moved(self) -> tuple[int, list[str]]:
        """Call the wrapper with arrays on the GPU where nothing may move."""
        count = 0
        wrong: list[str] = []
        twin = Twin(self.upstream, self.facts)
        for given, arguments in self.taken():
            if twin.is_lifted(arguments[given.image], arguments):
                continue  # the wrapper does otherwise than the library, or refuses
            for name, change in (("cupy", copied), ("torch", to_cuda)):
                own = {each: everywhere(change, value) for each, value in arguments.items()}
                count += 1
                try:
                    with voxbind.transfers("forbid"), voxbind.trace() as log:
                        self.wrapper(**own)
                except TransferForbiddenError as error:
                    wrong.append(f"{name}: {error}")
                else:
                    wrong += [f"{name}: {row}" for row in log.rows() if row["bytes_copied"]]
        return count, wrong

    def cut(self) -> tuple[int, list[str]]:
        """Give two slices at once, and hold what comes back against the slices one by one."""
        count = 0
        wrong: list[str] = []
        if self.facts.contract != "PURE_2D" or not self.function.stacks:
            return count, wrong
        for given, arguments in self.taken():
            is_written = any(name in arguments for name in self.function.outputs)
            if is_written or given.ndim != 2 + self.facts.needs_channels:
                continue
            image = arguments[given.image]
            planes = [image, image[::-1].copy()]
            expected = [
                Outcome(self.upstream, (), copied({**arguments, given.image: plane}))
                for plane in planes
            ]
            if any(each.error for each in expected):
                continue
            if len({len([*leaves(each.value)]) for each in expected}) > 1:
                continue  # as many as it took steps: these can't be stacked
            volume = import_module("cupy").stack(planes)
            result = self.wrapper(**copied({**arguments, given.image: volume}))
            count += 1
            for z, each in enumerate(expected):
                plane = everywhere(partial(_copied_slice, z), result)
                told = difference(each.value, plane, exact=False)
                if told or not (self.facts.random or near(each.value, plane)):
                    wrong.append(f"slice {z} of {volume.dtype} {volume.shape}: {told or 'values'}")
        return count, wrong


def _copied_slice(z: int, volume: Any) -> Any:
    return volume[z].copy()


def near(one: Any, other: Any) -> bool:
    """Tell whether results are equal but for what the layout of memory does to sums."""
    pairs = zip(leaves(everywhere(to_numpy, one)), leaves(everywhere(to_numpy, other)), strict=True)
    return all(np.allclose(*pair, rtol=1e-5, atol=1e-8, equal_nan=True) for pair in pairs)


def check(library: str, module: str, what: str) -> int:
    """Check every image function of a module; return how many calls were compared."""
    wrong: dict[str, list[str]] = {}
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StaleWrapperWarning)
        for name in gpu_arguments.functions(library, module):
            compared, differences = getattr(Subject(library, name), what)()
            count += compared
            if differences:
                wrong[name] = sorted(set(differences))[:4]
    assert not wrong, "\n".join(f"{name}: {told}" for name, told in wrong.items())
    return count


def check_version(library: str, installed: str) -> None:
    """Expect one warning where another version is installed, and none where it is this one."""
    from voxbind._upstream.wrapped_module import upstream

    entry = frozen().libraries[library]
    module = entry.modules[0]
    name = next(iter(gpu_arguments.functions(library, module))).rpartition(".")[2]
    fresh = ".".join(str(int(part)) for part in installed.split(".")) == entry.version
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        patch.setattr("voxbind._upstream.wrapped_module._relations", {})
        found = upstream(
            module,
            distribution=entry.distribution,
            version=entry.version,
            extra=entry.extra,
            memory="cupy",
        )
        assert callable(getattr(found, name))
    stale = [each for each in told if each.category is StaleWrapperWarning]
    assert len(stale) == (not fresh)


def result_of_each_memory(call: Any, array: Any) -> dict[str, Any]:
    """Call with NumPy's, CuPy's and PyTorch's CUDA arrays of the same numbers."""
    on_gpu = to_cupy(array)
    results = {"numpy": call(array), "cupy": call(on_gpu), "torch": call(to_cuda(on_gpu))}
    assert type(results["numpy"]).__module__ == "numpy"
    assert is_of("cupy", "ndarray", results["cupy"])
    assert results["torch"].is_cuda
    return {
        "numpy": results["numpy"],
        "cupy": to_numpy(results["cupy"]),
        "torch": results["torch"].cpu().numpy(),
    }
