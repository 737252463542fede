"""The interface of a memory, which every file ``*_memory.py`` in this folder implements.

A memory is one file with one class, and one line in `voxbind._memory.registry`. It derives from
`Memory`; from `CudaMemory` as well, if its arrays may be on an NVIDIA GPU and it can take arrays
that are there; from `LibraryMemory`, if wrapped libraries work in it. What is abstract must be
given, or neither mypy nor Python accepts the class; what isn't abstract has a default that suits
most memories.

Nothing here, and nothing in a memory's file, imports the library of the memory to ask whether a
value is one of its arrays: whoever has such an array has imported it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any, Literal, NamedTuple

__all__ = ["CudaMemory", "LibraryMemory", "Memory", "Place"]


class Place(NamedTuple):
    """Where arrays of a memory may be: a row and a column of the table of routes."""

    name: str
    """The memory's name, with the kind of device if it has several: ``torch (CUDA)``."""
    buffers: Literal["host", "cuda", "own"]
    """Two places that have ``host`` here share buffers, and so do two that have ``cuda``. Arrays
    of a place with buffers of its ``own`` are copied on the way to any other."""


class Memory(ABC):
    """Arrays of one library: how they are recognised, and how they come to the host and from it."""

    # --- what it is -----------------------------------------------------------------------

    @property
    @abstractmethod
    def name(self) -> str:
        """The name in traces and in the manifest: ``torch``."""

    @property
    @abstractmethod
    def places(self) -> tuple[Place, ...]:
        """The place of its arrays; empty if arrays have different places."""

    @property
    @abstractmethod
    def array_name(self) -> str:
        """What an error message calls its arrays, among the types that are accepted."""

    direct_class: str = ""
    """Class of arrays, such as ``torch.Tensor``, that voxbind's own functions are given directly.
    Empty if these functions don't run in this memory, or if a call needs preparation, such as a
    GPU that must be made the current one."""

    is_open: bool = False
    """Whether arrays are recognised by what they export and not by their class, so that an
    object of the wrapped library itself may be among them, and exports may be copies."""

    always_converts: bool = True
    """Whether a library of NumPy's is always given a converted array, and its result always goes
    back: not so for NumPy's own arrays, for lazy ones, and if the result may stay NumPy's."""

    @abstractmethod
    def holds(self, value: Any) -> bool:
        """Return whether `value` is an array of this memory; nothing is imported to find out."""

    # --- where an array is ----------------------------------------------------------------

    @abstractmethod
    def device(self, value: Any) -> Any:
        """Return where an array is, in the terms of its library."""

    @abstractmethod
    def place(self, device: Any) -> str:
        """Return the memory and the device in words: ``torch (cuda:0)``."""

    def gpu(self, device: Any) -> int | None:
        """Return the number of the NVIDIA GPU that a device is; None if it is none.

        A number promises that the memory is a `CudaMemory`.
        """
        return None

    def gpu_of(self, value: Any) -> int | None:
        """Return the number of the NVIDIA GPU that an array is on; None if it is on none."""
        return self.gpu(self.device(value))

    def can_be_read_on_gpu(self, value: Any) -> bool:
        """Return whether other libraries can read an array on its GPU: not a sparse one, say."""
        return True

    def is_its_buffer(self, value: Any) -> bool:
        """Return whether an array on a GPU is no conjugated, negated or flipped view of its buffer.

        Another library gets such a view as a copy.
        """
        return all(stride >= 0 for stride in getattr(value, "strides", None) or ())

    # --- to the host and back -------------------------------------------------------------

    def check(self, value: Any, name: str) -> None:  # noqa: B027
        """Refuse an array that can't be read, or that the library would misread.

        Raises
        ------
        MemoryTypeError
            It names the parameter, what was passed and what to pass instead.
        """

    @abstractmethod
    def to_host(self, value: Any, name: str) -> Any:
        """Return an array as NumPy's and writable, sharing its buffer if that can be.

        Parameters
        ----------
        value
            An array of this memory.
        name
            The parameter that it was passed for; empty for a result.

        Raises
        ------
        MemoryTypeError
            If NumPy can't hold it.
        """

    @abstractmethod
    def from_host(
        self,
        array: Any,
        device: Any,
        name: str = "",
        cast: str = "",
        *,
        overwritten: bool = False,
        plain: bool = False,
    ) -> Any:
        """Return NumPy's array as one of this memory, sharing its buffer if that can be.

        Parameters
        ----------
        array
            NumPy's array. A result that can be no array of this memory is returned as it is.
        device
            Where the new array is to be.
        name
            The parameter that the array was passed for; empty for a result.
        cast
            Source code that converts what was passed to the data type ``{}``.
        overwritten
            Whether the library writes into it first, so that its content doesn't matter.
        plain
            Whether it was made of plain numbers, which have no data type to lose.
        """

    @abstractmethod
    def leaves_shared(self, value: Any) -> bool:
        """Return whether `to_host` will share the array's buffer; nothing is copied to find out."""

    @abstractmethod
    def arrives_shared(self, array: Any, device: Any) -> bool:
        """Return whether `from_host` will share the buffer of NumPy's array."""

    @abstractmethod
    def keeps_out(self, array: Any, device: Any) -> bool:
        """Return whether a result can be no array of this memory, and stays NumPy's array."""

    @abstractmethod
    def shares(self, value: Any, array: Any) -> bool:
        """Return whether values that are written into `array` are also in `value`, its source."""

    @abstractmethod
    def write(self, value: Any, array: Any) -> None:
        """Copy the elements of NumPy's array into an array of this memory."""

    def write_refusal(self, value: Any, name: str) -> str:
        """Say why nothing can be written into an array; empty if it can be.

        The text completes the sentence "'out' is a jax.Array, which ...".
        """
        return ""

    @abstractmethod
    def cast(self, name: str, dtype: str) -> str:
        """Return source code that converts an array to a data type: ``image.to(torch.uint8)``."""

    def makes_arrays_like(self, value: Any) -> bool:
        """Return whether a result can be made an array of the same kind as `value`."""
        return True

    def wait_for_borrower(self, borrower: CudaMemory, device: Any, lent: Any, value: Any) -> None:
        """Wait, or have a stream wait, for a library that was lent a buffer on a GPU.

        Parameters
        ----------
        borrower, device
            The memory that the library works in, and where.
        lent
            Its array, with the buffer of `value`.
        value
            The array of this memory.
        """
        borrower.wait(device)

    # --- data types -----------------------------------------------------------------------

    has_own_dtypes: bool = False
    """Whether `as_numpy_dtype` knows data types that NumPy doesn't accept."""

    def as_numpy_dtype(self, value: Any, name: str) -> Any:
        """Return NumPy's data type for one of this library's; any other value as it is."""
        return value


