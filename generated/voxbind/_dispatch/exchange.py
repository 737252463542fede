"""Arrays on their way to the library's memory and back.

Which memory the library works in is a fact of the call; in which the result goes back, the
first image says. The way between two memories is told in `voxbind._memory.routes`.
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


class _Given:
    """What came, and what the library is given for it. Holding both keeps their ids in use."""

    __slots__ = ("came", "given", "home", "host", "is_settled", "is_shared", "lent", "library")

    def __init__(
        self,
        came: Any,
        given: Any,
        home: Memory,
        host: Any = None,
        is_shared: bool | None = None,
        library: Memory = NUMPY,
    ) -> None:
        self.library = library
        self.came, self.given, self.host = came, given, host
        self.home = home
        """The memory that it came in."""
        self.is_shared = is_shared
        """Whether the two have one buffer; None where the buffers tell."""
        self.lent: Any = None
        """What has the buffer of what came, on a GPU."""
        self.is_settled = False
        """Whether what the library wrote was brought back."""

    def is_same(self) -> bool:
        """Whether what came has the content that the library sees."""
        if self.is_settled or self.given is self.came:
            return True
        if self.is_shared is None:
            arrived = self.given is self.host or self.library.shares(self.given, self.host)
            return arrived and self.home.shares(self.came, self.host)
        return self.is_shared


class Exchange:
    """The arrays of one call: what came, and what the library was given for it.

    One object that is given twice is one object in the library too, and a result that
    is what the library was given for an array comes back as that very array.

    Parameters
    ----------
    library
        The memory that the library works in.
    device
        Where in it.
    watch
        Is told of what moves, if somebody wants to know.
    """

    __slots__ = ("_device", "_given", "_library", "_watch")

    def __init__(
        self, library: LibraryMemory = NUMPY, device: Any = None, watch: Watch | None = None
    ) -> None:
        self._library, self._device, self._watch = library, device, watch
        # By the id of what came.
        self._given: dict[int, _Given] = {}

    def lower(
        self,
        value: Any,
        name: str,
        *,
        overwritten: bool = False,
        changed: bool = False,
        package: str = "",
    ) -> Any:
        """Return `value` in the library's memory; what is no array stays as it is.

        Parameters
        ----------
        value
            What came.
        name
            The parameter that it was given to.
        overwritten
            Whether the library writes into it and doesn't read it.
        changed
            Whether the library changes what it should only read, so that it gets a copy.
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
            # The library's own, such as a transformation of coordinates, or derived from one.
            str(each.__module__).partition(".")[0] == package
            for each in kind.__mro__
        ):
            return value
        known = self._given.get(id(value))
        if known is None:
            known = self._given[id(value)] = self._carry(value, name, home, overwritten, changed)
        return known.given

    def note(self, came: Any, host: Any, home: Memory) -> None:
        """Take note of an image that was brought to the host already."""
        self._given[id(came)] = _Given(came, host, home, host)

    def _carry(
        self, value: Any, name: str, home: Memory, overwritten: bool, changed: bool
    ) -> _Given:
        library, device = self._library, self._device
        if library is not NUMPY:
            told = value
            if home.is_open and not (hasattr(value, "shape") and hasattr(value, "dtype")):
                told = home.to_host(value, name)  # it tells of itself by what it exports alone
            library.refuse(told, name, home.cast(name, "{}"))
        shared = None
        gpu = by_gpu(value, home, library, device) if home is not NUMPY else None
        lent = None
        if gpu is not None or changed or self._watch is not None:
            shared = shares(value, home, library, device, name)
            self._tell(value, name, home, library, device, shared and not changed)
        if library is NUMPY:
            given = host = home.to_host(value, name)
        elif gpu is not None:
            given, host = gpu.from_device(value, device), None
            lent = given if shared else None
        else:
            host = home.to_host(value, name)
            how = home.cast(name, "{}")
            given = library.from_host(host, device, name, how, overwritten=overwritten)
        if changed and (shared or (home.is_open and lent is None)):
            # An export may be the array's own buffer, or not.
            known = _Given(value, library.copy(given), home, host, is_shared=False)
        else:
            is_shared = None if host is not None else shared
            known = _Given(value, given, home, host, is_shared, library)
        known.lent = lent
        return known

    def wait(self) -> None:
        """Let whose buffers the library had on a GPU wait for what it queued there."""
        for known in self._given.values():
            if known.lent is None:
                continue
            assert isinstance(self._library, CudaMemory)  # nothing else is lent a buffer on a GPU
            known.home.wait_for_borrower(self._library, self._device, known.lent, known.came)

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
        """Return what the library wants on the host, whatever memory it works in."""
        if self._watch is not None:
            for item in value if type(value) in (list, tuple) else (value,):
                home = memory_of(item)
                if home is not None and home is not NUMPY:
                    home.check(item, name)
                    self._tell(item, name, home, NUMPY, None, home.leaves_shared(item))
        return to_host(value, name)

    def expect(self, value: Any, name: str) -> None:
        """Take note of an output: a result that is this very array stays so in any memory."""
        if memory_of(value) is self._library and self._library.is_at(value, self._device):
            self._given[id(value)] = _Given(value, value, self._library)
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
        """Bring what the library wrote into `value` back where that was lowered by a copy."""
        known = self._given.get(id(value))
        if known is None or known.is_same():
            return
        if known.given is not known.came:
            self._refuse_copies(known.came, name)
        if self._watch is not None:
            device = known.home.device(known.came)
            self._tell(known.given, name, self._library, known.home, device, False)
        written = self._library.to_host(known.given, "")
        known.home.write(known.came, written)
        known.is_settled = True

    def give_back(self, result: Any, like: Any) -> Any:
        """Return a library's result with its arrays in the memory of `like`.

        Where `like` is None the result stays in the library's memory.
        """
        library = self._library
        target = library if like is None else memory_of(like) or NUMPY
        stays = like is None or (target is library and library.is_at(like, self._device))
        if stays and not self._given:
            return result
        if class_of(result) is GeneratorType:
            return (self.give_back(item, like) for item in result)
        if target is not NUMPY and not target.makes_arrays_like(like):
            target = NUMPY
        device = target.device(like) if like is not None and target is not NUMPY else None
        own = {id(known.given): known for known in self._given.values()}
        return self._map(result, target, device, own)

    def _map(self, result: Any, target: Memory, device: Any, own: dict[int, _Given]) -> Any:
        kind = class_of(result)
        if kind in PLAIN:
            return result
        home: LibraryMemory | None = self._library if self._library.holds(result) else None
        if home is None and NUMPY.holds(result):
            home = NUMPY
        if home is not None:
            known = own.get(id(result))
            if known is not None and not known.home.is_open and known.is_same():
                return known.came
            if target is home and (device is None or home.is_at(result, device)):
                return result
            if target is self._library and home is not target:
                return result  # what a library gives for its own arrays is its own affair
            return self._return(result, home, target, device)
        if kind is dict:
            return {key: self._map(item, target, device, own) for key, item in result.items()}
        if kind is list:
            return [self._map(item, target, device, own) for item in result]
        if issubclass(kind, tuple) and (kind is tuple or hasattr(result, "_fields")):
            members = [self._map(item, target, device, own) for item in result]
            return tuple(members) if kind is tuple else class_of(result)(*members)
        return result

    def _return(self, result: Any, home: LibraryMemory, target: Memory, device: Any) -> Any:
        if target is not NUMPY and target.keeps_out(_seen_on_host(result, home), device):
            if home is NUMPY:
                return result
            target, device = NUMPY, None
        if self._watch is not None:
            shared = shares(result, home, target, device)
            self._tell(result, "", home, target, device, shared)
        if home is not NUMPY and (gpu := by_gpu(result, home, target, device)):
            return gpu.from_device(result, device)
        return target.from_host(home.to_host(result, ""), device)

    def _tell(
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
