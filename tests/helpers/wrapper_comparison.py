"""Whether wrappers do what the functions do that they wrap, on everything that the probe calls.

The probe's own battery (sizes, dtypes, dimensions, colours, further arguments, calls that the
library refuses) is run over a twin, which makes each call upstream, and then through the wrapper
in several ways: with the same arrays, and with the same numbers as arrays of other memories.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import inspect
import re
import sys
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

import msgspec
import numpy as np
import torch

import voxbind
from voxbind import DtypeConversionWarning, MemoryTypeError
from voxbind.registry import FunctionMetadata
from voxbind_build import libraries
from voxbind_build.describe import describe
from voxbind_build.discover import discover
from voxbind_build.manifest import MANIFEST, read
from voxbind_build.model import Description, Function, Manifest, ProbeTask
from voxbind_build.probe.inputs.roles import table
from voxbind_build.probe.protocol import function_run

_REPETITIONS = 8
_PERTURB = -6
"""`M_PERTURB` of glibc's malloc.h."""
_FEW = 2
"""How many calls are compared of a function of which each takes seconds."""
_KERNEL = re.compile(r"^\d+(?=:\d+:\d+: )", re.MULTILINE)
"""At the start of a line of OpenCL's build log; it counts up as kernels are compiled."""
_DESCRIBED: dict[str, tuple[Description, ...]] = {}


def descriptions(library: str) -> tuple[Description, ...]:
    if library not in _DESCRIBED:
        _DESCRIBED[library] = describe(discover(libraries.load(library)))
    return _DESCRIBED[library]


# --- memories ----------------------------------------------------------------------------


def is_on_device(value: Any) -> bool:
    """Whether a value is an array of pyclesperanto or CuPy, which may not be imported here."""
    return is_of("pyclesperanto", "Array", value) or is_of("cupy", "ndarray", value)


def is_of(library: str, name: str, value: Any) -> bool:
    kind = getattr(sys.modules.get(library), name, None)
    return kind is not None and isinstance(value, kind)


def as_it_is(value: Any) -> Any:
    return value


def to_numpy(value: Any) -> Any:
    return value.get() if is_on_device(value) else value


def to_host(value: Any) -> Any:
    return value.numpy(force=True) if isinstance(value, torch.Tensor) else to_numpy(value)


def to_torch(value: Any) -> Any:
    """Make tensors of arrays, where PyTorch has the dtype."""
    value = to_numpy(value)
    if type(value) is np.ndarray and value.dtype.kind in "biufc" and value.dtype.isnative:
        return torch.from_numpy(value.copy())
    return value


def to_cuda(value: Any) -> Any:
    """Make tensors of CuPy's arrays, on their GPU."""
    is_array = is_of("cupy", "ndarray", value)
    return torch.utils.dlpack.from_dlpack(value.copy()) if is_array else value


@dataclass(frozen=True)
class Way:
    """A way to call a wrapper: the memory that arrays are given in, and expected back in."""

    name: str
    there: Callable[[Any], Any]
    """Gives what upstream is given, or gives, as the wrapper should be given it, or give it."""
    copies: bool = False
    """Whether the library works on copies: an argument that it returns is returned only if it
    was written into."""


WAYS = {
    "numpy": (Way("numpy", as_it_is), Way("torch", to_torch)),
    "pyclesperanto": (
        Way("array", as_it_is),
        Way("numpy", to_numpy, copies=True),
        Way("torch", to_torch, copies=True),
    ),
    "cupy": (
        Way("cupy", as_it_is),
        Way("numpy", to_numpy, copies=True),
        Way("torch", to_cuda),
    ),
}
"""By the memory that a library works in."""


