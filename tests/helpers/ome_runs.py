"""Images that are written in six regions, some of which fail, or during which something happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

da = pytest.importorskip("dask.array")
xr = pytest.importorskip("xarray")

MOVIE = np.random.default_rng(0).random((6, 2, 16, 20)).astype(np.float32)
CHUNKS = (1, 2, 16, 20)


def image(values: Any = None) -> Any:
    lazy = da.from_array(MOVIE, chunks=CHUNKS) if values is None else values
    return xr.DataArray(lazy, dims=["t", "z", "y", "x"])


def failing(message: str, number: int = 4) -> Any:
    def fail(block: Any, block_info: Any = None) -> Any:
        if block_info and block_info[0]["chunk-location"][0] == number:
            raise RuntimeError(message)
        return block

    return fail


def during(action: Any, number: int = 3) -> Any:
    """Return an image during whose computation something happens once."""
    state: list[int] = []

    def act(block: Any, block_info: Any = None) -> Any:
        if block_info and block_info[0]["chunk-location"][0] == number and not state:
            state.append(1)
            action()
        return block

    return image(image().data.map_blocks(act, dtype="float32", meta=np.empty((0,) * 4, "f4")))
