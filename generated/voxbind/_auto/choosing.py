"""Which of two twins a call of `voxbind.auto` runs, and why.

The image decides: on an NVIDIA GPU it is worked on there, on the host where nobody asked for the
GPU on the CPU. What the twin on the GPU can't do as the one on the CPU does is the CPU's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

from .._memory.cupy_memory import is_held
from .._memory.exporter_memory import is_lazy
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
"""What a function raises that doesn't take what it is given."""
_ON_GPU = ("cupy", "cupyx", "cucim")
"""Libraries whose own functions take arrays on a GPU."""


class Choice(NamedTuple):
    """Which of the two it is."""

    on_gpu: bool
    reason: str
    """Why, as what follows a ``because``."""


_ON_HOST = Choice(False, "the image is on no NVIDIA GPU")


def run(pair: Pair, arguments: Arguments, absent: Callable[[str, bool], str] | None = None) -> Any:
    """Run a call of two twins on one of them.

    Parameters
    ----------
    pair
        The two.
    arguments
        The call's, defaults included, by parameter of the CPU's function and in its order.
    absent
        As `missing`, which it is unless given.
    """
    choice = choose(pair, arguments, current(), absent or missing)
    try:
        return _traced(choice, pair, arguments)
    except _REFUSALS as error:
        if not choice.on_gpu or isinstance(error, VoxbindError) or _is_written(pair, arguments):
            raise
        # The CPU's function takes it, or says in its own words what is wrong.
        refused = Choice(False, f"{pair.gpu} refused it ({_in_words(error)})")
        return _traced(refused, pair, arguments)


def _traced(choice: Choice, pair: Pair, arguments: Arguments) -> Any:
    """Run a call, and let a trace have the reason why it runs there."""
    call = _on_gpu if choice.on_gpu else _on_cpu
    if not current().watched:
        return call(pair, arguments)
    change(reason=choice.reason)
    try:
        return call(pair, arguments)
    finally:
        if current().reason:  # no wrapper has taken it
            change(reason="")


def _is_written(pair: Pair, arguments: Arguments) -> bool:
    """Whether an array was given that the function may have written into before it failed."""
    return any(memory_of(arguments[name]) is not None for name in pair.routing.outputs)


def _in_words(error: BaseException) -> str:
    told = " ".join(f"{type(error).__name__}: {error}".split())
    if len(told) > _LONGEST_ERROR:
        told = f"{told[:_LONGEST_ERROR].rpartition(' ')[0]} ..."
    return told


def choose(
    pair: Pair, arguments: Arguments, settings: Settings, absent: Callable[[str, bool], str]
) -> Choice:
    """Say which of two twins a call runs.

    Parameters
    ----------
    pair, arguments
        See `run`.
    settings
        What is asked for.
    absent
        Takes the name of an upstream module, and whether there is a GPU for certain, and says what
        is missing to run it here.
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
        or ("" if gpu is not None else _knows_host_alone(arguments))
        or absent(pair.gpu.rpartition(".")[0], gpu is not None)
    )
    if obstacle:
        return Choice(False, obstacle)
    if gpu is None:
        return Choice(True, "voxbind.prefer('gpu') holds")
    return Choice(True, f"the image is on cuda:{gpu}")


@cache
def missing(module: str, has_gpu: bool) -> str:
    """Say what is missing to run a library on the GPU here; nothing, if nothing is.

    Parameters
    ----------
    module
        Dotted name of the library's module.
    has_gpu
        Whether there is a GPU for certain: an array is on it.
    """
    if not has_gpu and not devices.count():
        return "no NVIDIA GPU is found here"
    try:
        one_thread_at_a_time(lambda: import_finished(module))
    except Exception as error:  # a library may fail in any way where its driver is another one's
        cause: BaseException = error
        while (inner := cause.__cause__ or cause.__context__) is not None:
            cause = inner
        name = getattr(error, "name", None)
        wanted = (*_ON_GPU, module.partition(".")[0])
        if cause is error and isinstance(error, ModuleNotFoundError) and name in wanted:
            return f"{name} isn't installed"
        return f"{module} can't be imported ({_in_words(cause)})"
    return ""


def _image(pair: Pair, arguments: Arguments) -> tuple[Any, Memory | None]:
    """Return the array that decides, and its memory: the first that is given, or is in a list."""
    for name in pair.routing.arrays:
        value = first_array(arguments[name])
        home = memory_of(value)
        if home is not None:
            return value, home
    return None, None


def _stays(
    pair: Pair, image: Any, home: Memory | None, settings: Settings, preference: Preference
) -> str:
    """Say what keeps an image on the host, though the GPU is preferred."""
    if reason := not_moved(pair):
        return reason
    if home is None:
        return "the image is no array"
    if home.name == "exporter" and is_lazy(image):
        return f"a {_told(class_of(image))} is lazy, and computed on the CPU"
    nbytes = nbytes_of(image)
    if nbytes < preference.min_bytes:
        return f"the image has {nbytes:,} bytes, and min_bytes is {preference.min_bytes:,}"
    if settings.transfers == "forbid":
        return "the image is on no NVIDIA GPU, and voxbind.transfers('forbid') holds"
    if isinstance(image, np.ma.MaskedArray):
        return "CuPy has no masked arrays"
    if hasattr(image, "dtype") and not is_held(numpy_dtype(image)):
        return f"CuPy has no dtype {image.dtype}"
    return ""


def _differs(pair: Pair, image: Any, arguments: Arguments) -> str:
    """Say what of a call the twin on the GPU can't do as the one on the CPU does."""
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
                return f"{pair.gpu} doesn't take {_told(leaf)} for {name!r}"
    dtype = _dtype_of(image) if routing.refused_dtypes or routing.cpu_only else ""
    if dtype in routing.refused_dtypes:
        return f"{pair.gpu} refuses {dtype}"
    for deviation in routing.cpu_only:
        if _is_of_kind(deviation, pair, arguments, dtype):
            return deviates(pair, deviation)
    if routing.spatial_axes is not None:
        has_colors = routing.has_colors or arguments.get("channel_axis") is not None
        if len(image.shape) - has_colors != routing.spatial_axes:
            return f"{pair.gpu} does something else with an image of shape {tuple(image.shape)}"
    return ""