class CudaMemory(Memory):
    """A memory that may be on an NVIDIA GPU, and takes arrays that are there."""

    @property
    @abstractmethod
    def module(self) -> str:
        """The module to import for its arrays."""

    @abstractmethod
    def device_of_gpu(self, number: int) -> Any:
        """Return the device that an NVIDIA GPU is, in the terms of the imported library."""

    @abstractmethod
    def from_device(self, value: Any, device: Any) -> Any:
        """Return any array on a GPU as one of this memory, sharing its buffer on the same GPU."""

    @abstractmethod
    def wait(self, device: Any) -> None:
        """Wait until the GPU has done all that this library queued there."""


class LibraryMemory(Memory):
    """A memory that wrapped libraries work in: its arrays can be cut into slices and stacked."""

    # --- the library ----------------------------------------------------------------------

    @property
    @abstractmethod
    def module(self) -> str:
        """The module to import for its arrays."""

    @abstractmethod
    def array_class(self, module: ModuleType) -> type:
        """Return the class of its arrays, for the first branch of wrappers."""

    def lack_before_import(self, wrapped: str, installed_by: str, package: str) -> str:
        """Say what is missing before a library is imported, and what to do; empty if nothing is.

        Parameters
        ----------
        wrapped
            The wrapped module.
        installed_by
            What pip installs for it.
        package
            The top-level package that is imported.
        """
        return ""

    def lack_of_device(self, module: ModuleType, distribution: str) -> str:
        """Say that the imported module finds no device, and what to do; empty if it finds one."""
        return ""

    speaks_array_api: bool = False
    """Whether its arrays follow the array API standard, so that voxbind's own functions run
    in this memory."""

    reads_colours: bool = False
    """Whether its libraries may read a last axis of three or four as colours."""

    takes_nested: bool = False
    """Whether its libraries make an image of nested sequences."""

    # --- devices --------------------------------------------------------------------------

    @abstractmethod
    def device_name(self, device: Any) -> str:
        """Return a device in words: ``cuda:0``."""

    @abstractmethod
    def is_at(self, value: Any, device: Any) -> bool:
        """Return whether an array is on a device, or the library copies it there by itself."""

    def without_operators(self, value: Any) -> Any:
        """Return an array of this memory whose operators work element by element."""
        return value

    @abstractmethod
    def device_of_call(self, arguments: Iterable[Any]) -> Any:
        """Return the device that a call with these arguments works on."""

    works_on_current_device: bool = False
    """Whether a call must be made in the context of `working_on`."""

    def working_on(self, device: Any) -> AbstractContextManager[Any]:
        """Return a context in which the library works on a device."""
        return nullcontext()

    def refuse(self, value: Any, name: str, cast: str) -> None:
        """Refuse an array of another memory that can't be held here, before it is copied."""

    # --- slices ---------------------------------------------------------------------------

    planes_are_views: bool = True
    """Whether values that are written into a plane are also in the volume."""

    def copy(self, value: Any) -> Any:
        """Return an array with the same elements and a buffer of its own."""
        return value.copy()

    def volume(self, value: Any) -> Any:
        """Return an argument as an array that can be cut."""
        return value

    def plane(self, volume: Any, z: int) -> Any:
        """Return the (Y, X) slice of a (Z, Y, X) volume at `z`."""
        return volume[z]

    def put(self, volume: Any, z: int, plane: Any) -> None:
        """Write the slice of a volume at `z`."""
        volume[z] = plane

    @abstractmethod
    def empty(self, shape: tuple[int, ...], like: Any) -> Any:
        """Return an array with the data type, and on the device, of another."""

    @abstractmethod
    def widened(self, stack: Any, plane: Any) -> Any:
        """Return the stack in a data type that holds the plane's values too."""
