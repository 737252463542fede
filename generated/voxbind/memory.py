"""Arrays on their way to the library's memory and back.

Which memory the library works in is a fact of the call; in which the result goes back, the
first image says. The way between two memories is told in `voxbind.routes`.
"""

from __future__ import annotations

import sys
from types import GeneratorType
from typing import TYPE_CHECKING, Any, cast

from .classes import class_of
from .errors import MemoryTypeError, class_name
from .memories import NUMPY, PLAIN, LibraryMemory, Memory, memory_of, to_host
from .memory_exporter import makes_its_kind, not_writable
from .routes import by_gpu, gpu_of, nbytes_of, shares
from .untyped import np

if TYPE_CHECKING:
    from .memories import CudaMemory
    from .tracing import Watch

__all__ = ["Exchange", "lower_dtype"]


def lower_dtype(value: Any, name: str) -> Any:
    """Return NumPy's data type for PyTorch's; what is no data type stays as it is."""
    torch = sys.modules.get("torch")
    if torch is None or type(value) is not getattr(torch, "dtype", None):
        return value
    try:
        return torch.empty(0, dtype=value).numpy().dtype
    except (TypeError, RuntimeError) as error:
        raise MemoryTypeError(
            f"{name!r} is {value}, and NumPy has no such dtype. Give one that it has, "
            "numpy.float32 or torch.float32 for example."
        ) from error


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
        if home is library:
            library.check(value, name)
            if library.is_at(value, self._device):
                return value
        elif home is NUMPY:
            NUMPY.check(value, name)
        elif home.name == "exporter" and any(
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
            if home.name == "exporter" and not (
                hasattr(value, "shape") and hasattr(value, "dtype")
            ):
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
        if changed and (shared or (home.name == "exporter" and lent is None)):
            # What an exporter's method gives may be its own buffer, or not.
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
            if known.home.name == "exporter":
                cast("CudaMemory", self._library).wait(self._device)
            else:  # which has its own stream wait for the library's
                owner = cast("CudaMemory", known.home)
                owner.from_device(known.lent, owner.device(known.came))

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
                    self._tell(item, name, home, NUMPY, None, home.leaves_shared(item))
        return to_host(value, name)

    def expect(self, value: Any, name: str) -> None:
        """Take note of an output: a result that is this very array stays so in any memory."""
        if self._library.holds(value) and self._library.is_at(value, self._device):
            self._given[id(value)] = _Given(value, value, self._library)
        elif isinstance(value, np.ndarray) and not value.flags.writeable:
            raise MemoryTypeError(
                f"{name!r} is a read-only array, and the result is to be written into it. Give "
                f"one that can be written, {name}.copy(), or leave it out."
            )
        else:
            self._refuse_copies(value, name)

    def _refuse_copies(self, value: Any, name: str) -> None:
        """Refuse an exporter that gives copies of itself, or read-only memory."""
        home = memory_of(value)
        if home is None or home.name != "exporter" or gpu_of(value, home) is not None:
            return
        if reason := not_writable(value, name):
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
        if target.name == "exporter" and not makes_its_kind(like):
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
            if known is not None and known.home.name != "exporter" and known.is_same():
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
        if target is not NUMPY and home.leaves_shared(result):
            host = home.to_host(result, "")
            if target.keeps_out(host, device):
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
