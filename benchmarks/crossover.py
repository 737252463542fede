"""Measures the smallest image size at which an NVIDIA GPU is faster than the CPU.

Without a GPU, the figures are those that were saved on a machine with one.
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
"""Libraries on the GPU by the first part of a name on the CPU."""
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
"""If a call on the CPU takes longer than this many seconds, larger images aren't measured."""
FIGURES = Path(__file__).with_name("crossover.json")
"""The saved figures of the last measurement."""


class Point(NamedTuple):
    """Seconds of one call on an image of one size."""

    nbytes: int
    cpu: float
    on_gpu: float
    """On the GPU, if the image is on the GPU and the result stays there."""
    round_trip: float
    """On the GPU, including the copies of the image to the GPU and of the result back."""


class Series(NamedTuple):
    """One function on images of increasing size."""

    name: str
    points: tuple[Point, ...]

    @property
    def on_gpu(self) -> float | None:
        """Smallest size in bytes at which the GPU is faster, if the image is there already."""
        return crossover([(point.nbytes, point.cpu, point.on_gpu) for point in self.points])

    @property
    def round_trip(self) -> float | None:
        """Smallest size in bytes at which the GPU is faster, including both copies."""
        return crossover([(point.nbytes, point.cpu, point.round_trip) for point in self.points])


class Figures(NamedTuple):
    """The measurements of one machine."""

    gpu: str
    series: tuple[Series, ...]


# --- figures -------------------------------------------------------------------------------


def crossover(points: Sequence[tuple[int, float, float]]) -> float | None:
    """Return the smallest size in bytes above which the GPU is always faster.

    Between two measured sizes, the logarithm of the ratio of the times is interpolated linearly
    over the logarithm of the size.

    Parameters
    ----------
    points
        Bytes, seconds on the CPU and seconds on the GPU, sorted by size.

    Returns
    -------
    float or None
        The smallest measured size if the GPU is faster for all sizes; None if it is slower for
        the largest size.
    """
    gains = [(log2(nbytes), log2(cpu / gpu)) for nbytes, cpu, gpu in points]
    slower = [number for number, (_, gain) in enumerate(gains) if gain <= 0]
    if not gains or (slower and slower[-1] == len(gains) - 1):
        return None
    if not slower:
        return float(2 ** gains[0][0])
    (size, loss), (larger, gain) = gains[slower[-1]], gains[slower[-1] + 1]
    return float(2 ** (size - loss * (larger - size) / (gain - loss)))


def suggested(crossovers: Sequence[float | None]) -> int | None:
    """Return the median of crossovers, rounded to a power of two.

    Parameters
    ----------
    crossovers
        The crossovers of all functions, in bytes; None counts as infinitely large.

    Returns
    -------
    int or None
        None if half of the functions, or more, aren't faster on the GPU at any size.
    """
    sizes = [inf if size is None else size for size in crossovers]
    median_size = median(sizes) if sizes else inf
    return None if median_size == inf else int(2 ** round(log2(median_size)))


# --- measuring -----------------------------------------------------------------------------


def measured(effort: Effort, sizes: Sequence[int] = SIZES) -> Figures | None:
    """Measure all functions; return None if there is no GPU, or no CuPy or cuCIM.

    Parameters
    ----------
    effort
        How long to measure.
    sizes
        Sizes of the images in bytes.
    """
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
    """Write figures to a file, with one line per size and seconds to three digits."""
    functions = [
        f"{json.dumps(series.name)}: [\n"
        + ",\n".join(
            json.dumps([point.nbytes, *(float(f"{seconds:.2e}") for seconds in point[1:])])
            for point in series.points
        )
        + "]"
        for series in figures.series
    ]
    text = f'{{"gpu": {json.dumps(figures.gpu)},\n"series": {{\n' + ",\n".join(functions) + "}}\n"
    path.write_text(text, encoding="utf-8")


def kept(path: Path = FIGURES) -> Figures:
    """Read figures from a file."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return Figures(
        document["gpu"],
        tuple(
            Series(name, tuple(Point(*point) for point in points))
            for name, points in document["series"].items()
        ),
    )


def _series(
    cupy: Any, name: str, options: Mapping[str, Any], effort: Effort, sizes: Sequence[int]
) -> Series:
    cpu_function, gpu_function = named(f"voxbind.{name}"), named(f"voxbind.{name_on_gpu(name)}")
    points: list[Point] = []
    for nbytes in sizes:
        if points and points[-1].cpu > PATIENCE:
            break
        array = image_for(name, nbytes)
        gpu_array = cupy.asarray(array)
        timers = {
            "cpu": timer(partial(cpu_function, array, **options)),
            "on_gpu": timer(_waited(cupy, partial(gpu_function, gpu_array, **options))),
            "round_trip": timer(_waited(cupy, partial(gpu_function, array, **options))),
        }
        points.append(Point(nbytes, **interleaved(timers, effort)))
        del gpu_array, timers
        cupy.get_default_memory_pool().free_all_blocks()
    return Series(name, tuple(points))


def name_on_gpu(name: str) -> str:
    """Return the name of a function's twin on the GPU."""
    library, _, name_in_library = name.partition(".")
    return f"{LIBRARIES[library]}.{name_in_library}"


