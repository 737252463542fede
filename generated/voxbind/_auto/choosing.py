"""Which of two twins a call of `voxbind.auto` runs, and why.

The image decides: on an NVIDIA GPU it is worked on there, on the host where nobody asked for the
GPU on the CPU. What the twin on the GPU can't do as the one on the CPU does is the CPU's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from .._dispatch.facts import Arguments, Function, TwinFacts
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
from .._upstream.first_use import import_finished, one_thread_at_a_time
from .._upstream.wrapped_module import LibraryDefault
from ..errors import VoxbindError

__all__ = ["Choice", "choose", "missing", "run"]

_LONGEST_ERROR = 120
_REFUSALS = (NotImplementedError, TypeError, ValueError)
"""What a function raises that doesn't take what it is given."""
_ON_GPU = ("cupy", "cupyx", "cucim")
"""Libraries whose own functions take arrays on a GPU."""
_BY_POSITION = frozenset(("positional", "args", "kwargs"))
"""Facts of functions of which not everything can be given by name."""


class Choice(NamedTuple):
    """Which of the two it is."""

    on_gpu: bool
    reason: str
    """Why, as what follows a ``because``."""


_ON_HOST = Choice(False, "the image is on no NVIDIA GPU")


def run(
    cpu: Any,
    gpu: Any,
    name: str,
    arguments: Arguments,
    facts: TwinFacts,
    absent: Callable[[str, bool], str] | None = None,
) -> Any:
    """Run a call of two twins on one of them: see `voxbind._auto.twins.route`.

    Parameters
    ----------
    cpu, gpu, name, arguments, facts
        As they are there.
    absent
        As `missing`, which it is unless given.
    """
    chosen = choose(cpu, gpu, name, arguments, facts, current(), absent or missing)
    try:
        return _watched(chosen, cpu, gpu, name, arguments, facts)
    except _REFUSALS as error:
        if not chosen.on_gpu or isinstance(error, VoxbindError) or _is_written(arguments, facts):
            raise
        # The CPU's takes it, or says in its own words what is wrong.
        refused = Choice(False, f"{gpu.__name__}.{name} refused it ({_in_words(error)})")
        return _watched(refused, cpu, gpu, name, arguments, facts)


def _watched(
    chosen: Choice, cpu: Any, gpu: Any, name: str, arguments: Arguments, facts: TwinFacts
) -> Any:
    """Call what was chosen, and let a trace know why."""
    if not current().watched:
        return _call(chosen.on_gpu, cpu, gpu, name, arguments, facts)
    change(reason=chosen.reason)
    try:
        return _call(chosen.on_gpu, cpu, gpu, name, arguments, facts)
    finally:
        change(reason="")


def _is_written(arguments: Arguments, facts: TwinFacts) -> bool:
    """Whether an array was given that the function may have written into before it failed."""
    return any(memory_of(arguments[name]) is not None for name in facts.get("written", ()))


def _in_words(error: BaseException) -> str:
    told = " ".join(f"{type(error).__name__}: {error}".split())
    if len(told) > _LONGEST_ERROR:
        told = f"{told[:_LONGEST_ERROR].rpartition(' ')[0]} ..."
    return told


def choose(
    cpu: Any,
    gpu: Any,
    name: str,
    arguments: Arguments,
    facts: TwinFacts,
    settings: Settings,
    absent: Callable[[str, bool], str],
) -> Choice:
    """Say which of two twins a call runs.

    Parameters
    ----------
    cpu, gpu, name, arguments, facts
        See `voxbind._auto.twins.route`.
    settings
        What is asked for.
    absent
        Takes the name of an upstream module, and whether there is a GPU for certain, and says what
        is missing to run it here.
    """
    image, home = _image(arguments, facts)
    place = None if home is None or home is NUMPY else gpu_of(image, home)
    preference = preferred(settings)
    if place is None and preference.device == "cpu":
        return _ON_HOST
    if gpu is None:
        return Choice(False, f"{cpu.__name__}.{name} has no twin on the GPU")
    obstacle = facts.get("never", "")
    if place is None:
        obstacle = obstacle or _keeps(image, home, facts, settings, preference)
    obstacle = (
        obstacle
        or _differs(f"{gpu.__name__}.{name}", image, arguments, facts, cpu)
        or ("" if place is not None else _knows_host_alone(arguments))
        or absent(gpu.__name__, place is not None)
    )
    if obstacle:
        return Choice(False, obstacle)
    if place is None:
        return Choice(True, "voxbind.prefer('gpu') holds")
    return Choice(True, f"the image is on cuda:{place}")


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


