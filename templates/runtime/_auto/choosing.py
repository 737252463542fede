"""Chooses whether a call of `voxbind.auto` runs on the CPU or on the GPU, and gives the reason.

An image on an NVIDIA GPU is processed there. An image on the host is processed on the CPU, unless
`prefer` asks for the GPU. Calls whose results differ on the GPU run on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from sys import modules
from typing import Any, NamedTuple

from .._axes.calling import is_data_array
from .._axes.data_arrays import call_by_name
from .._axes.measured import measured
from .._memory.cupy_memory import is_held
from .._memory.exporter_memory import gpu_of as gpu_of_exporter
from .._memory.exporter_memory import is_dask_array, is_lazy
from .._memory.lookup import NESTED, NUMPY, PLAIN, Memory, first_array, memory_of
from .._memory.numpy_memory import numpy_dtype
from .._memory.routes import gpu_of, nbytes_of
from .._settings.context import Preference, Settings, change, current, preferred
from .._support import nvidia as devices
from .._support.classes import class_of
from .._support.package import PACKAGE
from .._support.untyped import np
from .._upstream.defaults import LibraryDefault
from .._upstream.first_use import import_finished, one_thread_at_a_time
from ..errors import VoxbindError
from .pair import Arguments, Deviation, Pair
from .reasons import deviates, never_on_gpu, not_moved

__all__ = ["Choice", "choose", "missing", "run"]

_LONGEST_ERROR = 120
_REFUSALS = (NotImplementedError, TypeError, ValueError)
"""Errors that a function raises if it doesn't accept its arguments."""
_ON_GPU = ("cupy", "cupyx", "cucim")
"""Libraries whose functions take arrays on a GPU."""


class Choice(NamedTuple):
    """The device that a call runs on."""

    on_gpu: bool
    reason: str
    """The reason, as a clause that follows ``because``."""


_ON_HOST = Choice(False, "the image isn't on an NVIDIA GPU")


def run(pair: Pair, arguments: Arguments, absent: Callable[[str, bool], str] | None = None) -> Any:
    """Run a call on the CPU or on the GPU.

    If the GPU's function doesn't accept the arguments, the call runs on the CPU.

    Parameters
    ----------
    pair
        The function on the CPU and its twin on the GPU.
    arguments
        The call's arguments by parameter, in the order of the CPU's function, with defaults.
    absent
        Reports why a library can't be used on the GPU; by default `missing`.
    """
    if "xarray" in modules and is_data_array(_first(pair, arguments)):
        return call_by_name(arguments, pair.on_cpu, partial(_run_part, pair, absent))
    choice = choose(pair, arguments, current(), absent or missing)
    try:
        return _traced(choice, pair, arguments)
    except _REFUSALS as error:
        if not choice.on_gpu or isinstance(error, VoxbindError) or _is_written(pair, arguments):
            raise
        # The CPU's function either accepts the arguments, or raises an error of its own.
        refused = Choice(False, f"{pair.gpu} refused it ({_in_words(error)})")
        return _traced(refused, pair, arguments)


def _first(pair: Pair, arguments: Arguments) -> Any:
    """Return the first image that was passed."""
    images = (arguments[name] for name in pair.routing.arrays)
    return next((image for image in images if image is not None), None)


def _run_part(
    pair: Pair, absent: Callable[[str, bool], str] | None, /, *args: Any, **kwargs: Any
) -> Any:
    """Run a call for a part of an array of xarray, which may be on a GPU."""
    bound = measured(pair.on_cpu).signature.bind(*args, **kwargs)
    bound.apply_defaults()
    return run(pair, bound.arguments, absent)


def _traced(choice: Choice, pair: Pair, arguments: Arguments) -> Any:
    """Run a call, and report the reason of the choice to a trace."""
    call = _on_gpu if choice.on_gpu else _on_cpu
    if not current().watched:
        return call(pair, arguments)
    change(reason=choice.reason)
    try:
        return call(pair, arguments)
    finally:
        if current().reason:  # no wrapper has reported it
            change(reason="")


def _is_written(pair: Pair, arguments: Arguments) -> bool:
    """Return whether the function may have written into an output array before it failed."""
    return any(memory_of(arguments[name]) is not None for name in pair.routing.outputs)


def _in_words(error: BaseException) -> str:
    message = " ".join(f"{type(error).__name__}: {error}".split())
    if len(message) > _LONGEST_ERROR:
        message = f"{message[:_LONGEST_ERROR].rpartition(' ')[0]} ..."
    return message


def choose(
    pair: Pair, arguments: Arguments, settings: Settings, absent: Callable[[str, bool], str]
) -> Choice:
    """Choose the device for a call.

    Parameters
    ----------
    pair, arguments
        See `run`.
    settings
        The settings of the context.
    absent
        See `missing`, which has the same parameters and result.
    """
    image, home = _image(pair, arguments)
    gpu = None if home is None or home is NUMPY else gpu_of(image, home)
    preference = preferred(settings)
    if gpu is None and preference.device == "cpu":
        return _ON_HOST
    obstacle = never_on_gpu(pair)
    if gpu is None:
        obstacle = obstacle or _stays(pair, image, home, settings, preference)
    obstacle = (
        obstacle
        or _differs(pair, image, arguments)
        or ("" if gpu is not None else _host_function(arguments))
        or absent(pair.gpu.rpartition(".")[0], gpu is not None)
    )
    if obstacle:
        return Choice(False, obstacle)
    if gpu is None:
        return Choice(True, "voxbind.prefer('gpu') is set")
    return Choice(True, f"the image is on cuda:{gpu}")


