"""What a function does with the axes of an image, said by who wrote it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["declare"]

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_ATTRIBUTE = "__voxbind_contract__"
_CONTRACTS = ("PURE_2D", "PURE_3D", "FLEXIBLE", "VOLUMETRIC_TO_SLICE")


def declare(contract: str) -> Callable[[FunctionT], FunctionT]:
    """Say which images a function takes.

    The decorated function is the very same object, with the contract as its attribute
    ``__voxbind_contract__``: a call costs what it cost before, and tools see the function's own
    signature.

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
            Takes a (Z, Y, X) volume and gives a 2-D image: one spatial axis is reduced.

    Returns
    -------
    callable
        A decorator that gives back the function it is given.

    Raises
    ------
    ValueError
        If there is no such contract.

    Notes
    -----
    A declaration is a promise and not a setting. The build calls the function with images and
    volumes, and fails where what it observes isn't what was declared.

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
        # A member of ProcessingContract is a string, and is kept as a plain one.
        setattr(function, _ATTRIBUTE, str(contract))
        return function

    return mark
