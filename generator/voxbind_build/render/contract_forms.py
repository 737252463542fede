"""What each contract means for the code and the documentation of a wrapper.

A new contract needs an entry here: without it, the type checker reports `contract_form`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, assert_never

from voxbind_build.model import Contract

__all__ = ["ContractForm", "contract_form"]


class ContractForm(NamedTuple):
    """The part of a wrapper that follows from its contract."""

    entry: Literal["call_2d", "call_2d_or_3d", "call_3d"]
    """The function of `voxbind._dispatch.dispatch` that the wrapper calls."""
    takes: str
    """What a function with this contract takes, as a clause of its documentation."""
    takes_channels: str
    """The same for a function that needs an axis of channels, C."""
    volumes: Literal["sliced", "processed", "projected"]
    """What happens to a (Z, Y, X) volume."""
    direct_axes: tuple[Literal["<", "=="], int]
    """The number of spatial axes with which the wrapper calls the library directly."""


def contract_form(contract: Contract) -> ContractForm:
    """Return what follows from a contract."""
    match contract:
        case "PURE_2D":
            return ContractForm(
                entry="call_2d",
                takes="takes a (Y, X) image",
                takes_channels="takes a (Y, X, C) image",
                volumes="sliced",
                direct_axes=("<", 3),
            )
        case "PURE_3D":
            return ContractForm(
                entry="call_3d",
                takes="takes a (Z, Y, X) volume; an image raises an error",
                takes_channels="takes a (Z, Y, X, C) volume; an image raises an error",
                volumes="processed",
                direct_axes=("==", 3),
            )
        case "FLEXIBLE":
            return ContractForm(
                entry="call_2d_or_3d",
                takes="takes a (Y, X) image or a (Z, Y, X) volume, which is processed in 3-D",
                takes_channels=(
                    "takes a (Y, X, C) image or a (Z, Y, X, C) volume, which is processed in 3-D"
                ),
                volumes="processed",
                direct_axes=("<", 4),
            )
        case "VOLUMETRIC_TO_SLICE":
            return ContractForm(
                entry="call_3d",
                takes="takes a (Z, Y, X) volume and returns a 2-D image",
                takes_channels="takes a (Z, Y, X, C) volume and returns an image of one slice",
                volumes="projected",
                direct_axes=("==", 3),
            )
        case _:
            assert_never(contract)
