"""Imports a module by its dotted name, even if it is only an attribute of its parent."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["import_dotted"]


def import_dotted(name: str) -> ModuleType:
    """Import a module, or get it as an attribute of its parent.

    An example of an attribute is ``pyclesperanto.fft``: ``from . import _fft as fft``.

    Raises
    ------
    ImportError
        If the module is found in neither way. Any other error of the import is passed on.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        parent, _, attribute = name.rpartition(".")
        # If a different module is missing, this one exists and its own import failed.
        if not parent or error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        module = getattr(import_dotted(parent), attribute, None)
        if not isinstance(module, ModuleType):
            raise
        return module
