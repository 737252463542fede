"""The ways between memories: which share a buffer, and which need a copy.

Two memories on the host share, and so do two on one NVIDIA GPU; between the host and a device
is one copy. pyclesperanto's buffers belong to its own device, and to no other library: what is on a
GPU comes to it, and leaves it, by way of the host.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, cast

from . import memory_exporter

if TYPE_CHECKING:
    from .memories import CudaMemory, Memory

__all__ = ["PLACES", "by_gpu", "gpu_of", "nbytes_of", "route", "shares"]

_ON_HOST = ("numpy", "torch (CPU)")
_ON_GPU = ("torch (CUDA)", "cupy")
_APART = ("pyclesperanto",)
PLACES = (*_ON_HOST, *_ON_GPU, *_APART)
"""Where arrays are, as the table of routes names it."""


def route(source: str, target: str) -> str:
    """Return what the way between two of `PLACES` costs.

    Returns
    -------
    str
        ``same``; ``share``: one buffer; ``copy``: one copy; ``copy, copy``: by way of the host.
    """
    if source == target:
        return "same"
    for together in (_ON_HOST, _ON_GPU):
        if source in together and target in together:
            return "share"
    return "copy" if source in _ON_HOST or target in _ON_HOST else "copy, copy"


def gpu_of(value: Any, home: Memory) -> int | None:
    """Return the number of the NVIDIA GPU that an array is on; None where it is on none."""
    if home.name == "exporter":
        return memory_exporter.gpu_of(value)
    return home.gpu(home.device(value))


def by_gpu(value: Any, home: Memory, target: Memory, device: Any) -> CudaMemory | None:
    """Return the target if both it and the array are on NVIDIA GPUs: no way leads by the host."""
    if target.gpu(device) is None or gpu_of(value, home) is None:
        return None
    if str(getattr(value, "layout", "torch.strided")) != "torch.strided":
        return None  # a sparse tensor, of which PyTorch's memory tells what to make
    return cast("CudaMemory", target)


def shares(value: Any, home: Memory, target: Memory, device: Any, name: str = "") -> bool:
    """Whether an array's buffer will be shared on its way to another memory; nothing is copied."""
    if by_gpu(value, home, target, device):
        return target.gpu(device) == gpu_of(value, home) and _is_its_buffer(value)
    if not home.leaves_shared(value):
        return False
    if target.name == "numpy":
        return True
    return target.arrives_shared(home.to_host(value, name), device)


def nbytes_of(value: Any) -> int:
    """Return how many bytes an array's elements take."""
    try:
        return int(value.nbytes)
    except (AttributeError, RuntimeError, ValueError):  # a sparse tensor; unknown lengths in dask
        pass
    try:
        return int(prod(value.shape) * value.dtype.itemsize)
    except (AttributeError, RuntimeError, ValueError):  # a PIL image tells neither
        return int(memory_exporter.ExporterMemory().to_host(value, "").nbytes)


def _is_its_buffer(value: Any) -> bool:
    """Whether an array is what its buffer holds, and not to be read with another sign or order."""
    if any(getattr(value, is_lazy, bool)() for is_lazy in ("is_conj", "is_neg")):
        return False
    return all(stride >= 0 for stride in getattr(value, "strides", None) or ())
