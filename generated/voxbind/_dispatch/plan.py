"""The facts about a function, prepared once for all its calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._memory.lookup import NUMPY, LibraryMemory, library_memory
from ..errors import MemoryTypeError
from .facts import Arguments, Facts, Function

__all__ = ["Plan", "plan_of"]


class Plan:
    """Facts about a function, as its calls use them."""

    def __init__(self, function: Function, facts: Facts, names: tuple[str, ...]) -> None:
        self.function: Function = function
        self.facts: Facts = facts
        # A `functools.partial` has no name of its own.
        named = getattr(function, "func", function)
        self.name: str = getattr(function, "__name__", getattr(named, "__name__", "the function"))
        self.package: str = (getattr(named, "__module__", None) or "").partition(".")[0]
        """Top-level package of the library."""
        self.images: tuple[str, ...] = facts.get("images", ())
        self.other_arrays: tuple[str, ...] = facts.get("other_arrays", ())
        self.outputs: tuple[str, ...] = facts.get("outputs", ())
        self.host_arrays: tuple[str, ...] = facts.get("host_arrays", ())
        self.modified: tuple[str, ...] = facts.get("modified", ())
        self.array_like: tuple[str, ...] = facts.get("array_like", ())
        self.name_or_array: tuple[str, ...] = facts.get("name_or_array", ())
        self.default_classes: Mapping[str, str] = facts.get("default_classes", {})
        self.accepts_masked: tuple[str, ...] = facts.get("accepts_masked", ())
        self.masked_dtypes: Mapping[str, tuple[str, ...]] = facts.get("masked_dtypes", {})
        self.accepts_dask: tuple[str, ...] = facts.get("accepts_dask", ())
        self.allowed_dtypes: tuple[str, ...] = facts.get("allowed_dtypes", ())
        self.required_outputs: tuple[str, ...] = facts.get("required_outputs", ())
        self.n_required: int = facts.get("n_required", 1)
        self.n_positional: int = facts.get("n_positional", self.n_required)
        self.args: str = facts.get("args", "")
        self.kwargs: str = facts.get("kwargs", "")
        self.library: LibraryMemory | None = library_memory(facts.get("memory", NUMPY.name))
        self.library_axes: str = facts.get("library_axes", "")
        self.defaults: Arguments = facts.get("defaults", {})
        self.is_plain: bool = self.n_required == self.n_positional and not (
            self.args or self.kwargs or self.defaults
        )
        self.is_simple: bool = (
            self.is_plain
            and self.library is NUMPY
            and self.n_positional == 1
            and names[:1] == self.images[:1]
            and not (self.allowed_dtypes or self.required_outputs or self.modified)
        )
        self.sequential: bool = facts.get("sequential", False)
        self.axis_arguments: Mapping[str, str | tuple[float, ...]] = facts.get("axis_arguments", {})
        self.seeds: tuple[str, ...] = facts.get("seeds", ())
        self.read: tuple[str, ...] = (*self.images, *self.other_arrays)
        self.lowered: tuple[str, ...] = tuple(
            sorted(self.read, key=lambda name: name not in self.modified)
        )
        """The arrays that are read, modified ones first: an array that is passed for two
        parameters is then copied once, for both."""
        self.written: tuple[str, ...] = tuple(
            name for name in self.outputs if name not in self.read
        )
        self.arrays: frozenset[str] = frozenset((*self.read, *self.outputs))

    def reads_mask(self, masked: Any, name: str) -> bool:
        """Return whether the library reads the mask of an array, for each dtype or for its own."""
        if name not in self.accepts_masked:
            return False
        dtypes = self.masked_dtypes.get(name)
        if dtypes is None or str(masked.dtype) in dtypes:
            return True
        raise MemoryTypeError(
            f"{self.name} was given {name!r}, a masked array of dtype {masked.dtype}. The library "
            f"looks at the mask only if the dtype is {', '.join(dtypes)}. Give "
            f"{name}.astype(numpy.{dtypes[-1]}), {name}.filled(value) or {name}.data."
        )


_plans: dict[int, Plan] = {}
"""Plans by the id of their function, which may not be hashable. A plan holds its function, so
that no other object can get the same id."""


def plan_of(function: Function, arguments: Arguments, facts: Facts) -> Plan:
    """Return the plan of a function; a new one if its facts differ from those of the last call."""
    plan = _plans.get(id(function))
    if plan is None or plan.facts != facts:
        plan = _plans[id(function)] = Plan(function, facts, tuple(arguments))
    return plan
