"""Module attributes that come when they are first asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .upstream import handed_on

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
            value = handed_on(upstream, name)
            setattr(sys.modules[module], name, value)
            return value
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return __getattr__
