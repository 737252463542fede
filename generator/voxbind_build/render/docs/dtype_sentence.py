"""One sentence on the dtypes of results: ``uint8, uint16 -> float64, scaled to [0, 1]``.

The probe's images have values from 0 to 1 if they are float or bool, the full range of their dtype
if they are uint8 or uint16, and small numbers (labels) if they are int32. If the result for labels
is near 1e-9, the function first divides integers by the largest number of their dtype, like
scikit-image's ``img_as_float``: integers are scaled to [0, 1], or to [-1, 1] if signed.
"""

from __future__ import annotations

from voxbind_build.model import Function
from voxbind_build.render.docs.library_warnings import enumerated, rank

__all__ = ["dtypes", "outcome"]

_WITH_RANGE = frozenset(("image", "resized", "mask"))
"""Kinds of result with a range of values. For labels, the range depends on the image."""
_LARGEST = {"bool": 1, "uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
"""Largest number in the probe's images, by dtype."""
_LABELS = "int32"
_SCALED_LABEL = 1e-6
"""Results below this number mean that labels were scaled: at most 5 was divided by 2**31."""
_REACHED = 0.9
"""If results reach this number and none exceeds 1, [0, 1] or [-1, 1] is the function's range."""


def dtypes(function: Function) -> str:
    """Say which dtype the result has for each dtype of the image; empty if none was measured."""
    if function.returns.annotation.startswith("dict"):
        return ""  # the columns of a table have different dtypes
    image_dtypes = sorted(function.dtypes, key=rank)
    preserved = [name for name in image_dtypes if function.dtypes[name].dtype == name]
    if len(preserved) == len(image_dtypes) > 1:
        return f"Dtypes: {enumerated(image_dtypes)} are preserved"
    groups: dict[str, list[str]] = {}
    for name in image_dtypes:
        result = (
            "same dtype" if name in preserved and len(preserved) > 1 else _result(function, name)
        )
        groups.setdefault(result, []).append(name)
    changes = [f"{', '.join(names)} -> {result}" for result, names in groups.items()]
    return f"Dtypes: {'; '.join(changes)}" if changes else ""


def _result(function: Function, image_dtype: str) -> str:
    fact = function.dtypes[image_dtype]
    scale = "" if fact.dtype == image_dtype else _scale(function, image_dtype)
    return f"{fact.dtype}, {scale}" if scale else fact.dtype


def _scale(function: Function, image_dtype: str) -> str:
    """Say how the values of the result are scaled, for images of dtype `image_dtype`."""
    fact = function.dtypes[image_dtype]
    if function.kinds[0] not in _WITH_RANGE or fact.range is None:
        return ""
    if fact.dtype in ("uint8", "uint16"):
        largest = _LARGEST[fact.dtype]
        rescaled = _LARGEST.get(image_dtype, largest) != largest and fact.range[1] > largest / 2
        return f"scaled to [0, {largest}]" if rescaled else ""
    if not fact.dtype.startswith("float") or image_dtype.startswith("float"):
        return ""
    if not _scales_integers(function):
        return _natural_range(function)
    scaled = "scaled to [-1, 1]" if image_dtype == _LABELS else "scaled to [0, 1]"
    least, greatest = _limits(function, integers_only=True)
    return scaled if least >= 0 and greatest <= 1 else f"computed on the image {scaled}"


def _scales_integers(function: Function) -> bool:
    fact = function.dtypes.get(_LABELS)
    if fact is None or fact.range is None or not fact.dtype.startswith("float"):
        return False
    return 0 < max(map(abs, fact.range)) < _SCALED_LABEL


def _natural_range(function: Function) -> str:
    """Return "in [0, 1]" or "in [-1, 1]", if the results fill this range and none exceeds it."""
    least, greatest = _limits(function)
    if least >= 0 and _REACHED <= greatest <= 1:
        return "in [0, 1]"
    reached = least <= -_REACHED or greatest >= _REACHED
    return "in [-1, 1]" if least >= -1 and greatest <= 1 and reached else ""


def _limits(function: Function, *, integers_only: bool = False) -> tuple[float, float]:
    """Return the smallest and the largest number in the float results for all dtypes."""
    ranges = [
        fact.range
        for image_dtype, fact in function.dtypes.items()
        if fact.range is not None
        and fact.dtype.startswith("float")
        and not (integers_only and image_dtype.startswith("float"))
    ]
    return min(least for least, _ in ranges), max(greatest for _, greatest in ranges)


def outcome(function: Function, image_dtype: str) -> str:
    """Return the dtype and range of the result, as measured: ``float64 in [0.01, 0.83]``.

    Parameters
    ----------
    function
        The function.
    image_dtype
        dtype of the image.
    """
    fact = function.dtypes[image_dtype]
    if fact.range is None or fact.dtype == "bool" or function.kinds[0] not in _WITH_RANGE:
        return fact.dtype
    least, greatest = (_number(value, fact.dtype) for value in fact.range)
    return f"{fact.dtype} in [{least}, {greatest}]"


def _number(value: float, dtype: str) -> str:
    """Write integers without a decimal point; other numbers were measured to four digits."""
    is_integer = dtype.startswith(("int", "uint")) or (value.is_integer() and abs(value) < 1e6)
    return str(int(value)) if is_integer else f"{value:.4g}"
