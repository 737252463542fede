"""Converts the arrays of a call to the library's memory, and its results back.

The results are converted to the memory of the first image. `voxbind._memory.routes` knows the way
between two memories.
"""

from __future__ import annotations

from types import GeneratorType
from typing import TYPE_CHECKING, Any

from .._memory.interface import CudaMemory
from .._memory.lookup import NUMPY, PLAIN, LibraryMemory, Memory, memory_of, to_host
from .._memory.numpy_memory import numpy_dtype
from .._memory.registry import OWN_DTYPES
from .._memory.routes import by_gpu, nbytes_of, shares
from .._support.classes import class_of
from .._support.untyped import np
from ..errors import MemoryTypeError, class_name

if TYPE_CHECKING:
    from .._settings.tracing import Watch

__all__ = ["Exchange", "lower_dtype"]


def lower_dtype(value: Any, name: str) -> Any:
    """Return NumPy's data type for one of another library; any other value as it is."""
    for memory in OWN_DTYPES:
        value = memory.as_numpy_dtype(value, name)
    return value


class _Lowered:
    """An array that was passed, and the array that the library gets instead.

    Both are kept, so that no other object gets their ids during the call.
    """

    __slots__ = ("home", "host", "is_settled", "is_shared", "lent", "library", "lowered", "passed")

    def __init__(
        self,
        passed: Any,
        lowered: Any,
        home: Memory,
        host: Any = None,
        is_shared: bool | None = None,
        library: Memory = NUMPY,
    ) -> None:
        self.library = library
        self.passed, self.lowered, self.host = passed, lowered, host
        self.home = home
        """The memory of the array that was passed."""
        self.is_shared = is_shared
        """Whether both arrays have one buffer; None if that is to be read from the arrays."""
        self.lent: Any = None
        """The library's array, if it uses the buffer of the passed array on a GPU."""
        self.is_settled = False
        """Whether the passed array has the values that the library wrote."""

    def is_same(self) -> bool:
        """Return whether the passed array has the values of the library's array."""
        if self.is_settled or self.lowered is self.passed:
            return True
        if self.is_shared is None:
            arrived = self.lowered is self.host or self.library.shares(self.lowered, self.host)
            return arrived and self.home.shares(self.passed, self.host)
        return self.is_shared


