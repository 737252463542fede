"""The errors and warnings of voxbind. A library's own exceptions pass through unchanged.

Each error also derives from the built-in one that fits, so that code written for the library
catches it too. A message names what was passed, what is accepted, and what to do.
"""

from __future__ import annotations

__all__ = [
    "DeviceUnavailableError",
    "DimensionError",
    "DtypeConversionWarning",
    "LibraryMissingError",
    "MemoryDimensionError",
    "MemoryTypeError",
    "ScaleError",
    "StaleWrapperError",
    "StaleWrapperWarning",
    "StoreError",
    "TransferForbiddenError",
    "VoxbindError",
    "class_name",
]


class VoxbindError(Exception):
    """Base of every error that voxbind raises."""


class DimensionError(VoxbindError, ValueError):
    """An array has a number of axes, or a shape, that the function doesn't accept."""


class MemoryTypeError(VoxbindError, TypeError):
    """An argument is not an array that voxbind can convert."""


class LibraryMissingError(VoxbindError, ImportError):
    """The wrapped library isn't installed, or can't be imported."""


class MemoryDimensionError(DimensionError, MemoryTypeError):
    """An array has a number of axes that the memory it is converted to can't hold."""


class DeviceUnavailableError(VoxbindError, RuntimeError):
    """The device of an array is not available, or the library has no device to work on."""


class StaleWrapperError(VoxbindError, RuntimeError):
    """A call uses a parameter or a default that the installed version of the library changed."""


class TransferForbiddenError(VoxbindError, RuntimeError):
    """A call would copy an array between memories, which `voxbind.transfers` forbids."""


class ScaleError(VoxbindError, ValueError):
    """A length in micrometers can't be converted: the scale isn't known, or it is no length."""


class StoreError(VoxbindError, OSError):
    """An OME-Zarr store can't be read or written, or its metadata contradicts its arrays."""


class StaleWrapperWarning(UserWarning):
    """The source of a function differs between the installed version and the wrapped one."""


class DtypeConversionWarning(UserWarning):
    """Values were converted, since the library's memory doesn't support their dtype."""


def class_name(value: object) -> str:
    """Return the name of a value's class, as one would import it."""
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"
