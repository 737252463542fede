"""Typed, measured wrappers for image-processing libraries.

Put ``voxbind.`` in front of an import: ``from voxbind.skimage import filters``.
Importing this package loads nothing but itself; everything below comes at first use.
"""

from __future__ import annotations

# `typing` would be most of the time that this import takes; checkers know the name.
# Not `False`, of which jedi concludes that nothing below is ever defined.
TYPE_CHECKING = not __name__
if TYPE_CHECKING:
    from typing import Any

    from . import registry as registry
    from ._axes.over import over as over
    from ._native.declaring import declare as declare
    from ._ome.store import OmeZarr as OmeZarr
    from ._settings.context import prefer as prefer
    from ._settings.context import transfers as transfers
    from ._settings.context import workers as workers
    from ._settings.tracing import trace as trace
    from ._support.contract import ProcessingContract as ProcessingContract
    from .errors import DeviceUnavailableError as DeviceUnavailableError
    from .errors import DimensionError as DimensionError
    from .errors import DtypeConversionWarning as DtypeConversionWarning
    from .errors import LibraryMissingError as LibraryMissingError
    from .errors import MemoryTypeError as MemoryTypeError
    from .errors import ScaleError as ScaleError
    from .errors import StaleWrapperError as StaleWrapperError
    from .errors import StaleWrapperWarning as StaleWrapperWarning
    from .errors import StoreError as StoreError
    from .errors import TransferForbiddenError as TransferForbiddenError
    from .errors import VoxbindError as VoxbindError

__version__ = "0.1.0"

__all__ = [
    "DeviceUnavailableError",
    "DimensionError",
    "DtypeConversionWarning",
    "LibraryMissingError",
    "MemoryTypeError",
    "OmeZarr",
    "ProcessingContract",
    "ScaleError",
    "StaleWrapperError",
    "StaleWrapperWarning",
    "StoreError",
    "TransferForbiddenError",
    "VoxbindError",
    "__version__",
    "declare",
    "over",
    "prefer",
    "registry",
    "trace",
    "transfers",
    "workers",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import what `__all__` names when it is first asked for."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Import statements, and not names in strings: tools that freeze a program follow them.
        if name == "registry":
            from .registry import find as find  # which binds `registry` here

            return globals()[name]
        if name == "declare":
            from ._native import declaring as home
        elif name == "OmeZarr":
            from ._ome import store as home
        elif name == "over":
            from ._axes import over as home
        elif name == "trace":
            from ._settings import tracing as home
        elif name in ("prefer", "transfers", "workers"):
            from ._settings import context as home
        elif name == "ProcessingContract":
            from ._support import contract as home
        else:
            from . import errors as home
        value = globals()[name] = getattr(home, name)
        return value

    def __dir__() -> list[str]:
        return [*globals(), *__all__]
