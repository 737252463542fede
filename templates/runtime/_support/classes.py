"""Classes of values, and of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["array_api_classes", "class_of"]

class_of: Callable[[object], type[Any]] = type
"""It is `type` itself, which has no such signature for a checker: what it gives for a value that is
`Any` would be of unknown type everywhere it goes, and a comparison with it narrows each union,
which takes mypy longer than all else in a wrapper."""
array_api_classes: set[type] = set()
"""The classes of arrays that follow the array API standard, as they are met."""
