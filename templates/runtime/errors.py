"""What voxbind itself raises; a library's own exceptions pass through unchanged.

Each error is also the built-in that fits, so that code which doesn't know voxbind
catches it where it would have caught the library's.
"""

from __future__ import annotations

__all__ = [
    "DeviceUnavailableError",
    "DimensionError",
    "DtypeConversionWarning",
    "LibraryMissingError",
    "MemoryDimensionError",
    "MemoryTypeError",
    "StaleWrapperError",
    "StaleWrapperWarning",
    "TransferForbiddenError",
    "VoxbindError",
    "class_name",
]


class VoxbindError(Exception):
    """Base of every error that voxbind raises."""


class DimensionError(VoxbindError, ValueError):
    """An array has dimensions that the function can't take."""


class MemoryTypeError(VoxbindError, TypeError):
    """Something stands where an array belongs and is none that voxbind can hand on."""


class LibraryMissingError(VoxbindError, ImportError):
    """The wrapped library isn't installed, or can't be imported."""


class MemoryDimensionError(DimensionError, MemoryTypeError):
    """An array has more axes, or fewer, than the memory holds that it should go to."""


class DeviceUnavailableError(VoxbindError, RuntimeError):
    """A device isn't there: an array's, or any that the library could work on."""


class StaleWrapperError(VoxbindError, RuntimeError):
    """The installed library's function is no longer the one that was wrapped."""


class TransferForbiddenError(VoxbindError, RuntimeError):
    """A copy between memories would be needed and isn't allowed."""


class StaleWrapperWarning(UserWarning):
    """The installed library isn't the version that was wrapped."""


class DtypeConversionWarning(UserWarning):
    """A library's memory has no such dtype, so that values were converted to one it has."""


def class_name(value: object) -> str:
    """Return the name of a value's class, as one would import it."""
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"
