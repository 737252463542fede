"""What is known of a function when it is called: the wrapper's facts, made ready once."""

from __future__ import annotations

from .._memory.lookup import NUMPY, LibraryMemory, library_memory
from .facts import Arguments, Facts, Function

__all__ = ["Plan", "plan_of"]


class Plan:
    """What is known of a function, made ready once for all its calls."""

    def __init__(self, function: Function, facts: Facts, names: tuple[str, ...]) -> None:
        self.function: Function = function
        self.facts: Facts = facts
        # A `functools.partial` has no name of its own.
        named = getattr(function, "func", function)
        self.name: str = getattr(function, "__name__", getattr(named, "__name__", "the function"))
        self.package: str = (getattr(named, "__module__", None) or "").partition(".")[0]
        """Top-level package of the library."""
        self.images: tuple[str, ...] = facts.get("images", ())
        self.whole: tuple[str, ...] = facts.get("whole", ())
        self.outputs: tuple[str, ...] = facts.get("outputs", ())
        self.host: tuple[str, ...] = facts.get("host", ())
        self.changed: tuple[str, ...] = facts.get("changed", ())
        self.array_like: tuple[str, ...] = facts.get("array_like", ())
        self.named: tuple[str, ...] = facts.get("named", ())
        self.masked: tuple[str, ...] = facts.get("masked", ())
        self.lazy: tuple[str, ...] = facts.get("lazy", ())
        self.only: tuple[str, ...] = facts.get("only", ())
        self.needs_output: tuple[str, ...] = facts.get("needs_output", ())
        self.required: int = facts.get("required", 1)
        self.positional: int = facts.get("positional", self.required)
        self.args: str = facts.get("args", "")
        self.kwargs: str = facts.get("kwargs", "")
        self.library: LibraryMemory | None = library_memory(facts.get("memory", NUMPY.name))
        self.defaults: Arguments = facts.get("defaults", {})
        self.is_plain: bool = self.required == self.positional and not (
            self.args or self.kwargs or self.defaults
        )
        self.is_simple: bool = (
            self.is_plain
            and self.library is NUMPY
            and self.positional == 1
            and names[:1] == self.images[:1]
            and not (self.only or self.needs_output or self.changed)
        )
        self.in_turn: bool = facts.get("in_turn", False)
        self.read: tuple[str, ...] = (*self.images, *self.whole)
        self.lowered: tuple[str, ...] = tuple(
            sorted(self.read, key=lambda name: name not in self.changed)
        )
        """First what is changed: a copy, also where the same array is only read."""
        self.written: tuple[str, ...] = tuple(
            name for name in self.outputs if name not in self.read
        )
        self.arrays: frozenset[str] = frozenset((*self.read, *self.outputs))


_plans: dict[int, Plan] = {}
"""By the id of the function, which may not be hashable; its plan keeps it, and so the id."""


def plan_of(function: Function, arguments: Arguments, facts: Facts) -> Plan:
    """Return what is known of a function, which is hardly ever something else than before."""
    plan = _plans.get(id(function))
    if plan is None or plan.facts != facts:
        plan = _plans[id(function)] = Plan(function, facts, tuple(arguments))
    return plan
