"""Makes the functions of `voxbind.auto`, each from the CPU's wrapper when it is first used.

A wrapper calls its library directly if all arrays are of the library's own class, and otherwise
passes its arguments to a function of `voxbind._dispatch.dispatch`. A function of `voxbind.auto`
has the same code and signature, but two of its global names are bound differently:

- ``class_of`` returns no array's class while a setting such as `prefer` or `trace` is changed, so
  that the library isn't called directly.
- The function of the dispatch is replaced by one that chooses between the twins.

A call with a NumPy array is therefore as fast as a call of the wrapper.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import update_wrapper
from importlib import import_module
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, get_overloads, overload

from .._dispatch import dispatch
from .._settings import context
from .._support.classes import class_of
from .._support.package import PACKAGE
from .pair import Pair, Routing
from .reasons import documented

if TYPE_CHECKING:
    from .pair import Arguments, Function

__all__ = ["pair_of", "routed"]

_VARARGS, _VARKEYWORDS = 0x04, 0x08
"""Flags of a function's code, as in `inspect`, which takes long to import."""


def routed(
    module: str,
    *,
    cpu: str,
    gpu: str,
    routings: Mapping[str, Routing],
    handed_on: tuple[str, ...] = (),
    submodules: tuple[str, ...] = (),
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module of `voxbind.auto`.

    Parameters
    ----------
    module
        Dotted name of the module.
    cpu, gpu
        Dotted names, without ``voxbind.``, of the two modules of wrappers: ``skimage.filters``.
        The GPU's is empty if no function has a twin.
    routings
        The routing of each function, by its name.
    handed_on
        Other names to re-export from the CPU's module, such as classes and constants.
    submodules
        Names of this module's submodules.
    """
    namespace = sys.modules[module].__dict__
    for name in routings:
        namespace.pop(name, None)  # after a reload they are made again

    def __getattr__(name: str) -> Any:
        if name in submodules:
            return import_module(f"{module}.{name}")
        if name not in routings and name not in handed_on:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        wrappers = import_module(f"{PACKAGE}.{cpu}")
        if name in handed_on:
            return getattr(wrappers, name)
        function = _function(module, wrappers, gpu, name, routings[name])
        # If two threads make the function at once, both get the same one.
        return namespace.setdefault(name, function)

    return __getattr__


def pair_of(cpu: str, gpu: str, routing: Routing, on_cpu: FunctionType, on_gpu: Function) -> Pair:
    """Return a pair of twins, with facts about the parameters of the CPU's wrapper.

    Parameters
    ----------
    cpu, gpu, routing, on_cpu, on_gpu
        See `voxbind._auto.pair.Pair`.
    """
    code, defaults = on_cpu.__code__, on_cpu.__defaults__ or ()
    names, count = code.co_varnames, code.co_argcount
    defaults_by_name = dict(zip(names[count - len(defaults) : count], defaults, strict=True))
    defaults_by_name |= on_cpu.__kwdefaults__ or {}
    variadic = [*names[count + code.co_kwonlyargcount :]]
    args = variadic.pop(0) if code.co_flags & _VARARGS else ""
    kwargs = variadic.pop(0) if code.co_flags & _VARKEYWORDS else ""
    defaults_by_name |= {args: ()} if args else {}
    defaults_by_name |= {kwargs: {}} if kwargs else {}
    positional = count if args else code.co_posonlyargcount
    return Pair(cpu, gpu, routing, defaults_by_name, positional, args, kwargs, on_cpu, on_gpu)


def _function(
    module: str, wrappers: ModuleType, gpu: str, name: str, routing: Routing
) -> FunctionType:
    """Make a function of a module of `voxbind.auto`."""

    def on_gpu(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(f"{PACKAGE}.{gpu}"), name)(*args, **kwargs)

    wrapper: FunctionType = getattr(wrappers, name)
    cpu = wrappers.__name__.removeprefix(f"{PACKAGE}.")
    pair = pair_of(f"{cpu}.{name}", f"{gpu}.{name}", routing, wrapper, on_gpu)
    function = _copy(wrapper, module, _scope(wrapper, pair))
    library = cpu.partition(".")[0]
    if doc := wrapper.__doc__:  # ``python -OO`` drops it
        function.__doc__ = documented(pair, doc, f"{PACKAGE}.{library}", f"{PACKAGE}.auto")
    for variant in get_overloads(wrapper):
        assert isinstance(variant, FunctionType)
        overload(_copy(variant, module, variant.__globals__))
    return function


def _copy(function: FunctionType, module: str, scope: dict[str, Any]) -> FunctionType:
    """Return a function with the same code and signature but other global names.

    The code object is copied too, because Python caches in it where global names were found.
    """
    code, name = function.__code__.replace(), function.__name__
    copy = FunctionType(code, scope, name, function.__defaults__)
    copy.__kwdefaults__ = function.__kwdefaults__
    update_wrapper(copy, function)
    copy.__module__ = module
    return copy


def _scope(wrapper: FunctionType, pair: Pair) -> dict[str, Any]:
    """Return the global names of a wrapper's code, bound for `voxbind.auto`."""
    own = wrapper.__globals__
    # With the wrapper's ``__name__``, a warning is attributed to the wrapper's module.
    scope = {name: own[name] for name in ("__name__", *wrapper.__code__.co_names) if name in own}
    if pair.routing.arrays:
        choosing = _choosing(pair)
        for name, value in scope.items():
            if value is class_of:
                scope[name] = _class_if_calm
            elif value in _CALLS:
                scope[name] = choosing
    return scope


class _NoArray:
    """The class of no array."""


def _class_if_calm(value: object) -> type[Any]:
    """Return the class of a value, or `_NoArray` while any setting differs from its default."""
    return class_of(value) if context.current() is context.calm else _NoArray


_CALLS = (dispatch.call_as_is, dispatch.call_2d, dispatch.call_2d_or_3d, dispatch.call_3d)
"""The functions to which a wrapper passes its arguments."""


def _choosing(pair: Pair) -> Function:
    """Return a function that replaces one of `voxbind._dispatch.dispatch`."""

    def choose(_function: Function, arguments: Arguments, **_facts: Any) -> Any:
        return _run(pair, arguments)

    return choose


def _first_run(pair: Pair, arguments: Arguments) -> Any:
    global _run
    from .choosing import run  # imported here, so that NumPy is imported at the first call only

    _run = run
    return _run(pair, arguments)


_run: Callable[[Pair, Arguments], Any] = _first_run
