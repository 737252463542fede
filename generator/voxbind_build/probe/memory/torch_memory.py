"""PyTorch's tensors on the CPU."""

from __future__ import annotations

from typing import Any

from voxbind_build.probe.memory.containers import mapped


class Tensors:
    """PyTorch's tensors on the CPU."""

    colours = False
    patience = 1

    def __init__(self) -> None:
        import torch

        self._library = torch

    def start(self, number: int) -> None:
        """Do nothing: it is there."""

    def give(self, value: Any) -> Any:
        """Return an array as a tensor of its own; what PyTorch has no dtype for stays as it is."""
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
        """Do nothing: a call that has returned is done."""
