"""Times conversions from and to an NVIDIA GPU, if there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from timing import Effort, Row, Topic, measured, timer

BYTES = 256 << 20


def name_of_gpu() -> str:
    """Return the name of the GPU; empty if PyTorch finds none."""
    try:
        import torch
    except ImportError:
        return ""
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""


def topic(effort: Effort) -> Topic | None:
    """Measure the conversions; return None if there is no GPU."""
    if not name_of_gpu():
        return None
    import torch

    from voxbind._memory.torch_memory import TorchMemory

    array = np.ones(BYTES // 4, np.float32)
    pinned = torch.from_numpy(array).pin_memory()
    on_device = pinned.to("cuda:0")
    device = on_device.device
    memory = TorchMemory()
    up = _waited(lambda: on_device.copy_(pinned, non_blocking=True))
    down = _waited(lambda: pinned.copy_(on_device, non_blocking=True))
    rows = [
        *_against(
            "NumPy to torch (CUDA)",
            up,
            _waited(lambda: torch.from_numpy(array).to(device)),
            _waited(lambda: memory.from_host(array, device)),
            effort,
        ),
        *_against(
            "torch (CUDA) to NumPy",
            down,
            _waited(lambda: on_device.cpu().numpy()),
            _waited(lambda: memory.to_host(on_device, "image")),
            effort,
        ),
    ]
    note = ""
    try:
        import cupy

        rows += _cupy_rows(cupy, torch, array, up, down, effort)
    except ImportError:
        note = "Left out: CuPy, which isn't installed."
    return Topic(
        "Conversions from and to a GPU (256 MiB)",
        "a copy from or to pinned memory, which is the machine's limit, and the conversion by hand",
        "a ratio of 1.0 to the conversion by hand",
        rows,
        note,
    )


def _cupy_rows(
    cupy: Any,
    torch: Any,
    array: Any,
    up: Callable[[], object],
    down: Callable[[], object],
    effort: Effort,
) -> list[Row]:
    from voxbind._memory.cupy_memory import CupyMemory
    from voxbind._memory.torch_memory import TorchMemory

    of_cupy, of_torch = CupyMemory(), TorchMemory()
    on_device = cupy.asarray(array)
    small = cupy.ones((16, 16), cupy.float32)
    tensor = torch.ones((16, 16), device="cuda:0")
    return [
        *_against(
            "NumPy to CuPy",
            up,
            _waited(lambda: cupy.asarray(array)),
            _waited(lambda: of_cupy.from_host(array, 0)),
            effort,
        ),
        *_against(
            "CuPy to NumPy",
            down,
            _waited(on_device.get),
            _waited(lambda: of_cupy.to_host(on_device, "image")),
            effort,
        ),
        measured(
            "torch (CUDA) to CuPy, shared; by hand",
            timer(lambda: cupy.from_dlpack(tensor)),
            timer(lambda: of_cupy.from_device(tensor, 0)),
            effort,
        ),
        measured(
            "CuPy to torch (CUDA), shared; by hand",
            timer(lambda: torch.from_dlpack(small)),
            timer(lambda: of_torch.from_device(small, tensor.device)),
            effort,
        ),
    ]


def _against(
    conversion: str,
    limit: Callable[[], object],
    by_hand: Callable[[], object],
    ours: Callable[[], object],
    effort: Effort,
) -> list[Row]:
    """Compare a conversion with the machine's limit, and with the conversion by hand."""
    return [
        measured(f"{conversion}; the limit", timer(limit), timer(ours), effort),
        measured(f"{conversion}; by hand", timer(by_hand), timer(ours), effort),
    ]


def _waited(work: Callable[[], object]) -> Callable[[], object]:
    """Make a call that waits until the GPU has finished."""
    import torch

    def run() -> object:
        result = work()
        torch.cuda.synchronize()
        return result

    return run
