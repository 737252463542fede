"""Starts a call: of arrays in memory, or of dask arrays."""

from __future__ import annotations

from sys import modules
from typing import Any

from .call import Call
from .facts import Arguments, Facts, Function
from .plan import Plan, plan_of

__all__ = ["begin", "call_unchanged"]


def begin(function: Function, arguments: Arguments, facts: Facts) -> Call:
    """Return a call of a function; a lazy one if an image is a dask array."""
    plan = plan_of(function, arguments, facts)
    dask = modules.get("dask.array")
    if dask is not None:
        kind = getattr(dask, "Array", ())
        for name in plan.images:
            if isinstance(arguments[name], kind):
                return _lazy_call(plan, arguments)
    return Call(plan, arguments)


def _lazy_call(plan: Plan, arguments: Arguments) -> Call:
    from .lazy_call import LazyCall  # only if there is a dask array

    return LazyCall(plan, arguments)


def call_unchanged(function: Function, arguments: Arguments, facts: Facts) -> Any:
    """Call a function with all arguments as they are."""
    return Call.unchanged(plan_of(function, arguments, facts), arguments)
