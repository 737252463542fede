"""voxbind's own image functions, which run in the memory of their image.

They use the array API standard and convert nothing: they accept arrays of NumPy, CuPy and PyTorch
on any device, and return arrays of the same library on the same device. No function modifies its
arguments. Axes are (Z, Y, X).
"""

from __future__ import annotations

from .compositing import composite as composite
from .flat_field import flat_field_correction as flat_field_correction
from .focus import best_focus_slice as best_focus_slice
from .focus import focus_measure as focus_measure
from .geometry import bin_image as bin_image
from .geometry import crop as crop
from .normalising import normalize_percentile as normalize_percentile
from .normalising import normalize_percentile_per_slice as normalize_percentile_per_slice
from .projections import max_projection as max_projection
from .projections import mean_projection as mean_projection
from .projections import min_projection as min_projection
from .projections import std_projection as std_projection
from .projections import sum_projection as sum_projection

__version__ = "0.1.0"

__all__ = [
    "best_focus_slice",
    "bin_image",
    "composite",
    "crop",
    "flat_field_correction",
    "focus_measure",
    "max_projection",
    "mean_projection",
    "min_projection",
    "normalize_percentile",
    "normalize_percentile_per_slice",
    "std_projection",
    "sum_projection",
]
