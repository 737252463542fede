"""What a library refuses in memory is refused before a graph is built, unless values decide."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from inspect import Parameter, signature
from random import Random
from typing import Any

import numpy as np
import pytest

import voxbind
from helpers.drawn_calls import SLOW, VALUES, image_of, members
from voxbind import registry

da = pytest.importorskip("dask.array")
dask: Any = pytest.importorskip("dask")

SHAPES = {"an image": (14, 13), "a volume": (6, 11, 10), "colours": (14, 13, 3)}
DTYPES = ("bool", "uint8", "float32")
LATE = re.compile(
    "two maxima"  # a histogram without them
    "|No points given|Intensity of seed|core dimension|safely cast to boolean"  # the elements
    "|win_size exceeds|specify the data_range"  # the sizes of the image, another argument
    "|Impulse response|no filter weights|integer type|not 'tuple'|'<' not|index out of range"
    "|integer scalar arrays"  # arguments that are required, with the values that are drawn here
    "|multichannel, which|converted to Lab space"  # options whose default needs colours
)
"""Refusals that depend on something that isn't measured: they come when the array is computed."""
CONTRADICTED = {
    ("skimage.feature.hessian_matrix_det", "float32"): "dtype",  # for volumes
    ("skimage.segmentation.join_segmentations", "uint8"): "dtype",  # that of both images
}
"""Results of which the announced dtype isn't that of the library, which is an error too."""


def calls(contract: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield each function with its required arguments, for each kind of image and dtype."""
    for entry in registry.find(contract=contract):
        parameters = signature(entry.func).parameters
        required = [
            name
            for name, parameter in parameters.items()
            if parameter.default is Parameter.empty
            and parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        ]
        others = [name for name in required if name not in entry.arrays]
        is_slow = any(word in entry.name for word in SLOW)
        is_of_cpu = entry.memory_type in ("numpy", "array_api")
        if is_slow or entry.random or not is_of_cpu or any(name not in VALUES for name in others):
            continue
        if entry.original_name == "apply_parallel":  # calls a function that is given
            continue
        for shape in SHAPES.values():
            for dtype in DTYPES:
                random = Random(1)
                images = [name for name in required if name in entry.arrays]
                arguments = {
                    name: image_of(random, name, shape, dtype)
                    for name in images or entry.arrays[:1]
                }
                arguments |= {name: VALUES[name](random, len(shape)) for name in others}
                arguments |= {"size": 3} if "size" in parameters else {}
                yield entry, arguments


def in_chunks(entry: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with the images in chunks: of half the image, or in a single one."""
    divided = len(entry.name) % 2
    return {
        name: da.from_array(
            value, chunks=tuple(-(-n // 2) if divided and n > 4 else n for n in value.shape)
        )
        if name in entry.arrays
        else value
        for name, value in arguments.items()
    }


@pytest.mark.parametrize("contract", voxbind.ProcessingContract)
def test_what_the_library_refuses_is_refused_when_the_graph_is_built(contract: Any) -> None:
    for entry, arguments in calls(contract):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            compare(entry, arguments)


def compare(entry: Any, arguments: dict[str, Any]) -> None:
    """Compare the outcome of a call with that of the array in memory."""
    arrays = [value for value in arguments.values() if isinstance(value, np.ndarray)]
    call = f"{entry.name} of {', '.join(f'{array.dtype} {array.shape}' for array in arrays)}"
    copies = {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }
    refusal = None
    try:
        expected = entry.func(**copies)
    except Exception as error:
        refusal = error
    try:
        lazy = entry.func(**in_chunks(entry, arguments))
    except voxbind.VoxbindError as error:
        assert re.search(r"(?i)give |compute|\.astype|over\(|call it|pass |name ", str(error)), call
        return
    if not any(isinstance(member, da.Array) for member in members(lazy)):
        return
    try:
        (computed,) = dask.compute(lazy, scheduler="synchronous")
    except Exception as error:
        if refusal is None:
            dtype = str(arguments[entry.arrays[0]].dtype)
            what = CONTRADICTED.get((entry.name, dtype), "nothing")
            assert f"returned the {what} " in str(error), call
            return
        assert LATE.search(str(error)), f"{call}: {error}"
        return
    assert refusal is None, f"{call}: {refusal}"
    if isinstance(expected, (tuple, list)) and isinstance(lazy, da.Array):
        expected = np.asarray(expected)  # a lazy array of coordinates
    for one, other in zip(members(computed), members(expected), strict=True):
        got, wanted = np.asarray(one), np.asarray(other)
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype), call
        if wanted.dtype != object:
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6, err_msg=call)
