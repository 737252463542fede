"""What the tests of this folder need of an NVIDIA GPU: its libraries, their streams, a delay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import torch

NAMES = ("torch", "cupy")
PAIRS = (("torch", "cupy"), ("cupy", "torch"))
COUNT = torch.cuda.device_count() if torch.cuda.is_available() else 0
RNG = np.random.default_rng(0)
VOLUME = RNG.random((5, 32, 40)).astype(np.float32)
IMAGE = VOLUME[0]


class Library(NamedTuple):
    """A library whose arrays are on a GPU."""

    name: str
    kind: type[Any]
    send: Callable[[Any, int], Any]
    """Give NumPy's array as one on a GPU."""
    fetch: Callable[[Any], Any]
    """Give an array as NumPy's, when what its stream has queued is done."""
    pointer: Callable[[Any], int]
    gpu: Callable[[Any], int]
    side_stream: Callable[[int], AbstractContextManager[int]]
    """Work on a stream that waits for no other, and give its address."""

    def place(self, gpu: int) -> str:
        return f"{self.name} (cuda:{gpu})"

    def device(self, gpu: int) -> Any:
        """Return a GPU as voxbind's memory of this library names it."""
        return torch.device("cuda", gpu) if self.name == "torch" else gpu


def library(name: str) -> Library:
    return _torch() if name == "torch" else _cupy()


def delay(stream: int, gpu: int) -> None:
    """Keep a stream busy for a tenth of a second: who doesn't wait for it reads too early."""
    with torch.cuda.device(gpu), torch.cuda.stream(torch.cuda.ExternalStream(stream)):
        torch.cuda._sleep(200_000_000)


def _torch() -> Library:
    @contextmanager
    def side_stream(gpu: int) -> Iterator[int]:
        with torch.cuda.device(gpu), torch.cuda.stream(torch.cuda.Stream()):
            yield torch.cuda.current_stream().cuda_stream

    return Library(
        name="torch",
        kind=torch.Tensor,
        send=lambda array, gpu: torch.from_numpy(np.array(array)).to(f"cuda:{gpu}"),
        fetch=lambda tensor: tensor.numpy(force=True),
        pointer=lambda tensor: tensor.data_ptr(),
        gpu=lambda tensor: tensor.device.index,
        side_stream=side_stream,
    )


def _cupy() -> Library:
    cupy: Any = import_module("cupy")

    def send(array: Any, gpu: int) -> Any:
        with cupy.cuda.Device(gpu):
            return cupy.asarray(array)

    def fetch(array: Any) -> Any:
        with array.device:
            return array.get()

    @contextmanager
    def side_stream(gpu: int) -> Iterator[int]:
        with cupy.cuda.Device(gpu), cupy.cuda.Stream(non_blocking=True) as stream:
            yield stream.ptr

    return Library(
        name="cupy",
        kind=cupy.ndarray,
        send=send,
        fetch=fetch,
        pointer=lambda array: array.data.ptr,
        gpu=lambda array: array.device.id,
        side_stream=side_stream,
    )