@cache
def missing(module: str, has_gpu: bool) -> str:
    """Return why a library can't be used on the GPU; empty if it can.

    Parameters
    ----------
    module
        Dotted name of the library's module.
    has_gpu
        Whether there certainly is a GPU, because an array is on it.
    """
    if not has_gpu and not devices.count():
        return "there is no NVIDIA GPU on this machine"
    try:
        one_thread_at_a_time(lambda: import_finished(module))
    except Exception as error:  # with a driver that doesn't fit, the import may raise anything
        cause: BaseException = error
        while (inner := cause.__cause__ or cause.__context__) is not None:
            cause = inner
        name = getattr(error, "name", None)
        required = (*_ON_GPU, module.partition(".")[0])
        if cause is error and isinstance(error, ModuleNotFoundError) and name in required:
            return f"{name} isn't installed"
        return f"{module} can't be imported ({_in_words(cause)})"
    return ""


def _image(pair: Pair, arguments: Arguments) -> tuple[Any, Memory | None]:
    """Return the first array among the arguments, or in a list among them, and its memory."""
    for name in pair.routing.arrays:
        value = first_array(arguments[name])
        if is_dask_array(value) and gpu_of_exporter(value._meta) is not None:
            value = value._meta  # an empty array of CuPy, as the chunks are
        home = memory_of(value)
        if home is not None:
            return value, home
    return None, None


def _stays(
    pair: Pair, image: Any, home: Memory | None, settings: Settings, preference: Preference
) -> str:
    """Return why an image on the host isn't moved although the GPU is preferred; empty if it is."""
    if reason := not_moved(pair):
        return reason
    if home is None:
        return "the image is not an array"
    if home.name == "exporter" and is_lazy(image):
        return f"a {_dotted_name(class_of(image))} is lazy, and computed on the CPU"
    nbytes = nbytes_of(image)
    if nbytes < preference.min_bytes:
        return f"the image has {nbytes:,} bytes, and min_bytes is {preference.min_bytes:,}"
    if settings.transfers == "forbid":
        return "the image isn't on an NVIDIA GPU, and voxbind.transfers('forbid') is set"
    if isinstance(image, np.ma.MaskedArray):
        return "CuPy has no masked arrays"
    if hasattr(image, "dtype") and not is_held(numpy_dtype(image)):
        return f"CuPy has no dtype {image.dtype}"
    return ""


def _differs(pair: Pair, image: Any, arguments: Arguments) -> str:
    """Return why a call would differ or fail on the GPU; empty if it wouldn't."""
    routing = pair.routing
    for name in routing.missing:
        if not _is_default(pair, arguments, name):
            return f"{pair.gpu} has no parameter {name!r}"
    for name in routing.kernels:
        if not _comes_from(arguments[name], "cupy"):
            return f"{pair.gpu} takes no Python function for {name!r}"
    library = pair.cpu.partition(".")[0]
    foreign = (library, f"{PACKAGE}.{library}", "numpy.random")
    for name, value in arguments.items():
        for leaf in _leaves(value):
            if _comes_from(leaf, *foreign):
                return f"{pair.gpu} doesn't take {_dotted_name(leaf)} for {name!r}"
    dtype = _dtype_of(image) if routing.refused_dtypes or routing.cpu_only else ""
    if dtype in routing.refused_dtypes:
        return f"{pair.gpu} refuses {dtype}"
    for deviation in routing.cpu_only:
        if _is_of_kind(deviation, pair, arguments, dtype):
            return deviates(pair, deviation)
    if routing.spatial_axes is not None:
        has_colors = routing.has_colors or arguments.get("channel_axis") is not None
        if len(image.shape) - has_colors != routing.spatial_axes:
            return f"{pair.gpu} treats an image of shape {tuple(image.shape)} differently"
    return ""


def _is_of_kind(deviation: Deviation, pair: Pair, arguments: Arguments, dtype: str) -> bool:
    """Return whether a call is one of those whose results deviate on the GPU."""
    return deviation.dtype in ("", dtype) and not any(
        _is_default(pair, arguments, name) for name in deviation.parameters
    )


def _dtype_of(image: Any) -> str:
    """Return the name of an array's dtype, which some arrays only have in their interface."""
    dtype = numpy_dtype(image)
    if dtype is None:
        for name in ("__cuda_array_interface__", "__array_interface__"):
            interface = getattr(image, name, None)
            if isinstance(interface, dict) and "typestr" in interface:
                return str(np.dtype(interface["typestr"]))
    return str(dtype)