def everywhere(change: Callable[[Any], Any], value: Any) -> Any:
    """Change the arrays in a result, which may be nested."""
    if isinstance(value, dict):
        return {key: everywhere(change, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        members = [everywhere(change, item) for item in value]
        return type(value)(*members) if hasattr(value, "_fields") else type(value)(members)
    return change(value)


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def copied(value: Any) -> Any:
    """Copy arguments; what is given twice is one object in the copy too."""
    on_device = {id(leaf): leaf.copy() for leaf in leaves(value) if is_on_device(leaf)}
    return copy.deepcopy(value, on_device)


# --- calls and what came of them ---------------------------------------------------------


class Outcome:
    """A call's result or exception, its warnings and what it did to its arguments."""

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        np.random.seed(0)
        torch.manual_seed(0)
        if "cupy" in sys.modules:
            sys.modules["cupy"].random.seed(0)
        self.value: Any = None
        self.error: Exception | None = None
        self.given = copied((args, kwargs))
        self.args, self.kwargs = args, kwargs
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self.value = function(*args, **kwargs)
                if isinstance(self.value, types.GeneratorType):
                    self.value = [level for level, _ in zip(self.value, range(4), strict=False)]
            except Exception as error:
                self.error = error
        self.warnings = Counter(
            (entry.category.__name__, str(entry.message))
            for entry in caught
            # What voxbind tells beside the library's own.
            if entry.category is not DtypeConversionWarning
        )

    @property
    def now(self) -> tuple[Any, Any]:
        """The arguments after the call."""
        return tuple(self.args), self.kwargs

    def returned(self, *, written: bool) -> set[tuple[int, int]]:
        """Pair the arrays of the result with the arguments that they are.

        Parameters
        ----------
        written
            Whether only arguments count that the call changed.
        """
        before, after = ([*args, *kwargs.values()] for args, kwargs in (self.given, self.now))
        arrays = [leaf for leaf in leaves(self.value) if hasattr(leaf, "dtype")]
        return {
            (place, number)
            for place, array in enumerate(arrays)
            for number, argument in enumerate(after)
            if array is argument
            and not (written and not difference(before[number], argument, exact=True))
        }


def difference(one: Any, other: Any, exact: bool) -> str:
    """Say how two values differ, or nothing."""
    if type(one) is not type(other):
        return f"{type(one)} against {type(other)}"
    if is_on_device(one):
        one, other = one.get(), other.get()
    if isinstance(one, torch.Tensor):
        if one.device != other.device:
            return f"{one.device} against {other.device}"
        one, other = one.numpy(force=True), other.numpy(force=True)
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return f"{one.dtype} {one.shape} against {other.dtype} {other.shape}"
        if (
            exact
            and one.dtype.kind != "O"
            and not np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
        ):
            return "other values"
        return ""
    if isinstance(one, dict):
        pairs = [(one[key], other.get(key)) for key in one]
        same = one.keys() == other.keys()
    elif isinstance(one, (list, tuple)):
        pairs, same = list(zip(one, other, strict=False)), len(one) == len(other)
    elif isinstance(one, (bool, int, float, complex, str, np.generic, type(None), slice)):
        nan = one != one and other != other
        return "" if not exact or nan or one == other else f"{one!r} against {other!r}"
    else:
        return ""  # an object of the library: its class was compared
    if not same:
        return "other members"
    return next((told for pair in pairs if (told := difference(*pair, exact))), "")


@contextlib.contextmanager
def new_memory_is(byte: int) -> Iterator[None]:
    """Let the C library fill memory that it hands out, if it can (glibc): 0 for as it comes.

    What lies in memory that a function never writes is often the same from call to call.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not byte:
        yield
        return
    mallopt(_PERTURB, byte)
    try:
        yield
    finally:
        mallopt(_PERTURB, 0)


def told_error(error: Exception | None) -> str:
    """Give the text of an exception without the number of the kernel that was compiled last."""
    return _KERNEL.sub("", str(error))


@cache
def frozen() -> Manifest:
    return read(Path(voxbind.__path__[0]) / MANIFEST)


def takes_nested(facts: FunctionMetadata) -> bool:
    """Whether nested lists are documented, and were seen to be taken, for the image."""
    return facts.arrays[0] in frozen_function(facts).array_like


def frozen_function(facts: FunctionMetadata) -> Function:
    return frozen().libraries[facts.library].functions[facts.name]


class Twin:
    """Calls upstream and the wrapper alike, and keeps where they differ."""

    def __init__(
        self,
        upstream: Callable[..., Any],
        facts: FunctionMetadata,
        before_call: Callable[[str], None] = lambda way: None,
        only: tuple[str, ...] = (),
    ) -> None:
        self.upstream, self.wrapper, self.facts = upstream, facts.func, facts
        self.only = only
        """The dtypes that the library is given; all, if empty."""
        self.before_call = before_call
        """Is told in which way the next call is made."""
        self.takes_nested = facts.memory_type == "pyclesperanto" or takes_nested(facts)
        """Whether the wrapper takes nested lists for the image: where they are documented, and
        where the library's memory is made of them."""
        self.is_nested = False
        self.differences: list[str] = []
        self.calls = self.compared = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.facts.original_name in table().sparing and self.calls > _FEW:
            raise TimeoutError("every call is slow")
        image = self.image(args, kwargs)
        if self.reads_past_the_end(args, kwargs):
            raise ValueError("images of different numbers of axes")
        self.is_nested = isinstance(image, list)
        if self.is_nested and not self.takes_nested:
            self.expect_refusal(args, kwargs)
        if self.only and self.dtype(image) not in self.only:
            self.expect_refusal(args, kwargs)
        self.before_call("upstream")
        expected = Outcome(self.upstream, *copied((args, kwargs)))
        if self.loses_a_mask(args, kwargs):
            self.note_acceptance(args, kwargs)
        elif not self.is_lifted(image, kwargs):
            for way, actual in self.outcomes(args, kwargs):
                self.compare(way, expected, actual)
        if expected.error:
            raise expected.error
        return expected.value

    def outcomes(self, args: Any, kwargs: Any) -> Iterator[tuple[Way, Outcome]]:
        """Call the wrapper in each way that gives it something else."""
        # Only NumPy has masked arrays, so a call with one isn't made in any other memory.
        is_masked = any(isinstance(value, np.ma.MaskedArray) for value in (*args, *kwargs.values()))
        for number, way in enumerate(WAYS[self.facts.memory_type][: 1 if is_masked else None]):
            positional = [way.there(value) for value in args]
            named = {name: way.there(value) for name, value in kwargs.items()}
            pairs = zip((*args, *kwargs.values()), (*positional, *named.values()), strict=True)
            if number and all(old is new for old, new in pairs):
                continue
            self.before_call(way.name)
            yield way, Outcome(self.wrapper, *copied((positional, named)))

    def expect_refusal(self, args: Any, kwargs: Any) -> NoReturn:
        """Let the wrapper refuse what the library isn't to be given."""
        self.note_acceptance(args, kwargs)
        raise MemoryTypeError("is refused")

    def note_acceptance(self, args: Any, kwargs: Any) -> None:
        """Note each way in which the wrapper accepts what it should refuse."""
        for way, actual in self.outcomes(args, kwargs):
            self.compared += 1
            if not isinstance(actual.error, MemoryTypeError):
                self.note(way, f"not refused: {actual.error!r}")

    def loses_a_mask(self, args: Any, kwargs: Any) -> bool:
        """Whether an image has a mask that the library was seen to ignore."""
        given = {
            **dict(zip(inspect.signature(self.wrapper).parameters, args, strict=False)),
            **kwargs,
        }
        function = frozen_function(self.facts)
        for name in function.arrays:
            value = given.get(name)
            if isinstance(value, np.ma.MaskedArray):
                dtypes = function.masked_dtypes.get(name, (str(value.dtype),))
                if name not in function.masked or str(value.dtype) not in dtypes:
                    return True
        return False

    def reads_past_the_end(self, args: Any, kwargs: Any) -> bool:
        """Whether kernels, which check no shapes, would read whatever lies behind an image."""
        if self.facts.memory_type != "pyclesperanto":
            return False
        given = {
            **dict(zip(inspect.signature(self.wrapper).parameters, args, strict=False)),
            **kwargs,
        }
        images = [given[name] for name in self.facts.arrays if is_on_device(given.get(name))]
        return len({image.ndim for image in images}) > 1

    def image(self, args: Any, kwargs: Any) -> Any:
        name = self.facts.arrays[0]
        positions = list(inspect.signature(self.wrapper).parameters)
        return kwargs[name] if name in kwargs else args[positions.index(name)]

    def dtype(self, image: Any) -> str:
        """Name the dtype that the library's memory has for an image."""
        if self.is_nested:
            image = sys.modules["pyclesperanto"].push(np.asarray(image))
        return str(getattr(image, "dtype", self.only[0]))

    def is_lifted(self, image: Any, kwargs: Any) -> bool:
        """Whether the wrapper is meant to do otherwise than the library: its dimensions differ."""
        shape = np.shape(image)
        axes = len(shape)
        coloured = kwargs.get("channel_axis") is not None or self.facts.needs_channels
        if self.facts.contract == "PURE_2D":
            coloured = coloured or shape[-1:] in ((3,), (4,))
            return axes > 2 and not (coloured and axes == 3)
        # Of a volume with an axis named as one of channels, an image is left.
        is_image = axes == (2 if kwargs.get("channel_axis") is None else 3)
        return self.facts.contract in ("PURE_3D", "VOLUMETRIC_TO_SLICE") and is_image

    def is_repeatable(self, expected: Outcome) -> bool:
        """Whether upstream agrees with itself: some results have parts that are never written.

        (`unsharp_mask(image, channel_axis=-1)` of scikit-image 0.26 writes three rows.)
        """
        self.before_call("upstream")
        for number in range(_REPETITIONS):
            with new_memory_is(number):
                again = Outcome(self.upstream, *copied(expected.given)).value
            if difference(expected.value, again, exact=True):
                return False
        return True

    def compare(self, way: Way, expected: Outcome, actual: Outcome) -> None:
        self.compared += 1
        if expected.error or actual.error:
            if type(expected.error) is not type(actual.error) or (
                told_error(expected.error) != told_error(actual.error)
            ):
                self.note(way, f"{expected.error!r} against {actual.error!r}")
            return
        exact = not self.facts.random
        if self.is_nested:  # in no memory that a result could go back to
            told = difference(
                everywhere(to_host, expected.value), everywhere(to_host, actual.value), exact
            )
        else:
            told = difference(everywhere(way.there, expected.value), actual.value, exact)
        if told and not self.is_repeatable(expected):
            return
        if told:
            self.note(way, told)
        if self.facts.mutates and way.there is not as_it_is:
            # Where the library would change what isn't its own, it was given a copy.
            told = difference(everywhere(way.there, expected.given), actual.now, exact)
            if told:
                self.note(way, f"the arguments were changed: {told}")
            return
        returned = actual.returned(written=False)
        if (
            not expected.returned(written=way.copies)
            <= returned
            <= expected.returned(written=False)
        ):
            self.note(way, "other arguments are returned")
        if expected.warnings != actual.warnings:
            self.note(way, f"{expected.warnings} against {actual.warnings}")
        told = difference(everywhere(way.there, expected.now), actual.now, exact)
        if told and way.copies and self.facts.evidence == "inferred":
            # What a function changes isn't known before it is run: a copy is all that it changes.
            told = difference(everywhere(way.there, expected.given), actual.now, exact)
        if told:
            self.note(way, f"the arguments afterwards: {told}")

    def note(self, way: Way, told: str) -> None:
        self.differences.append(f"{way.name}: {told}")


def probe_instead(
    task: ProbeTask, twin: Callable[..., Any], before_call: Any = lambda number: None
) -> None:
    """Run the probe as on the function that is described, and give it the twin to call.

    The reach isn't measured, since its thousand calls differ in nothing but the values of images.
    """
    description = task.description
    module = types.ModuleType("twin_of_a_function")
    # By its own name, by which the probe knows what is slow.
    setattr(module, description.attribute, twin)
    sys.modules[module.__name__] = module
    try:
        moved = msgspec.structs.replace(description, module=module.__name__)
        with patch.object(function_run, "measure_reach", return_value=None):
            function_run.observe(msgspec.structs.replace(task, description=moved), before_call)
    finally:
        del sys.modules[module.__name__]
