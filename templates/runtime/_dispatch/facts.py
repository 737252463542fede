"""Facts that generated code passes about a library's function, and about a pair of twins.

They are in a module of their own, so that a type checker can read the generated modules and the
run time in parallel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypedDict

__all__ = ["Arguments", "Facts", "Function", "TwinFacts"]

Function = Callable[..., Any]
Arguments = Mapping[str, Any]


class Facts(TypedDict, total=False):
    """Facts about a function's parameters. A fact that has its default value is left out."""

    images: tuple[str, ...]
    """Arrays with the spatial shape of the image, the image first: sliced along Z together."""
    other_arrays: tuple[str, ...]
    """Arrays of any other shape, such as a footprint: converted, never sliced."""
    outputs: tuple[str, ...]
    """Arrays that the library writes its result into."""
    modified: tuple[str, ...]
    """Input arrays that the library modifies in place. An array of another memory is copied
    first, so that the caller's array stays unchanged."""
    host_arrays: tuple[str, ...]
    """Arrays that the library reads as NumPy arrays, whatever its memory: an affine matrix."""
    array_like: tuple[str, ...]
    """Arrays for which numbers and nested sequences are accepted too."""
    name_or_array: tuple[str, ...]
    """Arrays for which a name is accepted too: ``init_level_set="checkerboard"``."""
    accepts_masked: tuple[str, ...]
    """Arrays for which a masked array is accepted too: the library reads its mask."""
    accepts_dask: tuple[str, ...]
    """Arrays for which a dask array is passed on unchanged: the library keeps it lazy."""
    n_required: int
    """Number of leading parameters without a default; 1 if left out."""
    n_positional: int
    """Number of leading parameters passed by position; `n_required` if left out."""
    allowed_dtypes: tuple[str, ...]
    """Dtypes that the function reads correctly; empty for all."""
    required_outputs: tuple[str, ...]
    """Outputs that must be given: without them the library returns uninitialized memory."""
    args: str
    """Name of ``*args``."""
    kwargs: str
    """Name of ``**kwargs``."""
    memory: str
    """Memory that the library works in; ``numpy`` if left out."""
    sequential: bool
    """Whether slices must run one after the other, since the function is random, for example."""
    defaults: Arguments
    """Defaults of a function that has deprecated parameters. An argument equal to its default
    isn't passed on: the library takes every argument it gets as given by the caller, and refuses
    an old parameter together with the new one."""


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
