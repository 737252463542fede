"""What stands between a test and a wrapper: it counts, judges, and changes the arrays' memory."""

import functools
from collections import Counter
from collections.abc import Callable
from types import GeneratorType
from typing import Any

import numpy as np
from tally import Tally

from helpers.annotation_agreement import Annotations


def counting(wrapper: Callable[..., Any], calls: Counter[str]) -> Callable[..., Any]:
    """Return a function that calls the wrapper as it is."""
    name = f"{wrapper.__module__}.{wrapper.__name__}"

    @functools.wraps(wrapper)
    def shim(*args: Any, **kwargs: Any) -> Any:
        calls[name] += 1
        return wrapper(*args, **kwargs)

    return shim


def recording(wrapper: Callable[..., Any], tally: Tally) -> Callable[..., Any]:
    """Return a function that calls the wrapper and holds what it accepts against its types."""
    name = f"{wrapper.__module__}.{wrapper.__name__}"
    annotations = Annotations(wrapper)

    @functools.wraps(wrapper)
    def recorder(*args: Any, **kwargs: Any) -> Any:
        result = wrapper(*args, **kwargs)
        tally.add(name, annotations.judge(args, kwargs, result))
        return result

    return recorder


def torch(wrapper: Callable[..., Any], calls: Counter[str]) -> Callable[..., Any]:
    """Return a function that calls the wrapper with tensors for all arrays, in lists too.

    A tensor shares the array's buffer, so that what the library writes into an argument is
    seen by the test. What PyTorch can't share (see `_to_tensor`) stays an array.
    """
    name = f"{wrapper.__module__}.{wrapper.__name__}"

    @functools.wraps(wrapper)
    def shim(*args: Any, **kwargs: Any) -> Any:
        came: dict[int, tuple[Any, Any]] = {}
        arguments = [_to_tensors(value, came) for value in args]
        keywords = {key: _to_tensors(value, came) for key, value in kwargs.items()}
        calls[name] += bool(came)
        result = wrapper(*arguments, **keywords)
        return _to_arrays(result, {id(tensor): array for array, tensor in came.values()})

    return shim


def _to_tensors(value: Any, came: dict[int, tuple[Any, Any]]) -> Any:
    if type(value) in (list, tuple):
        return type(value)(_to_tensors(item, came) for item in value)
    if type(value) is not np.ndarray:
        return value
    if id(value) not in came:
        tensor = _to_tensor(value)
        if tensor is None:
            return value
        came[id(value)] = (value, tensor)
    return came[id(value)][1]


def _to_tensor(array: Any) -> Any:
    import torch

    if not array.flags.writeable:  # PyTorch has no such flag, and warns
        return None
    try:
        return torch.from_numpy(array)
    except (TypeError, ValueError):  # a dtype, a byte order or strides that PyTorch hasn't
        return None


def _to_arrays(value: Any, came: dict[int, Any]) -> Any:
    if id(value) in came:
        return came[id(value)]
    if hasattr(value, "numpy"):
        return value.numpy()
    if isinstance(value, GeneratorType):
        return (_to_arrays(item, came) for item in value)
    if type(value) is dict:
        return {key: _to_arrays(item, came) for key, item in value.items()}
    if isinstance(value, list) and type(value) is list:
        return [_to_arrays(item, came) for item in value]
    if isinstance(value, tuple):
        members = [_to_arrays(item, came) for item in value]
        return type(value)(*members) if hasattr(value, "_fields") else tuple(members)
    return value
