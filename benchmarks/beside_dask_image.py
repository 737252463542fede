"""Runs dask-image's functions and the wrappers of the same functions on one volume of dask.

Each call has a process of its own, whose processor time and largest memory are measured. Before,
the call runs on a small volume, so that all modules are imported.
"""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np
from timed_calls import named

SHAPE, CHUNKS = (64, 256, 256), (32, 128, 128)
"""The volume of float32, 16 MiB, in 8 chunks."""
SMALL = (20, 24, 28), (10, 12, 14)
"""The volume on which the values are compared with SciPy's."""
_WEIGHTS = np.full((3, 3, 3), 1 / 27)
_MATRIX = np.array([[1.0, 0.0, 0.0], [0.0, 0.9, 0.1], [0.0, -0.1, 0.9]])
_PLACES = np.array([[1.5, 9.0], [2.0, 7.5], [3.0, 4.25]])
_INDEX = np.array([1, 2, 3])
_LINEAR = {"order": 1}  # the only interpolation of dask-image that needs no other filter before
_REGIONS = {
    name: ("image", "labels", _INDEX)
    for name in (
        *("center_of_mass", "extrema", "maximum", "maximum_position", "mean", "median"),
        *("minimum", "minimum_position", "standard_deviation", "sum", "sum_labels", "variance"),
    )
}
CALLS: Mapping[str, tuple[Any, ...]] = {
    "ndfilters.convolve": ("image", _WEIGHTS),
    "ndfilters.correlate": ("image", _WEIGHTS),
    "ndfilters.gaussian": ("image", 2),
    "ndfilters.gaussian_filter": ("image", 2),
    "ndfilters.gaussian_gradient_magnitude": ("image", 2),
    "ndfilters.gaussian_laplace": ("image", 2),
    "ndfilters.generic_filter": ("image", np.ptp, 2),
    "ndfilters.laplace": ("image",),
    "ndfilters.maximum_filter": ("image", 5),
    "ndfilters.median_filter": ("image", 3),
    "ndfilters.minimum_filter": ("image", 5),
    "ndfilters.percentile_filter": ("image", 30, 3),
    "ndfilters.prewitt": ("image",),
    "ndfilters.rank_filter": ("image", 4, 3),
    "ndfilters.sobel": ("image",),
    "ndfilters.threshold_local": ("image", 5),
    "ndfilters.uniform_filter": ("image", 5),
    "ndfourier.fourier_gaussian": ("image", 2),
    "ndfourier.fourier_shift": ("image", 2),
    "ndfourier.fourier_uniform": ("image", 2),
    "ndinterp.affine_transform": ("image", _MATRIX, _LINEAR),
    "ndinterp.map_coordinates": ("image", _PLACES, _LINEAR),
    "ndinterp.rotate": ("image", 20, _LINEAR),
    "ndinterp.spline_filter": ("image",),
    "ndinterp.spline_filter1d": ("image",),
    **{f"ndmeasure.{name}": arguments for name, arguments in _REGIONS.items()},
    "ndmeasure.histogram": ("image", 0, 1, 10, "labels", _INDEX),
    "ndmeasure.label": ("bright",),
    "ndmeasure.labeled_comprehension": ("image", "labels", _INDEX, np.max, float, 0),
    "ndmorph.binary_closing": ("bright",),
    "ndmorph.binary_dilation": ("bright",),
    "ndmorph.binary_erosion": ("bright",),
    "ndmorph.binary_opening": ("bright",),
}
"""The arguments by dask-image's function, and last a dictionary of those that are given by name.
`image`, `labels` and `bright` are volumes of dask."""
ELSEWHERE = {
    "gaussian": "scipy.ndimage.gaussian_filter",
    "threshold_local": "skimage.filters.threshold_local",
}
"""Functions that dask-image gives other names than SciPy, or that are scikit-image's."""


class Usage(NamedTuple):
    """What a call took."""

    seconds: float
    """Processor time."""
    megabytes: float
    """Largest memory, without what the process had before the call."""
    is_same: bool
    """Whether a small volume gives the values of SciPy or scikit-image in memory."""