def _is_of_kind(deviation: Deviation, pair: Pair, arguments: Arguments, dtype: str) -> bool:
    """Whether a call with an image of a dtype is one of those whose results differ."""
    return deviation.dtype in ("", dtype) and not any(
        _is_default(pair, arguments, name) for name in deviation.parameters
    )


def _dtype_of(image: Any) -> str:
    """Return the name of an array's dtype, which some tell by their interface alone."""
    dtype = numpy_dtype(image)
    if dtype is None:
        for name in ("__cuda_array_interface__", "__array_interface__"):
            interface = getattr(image, name, None)
            if isinstance(interface, dict) and "typestr" in interface:
                return str(np.dtype(interface["typestr"]))
    return str(dtype)


def _leaves(value: Any) -> Iterator[Any]:
    """Give the objects in an argument, which may be a row, a table or a partial call.

    Plain values and NumPy's arrays are none: both twins take them.
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
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def _knows_host_alone(arguments: Arguments) -> str:
    """Say which function among the arguments keeps the image on the host with it."""
    for name, value in arguments.items():
        if any(map(_is_for_host, _leaves(value))):
            return f"the function given for {name!r} may work on NumPy's arrays alone"
    return ""


def _is_for_host(value: Any) -> bool:
    """Whether a value is a function of which nobody knows that it takes arrays on a GPU."""
    if not callable(value) or isinstance(value, (type, np.dtype)) or memory_of(value) is not None:
        return False
    return not _comes_from(value, *_ON_GPU, f"{PACKAGE}.auto")


def _is_default(pair: Pair, arguments: Arguments, name: str) -> bool:
    """Whether an argument is its parameter's default, of the same type."""
    value, default = arguments[name], pair.defaults[name]
    if isinstance(value, LibraryDefault):
        return True
    return type(value) is type(default) and bool(value == default)


def _comes_from(value: Any, *libraries: str) -> bool:
    """Tell whether a class, a function or an object is defined in one of the libraries."""
    module = str(getattr(value, "__module__", class_of(value).__module__))
    return any(f"{module}.".startswith(f"{library}.") for library in libraries)


def _told(value: Any) -> str:
    named = value if hasattr(value, "__qualname__") else class_of(value)
    return f"{named.__module__}.{named.__qualname__}"


def _on_cpu(pair: Pair, arguments: Arguments) -> Any:
    """Call the CPU's wrapper."""
    if not (pair.args or pair.kwargs or pair.positional):
        return pair.on_cpu(**arguments)
    positional, keywords = _passed(pair, arguments)
    return pair.on_cpu(*positional, **keywords)


def _on_gpu(pair: Pair, arguments: Arguments) -> Any:
    """Call the GPU's wrapper with all that it takes, and with what is at its default."""
    routing = pair.routing
    taken = {name: value for name, value in arguments.items() if name not in routing.missing}
    positional, keywords = _passed(pair, taken)
    names = routing.renamed
    result = pair.on_gpu(
        *positional, **{names.get(name, name): value for name, value in keywords.items()}
    )
    if not routing.returns_numbers:
        return result
    # The numbers of slices are an array on either.
    rows = routing.returns_numbers == "all" and not arguments.get("slice_by_slice")
    return _with_numbers(result, rows)


def _passed(pair: Pair, arguments: Arguments) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call that are passed by position, and those by name."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for position, (name, value) in enumerate(arguments.items()):
        if isinstance(value, LibraryDefault):  # each library has its own
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


def _with_numbers(result: Any, every: bool, kind: type[Any] = list) -> Any:
    """Return a result of the GPU with numbers where the twin on the CPU gives numbers.

    On a GPU a number is an array without axes: it is brought to the host, which waits for it.

    Parameters
    ----------
    result
        What came back, or a member of it.
    every
        Whether rows of numbers are all that the twin gives, so that no array is to be left.
    kind
        What an array becomes that has axes and is none on the CPU.
    """
    own = class_of(result)
    if own in PLAIN:
        return result
    if own is dict:
        return {key: _with_numbers(each, every) for key, each in result.items()}
    has_fields = hasattr(result, "_fields")
    if has_fields or own in NESTED:
        # What is a row of numbers in a list is a tuple there: coordinates.
        members = [_with_numbers(each, every, tuple) for each in result]
        return class_of(result)(*members) if has_fields else class_of(result)(members)
    memory = memory_of(result)
    if memory is None or not (every or tuple(result.shape) == ()):
        return result
    return _as_numbers(result if memory is NUMPY else memory.to_host(result, ""), kind)


def _as_numbers(array: Any, kind: type[Any]) -> Any:
    """Return an array's numbers as the libraries on the CPU mostly give them.

    What isn't whole stays of its dtype, by which an image that it is compared with keeps its own.
    """
    if array.ndim:
        return kind(_as_numbers(each, tuple) for each in array)
    return array[()] if array.dtype.kind in "fc" else array.item()
