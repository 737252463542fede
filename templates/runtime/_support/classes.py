"""The class of a value of any type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["class_of"]

class_of: Callable[[object], type[Any]] = type
"""`type` with a simpler signature for type checkers. With `type` itself, the class of an `Any`
would be of unknown type, and each comparison would narrow a union, which takes mypy longer than the
rest of a wrapper."""
