"""The facts that route a call of `voxbind.auto` to the CPU or to the GPU.

`voxbind._auto.choosing` decides by them, and `voxbind._auto.reasons` puts them into words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

__all__ = ["Arguments", "Deviation", "Function", "Pair", "ResultDtype", "Routing"]

Function = Callable[..., Any]
Arguments = Mapping[str, Any]
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Deviation(NamedTuple):
    """A kind of call whose results on the GPU were measured to differ by more than is allowed.

    A deviation without a dtype and without parameters is one of every call.
    """

    dtype: str = ""
    """dtype of the image; empty for any."""
    parameters: tuple[str, ...] = ()
    """Parameters of which none is at its default."""
    max_relative: float | None = None
    """Largest difference, divided by the largest number in the CPU's result; None if the results
    differ in kind or shape."""


class ResultDtype(NamedTuple):
    """Images for which the GPU returns another dtype than the CPU."""

    images: tuple[str, ...]
    """dtypes of the image."""
    cpu: str
    """dtype of the CPU's result."""
    gpu: str
    """dtype of the GPU's result."""


class Routing(NamedTuple):
    """How the calls of one function are routed. Parameters have the names of the CPU's function."""

    arrays: tuple[str, ...] = ()
    """Parameters that take arrays. The first array that is given decides where a call runs; a
    function without them runs on the CPU."""
    has_twin: bool = True
    """Whether the GPU's library has the function too."""
    has_image: bool = True
    """Whether it is a function of an image. `prefer` doesn't move other functions' arrays."""
    is_random: bool = False
    """Whether it is random. `prefer` doesn't move it: a GPU's random numbers are others."""
    returns_objects: bool = False
    """Whether it returns objects of the library. `prefer` doesn't move it: they would stay on the
    GPU."""
    returns_numbers: Literal["", "some", "all"] = ""
    """Whether the CPU's function returns Python's or NumPy's numbers: ``some`` beside arrays, or
    ``all``, in rows of numbers too."""
    missing: tuple[str, ...] = ()
    """Parameters that the GPU's function lacks."""
    renamed: Mapping[str, str] = _NOTHING
    """Names that parameters have on the GPU, where they differ."""
    kernels: tuple[str, ...] = ()
    """Parameters for which the GPU's function takes a kernel of CuPy, and the CPU's a Python
    function."""
    refused_dtypes: tuple[str, ...] = ()
    """dtypes of the image that the GPU's function refuses and the CPU's takes."""
    cpu_only: tuple[Deviation, ...] = ()
    """Kinds of call that run on the CPU, because the GPU's results differ."""
    spatial_axes: int | None = None
    """How many spatial axes an image has of which both functions do the same: None for any number,
    0 for none."""
    has_colors: bool = False
    """Whether an image has one more axis, of colours."""
    outputs: tuple[str, ...] = ()
    """Arrays that either function writes into."""
    result_dtypes: tuple[ResultDtype, ...] = ()
    """Where the two functions return different dtypes."""
    has_gpu_dtypes: bool = True
    """Whether the dtypes of results were measured on a GPU, if they were on the CPU."""


class Pair(NamedTuple):
    """A function on the CPU and its twin on the GPU."""

    cpu: str
    """Name of the CPU's function in its library: ``skimage.filters.gaussian``."""
    gpu: str
    """Name of the twin in its library: ``cucim.skimage.filters.gaussian``."""
    routing: Routing
    defaults: Arguments
    """Defaults of the CPU's function, by parameter; empty for ``*args`` and ``**kwargs``."""
    positional: int
    """How many leading parameters can't be passed by name."""
    args: str
    """Name of ``*args``; empty if there is none."""
    kwargs: str
    """Name of ``**kwargs``; empty if there is none."""
    on_cpu: Function
    """The CPU's wrapper."""
    on_gpu: Function
    """The GPU's, which is imported when it is first called."""
