"""The two wrappers behind a function of `voxbind.auto`: one for the CPU, one for the GPU.

Where an array of NumPy comes and nobody asked for the GPU, a function there calls the first one
at once. Everything else goes through `route`, and from there by the rules in
`voxbind._auto.choosing`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Unpack

from .._support.package import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._dispatch.facts import Arguments, TwinFacts

__all__ = ["route", "wrapped"]


def wrapped(module: str) -> Any:
    """Return the wrappers of a module, each imported when it is first asked for.

    What comes back is a plain module, as in `voxbind._upstream.wrapped_module`. Its ``Array`` is
    NumPy's class of arrays, which says without a question that an image is on the host.

    Parameters
    ----------
    module
        Dotted name below voxbind, which is also the upstream module's.
    """
    found = ModuleType(module)
    library = _Wrapped(found.__dict__, module)
    found.__dict__.update(__getattr__=library.find, __library__=library)
    return found


class _Wrapped:
    """Finds what is asked of a module of wrappers: see `wrapped`."""

    def __init__(self, found: dict[str, Any], module: str) -> None:
        self._found, self._module = found, module

    def find(self, name: str) -> Any:
        """Return an attribute, and keep it."""
        if name.startswith("__"):
            raise AttributeError(name)
        value = import_module("numpy").ndarray if name == "Array" else self.attribute(name)
        self._found[name] = value
        return value

    def attribute(self, name: str) -> Any:
        """Return what the module of wrappers has under a name, be it ``Array``."""
        return getattr(import_module(f"{PACKAGE}.{self._module}"), name)


def route(cpu: Any, gpu: Any, name: str, arguments: Arguments, **facts: Unpack[TwinFacts]) -> Any:
    """Run a function where its image is, or where that was asked for.

    Parameters
    ----------
    cpu
        The module of wrappers for the CPU.
    gpu
        The one for the GPU, where the function has a twin of the same name; else None.
    name
        The function's.
    arguments
        By parameter of the one for the CPU, in order.
    **facts
        See `voxbind._dispatch.facts.TwinFacts`.
    """
    return _run(cpu, gpu, name, arguments, facts)


def _first_run(cpu: Any, gpu: Any, name: str, arguments: Arguments, facts: TwinFacts) -> Any:
    global _run
    # NumPy isn't imported before the first call that needs it.
    from .choosing import run

    _run = run
    return _run(cpu, gpu, name, arguments, facts)


_run: Callable[[Any, Any, str, Arguments, TwinFacts], Any] = _first_run
