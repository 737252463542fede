"""One sentence on the dtypes of results: ``uint8, uint16 -> float64, scaled to [0, 1]``.

In the probe's images, float dtypes and bool hold values from 0 to 1, uint8 and uint16 their whole
range, and int32 holds labels, which are small numbers. If labels come back as numbers near 1e-9,
the function divides an integer by the largest one of its dtype before it computes, as
scikit-image's ``img_as_float`` does: integers are scaled to [0, 1], or to [-1, 1] if signed.
"""

from __future__ import annotations

from voxbind_build.model import Function
from voxbind_build.render.docs.library_warnings import enumerated, rank

__all__ = ["dtypes", "outcome"]

_WITH_RANGE = frozenset(("image", "resized", "mask"))
"""Kinds of result with a range of values. The labels of one image say nothing of another's."""
_LARGEST = {"bool": 1, "uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
"""Largest number in the probe's images, by dtype."""
_LABELS = "int32"
_SCALED_LABEL = 1e-6
"""Largest result for labels that are scaled; the labels are at most 5, of 2**31."""
_REACHED = 0.9
"""How far the results must reach in a range that counts as the function's own."""


def dtypes(function: Function) -> str:
    """Say which dtype comes back for each dtype of the image; nothing if none was measured."""
    if function.returns.annotation.startswith("dict"):
        return ""  # each column of a table has a dtype of its own
    given = sorted(function.dtypes, key=rank)
    kept = [name for name in given if function.dtypes[name].dtype == name]
    if len(kept) == len(given) > 1:
        return f"Dtypes: {enumerated(given)} are kept"
    groups: dict[str, list[str]] = {}
    for name in given:
        result = "same dtype" if name in kept and len(kept) > 1 else _result(function, name)
        groups.setdefault(result, []).append(name)
    listed = [f"{', '.join(names)} -> {result}" for result, names in groups.items()]
    return f"Dtypes: {'; '.join(listed)}" if listed else ""


def _result(function: Function, given: str) -> str:
    fact = function.dtypes[given]
    scale = "" if fact.dtype == given else _scale(function, given)
    return f"{fact.dtype}, {scale}" if scale else fact.dtype


def _scale(function: Function, given: str) -> str:
    """Say how the values of a result follow from those of an image of dtype `given`."""
    fact = function.dtypes[given]
    if _kind(function) not in _WITH_RANGE or fact.range is None:
        return ""
    if fact.dtype in ("uint8", "uint16"):
        largest = _LARGEST[fact.dtype]
        rescaled = _LARGEST.get(given, largest) != largest and fact.range[1] > largest / 2
        return f"scaled to [0, {largest}]" if rescaled else ""
    if not fact.dtype.startswith("float") or given.startswith("float"):
        return ""
    if not _scales_integers(function):
        return _natural_range(function)
    scaled = "scaled to [-1, 1]" if given == _LABELS else "scaled to [0, 1]"
    least, greatest = _limits(function, integers_only=True)
    return scaled if least >= 0 and greatest <= 1 else f"computed on the image {scaled}"


def _scales_integers(function: Function) -> bool:
    fact = function.dtypes.get(_LABELS)
    if fact is None or fact.range is None or not fact.dtype.startswith("float"):
        return False
    return 0 < max(map(abs, fact.range)) < _SCALED_LABEL


def _natural_range(function: Function) -> str:
    """Name [0, 1] or [-1, 1], if the results for all dtypes fill it and none exceeds it."""
    least, greatest = _limits(function)
    if least >= 0 and _REACHED <= greatest <= 1:
        return "in [0, 1]"
    reached = least <= -_REACHED or greatest >= _REACHED
    return "in [-1, 1]" if least >= -1 and greatest <= 1 and reached else ""


def _limits(function: Function, *, integers_only: bool = False) -> tuple[float, float]:
    """Return the least and the greatest number in the float results for all dtypes."""
    ranges = [
        fact.range
        for given, fact in function.dtypes.items()
        if fact.range is not None
        and fact.dtype.startswith("float")
        and not (integers_only and given.startswith("float"))
    ]
    return min(least for least, _ in ranges), max(greatest for _, greatest in ranges)


def outcome(function: Function, given: str) -> str:
    """Say which values were measured for a dtype: ``float64 in [0.01, 0.83]``."""
    fact = function.dtypes[given]
    if fact.range is None or fact.dtype == "bool" or _kind(function) not in _WITH_RANGE:
        return fact.dtype
    least, greatest = (_number(value, fact.dtype) for value in fact.range)
    return f"{fact.dtype} in [{least}, {greatest}]"


def _kind(function: Function) -> str:
    return function.result if isinstance(function.result, str) else function.result[0]


def _number(value: float, dtype: str) -> str:
    """Write whole numbers whole; the others were measured to four digits."""
    whole = dtype.startswith(("int", "uint")) or (value.is_integer() and abs(value) < 1e6)
    return str(int(value)) if whole else f"{value:.4g}"
