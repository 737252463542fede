"""NumPy as `Any`, for modules that handle arrays of any library.

CuPy arrays and tensors go through the same code, for which NumPy's types would be wrong.
"""

from __future__ import annotations

from typing import Any

import numpy  # type: ignore[import-not-found, unused-ignore]  # checked without it as well

__all__ = ["np"]

np: Any = numpy
