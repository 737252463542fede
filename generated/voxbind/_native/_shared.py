"""Helpers of several functions: checks, conversion to floats, and reductions of any dtype.

Every function here returns the same values and dtypes in each memory, even if the array API
standard leaves them open.
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
"""The axes along which an array is reduced."""


def namespace(*arrays: Array) -> Any:
    """Return the array API of the arrays' library.

    The result is `Any`, since the standard has no static types that its libraries share.
    """
    for array in arrays:
        check_array(array)
    return _compat().array_namespace(*arrays)


def device(image: Array) -> Any:
    """Return the device of an array, in the form that its library's functions accept."""
    return _compat().device(image)


def check_array(value: Any) -> None:
    """Raise an error unless an object is a dense array with data.

    Raises
    ------
    voxbind.MemoryTypeError
        For lists and numbers, and for tensors that are sparse or on the meta device.
    """
    if not hasattr(value, "shape"):
        problem = f"A {type(value).__name__} was passed"
    elif getattr(value, "is_meta", False):
        problem = "A tensor on the meta device was passed, which has a shape but no data"
    elif str(getattr(value, "layout", _DENSE)) != _DENSE:
        problem = f"A tensor of layout {value.layout} was passed: pass tensor.to_dense() instead"
    else:
        return
    raise _error()(f"{problem}. Dense arrays of NumPy, PyTorch and CuPy are accepted.")


def _error() -> type[TypeError]:
    try:
        from ..errors import MemoryTypeError
    except ImportError:  # this package is used without voxbind
        return TypeError
    return MemoryTypeError


def check_axes(image: Array, name: str, axes: str) -> None:
    """Raise an error if an array has another number of axes, or no elements.

    Parameters
    ----------
    image
        The array that was passed.
    name
        Name of its parameter.
    axes
        The axes that are accepted: ``(Y, X)`` or ``(Z, Y, X)``.

    Raises
    ------
    ValueError
        If the array has another number of axes, or no elements.
    """
    shape = tuple(image.shape)
    if len(shape) != axes.count(",") + 1:
        advice = (
            f"Pass a stack; {name}[None] is a stack of one slice."
            if len(shape) < axes.count(",") + 1
            else f"Pass one image at a time: [... for image in {name}]."
        )
        raise ValueError(f"{name} has the shape {shape}, but {axes} is required. {advice}")
    check_elements(image, name)


def check_elements(image: Array, name: str) -> None:
    """Raise an error if an array has no elements.

    Parameters
    ----------
    image
        The array that was passed.
    name
        Name of its parameter.

    Raises
    ------
    ValueError
        If an axis has length 0.
    """
    shape = tuple(image.shape)
    if 0 in shape:
        raise ValueError(
            f"{name} has the shape {shape}, so it has no elements. Pass an array whose axes all "
            "have a length of at least 1."
        )


def as_float(image: ArrayT) -> ArrayT:
    """Return the image in floats, without a copy if it has that dtype already.

    The dtype is float32 for booleans, integers of up to 16 bits and floats of up to 32, and float64
    for all wider dtypes.
    """
    xp = namespace(image)
    result: ArrayT = xp.astype(image, _float_type(xp, image.dtype), copy=False)
    return result


def in_common_floats(*images: ArrayT) -> list[ArrayT]:
    """Return images in one dtype, the widest that `as_float` returns for any of them."""
    xp = namespace(*images)
    floats = [as_float(image) for image in images]
    widest = xp.result_type(*floats)
    return [xp.astype(image, widest, copy=False) for image in floats]


def part(image: ArrayT, *ranges: tuple[int, int]) -> ArrayT:
    """Return a part of an image, as a view if its library has views.

    Parameters
    ----------
    image
        The image.
    ranges
        For each axis, the first index and the index after the last.
    """
    elements: Any = image  # indexing isn't part of the arrays' protocol
    result: ArrayT = elements[tuple(slice(start, stop) for start, stop in ranges)]
    return result


def largest(image: ArrayT, axes: Axes) -> ArrayT:
    """Return the largest value along axes, in the image's dtype."""
    return _extreme(image, axes, "any", "max")


def smallest(image: ArrayT, axes: Axes) -> ArrayT:
    """Return the smallest value along axes, in the image's dtype."""
    return _extreme(image, axes, "all", "min")


def total(image: ArrayT, axes: Axes) -> ArrayT:
    """Return the sum along axes: int64 for integers and booleans, else the dtype of `as_float`."""
    xp = namespace(image)
    if _kind(xp, image.dtype) == "real floating":
        floats: Any = as_float(image)
        result: ArrayT = xp.sum(floats, axis=axes, dtype=floats.dtype)
    else:
        result = xp.sum(_as_integer(xp, image), axis=axes, dtype=xp.int64)
    return result


def average(image: ArrayT, axes: Axes) -> ArrayT:
    """Return the mean along axes, in the dtype of `as_float`.

    Integers are summed in float64, since float32 would round their sum: the mean of equal values is
    exactly that value.
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
    """Import array-api-compat when it is first needed, so that this package imports no NumPy."""
    try:
        import array_api_compat  # type: ignore[import-not-found, unused-ignore]  # it is optional
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "voxbind's native functions need array-api-compat, which isn't installed. Install it "
            "with: pip install 'voxbind[native]'",
            name=error.name,
        ) from error
    return array_api_compat


def _extreme(image: ArrayT, axes: Axes, of_booleans: str, of_numbers: str) -> ArrayT:
    xp = namespace(image)
    if _kind(xp, image.dtype) == "bool":  # the standard doesn't compare booleans
        result: ArrayT = getattr(xp, of_booleans)(image, axis=axes)
    elif _compat().is_torch_array(image) and image.dtype == xp.uint64:
        # PyTorch doesn't compare uint64. With their first bit flipped, they sort like int64.
        least, bits = xp.iinfo(xp.int64).min, cast("Any", image).view(xp.int64)
        result = (getattr(xp, of_numbers)(bits ^ least, axis=axes) ^ least).view(xp.uint64)
    else:
        result = getattr(xp, of_numbers)(_ordered(xp, image), axis=axes)
    result = xp.astype(result, image.dtype, copy=False)
    return result


def _ordered(xp: Any, image: Any) -> Any:
    """Return the image in a dtype that its library can compare.

    PyTorch has uint16 and uint32, but can't find their largest value.
    """
    if _compat().is_torch_array(image) and xp.isdtype(image.dtype, "unsigned integer"):
        wider = {16: xp.int32, 32: xp.int64}.get(xp.iinfo(image.dtype).bits)
        return image if wider is None else xp.astype(image, wider)
    return image


def _as_integer(xp: Any, image: Any) -> Any:
    """Return booleans as integers, since the standard doesn't add booleans."""
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
        f"An array of {dtype} was passed, but booleans, integers or real floats are required. "
        "Pass the real part of a complex image, or its absolute value."
    )
