"""NumPy as `Any`, imported at its first use, for modules that handle arrays of any library.

CuPy arrays and tensors go through the same code, for which NumPy's types would be wrong.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["np"]


def _numpys(name: str) -> Any:
    """Return an attribute of NumPy's, and keep it: a module's attributes are found fastest."""
    if name.startswith("__"):
        raise AttributeError(name)
    value = np.__dict__[name] = getattr(import_module("numpy"), name)
    return value


np: Any = ModuleType("numpy, at its first use")
np.__getattr__ = _numpys