class Exchange:
    """The arrays of one call, as they were passed and as the library gets them.

    If one array is passed for two parameters, the library gets one array for both. If the library
    returns an array that it got, the caller gets the array that was passed.

    Parameters
    ----------
    library
        The memory that the library works in.
    device
        The device of that memory.
    watch
        Records the arrays that move, while a trace is open or transfers are limited.
    """

    __slots__ = ("_device", "_library", "_lowered", "_watch")

    def __init__(
        self, library: LibraryMemory = NUMPY, device: Any = None, watch: Watch | None = None
    ) -> None:
        self._library, self._device, self._watch = library, device, watch
        self._lowered: dict[int, _Lowered] = {}
        """By the id of the array that was passed."""

    def lower(
        self,
        value: Any,
        name: str,
        *,
        overwritten: bool = False,
        changed: bool = False,
        package: str = "",
    ) -> Any:
        """Return an array in the library's memory, and any other value as it is.

        Parameters
        ----------
        value
            The argument.
        name
            Its parameter.
        overwritten
            Whether the library writes into the array without reading it.
        changed
            Whether the library changes an array that it should only read, so that it gets a copy.
        package
            The library's top-level package: objects of its classes stay as they are.
        """
        kind = class_of(value)
        if kind in PLAIN:
            return value
        if kind is list or kind is tuple:
            return self._lower_sequence(value, name)
        home, library = memory_of(value), self._library
        if home is None:
            return value
        home.check(value, name)
        if home is library:
            if library.is_at(value, self._device):
                return library.without_operators(value)
        elif home.is_open and any(
            # An object of the library, such as a transformation of coordinates, or a subclass.
            str(base.__module__).partition(".")[0] == package
            for base in kind.__mro__
        ):
            return value
        known = self._lowered.get(id(value))
        if known is None:
            known = self._lowered[id(value)] = self._carry(value, name, home, overwritten, changed)
        return known.lowered

    def note(self, passed: Any, host: Any, home: Memory) -> None:
        """Remember an image that was converted to the host already."""
        self._lowered[id(passed)] = _Lowered(passed, host, home, host)

    def _carry(
        self, value: Any, name: str, home: Memory, overwritten: bool, changed: bool
    ) -> _Lowered:
        library, device = self._library, self._device
        if library is not NUMPY:
            checked = value
            if home.is_open and not (hasattr(value, "shape") and hasattr(value, "dtype")):
                checked = home.to_host(value, name)  # only the export has a shape and a dtype
            library.refuse(checked, name, home.cast(name, "{}"))
        shared = None
        gpu = by_gpu(value, home, library, device) if home is not NUMPY else None
        lent = None
        if gpu is not None or changed or self._watch is not None:
            shared = shares(value, home, library, device, name)
            self._report(value, name, home, library, device, shared and not changed)
        if library is NUMPY:
            lowered = host = home.to_host(value, name)
        elif gpu is not None:
            lowered, host = gpu.from_device(value, device), None
            lent = lowered if shared else None
        else:
            host = home.to_host(value, name)
            how = home.cast(name, "{}")
            lowered = library.from_host(host, device, name, how, overwritten=overwritten)
        if changed and (shared or (home.is_open and lent is None)):
            # An export may use the array's own buffer or another one.
            known = _Lowered(value, library.copy(lowered), home, host, is_shared=False)
        else:
            is_shared = None if host is not None else shared
            known = _Lowered(value, lowered, home, host, is_shared, library)
        known.lent = lent
        return known

    def wait(self) -> None:
        """Let the owners of buffers on a GPU wait for the work that the library queued there."""
        for known in self._lowered.values():
            if known.lent is None:
                continue
            assert isinstance(self._library, CudaMemory)  # no other memory uses a lent buffer
            known.home.wait_for_borrower(self._library, self._device, known.lent, known.passed)

    def _lower_sequence(self, value: Any, name: str) -> Any:
        if self._library.takes_nested:
            if not value:
                return value
            lowered = [to_host(item, name) for item in value]
            plain = all(new is old for new, old in zip(lowered, value, strict=True))
            array = np.asarray(lowered)
            if self._watch is not None:
                target = self._library.place(self._device)
                self._watch.moves(name, type(value).__name__, target, array.nbytes, False)
            how = NUMPY.cast(name, "{}")
            return self._library.from_host(array, self._device, name, how, plain=plain)
        lowered = [self.lower(item, name) for item in value]
        same = all(new is old for new, old in zip(lowered, value, strict=True))
        return value if same else type(value)(lowered)

    def to_host(self, value: Any, name: str) -> Any:
        """Return an array on the host, for a parameter that takes it there in any memory."""
        if self._watch is not None:
            for item in value if type(value) in (list, tuple) else (value,):
                home = memory_of(item)
                if home is not None and home is not NUMPY:
                    home.check(item, name)
                    self._report(item, name, home, NUMPY, None, home.leaves_shared(item))
        return to_host(value, name)

    def expect(self, value: Any, name: str) -> None:
        """Remember an output, so that a call which returns it returns the passed array."""
        if memory_of(value) is self._library and self._library.is_at(value, self._device):
            self._lowered[id(value)] = _Lowered(value, value, self._library)
        elif isinstance(value, np.ndarray) and not value.flags.writeable:
            raise MemoryTypeError(
                f"{name!r} is a read-only array, and the result is to be written into it. Give "
                f"one that can be written, {name}.copy(), or leave it out."
            )
        else:
            self._refuse_copies(value, name)

    def _refuse_copies(self, value: Any, name: str) -> None:
        """Refuse an array that nothing can be written into: immutable, read-only or a copy."""
        home = memory_of(value)
        if home is not None and (reason := home.write_refusal(value, name)):
            raise MemoryTypeError(
                f"{name!r} is of type {class_name(value)}, which {reason}, and the "
                "result is to be written into it. Give a numpy.ndarray or a torch.Tensor."
            )

    def settle(self, value: Any, name: str) -> None:
        """Copy what the library wrote back into an output, if the library got a copy of it."""
        known = self._lowered.get(id(value))
        if known is None or known.is_same():
            return
        if known.lowered is not known.passed:
            self._refuse_copies(known.passed, name)
        if self._watch is not None:
            device = known.home.device(known.passed)
            self._report(known.lowered, name, self._library, known.home, device, False)
        written = self._library.to_host(known.lowered, "")
        known.home.write(known.passed, written)
        known.is_settled = True

    def give_back(self, result: Any, like: Any) -> Any:
        """Return a library's result with its arrays in the memory of `like`.

        If `like` is None, the result stays in the library's memory.
        """
        library = self._library
        target = library if like is None else memory_of(like) or NUMPY
        needs_no_conversion = like is None or (
            target is library and library.is_at(like, self._device)
        )
        if needs_no_conversion and not self._lowered:
            return result
        if class_of(result) is GeneratorType:
            return (self.give_back(item, like) for item in result)
        if target is not NUMPY and not target.makes_arrays_like(like):
            target = NUMPY
        device = target.device(like) if like is not None and target is not NUMPY else None
        by_lowered = {id(known.lowered): known for known in self._lowered.values()}
        return self._map(result, target, device, by_lowered)

    def _map(
        self, result: Any, target: Memory, device: Any, by_lowered: dict[int, _Lowered]
    ) -> Any:
        """Return a result with the arrays in it converted, also in tuples, lists and dicts."""
        kind = class_of(result)
        if kind in PLAIN:
            return result
        home: LibraryMemory | None = self._library if self._library.holds(result) else None
        if home is None and NUMPY.holds(result):
            home = NUMPY
        if home is not None:
            known = by_lowered.get(id(result))
            return self._map_array(result, home, target, device, known)
        if kind is dict:
            return {
                key: self._map(item, target, device, by_lowered) for key, item in result.items()
            }
        if kind is list:
            return [self._map(item, target, device, by_lowered) for item in result]
        if issubclass(kind, tuple) and (kind is tuple or hasattr(result, "_fields")):
            members = [self._map(item, target, device, by_lowered) for item in result]
            return tuple(members) if kind is tuple else class_of(result)(*members)
        return result

    def _map_array(
        self,
        result: Any,
        home: LibraryMemory,
        target: Memory,
        device: Any,
        known: _Lowered | None,
    ) -> Any:
        if known is not None and not known.home.is_open and known.is_same():
            return known.passed
        if target is home and (device is None or home.is_at(result, device)):
            return result
        if target is self._library and home is not target:
            return result  # a NumPy array that a library returns for arrays of its own stays one
        return self._return(result, home, target, device)

    def _return(self, result: Any, home: LibraryMemory, target: Memory, device: Any) -> Any:
        if target is not NUMPY and target.keeps_out(_seen_on_host(result, home), device):
            if home is NUMPY:
                return result
            target, device = NUMPY, None
        if self._watch is not None:
            shared = shares(result, home, target, device)
            self._report(result, "", home, target, device, shared)
        if home is not NUMPY and (gpu := by_gpu(result, home, target, device)):
            return gpu.from_device(result, device)
        return target.from_host(home.to_host(result, ""), device)

    def _report(
        self, value: Any, name: str, home: Memory, target: Memory, device: Any, shared: bool
    ) -> None:
        if self._watch is not None:
            places = home.place(home.device(value)), target.place(device)
            self._watch.moves(name, *places, nbytes_of(value), shared)


def _seen_on_host(result: Any, home: LibraryMemory) -> Any:
    """Return a result as NumPy's array; if that is a copy, an array of its dtype and shape."""
    dtype = None if home.leaves_shared(result) else numpy_dtype(result)
    if dtype is None:
        return home.to_host(result, "")
    return np.broadcast_to(np.empty((), dtype), result.shape)
