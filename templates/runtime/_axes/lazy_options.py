"""What `voxbind.over` takes for dask arrays."""

from __future__ import annotations

from numbers import Integral
from typing import Any, NamedTuple

__all__ = ["NO_OPTIONS", "LazyOptions", "lazy_options"]


class LazyOptions(NamedTuple):
    """The options of a call with dask arrays. Arrays in memory are computed without them."""

    reach: int | tuple[int, ...] | None = None
    """Number of neighbours that the result depends on: along each spatial axis, or along all."""
    verify: bool | int = False
    """Number of blocks that are computed a second time with twice the reach; True for a few."""
    dtype: Any = None
    """The dtype of the result; None if the measured one holds."""


NO_OPTIONS = LazyOptions()


def lazy_options(reach: Any, verify: Any, dtype: Any) -> LazyOptions:
    """Return the options, each checked.

    Raises
    ------
    TypeError
        If `reach` is no number or sequence of numbers, or `verify` no number.
    ValueError
        If a number is negative.
    """
    elements: int | tuple[int, ...] | None = (
        reach if reach is None or _is_count(reach) else _sequence(reach)
    )
    if type(verify) is not bool and not _is_count(verify):
        raise TypeError(
            f"voxbind.over was given verify={verify!r}. Give True, or the number of blocks that "
            "are computed a second time."
        )
    numbers: list[int] = [verify, *(elements if isinstance(elements, tuple) else (elements or 0,))]
    if any(number < 0 for number in numbers):
        raise ValueError(
            f"voxbind.over was given reach={reach!r} and verify={verify!r}. Give numbers of at "
            "least 0."
        )
    return LazyOptions(elements, verify, dtype)


def _sequence(reach: Any) -> tuple[int, ...]:
    if hasattr(reach, "__iter__") and not isinstance(reach, str):
        entries: list[Any] = [*reach]
        if all(map(_is_count, entries)):
            return tuple(map(int, entries))
    raise TypeError(
        f"voxbind.over was given reach={reach!r}. Give a number of elements, or one for each "
        "spatial axis that the function gets."
    )


def _is_count(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral)
