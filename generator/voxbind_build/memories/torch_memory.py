"""PyTorch tensors on the CPU."""

from __future__ import annotations

from typing import Any

from voxbind_build.common.image_axes import mapped
from voxbind_build.memories.interface import Examination, MemoryFacts

EXAMINATIONS = (
    Examination(
        place="torch (CPU)",
        kind="memory",
        distributions=("torch",),
        ask="import json, torch\ntorch.zeros(1)\n"
        "print(json.dumps({'usable': True, 'detail': f'{torch.get_num_threads()} threads'}))",
        install="pip install 'voxbind[torch]'",
        repair="pip install --force-reinstall torch",
    ),
    Examination(
        place="torch (CUDA)",
        kind="device",
        distributions=("torch",),
        ask="""
import json, torch
if torch.version.cuda is None:
    where = "https://pytorch.org/get-started lists the wheel for each CUDA version"
    answer = False, f"this torch is built without CUDA; {where}"
elif not torch.cuda.is_available():
    answer = False, f"torch is built for CUDA {torch.version.cuda}, but finds no usable GPU"
else:
    answer = True, torch.cuda.get_device_name()
print(json.dumps(dict(zip(("usable", "detail"), answer))))
""",
        install="pip install torch",
        repair="pip install --force-reinstall torch",
    ),
)

FACTS = MemoryFacts(kernel_caches=(".nv/ComputeCache",), outlives_fork=True)
"""Importing PyTorch starts no threads, and neither does CUDA, so processes can be forked after it.
"""


class Tensors:
    """PyTorch tensors on the CPU."""

    facts = FACTS
    colours = False
    patience = 1

    def __init__(self) -> None:
        import torch

        self._library = torch

    def start(self, number: int) -> None:
        """Compute a little, which fails after a fork if PyTorch's threads don't outlive it."""
        self._library.arange(8).add(number).sum().item()

    def give(self, value: Any) -> Any:
        """Return a copy of an array as a tensor, or the array if PyTorch lacks its dtype."""
        import numpy as np

        if not isinstance(value, np.ndarray):
            return value
        try:
            return self._library.from_numpy(value.copy())
        except TypeError:
            return value

    def take(self, value: Any) -> Any:
        """Return the tensors of a result as arrays."""
        kind = self._library.Tensor
        return mapped(
            value, lambda each: each.numpy(force=True) if isinstance(each, kind) else each
        )

    def wait(self) -> None:
        """Do nothing, because a call's work is done when it returns."""
