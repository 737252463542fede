"""Classes of values, and of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["array_api_classes", "class_of"]

class_of: Callable[[object], type[Any]] = type
"""`type` with a simpler signature for type checkers. With `type` itself, the class of an `Any`
would be of unknown type, and each comparison would narrow a union, which takes mypy longer than the
rest of a wrapper."""
array_api_classes: set[type] = set()
"""Classes of the array API arrays that were passed so far."""
