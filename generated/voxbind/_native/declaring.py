"""The decorator by which authors declare what a function does with the axes of an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["declare"]

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_ATTRIBUTE = "__voxbind_contract__"
_CONTRACTS = ("PURE_2D", "PURE_3D", "FLEXIBLE", "VOLUMETRIC_TO_SLICE")


def declare(contract: str) -> Callable[[FunctionT], FunctionT]:
    """Declare which images a function takes.

    The decorator returns the same function object, with the contract as its attribute
    ``__voxbind_contract__``. Calls are as fast as before, and tools see the original signature.

    Parameters
    ----------
    contract : {"PURE_2D", "PURE_3D", "FLEXIBLE", "VOLUMETRIC_TO_SLICE"}
        A member of `voxbind.ProcessingContract`, or its name. Axes are (Z, Y, X).

        ``PURE_2D``
            Takes a (Y, X) image; voxbind runs it slice by slice on a volume.
        ``PURE_3D``
            Takes a (Z, Y, X) volume only.
        ``FLEXIBLE``
            Takes both, and all axes are spatial: Z is treated like Y and X.
        ``VOLUMETRIC_TO_SLICE``
            Takes a (Z, Y, X) volume and returns a 2-D image: one spatial axis is reduced.

    Returns
    -------
    callable
        A decorator that returns the same function.

    Raises
    ------
    ValueError
        If there is no such contract.

    Notes
    -----
    A declaration is a promise, not a setting. The build calls the function with images and volumes,
    and fails if the observed contract isn't the declared one.

    Examples
    --------
    >>> from voxbind import declare
    >>> @declare("VOLUMETRIC_TO_SLICE")
    ... def middle_slice(volume):
    ...     return volume[volume.shape[0] // 2]
    >>> middle_slice.__voxbind_contract__
    'VOLUMETRIC_TO_SLICE'
    """
    if contract not in _CONTRACTS:
        raise ValueError(
            f"There is no contract {contract!r}. Declare one of {', '.join(_CONTRACTS)}: "
            "`voxbind.declare` says what each means."
        )

    def mark(function: FunctionT) -> FunctionT:
        # A member of ProcessingContract is a string; the attribute is a plain string.
        setattr(function, _ATTRIBUTE, str(contract))
        return function

    return mark
