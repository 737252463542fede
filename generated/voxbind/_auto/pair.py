"""The facts that decide whether a call of `voxbind.auto` runs on the CPU or on the GPU.

`voxbind._auto.choosing` makes the choice, and `voxbind._auto.reasons` has the words for it.
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
    """A kind of call whose results on the GPU differ by more than the tolerance, as measured.

    A deviation without a dtype and without parameters applies to every call.
    """

    dtype: str = ""
    """dtype of the image; empty for any."""
    parameters: tuple[str, ...] = ()
    """Parameters that must all differ from their defaults."""
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
    """Parameters that take arrays. The first array in a call decides where the call runs. A
    function without such parameters runs on the CPU."""
    has_twin: bool = True
    """Whether the GPU's library has the function too."""
    has_image: bool = True
    """Whether it takes an image. `prefer` doesn't move the arrays of other functions."""
    is_random: bool = False
    """Whether it is random. `prefer` doesn't move its arrays, because a GPU would draw different
    random numbers."""
    returns_objects: bool = False
    """Whether it returns objects of the library. `prefer` doesn't move its arrays, because the
    objects would stay on the GPU."""
    returns_numbers: Literal["", "some", "all"] = ""
    """Whether the CPU's function returns Python or NumPy numbers: ``some`` together with arrays,
    or ``all``, including rows of numbers."""
    missing: tuple[str, ...] = ()
    """Parameters that the GPU's function lacks."""
    renamed: Mapping[str, str] = _NOTHING
    """Names of parameters on the GPU, if they differ, by their names on the CPU."""
    kernels: tuple[str, ...] = ()
    """Parameters for which the GPU's function takes a kernel of CuPy, but the CPU's a Python
    function."""
    refused_dtypes: tuple[str, ...] = ()
    """dtypes of the image that the CPU's function takes, but the GPU's refuses."""
    cpu_only: tuple[Deviation, ...] = ()
    """Kinds of call that run on the CPU, because the GPU's results differ."""
    spatial_axes: int | None = None
    """Number of spatial axes of images that both functions treat alike: None for any number, 0 for
    none."""
    has_colors: bool = False
    """Whether an image has an axis of colours besides."""
    outputs: tuple[str, ...] = ()
    """Parameters whose arrays the functions write into."""
    result_dtypes: tuple[ResultDtype, ...] = ()
    """Images for which the two functions return different dtypes."""
    has_gpu_dtypes: bool = True
    """Whether dtypes of results that were measured on the CPU were measured on a GPU too."""


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
    """Number of leading parameters that can't be passed by name."""
    args: str
    """Name of ``*args``; empty if there is none."""
    kwargs: str
    """Name of ``**kwargs``; empty if there is none."""
    on_cpu: Function
    """The CPU's wrapper."""
    on_gpu: Function
    """The GPU's wrapper, which is imported when it is first called."""
