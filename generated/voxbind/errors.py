"""What voxbind itself raises; a library's own exceptions pass through unchanged.

Each error is also the built-in that fits, so that code which doesn't know voxbind
catches it where it would have caught the library's.
"""

from __future__ import annotations

__all__ = [
    "DeviceUnavailableError",
    "DimensionError",
    "LibraryMissingError",
    "MemoryTypeError",
    "StaleWrapperError",
    "StaleWrapperWarning",
    "TransferForbiddenError",
    "VoxbindError",
]


class VoxbindError(Exception):
    """Base of every error that voxbind raises."""


class DimensionError(VoxbindError, ValueError):
    """An array has dimensions that the function can't take."""


class MemoryTypeError(VoxbindError, TypeError):
    """Something stands where an array belongs and is none that voxbind can hand on."""


class LibraryMissingError(VoxbindError, ImportError):
    """The wrapped library isn't installed, or can't be imported."""


class DeviceUnavailableError(VoxbindError, RuntimeError):
    """An array lives on a device that isn't there."""


class StaleWrapperError(VoxbindError, RuntimeError):
    """The installed library's function is no longer the one that was wrapped."""


class TransferForbiddenError(VoxbindError, RuntimeError):
    """A copy between memories would be needed and isn't allowed."""


class StaleWrapperWarning(UserWarning):
    """The installed library isn't the version that was wrapped."""