class Pair(NamedTuple):
    """A function of dask-image and its wrapper."""

    name: str
    theirs: Usage | str
    """The first sentence of the error if it raises one."""
    ours: Usage | str


def measured() -> list[Pair]:
    """Run all calls, first dask-image's."""
    pairs = []
    for name, arguments in CALLS.items():
        function = name.rpartition(".")[2]
        path = ELSEWHERE.get(function, f"scipy.ndimage.{function}")
        pairs.append(
            Pair(
                name,
                _in_process(f"dask_image.{name}", path, arguments),
                _in_process(f"voxbind.{path}", path, arguments),
            )
        )
        print(pairs[-1], flush=True)
    return pairs


def _in_process(function: str, reference: str, arguments: tuple[Any, ...]) -> Usage | str:
    """Call a function on the small volume here, and on the large one in a process of its own."""
    call = named(function)
    try:
        is_same = _is_same(call, named(reference), *_given(arguments, *SMALL))
    except Exception as error:
        return f"{type(error).__name__}: {str(error).partition('. ')[0]}"
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_called, args=(call, arguments, sending))
    process.start()
    sending.close()
    try:
        seconds, megabytes = receiving.recv()
    except EOFError:
        return "The process ended."
    finally:
        process.join()
    return Usage(seconds, megabytes, is_same)


def _called(call: Callable[..., Any], arguments: tuple[Any, ...], sending: Any) -> None:
    """Send the processor time and the memory of a call."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    given, options = _given(arguments, SHAPE, CHUNKS)
    _consume(call(*given, **options))
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sending.send((seconds, (after.ru_maxrss - before.ru_maxrss) * 1024 / 1e6))


def _given(
    arguments: tuple[Any, ...], shape: tuple[int, ...], chunks: tuple[int, ...]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments with volumes in place of their names, and those given by name."""
    random = import_module("dask.array").random.default_rng(0)
    image = random.random(shape, chunks=chunks, dtype="float32")
    volumes = {"image": image, "labels": (image * 5).astype(np.int32), "bright": image > 0.8}
    positional = [value for value in arguments if not isinstance(value, dict)]
    (options,) = [value for value in arguments if isinstance(value, dict)] or [{}]
    return [volumes[value] if isinstance(value, str) else value for value in positional], options


class _Sink:
    """Takes the chunks of a result, and keeps none."""

    def __setitem__(self, place: object, chunk: object) -> None:
        """Forget a chunk."""


def _consume(result: Any) -> None:
    """Compute a result chunk by chunk on two threads, without keeping it."""
    dask = import_module("dask")
    arrays = [*result] if isinstance(result, (tuple, list)) else [result]
    large = [array for array in arrays if getattr(array, "ndim", 0) == 3]
    small = [array for array in arrays if getattr(array, "ndim", 0) != 3]
    with dask.config.set(scheduler="threads", num_workers=2):
        stored = [array.store(_Sink(), compute=False) for array in large]
        dask.compute(*stored, *small)


def _is_same(
    call: Callable[..., Any],
    reference: Callable[..., Any],
    given: list[Any],
    options: dict[str, Any],
) -> bool:
    dask = import_module("dask")
    with dask.config.set(scheduler="synchronous"):
        (result,) = dask.compute(call(*given, **options))
        (arrays,) = dask.compute(given)
    expected = reference(*arrays, **options)
    if not isinstance(expected, (tuple, list)):
        result, expected = [result], [expected]
    return len(result) == len(expected) and all(
        starmap(_are_equal, zip(result, expected, strict=True))
    )


def _are_equal(value: Any, expected: Any) -> bool:
    first, second = np.asarray(value), np.asarray(expected)
    if first.dtype == second.dtype == object:
        return len(first) == len(second) and all(
            starmap(_are_equal, zip(first, second, strict=True))
        )
    if first.shape != second.shape:
        return False
    if first.ndim == 3 and first.dtype.kind == second.dtype.kind == "i":
        return bool((_renumbered(first) == _renumbered(second)).all())
    return bool(np.allclose(first, second, rtol=1e-5, atol=1e-6, equal_nan=True))


def _renumbered(labels: Any) -> Any:
    """Return labels numbered in the order in which they come."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first.argsort().argsort()[inverse].reshape(labels.shape)
