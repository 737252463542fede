"""What generated code says of a library's function, and of a pair of twins.

It stands apart from what makes use of it, so that a checker can read the generated modules and
the run time side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypedDict

__all__ = ["Arguments", "Facts", "Function", "TwinFacts"]

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


class TwinFacts(TypedDict, total=False):
    """What is known of a pair of twins; what is at its default is left out.

    Parameters go by the names that they have on the CPU.
    """

    images: tuple[str, ...]
    """Arrays of which the first that is given says where the call runs."""
    never: str
    """Why the twin on the GPU is never called, if it isn't."""
    stays: str
    """Why what is on the host stays there, whatever is preferred."""
    lacks: Mapping[str, Any]
    """Parameters that the CPU's alone has, and their defaults."""
    renamed: Mapping[str, str]
    """Parameters that have another name on the GPU."""
    kernels: tuple[str, ...]
    """Parameters for which the GPU's takes a kernel of CuPy, and the CPU's a Python function."""
    refuses: tuple[str, ...]
    """Dtypes of the image that the GPU's refuses, and the CPU's takes."""
    apart: tuple[tuple[str, Mapping[str, Any], str], ...]
    """Kinds of call in which results were seen to differ: the image's dtype, or nothing for any,
    parameters with their defaults, and how far they were from "those of" the CPU's."""
    axes: int
    """How many axes, beside one of colours, an image has with which both do the same; any, if it
    isn't there."""
    needs_channels: bool
    """Whether one axis of an image is one of colours."""
    written: tuple[str, ...]
    """Arrays that either writes into."""
    numbers: Literal["some", "all"]
    """Whether the CPU's gives numbers back: among other results, or in rows and nothing else."""
    positional: int
    """How many leading parameters are passed by position."""
    args: str
    """Name of ``*args``."""
    kwargs: str
    """Name of ``**kwargs``."""
