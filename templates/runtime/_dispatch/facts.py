"""Facts that generated code passes about a library's function.

They are in a module of their own, so that a type checker can read the generated modules and the
run time in parallel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

__all__ = ["Arguments", "Facts", "Function"]

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
    default_classes: Mapping[str, str]
    """Names of the classes that are accepted too because the default is of this class:
    ``mask=slice(None)``."""
    accepts_masked: tuple[str, ...]
    """Arrays for which a masked array is accepted too: the library reads its mask."""
    masked_dtypes: Mapping[str, tuple[str, ...]]
    """Dtypes of masked arrays that are accepted, for those of `accepts_masked` that the library
    doesn't read the mask of in all dtypes."""
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
    library_axes: str
    """The axes of the library's images, if there are others before Y and X: ``NCYX``."""
    memory: str
    """Memory that the library works in; ``numpy`` if left out."""
    axis_arguments: Mapping[str, str | tuple[float, ...]]
    """Parameters that take an entry for each axis of the image: for a slice, an argument loses the
    entry for Z, or is refused. The kind of the argument (see `slice_arguments`), or, for a number
    for each axis, the numbers that leave an axis alone."""
    seeds: tuple[str, ...]
    """Parameters that take an integer, on which random results depend."""
    sequential: bool
    """Whether slices must run one after the other, since the function is random, for example."""
    defaults: Arguments
    """Defaults of a function that has deprecated parameters. An argument equal to its default
    isn't passed on: the library takes every argument it gets as given by the caller, and refuses
    an old parameter together with the new one."""
