"""How far a call looks along each axis: what the user says, or what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._axes.lazy_options import LazyOptions

__all__ = ["Halo", "halo_of_call"]


class Halo(NamedTuple):
    """Number of neighbours that the result depends on, along each spatial axis."""

    elements: tuple[int, ...] | None
    """None if the result depends on the entire axes, or if that isn't known."""
    reason: str
    """A clause that says why it is None."""


def halo_of_call(
    measured: Mapping[str, Any] | None,
    arguments: Mapping[str, Any],
    ndim: int,
    image: str,
    options: LazyOptions,
) -> Halo:
    """Return the reach of one call along its `ndim` spatial axes."""
    if options.reach is not None:
        given = options.reach
        return Halo((given,) * ndim if isinstance(given, int) else tuple(given), "")
    return Halo(None, "how far its result depends on neighbours isn't known")
