"""What generated code says of a library's function.

It stands apart from what makes use of it, so that a checker can read the generated modules and
the run time side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

__all__ = ["Arguments", "Facts", "Function"]

Function = Callable[..., Any]
Arguments = Mapping[str, Any]


class Facts(TypedDict, total=False):
    """What is known of a function's parameters; what is at its default is left out."""

    images: tuple[str, ...]
    """Arrays of the image's spatial shape, the image first: cut along Z together."""
    whole: tuple[str, ...]
    """Other arrays: converted, never cut."""
    outputs: tuple[str, ...]
    """Arrays that the library writes into."""
    changed: tuple[str, ...]
    """Arrays that the library was seen to change, though they are none of its outputs: what comes
    from another memory is copied, so that the caller's own stays as it is."""
    host: tuple[str, ...]
    """Arrays that the library wants as NumPy's, whatever memory it works in: a matrix, say."""
    array_like: tuple[str, ...]
    """Arrays for which numbers and nested sequences are taken too."""
    named: tuple[str, ...]
    """Arrays for which a name is taken too: ``init_level_set="checkerboard"``."""
    masked: tuple[str, ...]
    """Arrays for which a masked one is taken too: the library looks at its mask."""
    lazy: tuple[str, ...]
    """Arrays for which a dask array is passed on as it is: the library keeps it lazy."""
    required: int
    """How many leading parameters have no default; 1 unless given."""
    positional: int
    """How many leading parameters are passed by position; as `required` unless given."""
    only: tuple[str, ...]
    """The dtypes of the library's memory that the function reads rightly; all, if empty."""
    needs_output: tuple[str, ...]
    """Outputs without which the library returns memory that nobody wrote."""
    args: str
    """Name of ``*args``."""
    kwargs: str
    """Name of ``**kwargs``."""
    memory: str
    """The memory that the library works in; ``numpy`` unless given."""
    in_turn: bool
    """Whether slices are worked on one after the other: what is random, say."""
    defaults: Arguments
    """Of a function with deprecated parameters: what is at its default isn't passed on, since
    the library takes what is passed for given, and refuses both an old name and its new one."""
