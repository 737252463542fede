"""Arrays on their way to the library's memory and back.

Which memory the library works in is a fact of the call; in which the result goes back, the
first image says. NumPy is the way between any two others.
"""

from __future__ import annotations

import sys
from types import GeneratorType
from typing import Any

# The generated package is checked without the libraries, and so without NumPy.
import numpy as np  # type: ignore[import-not-found, unused-ignore]

from .errors import MemoryTypeError
from .memories import NUMPY, PLAIN, LibraryMemory, Memory, export, is_array, memory_of, to_host

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

    __slots__ = ("came", "given", "home", "host", "is_settled")

    def __init__(self, came: Any, host: Any, given: Any, home: Memory | None) -> None:
        self.came, self.host, self.given = came, host, given
        self.home = home
        """The memory that it came in; None for what only exports an array."""
        self.is_settled = False
        """Whether what the library wrote was brought back."""

    def is_same(self) -> bool:
        """Whether what came has the content that the library sees."""
        if self.is_settled or self.given is self.came:
            return True
        shares = self.home is None or self.home.shares(self.came, self.host)
        return self.given is self.host and shares


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
    """

    def __init__(self, library: LibraryMemory = NUMPY, device: Any = None) -> None:
        self._library = library
        self._device = device
        # By the id of what came.
        self._given: dict[int, _Given] = {}

    def lower(self, value: Any, name: str, *, overwritten: bool = False) -> Any:
        """Return `value` in the library's memory; what is no array stays as it is.

        Parameters
        ----------
        value
            What came.
        name
            The parameter that it was given to.
        overwritten
            Whether the library writes into it and doesn't read it.
        """
        if type(value) in PLAIN:
            return value
        if self._library.holds(value):
            self._library.check(value, name)
            return value
        if type(value) in (list, tuple):
            return self._lower_sequence(value, name)
        known = self._given.get(id(value))
        if known is not None:
            return known.given
        memory = memory_of(value)
        if memory is None and not is_array(value):
            return value
        if memory is None and self._library is NUMPY and hasattr(value, "__array_function__"):
            # A dask array, say, works with NumPy's functions: it may stay lazy.
            return value
        if memory is NUMPY:
            NUMPY.check(value, name)
        host = export(value, name) if memory is None else memory.to_host(value, name)
        given = self._from_host(host, name, memory or NUMPY, overwritten=overwritten)
        self._given[id(value)] = _Given(value, host, given, memory)
        return given

    def _lower_sequence(self, value: Any, name: str) -> Any:
        if self._library.takes_nested:
            lowered = [to_host(item, name) for item in value]
            plain = all(new is old for new, old in zip(lowered, value, strict=True))
            array = np.asarray(lowered)
            return self._from_host(array, name, NUMPY, plain=plain) if value else value
        lowered = [self.lower(item, name) for item in value]
        same = all(new is old for new, old in zip(lowered, value, strict=True))
        return value if same else type(value)(lowered)

    def _from_host(self, host: Any, name: str, memory: Memory, **how: bool) -> Any:
        if self._library is NUMPY:
            return host
        cast = memory.cast(name, "{}")
        return self._library.from_host(host, self._device, name, cast=cast, **how)

    def expect(self, value: Any, name: str) -> None:
        """Take note of an output: a result that is this very array stays so in any memory."""
        if self._library.holds(value):
            self._given[id(value)] = _Given(value, value, value, self._library)
        elif isinstance(value, np.ndarray) and not value.flags.writeable:
            raise MemoryTypeError(
                f"{name!r} is a read-only array, and the result is to be written into it. Give "
                f"one that can be written, {name}.copy(), or leave it out."
            )

    def settle(self, value: Any) -> None:
        """Bring what the library wrote into `value` back where that was lowered by a copy."""
        known = self._given.get(id(value))
        if known is None or known.is_same():
            return
        written = self._library.to_host(known.given, "")
        if known.home is not None:
            known.home.write(known.came, written)
        elif known.host is not written:
            NUMPY.write(known.host, written)  # shared with what exported it
        known.is_settled = True

    def give_back(self, result: Any, like: Any) -> Any:
        """Return a library's result with its arrays in the memory of `like`.

        Where `like` is None the result stays in the library's memory.
        """
        target = self._library if like is None else memory_of(like) or NUMPY
        if target is self._library and not self._given:
            return result
        if isinstance(result, GeneratorType):
            return (self.give_back(item, like) for item in result)
        device = target.device(like) if target is not self._library else None
        own = {id(known.given): known for known in self._given.values()}
        return self._map(result, target, device, own)

    def _map(self, result: Any, target: Memory, device: Any, own: dict[int, _Given]) -> Any:
        if type(result) in PLAIN:
            return result
        home: LibraryMemory | None = self._library if self._library.holds(result) else None
        if home is None and NUMPY.holds(result):
            home = NUMPY
        if home is not None:
            known = own.get(id(result))
            if known is not None and known.home is not None and known.is_same():
                return known.came
            if target in (self._library, home):
                return result
            return target.from_host(home.to_host(result, ""), device)
        if type(result) is dict:
            return {key: self._map(item, target, device, own) for key, item in result.items()}
        if type(result) is list:
            return [self._map(item, target, device, own) for item in result]
        if isinstance(result, tuple) and (type(result) is tuple or hasattr(result, "_fields")):
            members = [self._map(item, target, device, own) for item in result]
            return tuple(members) if type(result) is tuple else type(result)(*members)
        return result
