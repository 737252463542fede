"""JAX's memory: immutable arrays, with numbers of 32 bits unless JAX is told to keep 64.

A library gets a copy, which it may write into: an array of JAX never changes. A result shares its
buffer with an array of JAX if JAX can take it, and is copied if not. JAX narrows 64-bit numbers by
itself and in silence; here a `DtypeConversionWarning` says so if a result is rounded, and a result
of integers that don't fit is refused.

JAX is never imported here: whoever has one of its arrays has imported it.
"""

from __future__ import annotations

# Class attributes fill in abstract properties of the interface, which pyright refuses.
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false
import sys
import warnings
from typing import Any, NamedTuple

from .._support.stacklevel import callers_level
from .._support.untyped import np
from ..errors import DtypeConversionWarning, MemoryTypeError
from .exporter_memory import gpu_of
from .interface import Memory, Place

__all__ = ["JaxMemory"]

_NUMBERS = "biufc"
_ALIGNMENT = 64
"""Bytes; JAX takes no buffer on the host that begins elsewhere."""
_WIDE = (
    "call jax.config.update('jax_enable_x64', True) before to keep 64 bits, or give a NumPy array, "
    "numpy.asarray(image), to have the result as one"
)


class _Where(NamedTuple):
    """Where an array is."""

    device: Any
    is_committed: bool
    """Whether the array must stay there: JAX moves any other to the device of its neighbours."""


class JaxMemory(Memory):
    """Arrays of JAX: see `voxbind._memory.interface.Memory`."""

    name = "jax"
    places = (Place("jax (CPU)", "own"),)
    array_name = "jax.Array"

    def holds(self, value: Any) -> bool:
        kind = getattr(sys.modules.get("jax"), "Array", None)
        return kind is not None and isinstance(value, kind)

    def device(self, value: Any) -> _Where:
        """Return where an array is; of one on several devices, the first."""
        device = min(value.devices(), key=lambda device: device.id)
        return _Where(device, value.committed)

    def place(self, device: Any) -> str:
        return f"jax ({device.device.platform}:{device.device.id})"

    def gpu_of(self, value: Any) -> int | None:
        """Return the number of its GPU; libraries there read it by DLPack. Results are copied."""
        if isinstance(value, sys.modules["jax"].core.Tracer) or len(value.devices()) != 1:
            return None
        return gpu_of(value)

    def check(self, value: Any, name: str) -> None:
        """Refuse an array whose elements NumPy can't read."""
        jax = sys.modules["jax"]
        if isinstance(value, jax.core.Tracer):
            raise MemoryTypeError(
                f"{name!r} is an array that JAX traces (in jax.jit, jax.vmap or jax.grad): it has "
                "a shape but no values, which the library needs. Call the function outside of the "
                "transformed function, or let JAX call it with jax.pure_callback."
            )
        if jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
            raise MemoryTypeError(
                f"{name!r} is an array of random keys of JAX, and no image. Give the numbers of "
                f"the keys: jax.random.key_data({name})."
            )
        if value.is_deleted():
            raise MemoryTypeError(
                f"{name!r} is an array that JAX has deleted: it was donated to a call, or its "
                "delete() was called. Make it anew."
            )
        dtype = value.dtype
        if dtype.kind not in _NUMBERS:  # those of ml_dtypes are void to NumPy
            to = "float32" if "float" in dtype.name else "int32"
            raise MemoryTypeError(
                f"{name!r} is of dtype {dtype.name}, and NumPy has no such dtype; "
                f"give {name}.astype({to!r})."
            )

    def leaves_shared(self, value: Any) -> bool:
        return False

    def keeps_out(self, array: Any, device: Any) -> bool:
        return (
            isinstance(array, np.ma.MaskedArray)
            or array.dtype.kind not in _NUMBERS
            or array.dtype.char in "gG"
        )

    def arrives_shared(self, array: Any, device: Any) -> bool:
        """Return whether JAX can take the buffer, and nobody else can write into it later.

        A view isn't shared: the array that it is a view of may be the user's own.
        """
        flags = array.flags
        return bool(
            device.device.platform == "cpu"
            and flags.owndata
            and flags.writeable
            and flags.c_contiguous
            and array.ctypes.data % _ALIGNMENT == 0
            and not self.keeps_out(array, device)
            and array.dtype == sys.modules["jax"].dtypes.canonicalize_dtype(array.dtype)
        )

    def to_host(self, value: Any, name: str) -> Any:
        """Return a copy: the array's own buffer must not be written into."""
        self.check(value, name)
        try:
            return np.array(value)
        except RuntimeError as error:
            raise MemoryTypeError(
                f"{name!r} is a jax.Array that this process can't read: {error}. Give "
                "an array that is on this process's devices."
            ) from error

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
        """Return an array on a device, committed to it if the image was."""
        if self.keeps_out(array, device):
            return array
        jax = sys.modules["jax"]
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        narrow = jax.dtypes.canonicalize_dtype(native.dtype)
        if narrow != native.dtype:
            _check_narrowing(native, narrow)
            native = native.astype(narrow)
        elif native is array and not self.arrives_shared(array, device):
            native = native.copy()  # JAX may take a buffer that it is given, and keep it
        if device.is_committed:
            return jax.device_put(native, device.device)
        with jax.default_device(device.device):
            return jax.device_put(native)

    def shares(self, value: Any, array: Any) -> bool:
        return False

    def write(self, value: Any, array: Any) -> None:
        raise MemoryTypeError("An array of JAX can't be written into.")

    def write_refusal(self, value: Any, name: str) -> str:
        return "is immutable"

    def cast(self, name: str, dtype: str) -> str:
        return f"{name}.astype(jax.numpy.{dtype})"


def _check_narrowing(array: Any, narrow: Any) -> None:
    """Report that numbers of a result are rounded to 32 bits; refuse integers that don't fit."""
    if narrow.kind in "iu":
        least, greatest = (int(array.min()), int(array.max())) if array.size else (0, 0)
        limits = np.iinfo(narrow)
        if least < limits.min or greatest > limits.max:
            raise MemoryTypeError(
                f"the result is {array.dtype} with values from {least} to {greatest}, which JAX "
                f"would wrap round to {narrow}: {_WIDE}."
            )
        return
    warnings.warn(
        f"the result is {array.dtype}, and JAX rounds it to {narrow}: {_WIDE}.",
        DtypeConversionWarning,
        stacklevel=callers_level(),
    )
