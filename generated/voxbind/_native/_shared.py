"""What several functions need: checks, one rule for floats, and reductions of any dtype.

Every function here gives the same values and dtypes in each memory, also where the array
API leaves them open.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, cast

from ._typing import Array, ArrayT

__all__ = [
    "as_float",
    "average",
    "check_array",
    "check_axes",
    "check_elements",
    "device",
    "in_common_floats",
    "largest",
    "namespace",
    "part",
    "smallest",
    "total",
]

_DENSE = "torch.strided"
Axes = int | tuple[int, ...]
"""The axes that a reduction is along."""


def namespace(*arrays: Array) -> Any:
    """Return the array API of the arrays' library.

    The result is `Any`, since the standard has no static types that its libraries share.
    """
    for array in arrays:
        check_array(array)
    return _compat().array_namespace(*arrays)


def device(image: Array) -> Any:
    """Return where an array is, as its library's functions take it."""
    return _compat().device(image)


def check_array(value: Any) -> None:
    """Refuse what is no array of the standard, though it may be one by its class.

    Raises
    ------
    voxbind.MemoryTypeError
        For lists and numbers, and for tensors that are sparse or on the meta device.
    """
    if not hasattr(value, "shape"):
        problem = f"a {type(value).__name__} came"
    elif getattr(value, "is_meta", False):
        problem = "a tensor on the meta device came, which has a shape but no data"
    elif str(getattr(value, "layout", _DENSE)) != _DENSE:
        problem = f"a tensor of layout {value.layout} came: give tensor.to_dense()"
    else:
        return
    raise _error()(f"{problem}. Taken are dense arrays of NumPy, PyTorch and CuPy with their data.")


def _error() -> type[TypeError]:
    try:
        from ..errors import MemoryTypeError
    except ImportError:  # by itself, this package has none
        return TypeError
    return MemoryTypeError


def check_axes(image: Array, name: str, axes: str) -> None:
    """Refuse an array that has other axes, or no elements.

    Parameters
    ----------
    image
        What was given.
    name
        The parameter that it was given to.
    axes
        What is taken: ``(Y, X)``, ``(Z, Y, X)``.
    """
    shape = tuple(image.shape)
    if len(shape) != axes.count(",") + 1:
        advice = (
            f"Give a whole stack, as {name}[None] where it has one slice."
            if len(shape) < axes.count(",") + 1
            else f"Give one at a time: [... for each in {name}]."
        )
        raise ValueError(f"{name} has the shape {shape}, and {axes} is taken. {advice}")
    check_elements(image, name)


def check_elements(image: Array, name: str) -> None:
    """Refuse an array without elements."""
    shape = tuple(image.shape)
    if 0 in shape:
        raise ValueError(
            f"{name} has the shape {shape}, and no elements. Give an array with a length of at "
            "least 1 along every axis."
        )


def as_float(image: ArrayT) -> ArrayT:
    """Return the image in the floats that hold its values, itself where it has them already.

    That is float32 for booleans, integers of up to 16 bits and floats of up to 32, and float64 for
    everything wider.
    """
    xp = namespace(image)
    result: ArrayT = xp.astype(image, _float_type(xp, image.dtype), copy=False)
    return result


def in_common_floats(*images: ArrayT) -> list[ArrayT]:
    """Return images in the widest of their floats, each as `as_float` has it."""
    xp = namespace(*images)
    floats = [as_float(image) for image in images]
    widest = xp.result_type(*floats)
    return [xp.astype(image, widest, copy=False) for image in floats]


def part(image: ArrayT, *ranges: tuple[int, int]) -> ArrayT:
    """Return the elements from a start to before a stop along each axis, a view where there are."""
    elements: Any = image  # what all arrays can do, and their protocol doesn't say
    result: ArrayT = elements[tuple(slice(start, stop) for start, stop in ranges)]
    return result


def largest(image: ArrayT, axes: Axes) -> ArrayT:
    """Return the largest value along axes, in the image's dtype."""
    return _extreme(image, axes, "any", "max")


