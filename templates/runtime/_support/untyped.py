"""NumPy without its types, for modules whose own types need none of them.

Reading them costs a checker more than all of the wrappers do, in every program that
imports one. And where NumPy isn't installed they would be unknown, which a checker in
strict mode reports for each use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["np"]

np: Any = import_module("numpy")
