"""From which size on an image is processed faster on an NVIDIA GPU.

On a machine without a GPU, the figures that were saved on another machine are shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from math import inf, log2
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import gpu_arrays as gpu
import numpy as np
from rich.console import Console
from rich.table import Table
from timed_calls import Array, named
from timing import Effort, interleaved, timer

LIBRARIES = {"scipy": "cupyx.scipy", "skimage": "cucim.skimage"}
"""By the first part of a name on the CPU, the first part of the twin's name on the GPU."""
FUNCTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("scipy.ndimage.gaussian_filter", {"sigma": 2}),
    ("scipy.ndimage.uniform_filter", {"size": 5}),
    ("scipy.ndimage.median_filter", {"size": 3}),
    ("scipy.ndimage.grey_opening", {"size": 5}),
    ("scipy.ndimage.label", {}),
    ("scipy.ndimage.distance_transform_edt", {}),
    ("skimage.filters.gaussian", {"sigma": 2}),
    ("skimage.filters.sobel", {}),
    ("skimage.filters.threshold_otsu", {}),
    ("skimage.exposure.rescale_intensity", {}),
    ("skimage.measure.label", {}),
    ("skimage.restoration.denoise_tv_chambolle", {"max_num_iter": 10}),
)
OF_MASKS = ("label", "distance_transform_edt")
SIZES = tuple(2**power for power in range(14, 25))
PATIENCE = 4.0
"""If a call on the CPU takes more seconds than this, larger images aren't tried."""
FIGURES = Path(__file__).with_name("crossover.json")
"""The figures that were saved last, on any machine."""


class Point(NamedTuple):
    """Seconds of one call on an image of a size."""

    nbytes: int
    cpu: float
    there: float
    """On the GPU, with the image and the result on the GPU."""
    round_trip: float
    """On the GPU, with the image copied there and the result back."""


class Series(NamedTuple):
    """One function over sizes."""

    name: str
    points: tuple[Point, ...]

    @property
    def there(self) -> float | None:
        """Size in bytes from which on the GPU is faster, for an image on the GPU."""
        return crossover([(point.nbytes, point.cpu, point.there) for point in self.points])

    @property
    def round_trip(self) -> float | None:
        """Size in bytes from which on the GPU is faster, including both copies."""
        return crossover([(point.nbytes, point.cpu, point.round_trip) for point in self.points])


class Figures(NamedTuple):
    """The figures of one machine."""

    gpu: str
    series: tuple[Series, ...]


# --- figures -------------------------------------------------------------------------------


def crossover(points: Sequence[tuple[int, float, float]]) -> float | None:
    """Return the size in bytes from which on the GPU is always faster.

    Between two sizes the logarithms of bytes and of the ratio of times are taken to lie on a line.

    Parameters
    ----------
    points
        Bytes, seconds on the CPU, seconds on the GPU, from small to large.

    Returns
    -------
    float or None
        The smallest measured size if the GPU is always faster; None if it is slower for the
        largest size.
    """
    gains = [(log2(nbytes), log2(cpu / there)) for nbytes, cpu, there in points]
    slower = [number for number, (_, gain) in enumerate(gains) if gain <= 0]
    if not gains or (slower and slower[-1] == len(gains) - 1):
        return None
    if not slower:
        return float(2 ** gains[0][0])
    (size, loss), (larger, gain) = gains[slower[-1]], gains[slower[-1] + 1]
    return float(2 ** (size - loss * (larger - size) / (gain - loss)))


def suggested(found: Sequence[float | None]) -> int | None:
    """Return the median of crossovers, rounded to a power of two.

    Parameters
    ----------
    found
        The crossovers of all functions; None counts as larger than all sizes.

    Returns
    -------
    int or None
        None if at least half of the functions are never faster on the GPU.
    """
    middle = median(inf if each is None else each for each in found) if found else inf
    return None if middle == inf else int(2 ** round(log2(middle)))


# --- measuring -----------------------------------------------------------------------------


def measured(effort: Effort, sizes: Sequence[int] = SIZES) -> Figures | None:
    """Measure, if there is a GPU with both libraries."""
    if not gpu.name_of_gpu():
        return None
    try:
        cupy: Any = import_module("cupy")
        import_module("cucim.skimage")
    except ImportError:
        return None
    series = [_series(cupy, name, options, effort, sizes) for name, options in FUNCTIONS]
    return Figures(gpu.name_of_gpu(), tuple(series))


def keep(figures: Figures, path: Path = FIGURES) -> None:
    """Write figures to a file: one line a size, seconds with three digits."""
    functions = [
        f"{json.dumps(series.name)}: [\n"
        + ",\n".join(
            json.dumps([point.nbytes, *(float(f"{each:.2e}") for each in point[1:])])
            for point in series.points
        )
        + "]"
        for series in figures.series
    ]
    text = f'{{"gpu": {json.dumps(figures.gpu)},\n"series": {{\n' + ",\n".join(functions) + "}}\n"
    path.write_text(text, encoding="utf-8")