def image_for(name: str, nbytes: int) -> Array:
    """Return a volume of `nbytes` bytes: float32 numbers in [0, 1), or the mask of those above 0.6.

    Parameters
    ----------
    name
        The function that will be called.
    nbytes
        A power of two.
    """
    is_mask = name.endswith(OF_MASKS)
    power = int(log2(nbytes)) - (0 if is_mask else 2)
    shape = tuple(2 ** ((power + extra) // 3) for extra in range(3))
    numbers = np.random.default_rng(0).random(shape, np.float32)
    return numbers > 0.6 if is_mask else numbers


def _waited(cupy: Any, work: Callable[[], object]) -> Callable[[], object]:
    """Make a call that waits until the GPU has finished."""

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
    """Return the lines of the section on the GPU in `docs/benchmarks.md`."""
    all_series = figures.series
    sizes = [point.nbytes for series in all_series for point in series.points]
    lines = [
        "",
        "## When the GPU pays",
        "",
        f"Measured on an {figures.gpu}. The table compares functions of voxbind.scipy and "
        "voxbind.skimage with their twins on the GPU, on volumes of "
        f"{_in_units(min(sizes))} to {_in_units(max(sizes))} (boolean for labels and distances, "
        "float32 for the others). It gives the smallest size at which the GPU is faster. "
        f"{_unmeasured(all_series)}".rstrip(),
        "",
        f"| {' | '.join(COLUMNS)} |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {' | '.join(_cells(series))} |" for series in all_series),
        "",
        _suggestion(all_series),
        "",
        "![Times on CPU and GPU over sizes](crossover.svg)",
    ]
    return lines


def _unmeasured(all_series: Sequence[Series]) -> str:
    missing = {name for name, _ in FUNCTIONS} - {series.name for series in all_series}
    return f"Not measured: {', '.join(sorted(missing))}." if missing else ""


def _cells(series: Series) -> tuple[str, ...]:
    gain = max(point.cpu / point.on_gpu for point in series.points)
    smallest = series.points[0].nbytes
    crossovers = (_size(nbytes, smallest) for nbytes in (series.on_gpu, series.round_trip))
    return (series.name, *crossovers, f"{gain:.3g} times")


def _size(nbytes: float | None, smallest: int) -> str:
    if nbytes is None:
        return "at no measured size"
    if nbytes <= smallest:
        return f"{_in_units(smallest)} or less"
    return _in_units(nbytes)


def _in_units(nbytes: float) -> str:
    for unit, size in (("MiB", 2**20), ("KiB", 2**10)):
        if nbytes >= size:
            return f"{nbytes / size:.3g} {unit}"
    return f"{nbytes:.0f} bytes"


def _suggestion(all_series: Sequence[Series]) -> str:
    size = suggested([series.round_trip for series in all_series])
    if size is None:
        return "At least half of the functions are faster on the CPU at all of these sizes."
    return (
        f"The median with both copies is {_in_units(size)} ({size} bytes), rounded to a power of "
        "two. This should be the default for `min_bytes` of `voxbind.prefer`."
    )


def chart(figures: Figures, path: Path) -> None:
    """Draw the times over the sizes, with a panel for each function.

    The same figures always give the same file.

    Parameters
    ----------
    figures
        The measurements.
    path
        The SVG file to write.
    """
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    style: Any = {"svg.hashsalt": "voxbind", "svg.fonttype": "none", "font.size": 8}
    lines = (
        ("cpu", "CPU", "#b04a5a"),
        ("on_gpu", "GPU, image there", "#1b7f79"),
        ("round_trip", "GPU, copied there and back", "#e0a030"),
    )
    all_series = figures.series
    rows = -(-len(all_series) // 3)
    with matplotlib.rc_context(style):
        figure, panels = pyplot.subplots(
            rows, 3, figsize=(9, 2.3 * rows), layout="constrained", sharex=True, squeeze=False
        )
        for panel, series in zip(panels.flat, all_series, strict=False):
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
        for panel in panels.flat[len(all_series) :]:
            panel.set_axis_off()
        figure.supxlabel("bytes of the image")
        figure.supylabel("seconds")
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
