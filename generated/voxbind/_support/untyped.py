"""NumPy as `Any`, for modules that handle arrays of any library.

NumPy's own types say nothing of a CuPy array or a tensor, which go through the same code.
"""

from __future__ import annotations

from typing import Any

import numpy  # type: ignore[import-not-found, unused-ignore]  # checked without it as well

__all__ = ["np"]

np: Any = numpy