def _leaves(value: Any) -> Iterator[Any]:
    """Yield the objects in an argument, also those in sequences, dictionaries and partial calls.

    Plain values and NumPy arrays are left out, because both twins take them.
    """
    kind = class_of(value)
    if kind in PLAIN or kind in (LibraryDefault, np.ndarray):
        return
    if kind is partial:
        value = (value.func, value.args, value.keywords)
        kind = tuple
    if kind is dict:
        value, kind = value.values(), tuple
    if kind in NESTED:
        for member in value:
            yield from _leaves(member)
    else:
        yield value


def _host_function(arguments: Arguments) -> str:
    """Return a reason if an argument is a function that may not take arrays on a GPU, else ""."""
    for name, value in arguments.items():
        if any(map(_is_for_host, _leaves(value))):
            return f"the function passed as {name!r} may take NumPy arrays only"
    return ""


def _is_for_host(value: Any) -> bool:
    """Return whether a value is a function that isn't known to take arrays on a GPU."""
    if not callable(value) or isinstance(value, (type, np.dtype)) or memory_of(value) is not None:
        return False
    return not _comes_from(value, *_ON_GPU, f"{PACKAGE}.auto")


def _is_default(pair: Pair, arguments: Arguments, name: str) -> bool:
    """Return whether an argument equals its parameter's default and has the same type."""
    value, default = arguments[name], pair.defaults[name]
    if isinstance(value, LibraryDefault):
        return True
    return type(value) is type(default) and bool(value == default)


def _comes_from(value: Any, *libraries: str) -> bool:
    """Return whether a class, a function or an object comes from one of the libraries."""
    module = str(getattr(value, "__module__", class_of(value).__module__))
    return any(f"{module}.".startswith(f"{library}.") for library in libraries)


def _dotted_name(value: Any) -> str:
    """Return the dotted name of a class or function, or of an object's class."""
    definition = value if hasattr(value, "__qualname__") else class_of(value)
    return f"{definition.__module__}.{definition.__qualname__}"


def _on_cpu(pair: Pair, arguments: Arguments) -> Any:
    """Call the CPU's wrapper."""
    if not (pair.args or pair.kwargs or pair.positional):
        return pair.on_cpu(**arguments)
    positional, keywords = _passed(pair, arguments)
    return pair.on_cpu(*positional, **keywords)


def _on_gpu(pair: Pair, arguments: Arguments) -> Any:
    """Call the GPU's wrapper with the parameters that it has, under the names that it uses."""
    routing = pair.routing
    accepted = {name: value for name, value in arguments.items() if name not in routing.missing}
    positional, keywords = _passed(pair, accepted)
    names = routing.renamed
    result = pair.on_gpu(
        *positional, **{names.get(name, name): value for name, value in keywords.items()}
    )
    if not routing.returns_numbers:
        return result
    # Processed slice by slice, the numbers of all slices are an array on the CPU too.
    only_numbers = routing.returns_numbers == "all" and not arguments.get("slice_by_slice")
    return _with_numbers(result, only_numbers)


def _passed(pair: Pair, arguments: Arguments) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call that are passed by position, and those by name."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for position, (name, value) in enumerate(arguments.items()):
        if isinstance(value, LibraryDefault):  # each library uses its own default
            continue
        if name == pair.args:
            positional += value
        elif name == pair.kwargs:
            keywords |= value
        elif position < pair.positional and len(positional) == position:
            positional.append(value)
        else:
            keywords[name] = value
    return positional, keywords


def _with_numbers(result: Any, only_numbers: bool, kind: type[Any] = list) -> Any:
    """Return a GPU's result with numbers wherever the twin on the CPU returns numbers.

    On a GPU a number is an array without axes. It is copied to the host, which waits for it.

    Parameters
    ----------
    result
        The result, or a member of it.
    only_numbers
        Whether the CPU's result has no arrays, so that arrays with axes become rows of numbers.
    kind
        The type that an array with axes is converted to.
    """
    result_class = class_of(result)
    if result_class in PLAIN:
        return result
    if result_class is dict:
        return {key: _with_numbers(value, only_numbers) for key, value in result.items()}
    has_fields = hasattr(result, "_fields")
    if has_fields or result_class in NESTED:
        # In a list, the CPU returns a row of numbers as a tuple, such as coordinates.
        members = [_with_numbers(member, only_numbers, tuple) for member in result]
        make: Any = result_class  # a named tuple takes its members one by one
        return make(*members) if has_fields else make(members)
    memory = memory_of(result)
    if memory is None or not (only_numbers or tuple(result.shape) == ()):
        return result
    return _as_numbers(result if memory is NUMPY else memory.to_host(result, ""), kind)


def _as_numbers(array: Any, kind: type[Any]) -> Any:
    """Return an array's numbers in the form that most libraries on the CPU return them.

    A float or complex number keeps its dtype, so that comparing it with an image doesn't change
    the dtype of the image.
    """
    if array.ndim:
        return kind(_as_numbers(row, tuple) for row in array)
    return array[()] if array.dtype.kind in "fc" else array.item()
