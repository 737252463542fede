"""Module attributes that come when they are first asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..errors import DeviceUnavailableError
from .wrapped_module import handed_on

__all__ = ["lazy_attributes"]


def lazy_attributes(
    module: str,
    *,
    submodules: tuple[str, ...] = (),
    upstream: Any = None,
    names: tuple[str, ...] = (),
) -> Callable[[str], Any]:
    """Return a module's ``__getattr__``.

    Parameters
    ----------
    module
        Dotted name of the module.
    submodules
        Names that are imported as modules below it.
    upstream
        The wrapped module.
    names
        Names that are handed on from the wrapped module as they are there.
    """

    def __getattr__(name: str) -> Any:
        if name in submodules:
            return import_module(f"{module}.{name}")
        if upstream is not None and name in names:
            try:
                value = handed_on(upstream, name)
            except DeviceUnavailableError as error:
                return _Absent(name, (), {"__module__": module, "__doc__": str(error)})
            setattr(sys.modules[module], name, value)
            return value
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return __getattr__


class _Absent(type):
    """The class of what stands for a class or a constant whose device isn't here.

    It can be imported, and be asked for in `isinstance`; whoever makes or reads one is told.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise DeviceUnavailableError(cls.__doc__)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name != "__array__":
            raise AttributeError(name)
        raise DeviceUnavailableError(cls.__doc__)
