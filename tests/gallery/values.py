"""Texts that are equal if and only if two values are, to the last bit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Set
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

_NO_VALUES = (ModuleType, FunctionType, BuiltinFunctionType, type)
"""Objects that scripts import or define, not compute."""


def text_of(value: Any, within: tuple[int, ...] = ()) -> str:
    """Return a text that states a value's type and content.

    Arrays are stated by dtype, shape and a digest of their bytes. Of an object that neither NumPy,
    pandas, plotly nor scikit-image defines, the class is stated alone.

    Parameters
    ----------
    value
        The value.
    within
        Ids of the objects that hold it; one that holds itself is stated by its class.
    """
    name = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    if id(value) in within:
        return f"{name}(...)"
    held = (*within, id(value))
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | range):
        return f"{name}({value!r})"
    if isinstance(value, slice):
        return f"slice({text_of([value.start, value.stop, value.step], held)})"
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        return f"{name}({value.shape}, {text_of(value.ravel().tolist(), held)})"
    if isinstance(value, np.ndarray | np.generic):
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:16]
        return f"{name}({value.dtype!r}, {value.shape}, {digest})"
    if isinstance(value, Mapping):
        items = (f"{text_of(key, held)}: {text_of(item, held)}" for key, item in value.items())
        return f"{name}({', '.join(items)})"
    if isinstance(value, list | tuple):
        return f"{name}({', '.join(text_of(item, held) for item in value)})"
    if isinstance(value, Set):
        return f"{name}({', '.join(sorted(text_of(item, held) for item in value))})"
    if isinstance(value, _NO_VALUES):
        return name
    content = _content(value, name)
    return name if content is None else f"{name}({text_of(content, held)})"


def _content(value: Any, name: str) -> Any:
    """Return what an object of a known library holds, as values; None for any other object."""
    if name.startswith("numpy.random.") and hasattr(value, "bit_generator"):
        return value.bit_generator.state
    if name.startswith("pandas.") and name.endswith(".DataFrame"):
        columns = {column: value[column].to_numpy() for column in value}
        return {"index": value.index.to_numpy(), **columns}
    if name.startswith("pandas."):
        return value.to_numpy() if hasattr(value, "to_numpy") else str(value)
    if name.startswith("plotly."):
        return value.to_plotly_json() if hasattr(value, "to_plotly_json") else None
    if name.startswith("skimage."):
        return vars(value) if hasattr(value, "__dict__") else None
    return None


def is_value(value: Any) -> bool:
    """Whether a script has computed a value, rather than imported or defined it."""
    return not isinstance(value, _NO_VALUES)
