"""Calls of wrappers, drawn by chance: images, further arrays, arguments and chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import Parameter, signature
from random import Random
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

MODES = [
    "reflect",
    "nearest",
    "mirror",
    "wrap",
    "constant",
    "grid-constant",
    "grid-mirror",
    "grid-wrap",
    "thick",
    "inner",
    "outer",
]
SLOW = [
    "active_contour",
    "blob",
    "chan_vese",
    "convex",
    "daisy",
    "felzenszwalb",
    "find_contours",
    "geodesic",
    "graycomatrix",
    "haar",
    "hog",
    "hough",
    "inpaint",
    "marching",
    "multiotsu",
    "nl_means",
    "optical_flow",
    "pyramid",
    "quickshift",
    "radon",
    "random_walker",
    "richardson",
    "rolling_ball",
    "skeletonize",
    "tv_",
    "unwrap",
    "warp",
    "wavelet",
    "wiener",
]
"""Parts of the names of functions that take long, or much memory."""
DTYPES = ["bool", "uint8", "uint16", "int16", "int32", "float32", "float64"]


class Drawn(NamedTuple):
    """A call, with everything in memory."""

    arguments: dict[str, Any]
    images: list[str]
    """Those of the arguments that may be dask arrays, the image first."""


def footprint(random: Random, ndim: int) -> Any:
    """Return a footprint: symmetric or not, with odd or even lengths."""
    shape = random.choice([(3, 3, 3), (3, 5, 3), (2, 4, 2), (1, 3, 2), (1, 1, 7)])[-ndim:]
    if random.random() < 0.6:
        return np.ones(shape, np.uint8)
    array = np.random.default_rng(random.randrange(99)).random(shape) < 0.5
    array.flat[-1] = True
    return array.astype(np.uint8)


def weights(random: Random, ndim: int) -> Any:
    return np.random.default_rng(0).random(random.choice([(3, 3, 3), (1, 5, 3), (2, 4, 2)])[-ndim:])


Choice = Callable[[Random, int], Any]


def one_of(*values: Any) -> Choice:
    return lambda random, ndim: random.choice(values)


def per_axis(*values: Any) -> Choice:
    """One number, or one for each axis."""
    return lambda random, ndim: (
        random.choice(values)
        if random.random() < 0.6
        else tuple(random.choice(values) for _ in range(ndim))
    )


def derivative(array: Any, axis: int, output: Any, mode: Any, cval: float) -> Any:
    """Return the derivative of an array along an axis, as SciPy asks a function for it."""
    return ndimage.sobel(array, axis, output, mode, cval)


def for_each_axis(value: Any) -> Choice:
    return lambda random, ndim: (value,) * ndim


VALUES: dict[str, Choice] = {
    "P": one_of(4, 8),
    "R": one_of(1, 2),
    "angle": one_of(30, 90),
    "axes": lambda random, ndim: random.choice([None, (0,), (-1,), (0, 1), tuple(range(ndim))]),
    "balance": one_of(0.1, 1),
    "bins": one_of(4, 10),
    "channel_axis": one_of(-1, 0, None),
    "conv_matrix": lambda random, ndim: np.eye(3) + 0.1,
    "crop_width": one_of(1, 2),
    "derivative": one_of(derivative),
    "derivative2": one_of(derivative),
    "dtype": one_of(np.float32, np.float64, None),
    "factors": for_each_axis(2),
    "filter_size": one_of(3),
    "frequency": one_of(0.2, 0.5),
    "fromspace": one_of("RGB"),
    "function": one_of(np.mean),
    "index": one_of(1, [1, 2], [1, 7]),
    "matrix": lambda random, ndim: np.eye(ndim) + random.choice([0, 0.1]),
    "max": one_of(1, 100),
    "min": one_of(0, -10),
    "min_distance": one_of(1, 2),
    "new_value": one_of(1),
    "num_iter": one_of(1, 2),
    "origin1": one_of(0, 1),
    "output_shape": for_each_axis(8),
    "psf": lambda random, ndim: np.full((3,) * ndim, 3.0**-ndim),
    "resize": one_of(True),
    "return_num": one_of(True),
    "scale": one_of(0.5, 2),
    "seed_point": for_each_axis(1),
    "shift": one_of(1, 0.5, -2),
    "spacing": per_axis(1, 2, 0.5),
    "template": lambda random, ndim: np.random.default_rng(0).random((3,) * ndim),
    "tospace": one_of("HSV", "XYZ"),
    "zoom": one_of(2, 0.5, 1),
    "alpha": one_of(0.5, 1),
    "axis": one_of(-1, 0, 1),
    "background": one_of(0, 1),
    "block_size": one_of(3, 5, 7),
    "border_value": one_of(0, 1),
    "connectivity": one_of(1, 2),
    "cutoff": one_of(0.5, 0.3),
    "cval": one_of(0, 1.5, -2, 7),
    "distance": one_of(1, 2, 2.5),
    "footprint": footprint,
    "gain": one_of(0.5, 1, 2),
    "gamma": one_of(0.5, 2),
    "in_range": one_of("image", "dtype", (0, 100)),
    "inv": one_of(True),
    "iterations": one_of(1, 2, 3),
    "k": one_of(0.05, 0.2),
    "kernel": weights,
    "low_sigma": per_axis(0.5, 1),
    "max_size": one_of(2, 4),
    "method": one_of("gaussian", "mean", "median", "diff", "blend", "k", "eps"),
    "mode": one_of(*MODES),
    "n": one_of(9, 12),
    "nbins": one_of(8, 256),
    "offset": one_of(0, 1),
    "order": one_of(0, 1, 2),
    "origin": one_of(0, 1, -1),
    "out_range": one_of("dtype", "image", (0, 1)),
    "output": one_of(np.float32, np.float64),
    "p0": one_of(0, 0.1),
    "p1": one_of(0.9, 1),
    "percentile": one_of(0, 30, 100, -20),
    "preserve_range": one_of(True),
    "radius": one_of(0.5, 1, 2),
    "rank": one_of(0, 1, -1, 2),
    "s0": one_of(2, 10),
    "s1": one_of(3, 10),
    "shift_x": one_of(0, 1, -1),
    "shift_y": one_of(0, 1),
    "shift_z": one_of(0, 1),
    "sigma": per_axis(0.3, 0.5, 1, 1.5, 2),
    "signed_float": one_of(True),
    "size": per_axis(2, 3, 4, 5),
    "slice_by_slice": one_of(True),
    "structure": footprint,
    "threshold": one_of(0.1, 0.15),
    "truncate": one_of(1, 2, 3.3),
    "weights": weights,
    "window_size": one_of(3, 5),
}
"""By the name of a parameter, values to choose from."""


def content(random: Random, shape: tuple[int, ...], dtype: str, finite: bool = True) -> Any:
    """Return an image: noise, plateaus, few objects, negative elements, NaN."""
    kinds = ["noise", "noise", "negative", "sparse", "plateaus", *([] if finite else ["NaN"])]
    kind = random.choice(kinds)
    array = np.random.default_rng(random.randrange(999)).random(shape)
    if kind == "sparse":
        array = np.where(array > 0.97, array, 0)
    if kind == "plateaus":
        array = np.floor(array * 3) / 3
    if dtype == "bool":
        return array > 0.5
    if dtype.startswith("float"):
        array = (array * 2 - 1 if kind == "negative" else array).astype(dtype)
        if kind == "NaN":
            array.flat[random.randrange(array.size)] = np.nan
        return array
    array = array * random.choice([3, 200]) - (50 if kind == "negative" and dtype[0] == "i" else 0)
    return np.floor(array).astype(dtype)


def chunks_of(random: Random, length: int) -> tuple[int, ...]:
    """Return a way to cut an axis, perhaps into chunks of one element."""
    size = random.choice([length, -(-length // 2), random.choice([1, 2, 3]), random.choice([5, 7])])
    size = min(size, length)
    return (size,) * (length // size) + ((length % size,) if length % size else ())


def drawn_call(random: Random, entry: Any) -> Drawn | None:
    """Return a call of a wrapper; None if a parameter needs a value that isn't known here."""
    ndim = random.choice([2, 3])
    shape: tuple[int, ...] = (random.choice([14, 17, 23]), random.choice([13, 19]))
    if ndim == 3:
        shape = (random.choice([2, 4, 6]), random.choice([11, 14]), random.choice([10, 13]))
    if entry.needs_channels:
        shape += (4 if "rgba" in entry.name else 3,)
    dtype = random.choice(DTYPES)
    arguments: dict[str, Any] = {}
    parameters = signature(entry.func).parameters
    for name in entry.arrays:
        is_needed = name == entry.arrays[0] or parameters[name].default is Parameter.empty
        if is_needed or random.random() < 0.4:
            arguments[name] = image_of(random, name, shape, dtype)
    images = [*arguments]
    others = {
        name: parameter
        for name, parameter in parameters.items()
        if name not in entry.arrays
        and name not in entry.outputs[1:]
        and parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    }
    needed = [name for name, parameter in others.items() if parameter.default is Parameter.empty]
    if any(name not in VALUES for name in needed):
        return None
    optional = [name for name in others if name in VALUES and name not in needed]
    if entry.original_name.startswith("binary_"):
        # SciPy reads outside of its memory if a footprint with an origin doesn't have its centre.
        optional = [name for name in optional if not name.startswith("origin")]
    chosen = random.sample(optional, min(len(optional), random.choice([0, 1, 1, 2, 3])))
    if "size" in others and "footprint" not in chosen:
        chosen.append("size")
    for name in dict.fromkeys([*needed, *chosen]):
        arguments[name] = VALUES[name](random, ndim)
    return Drawn(arguments, images)


def image_of(random: Random, name: str, shape: tuple[int, ...], dtype: str) -> Any:
    """Return an array for an image parameter: a mask, labels or an image."""
    if name == "mask":
        return content(random, shape, "bool")
    if "label" in name:
        return content(random, shape, "uint8") % 5
    return content(random, shape, dtype, finite=False)


def members(result: Any) -> Iterator[Any]:
    """Yield the arrays of a result, which may be a tuple or a table."""
    if isinstance(result, dict):
        yield from result.values()
    elif isinstance(result, (tuple, list)):
        yield from result
    else:
        yield result
