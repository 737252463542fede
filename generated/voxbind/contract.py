"""What a function does with the axes of an image; axes are (Z, Y, X)."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ProcessingContract"]


class ProcessingContract(StrEnum):
    """Which images a function takes, measured when its wrapper was written."""

    PURE_2D = "PURE_2D"
    """Takes a (Y, X) image; a volume is processed slice by slice."""
    PURE_3D = "PURE_3D"
    """Takes a (Z, Y, X) volume only."""
    FLEXIBLE = "FLEXIBLE"
    """Takes both; all axes are spatial."""
    VOLUMETRIC_TO_SLICE = "VOLUMETRIC_TO_SLICE"
    """Takes a volume and gives a 2-D image: one spatial axis is reduced."""
