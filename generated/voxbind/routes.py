"""The ways between memories: which share a buffer, and which need a copy.

Two memories on the host share, and so do two on one NVIDIA GPU; between the host and a device
is one copy. pyclesperanto's buffers belong to its own device, and to no other library: what is on a
GPU comes to it, and leaves it, by way of the host.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, cast

from .memory_exporter import gpu_of

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


def by_gpu(value: Any, target: Memory, device: Any) -> CudaMemory | None:
    """Return the target if both it and the array are on NVIDIA GPUs: no way leads by the host."""
    if target.gpu(device) is None or gpu_of(value) is None:
        return None
    return cast("CudaMemory", target)


def shares(value: Any, home: Memory, target: Memory, device: Any) -> bool:
    """Whether an array's buffer will be shared on its way to another memory; nothing is copied."""
    if by_gpu(value, target, device):
        return target.gpu(device) == gpu_of(value)
    if not home.leaves_shared(value):
        return False
    if target.name == "numpy":
        return True
    return target.arrives_shared(home.to_host(value, ""), device)


def nbytes_of(value: Any) -> int:
    """Return how many bytes an array's elements take."""
    nbytes = getattr(value, "nbytes", None)
    if nbytes is None:
        nbytes = prod(value.shape) * value.dtype.itemsize
    return int(nbytes)
