"""Which images a function accepts; axes are (Z, Y, X)."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ProcessingContract"]


class ProcessingContract(StrEnum):
    """Which images a function accepts, as measured when its wrapper was generated."""

    PURE_2D = "PURE_2D"
    """Takes a (Y, X) image; a (Z, Y, X) volume is processed slice by slice."""
    PURE_3D = "PURE_3D"
    """Takes a (Z, Y, X) volume only."""
    FLEXIBLE = "FLEXIBLE"
    """Takes a (Y, X) image or a (Z, Y, X) volume, which is processed in 3-D."""
    VOLUMETRIC_TO_SLICE = "VOLUMETRIC_TO_SLICE"
    """Takes a (Z, Y, X) volume and returns a 2-D image: one axis is projected."""
