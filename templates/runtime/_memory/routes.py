"""The ways between memories: which share a buffer, and which need a copy.

Two memories on the host share, and so do two on one NVIDIA GPU; between the host and a device
is one copy. pyclesperanto's buffers belong to its own device, and to no other library: what is on a
GPU comes to it, and leaves it, by way of the host.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from . import registry
from .exporter_memory import ExporterMemory
from .interface import CudaMemory

if TYPE_CHECKING:
    from .interface import Memory

__all__ = ["PLACES", "by_gpu", "gpu_of", "nbytes_of", "route", "shares"]

_BUFFERS = {place.name: place.buffers for place in registry.PLACES}
PLACES = tuple(_BUFFERS)
"""Where arrays may be, as the table of routes names it."""


def route(source: str, target: str) -> str:
    """Return what the way between two of `PLACES` costs.

    Returns
    -------
    str
        ``same``; ``share``: one buffer; ``copy``: one copy; ``copy, copy``: by way of the host.
    """
    if source == target:
        return "same"
    buffers = _BUFFERS[source], _BUFFERS[target]
    if buffers in (("host", "host"), ("cuda", "cuda")):
        return "share"
    return "copy" if "host" in buffers else "copy, copy"


def gpu_of(value: Any, home: Memory) -> int | None:
    """Return the number of the NVIDIA GPU that an array is on; None if it is on none."""
    return home.gpu_of(value)


def by_gpu(value: Any, home: Memory, target: Memory, device: Any) -> CudaMemory | None:
    """Return the target if both it and the array are on NVIDIA GPUs: no way leads by the host."""
    if target.gpu(device) is None or home.gpu_of(value) is None:
        return None
    if not home.can_be_read_on_gpu(value):
        return None  # its memory says, on the way to the host, what to make of it
    return target if isinstance(target, CudaMemory) else None


def shares(value: Any, home: Memory, target: Memory, device: Any, name: str = "") -> bool:
    """Return whether an array's buffer will be shared in another memory; nothing is copied."""
    if by_gpu(value, home, target, device):
        return target.gpu(device) == home.gpu_of(value) and home.is_its_buffer(value)
    if not home.leaves_shared(value):
        return False
    if target is registry.NUMPY:
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
        return int(ExporterMemory().to_host(value, "").nbytes)
