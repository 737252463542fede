"""The functions of `voxbind.auto`, each made of the CPU's wrapper when it is first asked for.

A wrapper calls its library at once if the arrays that it is given are the library's own, and
otherwise gives its arguments to `voxbind.lifting`. A function of `voxbind.auto` is the same code
with two names bound to something else: what tells the class of an array, so that nothing is called
at once while the GPU is preferred, and what takes the arguments, so that the choice of a twin comes
before. So its signature is the wrapper's, and a call with NumPy's array has no frame more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import update_wrapper
from importlib import import_module
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, get_overloads, overload

from . import context, lifting
from .classes import class_of
from .reasons import documented
from .routing import Pair, Routing

if TYPE_CHECKING:
    from .routing import Arguments, Function

__all__ = ["pair_of", "routed"]

_PACKAGE = __package__ or "voxbind"
_VARARGS, _VARKEYWORDS = 0x04, 0x08
"""Flags of a function's code: `inspect`, which names them, would take long to import."""


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
        Dotted names below voxbind of the two modules of wrappers, which are the libraries' too:
        ``skimage.filters``. The GPU's is empty if no function has a twin.
    routings
        The functions, by name.
    handed_on
        Other names of the CPU's module, such as those of classes and constants.
    submodules
        Names of the modules below this one.
    """
    namespace = sys.modules[module].__dict__
    for name in routings:
        namespace.pop(name, None)  # after a reload they are made anew

    def __getattr__(name: str) -> Any:
        if name in submodules:
            return import_module(f"{module}.{name}")
        if name not in routings and name not in handed_on:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        wrappers = import_module(f"{_PACKAGE}.{cpu}")
        if name in handed_on:
            return getattr(wrappers, name)
        function = _function(module, wrappers, gpu, name, routings[name])
        # If two threads make it at once, both get the same.
        return namespace.setdefault(name, function)

    return __getattr__


def pair_of(cpu: str, gpu: str, routing: Routing, on_cpu: FunctionType, on_gpu: Function) -> Pair:
    """Return a pair of twins, after a look at the parameters of the CPU's wrapper.

    Parameters
    ----------
    cpu, gpu, routing, on_cpu, on_gpu
        See `voxbind.routing.Pair`.
    """
    code, defaults = on_cpu.__code__, on_cpu.__defaults__ or ()
    names, count = code.co_varnames, code.co_argcount
    known = dict(zip(names[count - len(defaults) : count], defaults, strict=True))
    known |= on_cpu.__kwdefaults__ or {}
    variadic = [*names[count + code.co_kwonlyargcount :]]
    args = variadic.pop(0) if code.co_flags & _VARARGS else ""
    kwargs = variadic.pop(0) if code.co_flags & _VARKEYWORDS else ""
    known |= {args: ()} if args else {}
    known |= {kwargs: {}} if kwargs else {}
    positional = count if args else code.co_posonlyargcount
    return Pair(cpu, gpu, routing, known, positional, args, kwargs, on_cpu, on_gpu)


def _function(
    module: str, wrappers: ModuleType, gpu: str, name: str, routing: Routing
) -> FunctionType:
    """Make a function of a module of `voxbind.auto`."""

    def on_gpu(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(f"{_PACKAGE}.{gpu}"), name)(*args, **kwargs)

    wrapper: FunctionType = getattr(wrappers, name)
    cpu = wrappers.__name__.removeprefix(f"{_PACKAGE}.")
    pair = pair_of(f"{cpu}.{name}", f"{gpu}.{name}", routing, wrapper, on_gpu)
    function = _copy(wrapper, module, _scope(wrapper, pair))
    library = cpu.partition(".")[0]
    function.__doc__ = documented(
        pair, wrapper.__doc__ or "", f"{_PACKAGE}.{library}", f"{_PACKAGE}.auto"
    )
    for each in get_overloads(wrapper):
        assert isinstance(each, FunctionType)
        overload(_copy(each, module, each.__globals__))
    return function


def _copy(function: FunctionType, module: str, scope: dict[str, Any]) -> FunctionType:
    """Return a function of the same code and signature, in which global names mean others."""
    # A copy of the code, as Python keeps in it where its global names were found.
    code, name = function.__code__.replace(), function.__name__
    copy = FunctionType(code, scope, name, function.__defaults__)
    copy.__kwdefaults__ = function.__kwdefaults__
    update_wrapper(copy, function)
    copy.__module__ = module
    return copy


def _scope(wrapper: FunctionType, pair: Pair) -> dict[str, Any]:
    """Return the global names of a wrapper's code, bound for `voxbind.auto`."""
    own = wrapper.__globals__
    # A warning is that of the module of the wrapper.
    scope = {name: own[name] for name in ("__name__", *wrapper.__code__.co_names) if name in own}
    if pair.routing.arrays:
        choosing = _choosing(pair)
        for name, value in scope.items():
            if value is class_of:
                scope[name] = _class_if_calm
            elif value in _LIFTING:
                scope[name] = choosing
    return scope


class _Asked:
    """The class that an array seems to have while something is asked for: no array's."""


def _class_if_calm(value: object) -> type[Any]:
    return class_of(value) if context.current() is context.calm else _Asked


_LIFTING = (lifting.direct, lifting.flexible, lifting.per_slice, lifting.volume)


def _choosing(pair: Pair) -> Function:
    """Return what takes the arguments of a call in the place of a function of `voxbind.lifting`."""

    def choose(_function: Function, arguments: Arguments, **_facts: Any) -> Any:
        return _run(pair, arguments)

    return choose


def _first_run(pair: Pair, arguments: Arguments) -> Any:
    global _run
    _run = import_module(".choosing", __package__).run  # NumPy isn't imported before a first call
    return _run(pair, arguments)


_run: Callable[[Pair, Arguments], Any] = _first_run
