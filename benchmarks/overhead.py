"""What a wrapper costs beside the direct call: `python benchmarks/overhead.py`.

Each pair is interleaved in one run and the best of many rounds is taken, so that a busy
machine disturbs both sides alike. Quote the ratios and differences, not the absolute times.
"""

from __future__ import annotations

import subprocess
import sys
import timeit
from collections.abc import Callable, Sequence

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy import ndimage
from skimage import exposure, feature, filters, util

from voxbind.scipy import ndimage as vb_ndimage
from voxbind.skimage import exposure as vb_exposure
from voxbind.skimage import feature as vb_feature
from voxbind.skimage import filters as vb_filters
from voxbind.skimage import util as vb_util

ROUNDS = 25


def interleaved(calls: Sequence[Callable[[], object]], number: int) -> list[float]:
    """Best seconds per call of each, taken in turn ROUNDS times."""
    best = [float("inf")] * len(calls)
    for call in calls:
        call()
    for _ in range(ROUNDS):
        for position, call in enumerate(calls):
            best[position] = min(best[position], timeit.timeit(call, number=number) / number)
    return best


def loop(image: np.ndarray) -> np.ndarray:
    """Write canny of each slice into one preallocated array, by hand."""
    result = np.empty(image.shape, bool)
    for z, plane in enumerate(image):
        result[z] = feature.canny(plane)
    return result


def by_hand(tensor: torch.Tensor) -> torch.Tensor:
    """Share the tensor's buffer with NumPy, call, share the result's."""
    return torch.from_numpy(util.invert(tensor.numpy()))


def fresh_seconds(code: str) -> float:
    """Best time of seven new interpreters that time `code` themselves."""
    program = f"import time; s = time.perf_counter()\n{code}\nprint(time.perf_counter() - s)"
    runs = (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(7)
    )
    return min(float(run.stdout) for run in runs)


def main() -> None:
    """Print the table."""
    small = np.random.default_rng(0).random((16, 16))
    tensor = torch.from_numpy(small)
    volume = np.random.default_rng(0).random((16, 256, 256))
    pairs: list[tuple[str, Callable[[], object], Callable[[], object], int]] = [
        ("util.invert 16x16", lambda: util.invert(small), lambda: vb_util.invert(small), 5000),
        (
            "exposure.adjust_gamma 16x16",
            lambda: exposure.adjust_gamma(small),
            lambda: vb_exposure.adjust_gamma(small),
            2000,
        ),
        (
            "filters.gaussian 16x16",
            lambda: filters.gaussian(small),
            lambda: vb_filters.gaussian(small),
            1000,
        ),
        (
            "ndimage.minimum 16x16",
            lambda: ndimage.minimum(small),
            lambda: vb_ndimage.minimum(small),
            5000,
        ),
        (
            "util.invert, torch tensor, against by hand",
            lambda: by_hand(tensor),
            lambda: vb_util.invert(tensor),
            5000,
        ),
        (
            "feature.canny 16x256x256, against a loop",
            lambda: loop(volume),
            lambda: vb_feature.canny(volume),
            1,
        ),
    ]
    table = Table("call", "direct, µs", "wrapper, µs", "added, µs", "ratio")
    for name, direct, wrapped, number in pairs:
        one, other = interleaved((direct, wrapped), number)
        table.add_row(
            name,
            f"{one * 1e6:.2f}",
            f"{other * 1e6:.2f}",
            f"{(other - one) * 1e6:+.2f}",
            f"{other / one:.3f}",
        )
    modules = "color exposure feature filters filters.rank measure metrics morphology registration"
    modules += " restoration segmentation transform util"
    upstream = "; ".join(f"import skimage.{name}" for name in modules.split())
    ours = "; ".join(f"import voxbind.skimage.{name}" for name in modules.split())
    starts = Table("start, in a new interpreter", "ms")
    for name, code in (
        ("import voxbind", "import voxbind"),
        ("scikit-image's listed modules, lazily", upstream),
        ("voxbind's wrappers of them", ours),
        ("registry opened and asked once", "from voxbind import registry; registry.functions()"),
    ):
        starts.add_row(name, f"{fresh_seconds(code) * 1e3:.1f}")
    console = Console()
    console.print(table, starts, sep="\n")


if __name__ == "__main__":
    main()