def smallest(image: ArrayT, axes: Axes) -> ArrayT:
    """Return the smallest value along axes, in the image's dtype."""
    return _extreme(image, axes, "all", "min")


def total(image: ArrayT, axes: Axes) -> ArrayT:
    """Return the sum along axes: int64 of integers and booleans, else as `as_float`."""
    xp = namespace(image)
    if _kind(xp, image.dtype) == "real floating":
        floats: Any = as_float(image)
        result: ArrayT = xp.sum(floats, axis=axes, dtype=floats.dtype)
    else:
        result = xp.sum(_as_integer(xp, image), axis=axes, dtype=xp.int64)
    return result


def average(image: ArrayT, axes: Axes) -> ArrayT:
    """Return the mean along axes, in the dtype of `as_float`.

    Integers are added up in float64, which holds their sum where float32 would round it: the mean
    of equal values is that value.
    """
    xp = namespace(image)
    if _kind(xp, image.dtype) == "real floating":
        result: ArrayT = xp.mean(as_float(image), axis=axes)
        return result
    lengths = [image.shape[axis] for axis in ((axes,) if isinstance(axes, int) else axes)]
    summed = xp.sum(_as_integer(xp, image), axis=axes, dtype=xp.float64)
    result = xp.astype(summed / math.prod(lengths), _float_type(xp, image.dtype))
    return result


@cache
def _compat() -> Any:
    """Import what evens the libraries out when it is first needed: nothing here imports NumPy."""
    try:
        import array_api_compat  # type: ignore[import-not-found, unused-ignore]  # as it may be
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "voxbind's native functions need array-api-compat, which isn't installed. Install it "
            "with: pip install 'voxbind[native]'",
            name=error.name,
        ) from error
    return array_api_compat


def _extreme(image: ArrayT, axes: Axes, of_booleans: str, of_numbers: str) -> ArrayT:
    xp = namespace(image)
    if _kind(xp, image.dtype) == "bool":  # which the standard doesn't order
        result: ArrayT = getattr(xp, of_booleans)(image, axis=axes)
    elif _compat().is_torch_array(image) and image.dtype == xp.uint64:
        # PyTorch orders none of these. With the first bit flipped they are in the order of int64.
        least, bits = xp.iinfo(xp.int64).min, cast("Any", image).view(xp.int64)
        result = (getattr(xp, of_numbers)(bits ^ least, axis=axes) ^ least).view(xp.uint64)
    else:
        result = getattr(xp, of_numbers)(_ordered(xp, image), axis=axes)
    result = xp.astype(result, image.dtype, copy=False)
    return result


def _ordered(xp: Any, image: Any) -> Any:
    """Return the image in a dtype that its library can compare.

    PyTorch holds uint16 and uint32, and doesn't find their largest value.
    """
    if _compat().is_torch_array(image) and xp.isdtype(image.dtype, "unsigned integer"):
        wider = {16: xp.int32, 32: xp.int64}.get(xp.iinfo(image.dtype).bits)
        return image if wider is None else xp.astype(image, wider)
    return image


def _as_integer(xp: Any, image: Any) -> Any:
    """Return booleans, which the standard doesn't add, as integers."""
    return xp.astype(image, xp.uint8) if _kind(xp, image.dtype) == "bool" else image


def _float_type(xp: Any, dtype: Any) -> Any:
    kind = _kind(xp, dtype)
    if kind == "bool":
        small = True
    elif kind == "integral":
        small = xp.iinfo(dtype).bits <= 16
    else:
        small = xp.finfo(dtype).bits <= 32
    return xp.float32 if small else xp.float64


def _kind(xp: Any, dtype: Any) -> str:
    for kind in ("bool", "integral", "real floating"):
        if xp.isdtype(dtype, kind):
            return kind
    raise ValueError(
        f"An array of {dtype} came, and booleans, integers and real floats are taken. Give the "
        "real part of a complex image, or its absolute value."
    )