def _image(arguments: Arguments, facts: TwinFacts) -> tuple[Any, Memory | None]:
    """Return the array that decides, and its memory: the first that is given, or is in a list."""
    for name in facts.get("images", ()):
        value = first_array(arguments[name])
        home = memory_of(value)
        if home is not None:
            return value, home
    return None, None


def _keeps(
    image: Any, home: Memory | None, facts: TwinFacts, settings: Settings, preference: Preference
) -> str:
    """Say what keeps an image on the host, though the GPU is preferred."""
    if reason := facts.get("stays", ""):
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


def _differs(twin: str, image: Any, arguments: Arguments, facts: TwinFacts, cpu: Any) -> str:
    """Say what of a call the twin on the GPU can't do as the one on the CPU does."""
    for name, default in facts.get("lacks", {}).items():
        if not _is_untouched(arguments[name], default):
            return f"{twin} has no parameter {name!r}"
    for name in facts.get("kernels", ()):
        if not _comes_from(arguments[name], "cupy"):
            return f"{twin} takes no Python function for {name!r}"
    library = cpu.__name__.partition(".")[0]
    foreign = (library, f"{PACKAGE}.{library}", "numpy.random")
    for name, value in arguments.items():
        for each in _leaves(value):
            if _comes_from(each, *foreign):
                return f"{twin} doesn't take {_told(each)} for {name!r}"
    refuses, apart = facts.get("refuses", ()), facts.get("apart", ())
    own = _dtype_of(image) if refuses or apart else ""
    if own in refuses:
        return f"{twin} refuses {own}"
    for dtype, given, how_far in apart:
        touched = (not _is_untouched(arguments[each], given[each]) for each in given)
        if dtype in ("", own) and all(touched):
            kind = f" for {dtype}" * bool(dtype) + f" with {' and '.join(given)}" * bool(given)
            other = f"{cpu.__name__}.{twin.rpartition('.')[2]}"
            return f"results of {twin}{kind} were {how_far} those of {other}"
    if "axes" in facts:
        has_colours = facts.get("needs_channels") or arguments.get("channel_axis") is not None
        if len(image.shape) - bool(has_colours) != facts["axes"]:
            return f"{twin} does something else with an image of shape {tuple(image.shape)}"
    return ""


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
    """Give what is no plain value in an argument, which may be a row, a table or a partial call."""
    kind = class_of(value)
    if kind in PLAIN or kind is LibraryDefault:
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


def _is_untouched(value: Any, default: Any) -> bool:
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


def _call(
    on_gpu: bool, cpu: Any, gpu: Any, name: str, arguments: Arguments, facts: TwinFacts
) -> Any:
    if not on_gpu:
        function = getattr(cpu, name)
        if facts.keys() & _BY_POSITION:
            return _pass_on(function, arguments, {}, facts)
        return function(**arguments)
    lacks = facts.get("lacks", {})
    given = {each: value for each, value in arguments.items() if each not in lacks}
    result = _pass_on(getattr(gpu, name), given, facts.get("renamed", {}), facts)
    numbers = facts.get("numbers")
    if not numbers:
        return result
    # The numbers of slices are an array on either.
    return _with_numbers(result, numbers == "all" and not arguments.get("slice_by_slice"))


def _pass_on(
    function: Function, arguments: Arguments, renamed: Mapping[str, str], facts: TwinFacts
) -> Any:
    """Call a wrapper with all that was given, and with what is at its default."""
    args, kwargs, count = facts.get("args"), facts.get("kwargs"), facts.get("positional", 0)
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for position, (name, value) in enumerate(arguments.items()):
        if isinstance(value, LibraryDefault):  # each library has its own
            continue
        if name == args:
            positional += value
        elif name == kwargs:
            keywords |= value
        elif position < count and len(positional) == position:
            positional.append(value)
        else:
            keywords[renamed.get(name, name)] = value
    return function(*positional, **keywords)


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
