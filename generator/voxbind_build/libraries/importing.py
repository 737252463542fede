"""Reaching a module as users do, by import or as an attribute of its parent."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["import_dotted"]


def import_dotted(name: str) -> ModuleType:
    """Import a module; what no import finds may be a module that its parent shows.

    ``pyclesperanto.fft`` is one: ``from . import _fft as fft``.

    Raises
    ------
    ImportError
        Where neither finds it; whatever else an import raises comes through.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        parent, _, attribute = name.rpartition(".")
        # Another module that is missing is what is wrong, and not where this one is.
        if not parent or error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        found = getattr(import_dotted(parent), attribute, None)
        if not isinstance(found, ModuleType):
            raise
        return found