def kept(path: Path = FIGURES) -> Figures:
    """Read figures from a file."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Figures(
        found["gpu"],
        tuple(
            Series(name, tuple(Point(*point) for point in points))
            for name, points in found["series"].items()
        ),
    )


def _series(
    cupy: Any, name: str, options: Mapping[str, Any], effort: Effort, sizes: Sequence[int]
) -> Series:
    on_cpu, on_gpu = named(f"voxbind.{name}"), named(f"voxbind.{name_on_gpu(name)}")
    points: list[Point] = []
    for nbytes in sizes:
        if points and points[-1].cpu > PATIENCE:
            break
        array = image_for(name, nbytes)
        there = cupy.asarray(array)
        sides = {
            "cpu": timer(partial(on_cpu, array, **options)),
            "there": timer(_waited(cupy, partial(on_gpu, there, **options))),
            "round_trip": timer(_waited(cupy, partial(on_gpu, array, **options))),
        }
        points.append(Point(nbytes, **interleaved(sides, effort)))
        del there, sides
        cupy.get_default_memory_pool().free_all_blocks()
    return Series(name, tuple(points))


def name_on_gpu(name: str) -> str:
    """Return the name of the twin."""
    library, _, rest = name.partition(".")
    return f"{LIBRARIES[library]}.{rest}"


def image_for(name: str, nbytes: int) -> Array:
    """Return a volume of so many bytes: numbers from 0 to 1, or the mask of those above 0.6."""
    is_mask = name.endswith(OF_MASKS)
    power = int(log2(nbytes)) - (0 if is_mask else 2)
    shape = tuple(2 ** ((power + more) // 3) for more in range(3))
    numbers = np.random.default_rng(0).random(shape, np.float32)
    return numbers > 0.6 if is_mask else numbers


def _waited(cupy: Any, work: Callable[[], object]) -> Callable[[], object]:
    def run() -> object:
        result = work()
        cupy.cuda.get_current_stream().synchronize()
        return result

    return run


# --- the report ----------------------------------------------------------------------------

COLUMNS = (
    "",
    "GPU faster from, image on the GPU",
    "GPU faster from, image on the host (with both copies)",
    "largest speed-up",
)


def printed(figures: Figures, console: Console) -> None:
    """Print a table of all functions."""
    table = Table(title=f"When the GPU pays: {figures.gpu}", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="right" if column else "left")
    for series in figures.series:
        table.add_row(*_cells(series))
    console.print(table)
    console.print(_suggestion(figures.series))


def markdown(figures: Figures) -> list[str]:
    """Return the section of the page."""
    found = figures.series
    sizes = [point.nbytes for series in found for point in series.points]
    lines = [
        "",
        "## When the GPU pays",
        "",
        f"Measured on an {figures.gpu}. The table compares functions of voxbind.scipy and "
        "voxbind.skimage with their twins on the GPU, on volumes of "
        f"{_with_unit(min(sizes))} to {_with_unit(max(sizes))} (boolean for labels and distances, "
        "float32 for the others). It gives the size from which on the GPU is faster. "
        f"{_unmeasured(found)}".rstrip(),
        "",
        f"| {' | '.join(COLUMNS)} |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {' | '.join(_cells(series))} |" for series in found),
        "",
        _suggestion(found),
        "",
        "![Times on CPU and GPU over sizes](crossover.svg)",
    ]
    return lines


def _unmeasured(found: Sequence[Series]) -> str:
    missing = {name for name, _ in FUNCTIONS} - {series.name for series in found}
    return f"Not measured: {', '.join(sorted(missing))}." if missing else ""


def _cells(series: Series) -> tuple[str, ...]:
    gain = max(point.cpu / point.there for point in series.points)
    first = series.points[0].nbytes
    found = (_size(each, first) for each in (series.there, series.round_trip))
    return (series.name, *found, f"{gain:.3g} times")


def _size(nbytes: float | None, first: int) -> str:
    if nbytes is None:
        return "at no measured size"
    if nbytes <= first:
        return f"{_with_unit(first)} or less"
    return _with_unit(nbytes)


def _with_unit(nbytes: float) -> str:
    for unit, size in (("MiB", 2**20), ("KiB", 2**10)):
        if nbytes >= size:
            return f"{nbytes / size:.3g} {unit}"
    return f"{nbytes:.0f} bytes"


def _suggestion(found: Sequence[Series]) -> str:
    size = suggested([series.round_trip for series in found])
    if size is None:
        return "At least half of the functions are faster on the CPU at all of these sizes."
    return (
        f"The median with both copies is {_with_unit(size)} ({size} bytes), rounded to a power of "
        "two. This should be the default for `min_bytes` of `voxbind.prefer`."
    )


def chart(figures: Figures, path: Path) -> None:
    """Draw times over sizes, a panel for each function; the same figures give the same file."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    style: Any = {"svg.hashsalt": "voxbind", "svg.fonttype": "none", "font.size": 8}
    lines = (
        ("cpu", "CPU", "#b04a5a"),
        ("there", "GPU, image there", "#1b7f79"),
        ("round_trip", "GPU, copied there and back", "#e0a030"),
    )
    found = figures.series
    rows = -(-len(found) // 3)
    with matplotlib.rc_context(style):
        figure, panels = pyplot.subplots(
            rows, 3, figsize=(9, 2.3 * rows), layout="constrained", sharex=True, squeeze=False
        )
        for panel, series in zip(panels.flat, found, strict=False):
            sizes = [point.nbytes for point in series.points]
            for attribute, label, colour in lines:
                times = [getattr(point, attribute) for point in series.points]
                panel.plot(sizes, times, color=colour, label=label, linewidth=1.2)
            if series.round_trip is not None:
                panel.axvline(series.round_trip, color="black", linewidth=0.6, linestyle=":")
            panel.set_xscale("log", base=2)
            panel.set_yscale("log")
            panel.set_title(series.name, fontsize=8)
            panel.spines[["top", "right"]].set_visible(False)
        for panel in panels.flat[len(found) :]:
            panel.set_axis_off()
        figure.supxlabel("bytes of the image")
        figure.supylabel("seconds")
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
